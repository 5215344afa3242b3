import { M } from '../history/catalogue.ts'
import { MILLISECOND } from '../kernel/time.ts'
import type { NodeHandler } from '../kernel/node.ts'
import { SHUT_DOWN } from '../network/connection.ts'
import type { Envelope } from '../network/envelope.ts'
import type { ConsumedRecord } from '../kafka/client/consumer/completed-fetch.ts'
import type { PollFailure } from '../kafka/client/consumer/poll-failure.ts'
import {
  KafkaShareConsumer,
  SHARE_CONSUMER_TIMERS,
  type ShareConsumerOwner,
} from '../kafka/client/share/kafka-share-consumer.ts'
import type { Env } from '../kafka/env.ts'
import { AcknowledgeType } from '../kafka/share/record-state.ts'
import { Hand } from './hand.ts'
import type { ProcessHost } from './process-host.ts'
import type { ShareProcessOptions } from './share-options.ts'
import { ShareOutput } from './share-output.ts'
import { WORK_POOL_TIMERS, WorkPool, type WorkPoolOwner } from './work-pool.ts'

/** How long a poll() waits for records. */
const POLL_TIMEOUT_US: number = 100 * MILLISECOND

const POOL: number = SHARE_CONSUMER_TIMERS
const START: number = POOL + WORK_POOL_TIMERS
const STOP: number = START + 1
/** Steps of a commit are events of their own: what waits for them happens before anything else is done. */
const COMMIT: number = STOP + 1
const AFTER_COMMIT: number = COMMIT + 1

/** Members of share groups have no generation. */
const NO_GENERATION = -1

/** What the thread does when a commit is over. */
type AfterCommit = 'work' | 'next'

/**
 * One instance of a consumer in a share group: it polls, works on what it got, and acknowledges. With `commit: auto` that goes
 * with the next poll, before or after the work it is committed by itself.
 */
export class ShareProcess implements NodeHandler, ShareConsumerOwner, WorkPoolOwner {
  private readonly env: Env
  private readonly options: ShareProcessOptions
  private readonly host: Pick<ProcessHost, 'exited'>
  private consumer: KafkaShareConsumer | null = null
  private pool: WorkPool | null = null
  private state: 'not-begun' | 'polling' | 'working' | 'committing' | 'closing' | 'closed' = 'not-begun'
  private readonly hand: Hand = new Hand()
  private after: AfterCommit = 'next'
  /** commitSync() has not returned. */
  private waits = false
  /** Commits that were not waited for. */
  private unanswered = 0
  private ending = false
  private shuttingDown = false
  private failure: PollFailure | null = null

  constructor(env: Env, options: ShareProcessOptions, host: Pick<ProcessHost, 'exited'>) {
    this.env = env
    this.options = options
    this.host = host
  }

  // --- what the world asks ------------------------------------------------------------------------------------------

  /** No record is in hand, and every acknowledgement is answered. */
  isIdle(): boolean {
    if (this.state === 'closed') return true
    const { consumer, hand } = this
    return this.state === 'polling' && hand.isEmpty && this.unanswered === 0 && consumer?.isAcknowledging === false
  }

  /** None: where a share group stands, the leaders know. */
  assigned(): readonly number[] {
    return []
  }

  owns(): boolean {
    return false
  }

  position(): number {
    return -1
  }

  get groupId(): string {
    return this.options.config['group.id']
  }

  get autoCommits(): boolean {
    return false
  }

  /** Why it has ended, in words; null = it has not, or in good order. */
  get died(): string | null {
    return this.failure === null ? null : `poll() failed: ${this.failure.kind}`
  }

  /** Its partitions are nobody's own. */
  get subscribes(): boolean {
    return false
  }

  /** Whether it reads on; not when it has been told to stop. */
  get readsOn(): boolean {
    return !this.ending || this.failure !== null
  }

  stopWork(): void {}

  /** A clean stop: finishes what is in hand, closes its client, then leaves ({@link ProcessHost.exited}). */
  private shutDown(): void {
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
    this.consumer?.onMessage(message as Envelope)
  }

  onSignal(kind: number, a: number, b: number): void {
    if (kind === SHUT_DOWN) this.shutDown()
    else this.consumer?.onSignal(kind, a, b)
  }

