import type { NodeHandler } from '../kernel/node.ts'
import { SHUT_DOWN } from '../network/connection.ts'
import type { Envelope } from '../network/envelope.ts'
import { CONSUMER_TIMERS, KafkaConsumer } from '../kafka/client/consumer/kafka-consumer.ts'
import type { Env } from '../kafka/env.ts'
import { Committer, COMMITTER_TIMERS } from './committer.ts'
import type { Output } from './output.ts'
import type { ProcessHost } from './process-host.ts'
import type { ReaderProcessOptions } from './reader-options.ts'
import { ReaderThread } from './reader-thread.ts'
import { WORK_POOL_TIMERS, WorkPool } from './work-pool.ts'

const POOL: number = CONSUMER_TIMERS
const COMMITTER: number = POOL + WORK_POOL_TIMERS
const START: number = COMMITTER + COMMITTER_TIMERS
const STOP: number = START + 1
/** First timer kind that is free for what an application adds. */
export const READER_TIMERS: number = STOP + 1

/**
 * One instance of an application that reads. Everything it knows dies with its process; where it goes on is what was
 * committed.
 */
export abstract class ReaderProcess extends ReaderThread implements NodeHandler {
  private readonly host: Pick<ProcessHost, 'exited'>
  private shuttingDown = false

  constructor(env: Env, options: ReaderProcessOptions, host: Pick<ProcessHost, 'exited'>) {
    super(env, options)
    this.host = host
  }

  protected abstract makeOutput(): Output

  // --- what the world asks ------------------------------------------------------------------------------------------

  /** No record is in hand or at work, everything finished is committed, and every output is resolved. */
  isIdle(): boolean {
    const { pool, output, committer, state } = this
    if (pool === null || output === null || committer === null) return state === 'closed'
    if (!pool.isIdle() || !output.isIdle() || committer.inFlight > 0) return false
    if (state === 'closed') return true
    return this.isResting() && (!this.book.isDirty || this.options.commit !== 'after')
  }

  /** Partitions this instance reads now, ascending. */
  assigned(): readonly number[] {
    return [...this.owned].sort((a, b) => a - b)
  }

  owns(tp: number): boolean {
    return this.owned.has(tp)
  }

  /** Where it stands in a partition: the next offset that poll() returns; -1 = it does not know. */
  position(tp: number): number {
    return this.consumer?.position(tp) ?? -1
  }

  get groupId(): string {
    return this.options.config['group.id']
  }

  /** Whether the client itself commits what has been polled, from time to time: at least once a day. */
  get autoCommits(): boolean {
    const { commit, config } = this.options
    const isOn = config['enable.auto.commit'] && config['auto.commit.interval.ms'] <= 86_400_000
    return commit === 'auto' && isOn && config['group.id'] !== ''
  }

  /** Why it has ended, in words; null = it has not, or in good order. */
  get died(): string | null {
    return this.failure === null ? null : `poll() failed: ${this.failure.kind}`
  }

  /** Whether its partitions come from the group. */
  get subscribes(): boolean {
    return this.options.assign === null
  }

  /** Whether it reads to the end of its partitions; not when it has been told to stop, or reads by a script. */
  get readsOn(): boolean {
    return !this.ending || this.failure !== null
  }

  /** No new work is taken up from now on, except by those who read on to the end of what there is. */
  stopWork(): void {}

  /** A clean stop: finishes what is in hand, closes its clients, then leaves ({@link ProcessHost.exited}). */
  shutDown(): void {
    this.shuttingDown = true
    this.end()
    if (this.state === 'closed') this.host.exited(this.env.node)
  }

  // --- NodeHandler --------------------------------------------------------------------------------------------------

  onStart(): void {
    const { env, options } = this
    const now = env.monotonic()
    if (options.stopUs !== null && now >= options.stopUs) {
      this.ending = true
      this.state = 'closed'
      return
    }
    if (options.stopUs !== null) env.setTimer(STOP, options.stopUs - now)
    if (now < options.startUs) env.setTimer(START, options.startUs - now)
    else this.begin()
  }

  onMessage(message: unknown): void {
    const envelope = message as Envelope
    // Every client knows its own connections and ignores the others'.
    this.consumer?.onMessage(envelope)
    this.output?.onMessage(envelope)
  }

  onSignal(kind: number, a: number, b: number): void {
    if (kind === SHUT_DOWN) {
      this.shutDown()
      return
    }
    this.consumer?.onSignal(kind, a, b)
    this.output?.onSignal(kind, a, b)
  }

  onTimer(kind: number, a: number, b: number): void {
    switch (kind) {
      case START:
        this.begin()
        return
      case STOP:
        this.end()
        return
    }
    if (this.committer?.onTimer(kind) === true) return
    if (this.pool?.onTimer(kind, a) === true) return
    if (this.output?.onTimer(kind, a, b) === true) return
    this.consumer?.onTimer(kind, a, b)
  }

  onDisk(_kind: number, _a: number, _b: number, _payload: unknown): void {}

  waiting(): readonly string[] {
    const { pool, output, consumer } = this
    if (consumer === null || output === null || pool === null) return []
    return [...(pool.isIdle() ? [] : ['its work']), ...output.waiting(), ...consumer.waiting()]
  }

  private begin(): void {
    const { env, options } = this
    if (this.ending) return
    const { assign, handling, process, tellSteps } = options
    const consumer = this.newConsumer(0)
    this.output = this.makeOutput()
    const workers = handling.kind === 'hand-off' ? handling.workers : 1
    this.pool = new WorkPool(env, { timerBase: POOL, workers, process, tellSteps }, this.output, this)
    consumer.start()
    this.output.start()
    if (assign !== null) this.onPartitionsAssigned(assign)
    this.proceed()
  }

  /** A new consumer, and what commits by it. */
  protected newConsumer(timerBase: number): KafkaConsumer {
    const { env, options } = this
    const { topics, bootstrap, config, profile, assign, tellSteps } = options
    const subscribe = assign === null ? options.subscribe : null
    const of = { timerBase, topics, subscribe, assign, bootstrap, config, profile, memberTag: 'its consumer' }
    const consumer = new KafkaConsumer(env, of, this)
    const commits = { timerBase: COMMITTER, group: config['group.id'], tellSteps }
    this.committer = new Committer(env, commits, consumer, this.book, this)
    this.consumer = consumer
    return consumer
  }

  override onClosed(): void {
    super.onClosed()
    if (this.shuttingDown) this.host.exited(this.env.node)
  }
}
