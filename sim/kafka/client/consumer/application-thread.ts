import type { Env } from '../../env.ts'
import { Errors } from '../../protocol/errors.ts'
import { AssignmentUpdate } from './assignment-update.ts'
import { CommitSync } from './commit-sync.ts'
import { ConsumerClose } from './consumer-close.ts'
import type { ConsumerOwner } from './consumer-owner.ts'
import type { ConsumerParts } from './consumer-parts.ts'
import { Commit, type CommitOutcome } from './offset-commits.ts'
import { type PollFailure, pollFailure } from './poll-failure.ts'
import type { CommitOffset } from './subscription-state.ts'

/** Metadata requests carry no token of their own. */
const NO_TOKEN = 0

/**
 * The application's thread while it is inside the consumer: in poll(), commitSync() or close(). What Kafka does on that thread happens
 * only while it is in one of them.
 */
export class ApplicationThread {
  private readonly env: Env
  private readonly owner: ConsumerOwner
  private readonly parts: ConsumerParts
  private readonly update: AssignmentUpdate
  private readonly sync: CommitSync
  private readonly closing: ConsumerClose
  private tokens = 0
  private inPoll = false
  private pollDeadline = 0
  /** A commitSync() that the application waits for, or the consumer's own at its end. */
  private syncCommit: Commit | null = null
  private woken = false
  private failure: PollFailure | null = null
  /** {@link advance} is at work: what its callees ask for is done by its loop. */
  private running = false
  private again = false

  constructor(env: Env, parts: ConsumerParts, owner: ConsumerOwner) {
    this.env = env
    this.parts = parts
    this.owner = owner
    this.update = new AssignmentUpdate(parts)
    this.closing = new ConsumerClose(env, parts)
    this.sync = new CommitSync(env, parts)
  }

  /** Nothing happens any more. */
  get isClosed(): boolean {
    return this.closing.isClosed
  }

  /** The call that the thread is in, in words; null = it is in none. */
  get call(): 'poll()' | 'commitSync()' | 'close()' | null {
    if (this.syncCommit !== null) return 'commitSync()'
    if (this.closing.isBegun && !this.closing.isClosed) return 'close()'
    return this.inPoll ? 'poll()' : null
  }

  poll(timeoutUs: number): void {
    this.inPoll = true
    this.pollDeadline = this.env.monotonic() + timeoutUs
    this.advance()
  }

  /** Returns the commit's token. */
  commitSync(offsets: readonly CommitOffset[] | null): number {
    const { settings } = this.parts
    const commit = new Commit(this.tokens++, this.offsetsToCommit(offsets), false)
    commit.deadline = this.env.monotonic() + settings.defaultApiTimeoutUs
    this.syncCommit = commit
    this.advance()
    return commit.token
  }

  /** One attempt, which nobody waits for. Returns the commit's token. */
  commitAsync(offsets: readonly CommitOffset[] | null): number {
    const { commits, settings } = this.parts
    this.invokeCompletedCommits()
    const commit = new Commit(this.tokens++, this.offsetsToCommit(offsets), true)
    if (settings.groupId === null) commits.refuse(commit, Errors.INVALID_GROUP_ID)
    else commits.commitAsync(commit)
    return commit.token
  }

  /** The call that it is in throws `WakeupException`, or the next poll() does. */
  wakeup(): void {
    this.woken = true
    if (this.inPoll || this.syncCommit !== null) this.advance()
  }

  /** It has left poll() by a `WakeupException` that the application catches: no record is taken. */
  leavePoll(): void {
    this.inPoll = false
  }

  close(timeoutUs: number): void {
    if (this.closing.isBegun) return
    this.closing.begin(this.env.monotonic() + timeoutUs)
    this.leaveCalls()
    this.parts.listener.release()
    this.advance()
  }

  /** Nobody is told, nothing is committed. */
  closeNow(): void {
    this.closing.end()
    this.leaveCalls()
    this.parts.close()
  }

  private leaveCalls(): void {
    this.inPoll = false
    this.syncCommit = null
  }

  /** Goes on with whatever can go on; what callbacks ask for on the way is done by the same loop. */
  advance(): void {
    this.again = true
    if (this.running) return
    this.running = true
    while (this.again && !this.closing.isClosed) {
      this.again = false
      this.step()
    }
    this.running = false
  }

