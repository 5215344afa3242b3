import { ms } from '../../kernel/time.ts'
import { SHUT_DOWN } from '../../network/connection.ts'
import type { Envelope } from '../../network/envelope.ts'
import type { ConsumedRecord } from '../../kafka/client/consumer/completed-fetch.ts'
import type { CommitOutcome } from '../../kafka/client/consumer/offset-commits.ts'
import type { CommitOffset } from '../../kafka/client/consumer/subscription-state.ts'
import { CONSUMER_TIMERS } from '../../kafka/client/consumer/kafka-consumer.ts'
import { PRODUCER_TIMERS } from '../../kafka/client/kafka-producer.ts'
import type { ConsumerGroupMetadata } from '../../kafka/client/transaction/txn-request.ts'
import type { Env } from '../../kafka/env.ts'
import type { Output } from '../output.ts'
import type { ProcessHost } from '../process-host.ts'
import type { ProcessorJournal } from '../processor-journal.ts'
import { QuietEnv } from '../quiet-env.ts'
import { READER_TIMERS, ReaderProcess } from '../reader-process.ts'
import { makerOf, type StreamsProcessOptions } from './streams-options.ts'
import { StreamsOutput } from './streams-output.ts'
import { problemOfCommit, type StreamsProblem } from './streams-problem.ts'
import { StreamsTransactions, type TransactionalTasks } from './streams-transactions.ts'
import { TaskStates, type TaskStatesOwner } from './task-states.ts'

/** Timer kinds of the second consumer: one that has left may still hold timers when the next one joins. */
const OTHER_CONSUMER: number = READER_TIMERS + PRODUCER_TIMERS + 2
/** Timer kinds of the consumer that restores stores. */
const RESTORE_CONSUMER: number = OTHER_CONSUMER + CONSUMER_TIMERS

/**
 * A stream thread (`StreamThread`), with one task for each partition that it is assigned. It polls, works off what it got, and
 * looks after each record whether `commit.interval.ms` is over; then all tasks commit together: after a flush the positions
 * (at_least_once), or outputs and positions in one transaction (exactly_once_v2).
 */
export class StreamsProcess extends ReaderProcess implements TransactionalTasks, TaskStatesOwner {
  private readonly streams: StreamsProcessOptions
  private readonly journal: ProcessorJournal
  private tasks: StreamsOutput | null = null
  /** Of tasks with stores; null without. */
  readonly states: TaskStates | null
  private lastCommit: number
  private outcome: CommitOutcome = 'committed'
  /** It leaves its group to join it again. */
  private rejoining = false
  private rejoins = 0
  private isDead = false

  constructor(env: Env, options: StreamsProcessOptions, journal: ProcessorJournal, host: Pick<ProcessHost, 'exited'>) {
    super(env, { ...options, commit: 'after', commitEvery: 1, commitCall: 'sync' }, host)
    this.streams = options
    this.journal = journal
    this.lastCommit = env.monotonic()
    this.states = options.state === null ? null : this.statesOf(options.state)
  }

  private statesOf(state: NonNullable<StreamsProcessOptions['state']>): TaskStates {
    const { env, exactlyOnce } = this
    const { config, profile, bootstrap } = this.streams
    const quiet = new QuietEnv(env.node, env.kernel, env.network, env.recorder)
    const options = { ...state, timerBase: RESTORE_CONSUMER, config, profile, bootstrap, exactlyOnce }
    return new TaskStates(env, quiet, options, this)
  }

  private get exactlyOnce(): boolean {
    return this.streams.streams.guarantee === 'exactly_once_v2'
  }

  protected makeOutput(): Output {
    const { to, bootstrap, producerConfig, profile, tellSteps, state } = this.streams
    const topics = state === null ? to : [...to, state.changelog]
    const producer = { timerBase: READER_TIMERS, topics, bootstrap, config: producerConfig, profile }
    const common = {
      producer,
      outputs: to.length,
      maker: makerOf(this.streams, this.states),
      states: this.states,
      tellSteps,
    }
    const options = { ...common, timerBase: READER_TIMERS + PRODUCER_TIMERS }
    this.tasks = this.exactlyOnce
      ? new StreamsTransactions(this.env, this, options, this.journal)
      : new StreamsOutput(this.env, this, options, this.journal)
    return this.tasks
  }

  // --- TransactionalTasks -------------------------------------------------------------------------------------------

  toCommit(): readonly CommitOffset[] {
    return this.book.toCommit()
  }

  groupMetadata(): ConsumerGroupMetadata {
    const { config } = this.streams
    const groupInstanceId = config['group.instance.id'] === '' ? null : config['group.instance.id']
    const { consumer } = this
    if (consumer === null) throw new Error('a thread without a consumer has no tasks')
    return { groupId: config['group.id'], ...consumer.groupMetadata, groupInstanceId }
  }

  // --- what the world asks ------------------------------------------------------------------------------------------

  override get died(): string | null {
    return this.isDead ? 'StreamsException: its client has shut down' : super.died
  }

  override get readsOn(): boolean {
    return this.isDead || super.readsOn
  }

  override isIdle(): boolean {
    return !this.rejoining && this.states?.isIdle !== false && super.isIdle()
  }

  override waiting(): readonly string[] {
    return this.states?.isIdle === false ? ['its stores to be restored', ...super.waiting()] : super.waiting()
  }

  // --- NodeHandler --------------------------------------------------------------------------------------------------

  override onMessage(message: unknown): void {
    super.onMessage(message)
    this.states?.onMessage(message as Envelope)
  }

