import { MILLISECOND } from '../kernel/time.ts'
import type { ConsumedRecord } from '../kafka/client/consumer/completed-fetch.ts'
import type { ConsumerOwner, KafkaConsumer } from '../kafka/client/consumer/kafka-consumer.ts'
import type { CommitOutcome } from '../kafka/client/consumer/offset-commits.ts'
import type { PollFailure } from '../kafka/client/consumer/poll-failure.ts'
import type { CommitOffset } from '../kafka/client/consumer/subscription-state.ts'
import type { Env } from '../kafka/env.ts'
import { CommitBook, firstOffsets, nextOffsets } from './commit-book.ts'
import type { Committer, CommitterOwner } from './committer.ts'
import { Hand } from './hand.ts'
import type { Output, OutputOwner } from './output.ts'
import type { ReaderProcessOptions } from './reader-options.ts'
import type { WorkPool, WorkPoolOwner } from './work-pool.ts'

/** How long a poll() waits for records. */
const POLL_TIMEOUT_US: number = 100 * MILLISECOND

/** What the application's thread does now. */
type ThreadState =
  | 'not-begun'
  /** Within poll(), where callbacks of rebalances are made too. */
  | 'polling'
  /** Waits for its one worker (in order). */
  | 'working'
  | 'settling'
  | 'committing'
  /** Does nothing: a script waits or is over. */
  | 'resting'
  /** Waits for workers, then closes its clients. */
  | 'closing'
  | 'closed'

/** What the thread does when a commit is over. */
export type AfterCommit = 'work' | 'next' | 'revoked' | 'close' | 'step'

/**
 * The single thread of an application that reads: it polls, works on what it got, and commits.
 *
 * In order, the thread works itself, a unit of `commit-every` records at a time. Handed off, it gives every record to its
 * workers and polls on at once; what it then commits is what it has polled, finished or not, as a careless application does.
 */
export abstract class ReaderThread implements ConsumerOwner, OutputOwner, WorkPoolOwner, CommitterOwner {
  protected readonly env: Env
  protected readonly options: ReaderProcessOptions
  protected consumer: KafkaConsumer | null = null
  protected output: Output | null = null
  protected pool: WorkPool | null = null
  protected committer: Committer | null = null
  protected state: ThreadState = 'not-begun'
  /** Whether a commit follows when the output is settled. */
  private settlesToCommit = false
  private after: AfterCommit = 'next'
  protected readonly book: CommitBook
  /** Partitions assigned now. */
  protected readonly owned: Set<number> = new Set()
  /** Generation in which the records in hand were polled. */
  protected generation = -1
  protected readonly hand: Hand = new Hand()
  /** A rebalance waits for the application's callback. */
  protected revoking = false
  protected leaving: readonly number[] = []
  /** No more polls: the application ends when nothing is in hand. */
  protected ending = false
  protected closing = false
  /** What poll() threw: nothing catches it, so the application is over. */
  protected failure: PollFailure | null = null

  constructor(env: Env, options: ReaderProcessOptions) {
    this.env = env
    this.options = options
    const { profile } = options
    const keepsStored = profile['offsets.stored'] === 'kept'
    this.book = new CommitBook(profile['commit.partitions'] === 'any' ? 'any' : keepsStored ? 'stored' : 'owned')
  }

  /** Whether the thread has nothing in hand. */
  protected isResting(): boolean {
    return this.state === 'polling' && this.hand.isEmpty
  }

  /** Ends as soon as the thread has nothing in hand. */
  protected end(): void {
    this.ending = true
    if (this.state === 'not-begun') this.state = 'closed'
    else this.closeIfResting()
  }

  protected closeIfResting(): void {
    if (this.isResting() && !this.revoking) this.close()
  }

  /** The thread has nothing in hand: it polls, or ends. */
  protected proceed(): void {
    if (this.ending) this.close()
    else this.poll()
  }

  protected poll(): void {
    this.state = 'polling'
    this.hand.take([])
    this.consumer?.poll(POLL_TIMEOUT_US)
  }

