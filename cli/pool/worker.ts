import { type MessagePort, parentPort, workerData } from 'node:worker_threads'
import { Board } from './board.ts'
import { type Judge, loadJudge } from './judge.ts'
import type { FromWorker, Outcome, ToWorker, WorkerData } from './messages.ts'
import { judged } from './outcome.ts'
import { Agenda } from './tasks.ts'

/** Results are sent together until so many are there, or so much time has passed. */
const BATCH = 32
const BATCH_MS = 50

async function main(port: MessagePort, data: WorkerData): Promise<void> {
  const scenarios = data.tasks.map(({ scenario }) => scenario)
  const judge = await loadJudge(data.judgeModule, undefined, scenarios)
  const worker = new Worker(port, data, judge)
  port.on('message', (order: ToWorker) => worker.obey(order))
}

class Worker {
  private readonly port: MessagePort
  private readonly board: Board
  private readonly agenda: Agenda
  private readonly judge: Judge
  private readonly place: number
  private batch: Outcome[] = []
  private order = 0
  private sentAt = performance.now()

  constructor(port: MessagePort, data: WorkerData, judge: Judge) {
    this.port = port
    this.board = new Board(data.board)
    this.agenda = new Agenda(data.tasks, data.order)
    this.judge = judge
    this.place = data.worker
  }

  obey(order: ToWorker): void {
    this.order = order.order
    switch (order.kind) {
      case 'work':
        this.work()
        break
      case 'repeat':
        for (const index of order.items) this.run(index)
        break
    }
    this.send()
    this.post({ kind: 'idle', order: this.order })
  }

  private work(): void {
    for (let chunk = this.board.take(); chunk !== null; chunk = this.board.take()) {
      if (chunk === 'ahead') {
        this.send()
        this.board.waitForOthers()
        continue
      }
      for (let index = chunk[0]; index < chunk[1] && this.board.wants(index); index++) this.run(index)
    }
  }

  private run(index: number): void {
    this.board.at(this.place, index)
    this.batch.push(judged(this.agenda, index, this.judge))
    this.board.at(this.place, -1)
    if (this.batch.length >= BATCH || performance.now() - this.sentAt > BATCH_MS) this.send()
  }

  private send(): void {
    if (this.batch.length > 0) this.post({ kind: 'outcomes', order: this.order, outcomes: this.batch })
    this.batch = []
    this.sentAt = performance.now()
  }

  private post(message: FromWorker): void {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
    this.port.postMessage(message)
  }
}

if (parentPort !== null) await main(parentPort, workerData as WorkerData)
