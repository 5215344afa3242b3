import { M } from '../history/catalogue.ts'
import { recordOf, recordOrdinal } from '../history/ids.ts'
import type { MomentMatch } from '../history/match.ts'
import type { NodeHandler } from '../kernel/node.ts'
import type { TimerHandle } from '../kernel/kernel.ts'
import { MILLISECOND } from '../kernel/time.ts'
import { SHUT_DOWN } from '../network/connection.ts'
import type { Envelope } from '../network/envelope.ts'
import { KafkaProducer, PRODUCER_TIMERS } from '../kafka/client/kafka-producer.ts'
import type { ProducerOwner } from '../kafka/client/producer-owner.ts'
import type { Env } from '../kafka/env.ts'
import type { KafkaRecord } from '../kafka/protocol/batch.ts'
import type { ProcessHost } from './process-host.ts'
import { FAILED, type ProducerJournal, UNKNOWN } from './producer-journal.ts'
import type { ProducerProcessOptions } from './producer-process-options.ts'
import { RecordBook } from './record-book.ts'
import { RecordSource } from './record-source.ts'
import type { DrawnStep } from './workload.ts'

/** Signal by which the world tells a process that the moment it awaits has happened. */
export const MOMENT_HAPPENED = 16

/** Pause before the application sends a record again whose callback failed, so that a hopeless record is no busy loop. */
export const RESEND_PAUSE_US: number = 100 * MILLISECOND

const PRODUCER = 0
const SEND: number = PRODUCER_TIMERS
const RESEND: number = PRODUCER_TIMERS + 1
const STEP: number = PRODUCER_TIMERS + 2
const STOP: number = PRODUCER_TIMERS + 3
const OUTPUT: number = PRODUCER_TIMERS + 4

/** Why the application's thread does nothing now. */
type Busy = 'no' | 'in-send' | 'in-step' | 'flushing' | 'closing'

/**
 * One instance of a producer application: a single thread that sends records by schedule or script, and the callbacks of its
 * sends. What it must remember across crashes stands in its journal.
 */
export class ProducerProcess implements NodeHandler, ProducerOwner {
  private readonly env: Env
  private readonly options: ProducerProcessOptions
  private readonly journal: ProducerJournal
  private readonly host: ProcessHost
  private readonly source: RecordSource
  private readonly steps: readonly DrawnStep[]
  /** null until the application's start. */
  private producer: KafkaProducer | null = null
  private busy: Busy = 'no'
  private running = false
  private shuttingDown = false
  private stopped = false
  private readonly book: RecordBook
  /** When the next record of a stream is due. */
  private nextDue: number
  private sendTimer: TimerHandle = 0
  private stepTimer: TimerHandle = 0
  private awaited: MomentMatch | null = null

  constructor(env: Env, options: ProducerProcessOptions, journal: ProducerJournal, host: ProcessHost) {
    this.env = env
    this.options = options
    this.journal = journal
    this.host = host
    this.book = new RecordBook(env, journal, options.onUnknown)
    this.source = new RecordSource(options.workload, options.topics)
    this.steps = options.workload.kind === 'steps' ? options.workload.steps : []
    this.nextDue = options.startUs
  }

  /** Nothing more to send, and the application waits for no outcome. */
  isIdle(): boolean {
    return this.book.isSettled && !this.hasMoreToStart()
  }

  /** No new record starts from now on; begun ones go on. */
  stopWork(): void {
    this.stopped = true
    this.awaited = null
    this.env.cancel(this.sendTimer)
    this.env.cancel(this.stepTimer)
    this.checkDone()
  }

  /** A clean stop: close the producer, then leave ({@link ProcessHost.exited}). */
  shutDown(): void {
    if (this.shuttingDown) return
    this.shuttingDown = true
    this.awaited = null
    if (this.producer === null || this.journal.closed) this.host.exited(this.env.node)
    else this.producer.close()
  }

  // --- NodeHandler --------------------------------------------------------------------------------------------------

  onStart(): void {
    const { env, options } = this
    const now = env.monotonic()
    if (options.workload.kind === 'send') {
      for (let n = 0; n <= this.journal.started && n < this.source.count; n++)
        this.nextDue += options.workload.gaps[n] as number
    }
    this.book.recover()
    if (options.stopUs !== null && now >= options.stopUs) this.stopped = true
    else if (options.stopUs !== null) env.setTimer(STOP, options.stopUs - now)
    if (now < options.startUs) env.setTimer(STEP, options.startUs - now)
    else this.begin()
  }

  onMessage(message: unknown): void {
    this.producer?.onMessage(message as Envelope)
    this.checkDone()
  }

  onSignal(kind: number, a: number, b: number): void {
    if (kind === MOMENT_HAPPENED) this.onMoment()
    else if (kind === SHUT_DOWN) this.shutDown()
    else this.producer?.onSignal(kind, a, b)
    this.checkDone()
  }

  onTimer(kind: number, a: number, b: number): void {
    switch (kind) {
      case SEND:
        this.sendTimer = 0
        this.work()
        break
      case RESEND:
        this.book.resume()
        this.work()
        break
      case STEP:
        this.stepTimer = 0
        if (this.producer === null) this.begin()
        else this.work()
        break
      case STOP:
        this.stopWork()
        break
      case OUTPUT:
        this.busy = 'no'
        this.output(a)
        this.work()
        break
      default:
        this.producer?.onTimer(kind, a, b)
    }
    this.checkDone()
  }

  onDisk(_kind: number, _a: number, _b: number, _payload: unknown): void {}

  waiting(): readonly string[] {
    if (this.awaited !== null) return [`the moment ${this.awaited.moment}`]
    return this.producer === null ? [] : this.producer.waiting()
  }