  onPolled(records: readonly ConsumedRecord[]): void {
    const consumer = this.consumer as KafkaConsumer
    this.generation = consumer.generation
    this.hand.take(records)
    this.state = 'working'
    if (this.options.commit === 'after') this.book.polled(records)
    if (records.length > 0) this.nextUnit()
    // What a commit did not save, or every n records left over, is committed when there is nothing else to do.
    else if (this.options.commit === 'after' && this.book.isDirty && this.committer?.inFlight === 0)
      this.saveProgress('next')
    else this.handDone()
  }

  /** All that poll() returned is worked off or given away. */
  protected handDone(): void {
    this.hand.take([])
    this.proceed()
  }

  onPollFailed(failure: PollFailure): void {
    this.failure = failure
    this.ending = true
    this.close()
  }

  /** Takes up the next records of the last poll. */
  protected nextUnit(): void {
    const { hand, options, book } = this
    if (this.ending && options.profile['batch.stopped'] === 'resolved' && hand.advance()) {
      this.resolveRest()
      return
    }
    if (!hand.advance()) {
      this.handDone()
      return
    }
    const { commitEvery, commit } = options
    const limit = commitEvery === 'poll' ? hand.records.length : limitOf(commitEvery)
    const left = commit === 'before' ? limit : limit - book.sinceCommit
    hand.widen(Math.max(1, left))
    if (commit === 'before') this.commit(commitEvery === 'poll' ? null : nextOffsets(hand.unit()), 'work')
    else this.work()
  }

  /** The handler returned early: what it left of its batch counts as done (`eachBatchAutoResolve`). */
  private resolveRest(): void {
    this.book.done(this.hand.rest())
    this.handDone()
  }

  private get handsOff(): boolean {
    return this.options.handling.kind === 'hand-off'
  }

  private work(): void {
    const pool = this.pool as WorkPool
    this.state = 'working'
    if (!this.handsOff) {
      pool.give(this.hand.unit(), this.generation)
      return
    }
    for (const record of this.hand.unit()) pool.give([record], this.generation)
    this.unitWritten()
  }

  onUnitDone(worker: number): void {
    const output = this.output as Output
    if (this.handsOff) {
      if (!output.writesUnits || output.settle(worker)) this.released(worker)
      return
    }
    this.pool?.release(worker)
    if (output.writesUnits) this.settle(false)
    else this.unitWritten()
  }

  private released(worker: number): void {
    this.pool?.release(worker)
    if (this.closing) this.close()
  }

  /** The unit is done, as far as its output goes: its positions may be committed. */
  protected unitWritten(): void {
    const { options, book, hand } = this
    if (options.commit !== 'after') {
      this.nextUnit()
      return
    }
    book.done(hand.unit())
    const { commitEvery } = options
    const due = commitEvery === 'poll' ? hand.isLastUnit : book.sinceCommit >= limitOf(commitEvery)
    if (due) this.saveProgress('next')
    else this.nextUnit()
  }

  // --- settling and committing --------------------------------------------------------------------------------------

  /** Makes sure that results are permanent, then commits what is finished; handed off it just commits. */
  protected saveProgress(after: AfterCommit): void {
    this.after = after
    if (this.handsOff) this.commitFinished()
    else this.settle(true)
  }

  private settle(toCommit: boolean): void {
    this.settlesToCommit = toCommit
    this.state = 'settling'
    if ((this.output as Output).settle(0)) this.settled()
  }

  private settled(): void {
    if (this.settlesToCommit) this.commitFinished()
    else this.unitWritten()
  }

  onPut(worker: number): void {
    this.pool?.onPut(worker)
  }

  onSettled(worker: number, ok: boolean): void {
    if (this.handsOff) this.released(worker)
    else if (ok) this.settled()
    else this.fail()
  }

  protected commitFinished(): void {
    const { after, book } = this
    this.commit(this.commitsPositions(after) ? null : book.toCommit(), after)
  }

  /** Whether it commits wherever the consumer stands, by a call that names no offsets. */
  protected commitsPositions(after: AfterCommit): boolean {
    return this.options.commitEvery === 'poll' && after === 'next' && this.hand.isLastUnit
  }