  private step(): void {
    const { metadata, groupClient } = this.parts
    groupClient.runThread()
    if (this.parts.settings.switches['auto-commit.by'] === 'thread') this.autoCommitByThread()
    const isClosing = this.closing.isBegun
    if (this.inPoll || this.syncCommit !== null || isClosing) {
      groupClient.onCall()
      if (this.syncCommit !== null) this.runCommitSync(this.syncCommit)
      else if (this.parts.listener.isRevoking) return
      else if (isClosing) this.runClose()
      else this.runPoll()
    }
    if (!this.closing.isClosed) metadata.maybeUpdate(NO_TOKEN)
  }

  /** One turn of poll()'s loop. */
  private runPoll(): void {
    const { env, parts } = this
    if (this.takeWakeup()) {
      this.endPoll(pollFailure('wakeup', Errors.NONE))
      return
    }
    this.invokeCompletedCommits()
    const mayCollect = this.failure === null && this.updateAssignment()
    if (this.failure !== null) {
      this.endPoll(this.failure)
      return
    }
    // A callback has called the consumer, and is not done.
    if (this.syncCommit !== null || parts.listener.isRevoking || !this.inPoll) return
    const isOver = env.monotonic() >= this.pollDeadline
    if (mayCollect || isOver) {
      const records = parts.collector.collect()
      const { failure, positionAdvanced } = parts.collector
      if (parts.settings.switches['auto-commit.timer'] === 'behind-records') parts.autoCommit.maybeCommit()
      if (failure !== null) {
        this.endPoll(failure)
        return
      }
      parts.fetcher.sendFetches()
      // Also with nothing to return: past markers and aborted records (KAFKA-12980).
      if (positionAdvanced || isOver) {
        this.inPoll = false
        this.owner.onPolled(records)
        return
      }
    }
    parts.wake.wakeAt(this.pollDeadline)
  }

  private updateAssignment(): boolean {
    const mayCollect = this.update.run()
    this.failure = this.update.failure
    return mayCollect
  }

  private endPoll(failure: PollFailure): void {
    this.failure = null
    this.inPoll = false
    this.owner.onPollFailed(failure)
  }

  /** One turn of a commitSync(). */
  private runCommitSync(commit: Commit): void {
    if (commit.attempts === 0) this.invokeCompletedCommits()
    const isWoken = commit.token >= 0 && this.takeWakeup()
    const outcome = isWoken ? this.sync.giveUp(commit, 'woken-up') : this.sync.turn(commit)
    if (outcome !== null) this.endCommitSync(commit, outcome)
  }

  private endCommitSync(commit: Commit, outcome: CommitOutcome): void {
    this.syncCommit = null
    // Callbacks of earlier commitAsync() come first: commits end in the order in which they were made.
    this.invokeCompletedCommits()
    if (commit.token >= 0) this.owner.onCommitted(commit.token, outcome, commit.errorCode)
    this.again = true
  }

  private runClose(): void {
    switch (this.closing.turn()) {
      case 'commit': {
        const commit = new Commit(-1, this.offsetsToCommit(null), false)
        commit.deadline = this.closing.deadline
        this.syncCommit = commit
        this.again = true
        break
      }
      case 'wait':
        break
      case 'end':
        this.invokeCompletedCommits()
        this.closeNow()
        this.owner.onClosed()
    }
  }

  // --- small parts --------------------------------------------------------------------------------------------------

  /** `invokeCompletedOffsetCommitCallbacks` */
  private invokeCompletedCommits(): void {
    const { completed } = this.parts.commits
    while (completed.length > 0) {
      const commit = completed.shift() as Commit
      if (commit.outcome === 'fenced') this.failure = pollFailure('fenced-instance', commit.errorCode)
      if (commit.token < 0) this.parts.autoCommit.onCommitted(commit)
      else this.owner.onCommitted(commit.token, commit.outcome ?? 'error', commit.errorCode)
    }
  }

  private autoCommitByThread(): void {
    const { settings, groupClient, autoCommit } = this.parts
    if (settings.autoCommit && groupClient.isStable) autoCommit.commitByThread()
  }

  private offsetsToCommit(offsets: readonly CommitOffset[] | null): readonly CommitOffset[] {
    return offsets ?? this.parts.subscriptions.allConsumed()
  }

  private takeWakeup(): boolean {
    const { woken } = this
    this.woken = false
    return woken
  }
}