  override onSignal(kind: number, a: number, b: number): void {
    super.onSignal(kind, a, b)
    if (kind !== SHUT_DOWN) this.states?.onSignal(kind, a, b)
  }

  override onTimer(kind: number, a: number, b: number): void {
    if (this.states?.onTimer(kind, a, b) !== true) super.onTimer(kind, a, b)
  }

  // --- stateful tasks -----------------------------------------------------------------------------------------------

  override onPartitionsAssigned(partitions: readonly number[]): void {
    super.onPartitionsAssigned(partitions)
    this.states?.open(partitions)
  }

  onTaskWaits(tp: number): void {
    this.consumer?.pause(tp)
  }

  onTaskReady(tp: number): void {
    this.consumer?.resume(tp)
  }

  /** What goes is committed, or it is closed as it is. */
  protected override disown(partitions: readonly number[]): void {
    this.closeTasks(partitions)
    super.disown(partitions)
  }

  private closeTasks(partitions: readonly number[]): void {
    const open = this.book.toCommit().map(({ tp }) => tp)
    for (const tp of partitions) this.states?.close([tp], open.includes(tp) ? 'dirty' : 'clean')
  }

  // --- polling and working ------------------------------------------------------------------------------------------

  override onPolled(records: readonly ConsumedRecord[]): void {
    if (this.rejoining) return
    // `runOnce`: what the last poll() brought is not worked on any more.
    if (this.ending) this.handDone()
    else if (records.length > 0) super.onPolled(records)
    else if (this.isCommitDue()) this.saveProgress('next')
    else this.handDone()
  }

  protected override unitWritten(): void {
    const problem = this.tasks?.problem ?? null
    if (problem !== null) {
      this.recover(problem)
      return
    }
    this.book.done(this.hand.unit())
    if (this.isCommitDue()) this.saveProgress('next')
    else this.nextUnit()
  }

  /** `maybeCommit`: never while the group rebalances. */
  private isCommitDue(): boolean {
    const now = this.env.monotonic()
    if (now - this.lastCommit <= ms(this.streams.streams.commitIntervalMs)) return false
    if (this.consumer?.isRebalancing === true) return false
    if (!this.book.isDirty) this.lastCommit = now
    return this.book.isDirty
  }

  // --- committing ---------------------------------------------------------------------------------------------------

  protected override commitFinished(): void {
    if (!this.exactlyOnce) {
      super.commitFinished()
      return
    }
    // The transaction has brought them.
    this.book.committed(this.book.toCommit())
    this.onCommitReturned(true)
  }

  override onCommitted(token: number, outcome: CommitOutcome): void {
    this.outcome = outcome
    super.onCommitted(token, outcome)
  }

  override onCommitReturned(ok: boolean): void {
    this.lastCommit = this.env.monotonic()
    const problem = ok ? null : problemOfCommit(this.outcome)
    if (ok) this.states?.committed()
    if (problem === null) super.onCommitReturned(ok)
    else this.recover(problem)
  }

  override onSettled(worker: number, ok: boolean): void {
    if (ok) super.onSettled(worker, ok)
    else this.recover(this.tasks?.problem ?? 'fatal')
  }

  // --- what goes wrong ----------------------------------------------------------------------------------------------

  /** `StreamThread.runLoop`: every task is closed as it is; what it has not committed will be done again. */
  private recover(problem: StreamsProblem): void {
    this.tasks?.reset()
    this.states?.closeAll(problem === 'corrupted' ? 'corrupted' : 'dirty')
    if (problem === 'migrated' && !this.closing) this.rejoining = true
    if (problem === 'fatal') {
      this.isDead = true
      this.ending = true
    }
    this.fail()
    if (this.rejoining) this.leave()
  }

  /** Only the group's coordinator knows what was committed last. */
  protected override rewind(): void {
    this.consumer?.seekToCommitted()
    if (!this.rejoining && !this.ending) this.revive()
  }

  /** Tasks that stay are opened again (`closeDirtyAndRevive`). */
  private revive(): void {
    const { states } = this
    const gone = this.revoking ? this.leaving : []
    const stays = this.assigned().filter((tp) => !gone.includes(tp))
    if (states !== null) states.open(stays.filter((tp) => !states.isOpen(tp)))
  }

  override onPartitionsLost(partitions: readonly number[]): void {
    this.tasks?.reset()
    this.book.rewind()
    this.states?.closeAll('dirty')
    super.onPartitionsLost(partitions)
  }

  /** A commit is made for those that go, and then for all others too. */
  protected override commitsBeforeRevocation(partitions: readonly number[]): boolean {
    return this.book.toCommit().some(({ tp }) => partitions.includes(tp))
  }

  /** `PENDING_SHUTDOWN` is looked for when poll() has returned. */
  protected override closeIfResting(): void {}

  // --- leaving ------------------------------------------------------------------------------------------------------

  protected override proceed(): void {
    if (!this.rejoining) super.proceed()
  }

  /** `unsubscribe()`, then `subscribe()`. */
  private leave(): void {
    this.consumer?.close()
  }

  protected override close(): void {
    if (!this.rejoining) super.close()
  }

  /** `internal.leave.group.on.close` is off: the group finds out by itself, unless the instance is back before that. */
  override onOutputClosed(): void {
    this.closeTasks(this.assigned())
    this.consumer?.closeNow()
    this.onClosed()
  }

  override onClosed(): void {
    if (!this.rejoining) {
      super.onClosed()
      return
    }
    this.rejoining = false
    this.disown(this.assigned())
    this.rejoins++
    this.newConsumer(this.rejoins % 2 === 0 ? 0 : OTHER_CONSUMER).start()
    this.proceed()
  }
}
