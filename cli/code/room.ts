import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from 'node:worker_threads'
import { MARK_NAME } from '../../properties/mutants/mark.ts'
import type { RunResult } from '../../properties/verdict.ts'
import type { Scenario } from '../../scenarios/format/scenario.ts'
import { WORKER } from '../places.ts'
import type { JudgeOptions } from '../pool/judge.ts'
import { seedOf } from '../seed.ts'
import { UsageError } from '../usage-error.ts'
import { handlersOf, type OwnHandler } from './handlers-of.ts'
import {
  CELL,
  CELLS,
  type FromRoom,
  IN_HANDLER,
  IN_MODULE,
  type Marked,
  type RoomData,
  type ToRoom,
} from './messages.ts'
import { valueOf } from './module-content.ts'

/** How long a user's code may run before it gives control back, in one call of a handler or while a module is imported. */
const PATIENCE_MS = 5000
/** How long a thread may take to begin. */
const OPENING_MS = 30_000
/** How long a run may go on in which no code of the user's runs. */
const SILENCE_MS = 300_000
const LOOK_MS = 500

/** What a room is asked, in words for its mistakes. */
type Asking = (inside: number) => string

/**
 * The one place in which a user's code runs: a thread of its own, whose ways to the outside are closed while a handler runs.
 * Whoever asks waits, and ends the thread when the user's code does not give control back.
 */
class Room {
  private readonly worker: Worker
  private readonly port: MessagePort
  private readonly cells: Int32Array = new Int32Array(new SharedArrayBuffer(4 * CELLS))
  isOver = false

  constructor(script: URL) {
    const { port1, port2 } = new MessageChannel()
    this.port = port1
    const workerData: RoomData = { port: port2, cells: this.cells.buffer as SharedArrayBuffer }
    this.worker = new Worker(script, { workerData, transferList: [port2] })
    this.worker.on('error', () => (this.isOver = true))
    this.worker.on('exit', () => (this.isOver = true))
    this.worker.unref()
    this.port.unref()
  }

  /** Asks and waits. */
  ask(request: ToRoom, asking: Asking): FromRoom {
    const answers = Atomics.load(this.cells, CELL.answers)
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
    this.port.postMessage(request)
    this.wait(answers, asking)
    const answer = receiveMessageOnPort(this.port)
    if (answer === undefined) throw this.broken('said nothing')
    // A hunt asks whether its mutant was reached, and threads share no global.
    if (Atomics.load(this.cells, CELL.mutated) === 1) (globalThis as Marked)[MARK_NAME] = true
    if (answer.message.kind === 'mistake' && answer.message.isOver === true) this.end()
    return answer.message
  }

  private wait(answers: number, asking: Asking): void {
    let entries = -1
    let since = performance.now()
    const began = since
    while (Atomics.wait(this.cells, CELL.answers, answers, LOOK_MS) === 'timed-out') {
      const now = performance.now()
      const inside = Atomics.load(this.cells, CELL.inside)
      const entered = Atomics.load(this.cells, CELL.entries)
      if (Atomics.load(this.cells, CELL.open) === 0 && now - began > OPENING_MS) throw this.broken('did not begin')
      if (entered !== entries) {
        entries = entered
        since = now
      } else if (inside === 0) {
        if (now - since > SILENCE_MS) throw this.broken('went silent')
      } else if (now - since > PATIENCE_MS) {
        this.end()
        const seconds = Math.round((now - since) / 1000)
        throw new UsageError(
          `${asking(inside)} and did not come back within ${seconds} s`,
          'look for an endless loop in it, or for memory that grows without end',
        )
      }
    }
  }

  private broken(what: string): Error {
    this.end()
    return new Error(`the thread for the user's code ${what}`)
  }

  private end(): void {
    this.isOver = true
    void this.worker.terminate()
  }
}

/** Judges runs and imports modules in a room, and opens a new one when the last had to be ended. */
export class CodeRoom {
  private readonly script: URL
  private room: Room | null = null

  constructor(script: URL) {
    this.script = script
  }

  /**
   * Judges a run of a scenario with handlers.
   *
   * @throws {@link UsageError} naming scenario, run and handler, when one does what it may not
   */
  judge(judgeModule: string, scenario: Scenario, run: number, options: JudgeOptions): RunResult {
    const names = handlersOf(scenario.spec).map(({ application }) => application)
    const { file, title, variant } = scenario
    const where = `${file}: ${title}${variant === null ? '' : ` · ${variant}`}, run ${run} · seed ${seedOf(scenario, run)}`
    const answer = this.ask({ kind: 'judge', judgeModule, scenario, run, options }, where, (inside) =>
      inside === IN_MODULE
        ? `${where}: a module of its handlers was being imported`
        : `${where}: the handler of \`${names[inside - IN_HANDLER] ?? ''}\` was called`,
    )
    if (answer.kind !== 'judged') throw new Error('a room judged nothing')
    return answer.result
  }

  /**
   * The default export of a scenario module, as data; handlers in it are references to themselves.
   *
   * @throws {@link UsageError} when it cannot be imported or has none
   */
  describe(path: string, shown: string): unknown {
    const answer = this.ask({ kind: 'describe', path, shown }, '', () => `${shown} was being imported`)
    if (answer.kind !== 'described') throw new Error('a room described nothing')
    return valueOf(answer.content)
  }

  /**
   * Sees whether handlers are there.
   *
   * @throws {@link UsageError} when one is not
   */
  importAll(handlers: readonly OwnHandler[], file: string): void {
    this.ask({ kind: 'import', handlers }, file, () => `${file}: a module of its handlers was being imported`)
  }

  private ask(request: ToRoom, where: string, asking: Asking): FromRoom {
    if (this.room === null || this.room.isOver) this.room = new Room(this.script)
    const answer = this.room.ask(request, asking)
    if (answer.kind === 'mistake')
      throw new UsageError(where === '' ? answer.message : `${where}: ${answer.message}`, answer.help)
    if (answer.kind === 'failed') {
      const error = new Error(answer.message)
      if (answer.stack !== null) error.stack = answer.stack
      throw error
    }
    return answer
  }
}

const ROOMS = new Map<string, CodeRoom>()

/** This thread's room. @param workerScript the pool's worker, beside whose folder the room's script stands */
export function roomFor(workerScript: URL = WORKER): CodeRoom {
  const script = new URL('../code/room-worker.js', workerScript)
  let room = ROOMS.get(script.href)
  if (room === undefined) {
    room = new CodeRoom(script)
    ROOMS.set(script.href, room)
  }
  return room
}