  /** Commits, then goes on. Null commits wherever the consumer stands. */
  protected commit(offsets: readonly CommitOffset[] | null, after: AfterCommit): void {
    this.after = after
    this.book.sinceCommit = 0
    this.state = 'committing'
    // In a callback of a rebalance and before the end the application waits for the outcome, whatever it does otherwise.
    const waits = this.options.commitCall === 'sync' || after === 'revoked' || after === 'close'
    ;(this.committer as Committer).commit(offsets, this.generation, waits)
  }

  onCommitted(token: number, outcome: CommitOutcome): void {
    this.committer?.onCommitted(token, outcome === 'committed')
  }

  onCommitReturned(ok: boolean): void {
    // Who commits first does the work only when that succeeded: else the exception sends it back.
    if (!ok && this.after === 'work') this.fail()
    else this.goOn()
  }

  private goOn(): void {
    switch (this.after) {
      case 'work':
        this.work()
        break
      case 'next':
        this.nextUnit()
        break
      case 'revoked':
        this.allowRevocation()
        break
      case 'close':
        this.closeOutput()
        break
      case 'step':
        this.onStepDone()
        break
    }
  }

  /** A scripted commit is over. */
  protected onStepDone(): void {}

  /** The work in hand failed: it begins again where it last committed, as after a crash and a restart. */
  protected fail(): void {
    ;(this.output as Output).discard(0)
    this.rewind(this.options.commit === 'after' ? this.book.rewind() : firstOffsets(this.hand.rest()))
    if (this.revoking) this.allowRevocation()
    else if (this.closing) this.closeOutput()
    else this.handDone()
  }

  protected rewind(to: readonly { readonly tp: number; readonly offset: number }[]): void {
    for (const { tp, offset } of to) if (this.owned.has(tp)) this.consumer?.seek(tp, offset)
  }

  // --- rebalances: callbacks from within poll() and close() ---------------------------------------------------------

  onPartitionsAssigned(partitions: readonly number[]): void {
    for (const tp of partitions) this.owned.add(tp)
    this.book.welcome(partitions)
  }

  /** Commits what is finished before the partitions go. */
  onPartitionsRevoked(partitions: readonly number[]): void {
    this.revoking = true
    this.leaving = partitions
    if (this.commitsBeforeRevocation(partitions)) this.saveProgress('revoked')
    else this.allowRevocation()
  }

  protected commitsBeforeRevocation(_partitions: readonly number[]): boolean {
    return this.options.commit === 'after' && this.book.isDirty && !this.handsOff
  }

  onPartitionsLost(partitions: readonly number[]): void {
    this.disown(partitions)
  }

  private allowRevocation(): void {
    this.revoking = false
    this.disown(this.leaving)
    this.state = this.closing ? 'closing' : 'polling'
    this.consumer?.revoked()
    // Asked to end meanwhile.
    if (this.ending && !this.closing) this.closeIfResting()
  }

  protected disown(partitions: readonly number[]): void {
    for (const tp of partitions) this.owned.delete(tp)
    this.book.forget(partitions)
  }

  // --- the end ------------------------------------------------------------------------------------------------------

  /** Lets the workers finish, saves what is finished, then closes the output and last the consumer. */
  protected close(): void {
    this.closing = true
    this.state = 'closing'
    // What poll() returned from now on nobody would work on, and a commit at the end would pass it.
    this.consumer?.leavePoll()
    if (this.pool?.isIdle() === false) return
    if (this.options.commit === 'after' && this.book.isDirty) this.saveProgress('close')
    else this.closeOutput()
  }

  private closeOutput(): void {
    this.state = 'closing'
    if ((this.output as Output).close()) this.onOutputClosed()
  }

  onOutputClosed(): void {
    this.consumer?.close()
  }

  /** The consumer is closed: nothing more happens. */
  onClosed(): void {
    this.state = 'closed'
    this.owned.clear()
  }
}

function limitOf(commitEvery: 'record' | number): number {
  return commitEvery === 'record' ? 1 : commitEvery
}