  onTimer(kind: number, a: number, b: number): void {
    switch (kind) {
      case START:
        this.begin()
        return
      case STOP:
        this.end()
        return
      case COMMIT:
        this.callCommit()
        return
      case AFTER_COMMIT:
        this.goOn()
        return
    }
    if (this.pool?.onTimer(kind, a) !== true) this.consumer?.onTimer(kind, a, b)
  }

  onDisk(): void {}

  waiting(): readonly string[] {
    const { pool, consumer } = this
    if (pool === null || consumer === null) return []
    return [...(pool.isIdle() ? [] : ['its work']), ...consumer.waiting()]
  }

  private begin(): void {
    const { env, options } = this
    if (this.ending) return
    const { topics, subscribe, bootstrap, memberId, config, profile, process, tellSteps, outcomes } = options
    const client = { timerBase: 0, topics, subscribe, bootstrap, memberId }
    this.consumer = new KafkaShareConsumer(env, client, config, profile, this)
    // Who commits first has accepted everything before it knows.
    const acknowledges = this.isExplicit && options.commit !== 'before'
    const output = new ShareOutput(env, outcomes, acknowledges ? this.consumer : null)
    this.pool = new WorkPool(env, { timerBase: POOL, workers: 1, process, tellSteps }, output, this)
    this.poll()
  }

  private get isExplicit(): boolean {
    return this.options.config['share.acknowledgement.mode'] === 'explicit'
  }

  // --- the thread ---------------------------------------------------------------------------------------------------

  private end(): void {
    this.ending = true
    if (this.state === 'not-begun') this.state = 'closed'
    else if (this.state === 'polling' && this.hand.isEmpty) this.close()
  }

  private poll(): void {
    this.state = 'polling'
    this.hand.take([])
    this.consumer?.poll(POLL_TIMEOUT_US)
  }

  onPolled(records: readonly ConsumedRecord[]): void {
    this.hand.take(records)
    this.state = 'working'
    this.nextUnit()
  }

  onPollFailed(failure: PollFailure): void {
    this.failure = failure
    this.ending = true
    this.close()
  }

  /** Takes up the next records of the last poll. */
  private nextUnit(): void {
    const { hand, options } = this
    if (!hand.advance()) {
      if (this.ending) this.close()
      else this.poll()
      return
    }
    const { commitEvery, commit } = options
    hand.widen(commitEvery === 'poll' ? hand.records.length : commitEvery === 'record' ? 1 : commitEvery)
    if (commit !== 'before') {
      this.work()
      return
    }
    if (this.isExplicit) {
      for (const { tp, offset } of hand.unit()) this.consumer?.acknowledge(tp, offset, AcknowledgeType.ACCEPT)
    }
    this.commit('work')
  }

  private work(): void {
    this.state = 'working'
    this.pool?.give(this.hand.unit(), NO_GENERATION)
  }

  onUnitDone(worker: number): void {
    this.pool?.release(worker)
    if (this.options.commit === 'after') this.commit('next')
    else this.nextUnit()
  }

  // --- committing ---------------------------------------------------------------------------------------------------

  private commit(after: AfterCommit): void {
    this.after = after
    this.state = 'committing'
    if (this.options.tellSteps) this.tell(M.stepBeforeCommit, COMMIT)
    else this.callCommit()
  }

  private callCommit(): void {
    const consumer = this.consumer as KafkaShareConsumer
    this.unanswered++
    if (this.options.commitCall === 'async') {
      consumer.commitAsync()
      this.committed()
      return
    }
    this.waits = true
    consumer.commitSync()
  }

  onCommitted(_token: number, ok: boolean): void {
    this.unanswered--
    if (!this.waits) return
    this.waits = false
    // What could not be acknowledged will be given to somebody again: who accepts before the work leaves it to them.
    if (!ok && this.after === 'work') this.nextUnit()
    else this.committed()
  }

  private committed(): void {
    if (this.options.tellSteps) this.tell(M.stepAfterCommit, AFTER_COMMIT)
    else this.goOn()
  }

  private goOn(): void {
    if (this.after === 'work') this.work()
    else this.nextUnit()
  }

  private tell(step: number, timer: number): void {
    const { env, options } = this
    env.emit(step, env.recorder.text(options.config['group.id']), NO_GENERATION)
    env.setTimer(timer, 0)
  }

  // --- the end ------------------------------------------------------------------------------------------------------

  private close(): void {
    this.state = 'closing'
    this.consumer?.close()
  }

  onClosed(): void {
    this.state = 'closed'
    this.unanswered = 0
    if (this.shuttingDown) this.host.exited(this.env.node)
  }
}