  // --- ProducerOwner ------------------------------------------------------------------------------------------------

  nextBatch(): number {
    return (this.env.node << 20) | this.journal.batches++
  }

  onAcked(record: number, attempt: number, _offset: number): void {
    if (this.options.tellSteps) this.env.emit(M.stepAfterOutput, record, attempt)
    this.book.acked(recordOrdinal(record))
  }

  onFailed(record: number, _attempt: number, _error: number): void {
    this.onTrouble(record, FAILED)
  }

  onUnknown(record: number, _attempt: number, _error: number): void {
    this.onTrouble(record, UNKNOWN)
  }

  onSendReturned(): void {
    this.busy = 'no'
    this.work()
  }

  onFlushed(): void {
    if (this.busy !== 'flushing') return
    this.busy = 'no'
    this.journal.step++
    this.work()
  }

  onClosed(): void {
    if (this.shuttingDown) {
      this.host.exited(this.env.node)
      return
    }
    this.busy = 'no'
    this.journal.step++
    this.book.close()
    this.work()
  }

  // --- the application's thread -------------------------------------------------------------------------------------

  private begin(): void {
    this.producer = this.newProducer()
    if (this.journal.closed) this.producer.closeNow()
    else this.producer.start()
    this.work()
  }

  private newProducer(): KafkaProducer {
    const { topics, bootstrap, config, profile } = this.options
    return new KafkaProducer(this.env, { timerBase: PRODUCER, topics, bootstrap, config, profile }, this)
  }

  /** Sends what is to be sent again, then what is due or the script says, until the thread must wait. */
  private work(): void {
    if (this.running) return
    this.running = true
    while (this.busy === 'no' && !this.shuttingDown && this.producer !== null) {
      const again = this.book.takeDue()
      if (again !== undefined) this.send(again)
      else if (this.stopped || !(this.options.workload.kind === 'send' ? this.sendNextIfDue() : this.doStep())) break
    }
    this.running = false
  }

  /** Sends the next record of the stream when its time has come; else sets a timer for it. */
  private sendNextIfDue(): boolean {
    const { journal, options, env } = this
    const n = journal.started
    if (n >= this.source.count || options.workload.kind !== 'send') return false
    const left = this.nextDue - env.monotonic()
    if (left > 0) {
      if (this.sendTimer === 0) this.sendTimer = env.setTimer(SEND, left)
      return false
    }
    this.nextDue += options.workload.gaps[n + 1] ?? 0
    this.sendNext()
    return true
  }

  private sendNext(): void {
    const n = this.book.begin()
    const id = this.source.id(n)
    if (id !== null) this.env.emit(M.recordDefined, recordOf(this.env.node, n), this.env.recorder.text(id))
    this.send(n)
  }

  private send(n: number): void {
    if (!this.options.tellSteps) {
      this.output(n)
      return
    }
    // The step is an event of its own: what waits for it happens before anything is sent.
    this.env.emit(M.stepBeforeOutput, recordOf(this.env.node, n), this.journal.attempts[n])
    this.busy = 'in-step'
    this.env.setTimer(OUTPUT, 0, n)
  }

  private output(n: number): void {
    const { env, source } = this
    const attempt = this.book.attempt(n)
    const record: KafkaRecord = {
      record: recordOf(env.node, n),
      attempt,
      key: source.keyText(n),
      size: source.size(n),
      timestamp: Math.floor(env.wallClock() / MILLISECOND) + source.timeShiftMs(n),
    }
    const producer = this.producer as KafkaProducer
    if (!producer.send(source.topic(n), source.partition(n), source.keyHash(n), source.key(n), record))
      this.busy = 'in-send'
  }

  /** Does one step of the script; false when the thread must wait. */
  private doStep(): boolean {
    const { journal, env } = this
    const step = this.steps[journal.step]
    if (step === undefined) return false
    switch (step.do) {
      case 'send':
        journal.step++
        this.sendNext()
        break
      case 'wait':
        return this.waitStep(step.us)
      case 'wait-moment':
        if (this.awaited === null) {
          this.awaited = step.match
          this.host.awaitMoment(env.node, step.match)
        }
        return false
      case 'flush':
        this.busy = 'flushing'
        this.producer?.flush()
        break
      case 'restart':
        this.producer?.closeNow()
        journal.step++
        journal.closed = false
        env.emit(M.producerRestarted, ++journal.restarts)
        this.producer = this.newProducer()
        this.producer.start()
        break
      case 'close':
        this.busy = 'closing'
        this.producer?.close()
        break
    }
    return true
  }

  private waitStep(us: number): boolean {
    const { journal, env } = this
    if (journal.waitUntil < 0) journal.waitUntil = env.monotonic() + us
    const left = journal.waitUntil - env.monotonic()
    if (left > 0) {
      if (this.stepTimer === 0) this.stepTimer = env.setTimer(STEP, left)
      return false
    }
    journal.waitUntil = -1
    journal.step++
    return true
  }

  private onMoment(): void {
    if (this.awaited === null) return
    this.awaited = null
    this.journal.step++
    this.work()
  }

  // --- outcomes -----------------------------------------------------------------------------------------------------

  private onTrouble(record: number, state: typeof FAILED | typeof UNKNOWN): void {
    if (this.book.troubled(recordOrdinal(record), state)) this.env.setTimer(RESEND, RESEND_PAUSE_US)
  }

  private hasMoreToStart(): boolean {
    if (this.stopped) return false
    return this.options.workload.kind === 'send'
      ? this.journal.started < this.source.count
      : this.journal.step < this.steps.length
  }

  private checkDone(): void {
    if (this.journal.done || !this.isIdle()) return
    this.journal.done = true
    this.env.emit(M.workloadDone)
  }
}
