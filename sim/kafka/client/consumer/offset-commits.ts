import { M } from '../../../history/catalogue.ts'
import { partitionOf, topicIdOf } from '../../../history/ids.ts'
import type { Env } from '../../env.ts'
import { Api } from '../../protocol/api.ts'
import { Errors, isRetriable } from '../../protocol/errors.ts'
import type { OffsetCommitRequest, OffsetCommitResponse } from '../../protocol/group-messages.ts'
import type { CommitIdentity } from './commit-identity.ts'
import type { ConsumerNetworkClient } from './consumer-network-client.ts'
import type { ConsumerSettings } from './consumer-settings.ts'
import type { CoordinatorFinder } from './coordinator-finder.ts'
import type { JoinedAs } from './group-membership.ts'
import type { CommitOffset } from './subscription-state.ts'
import type { WakeTimer } from './wake-timer.ts'

/** How a commit ended for the application. */
export type CommitOutcome =
  | 'committed'
  /** A retriable error or no answer: `RetriableCommitFailedException` of commitAsync, which does not retry. It may have arrived. */
  | 'retriable'
  /** `CommitFailedException`: the member is no longer part of the group; its partitions belong to others. */
  | 'commit-failed'
  /** `RebalanceInProgressException`: poll to finish the rebalance, then commit what is still owned. */
  | 'rebalance-in-progress'
  /** `FencedInstanceIdException` */
  | 'fenced'
  /** commitSync found no success within default.api.timeout.ms; an attempt may have arrived. */
  | 'timed-out'
  /** wakeup() ended the wait; the commit may have arrived. */
  | 'woken-up'
  /** Any other error. */
  | 'error'

/** One commit on its way; commitSync sends the same one again until it ends. */
export class Commit {
  /** The application's; -1 = the consumer's own. */
  readonly token: number
  readonly offsets: readonly CommitOffset[]
  /** A commitAsync() of the application or the timer: its callback is made by the next poll or commit. */
  readonly isAsync: boolean
  generationId = -1
  /** Of the last attempt; null = unanswered, or not tried yet. */
  outcome: CommitOutcome | null = null
  errorCode: number = Errors.NONE
  request: OffsetCommitRequest | null = null
  /** commitSync only. */
  deadline = 0
  attempts = 0
  retryAt = 0
  /** The caller waits no longer: nothing is told about it any more. */
  isAbandoned = false

  constructor(token: number, offsets: readonly CommitOffset[], isAsync: boolean) {
    this.token = token
    this.offsets = offsets
    this.isAsync = isAsync
  }
}

export interface OffsetCommitsParts {
  readonly env: Env
  readonly settings: ConsumerSettings
  readonly identity: CommitIdentity
  readonly finder: CoordinatorFinder
  readonly coordination: ConsumerNetworkClient
  readonly wake: WakeTimer
  /** The group's name in moments. */
  readonly group: number
}

/** Sends commits and understands their answers (`ConsumerCoordinator.sendOffsetCommitRequest`, `OffsetCommitResponseHandler`). */
export class OffsetCommits {
  /** Ended commits whose callbacks are still to be made, in order. */
  readonly completed: Commit[] = []
  private readonly parts: OffsetCommitsParts
  private readonly inFlight: Commit[] = []
  /** Wait for the coordinator to be found (`pendingAsyncCommits`). */
  private readonly waiting: Commit[] = []

  constructor(parts: OffsetCommitsParts) {
    this.parts = parts
  }

  /** The consumer protocol's client lets them wait until there is a coordinator. */
  private get waits(): boolean {
    return this.parts.settings.groupProtocol === 'consumer'
  }

  /** Failed async commits that are sent again (`commit.async`). */
  private retrying: Commit[] = []

  /** Whether async commits wait for a coordinator. */
  get hasWaiting(): boolean {
    return this.waiting.length > 0
  }

  /** `commitOffsetsAsync`: looks for the coordinator once if need be, and does not try again. */
  commitAsync(commit: Commit): void {
    const { finder } = this.parts
    if (commit.offsets.length === 0 || finder.node >= 0) this.send(commit)
    else if (finder.lookup() || this.waits) this.waiting.push(commit)
    else this.end(commit, 'retriable', Errors.COORDINATOR_NOT_AVAILABLE)
  }

  /** Sends again what failed and whose back-off is over: behind whatever was committed since. */
  retryAsync(): void {
    if (this.retrying.length === 0) return
    const { env, finder, wake } = this.parts
    const now = env.monotonic()
    const due = this.retrying.filter((commit) => commit.retryAt <= now)
    if (due.length === 0) wake.wakeAt(Math.min(...this.retrying.map((commit) => commit.retryAt)))
    if (due.length === 0 || finder.node < 0) return
    this.retrying = this.retrying.filter((commit) => !due.includes(commit))
    for (const commit of due) this.send(commit)
  }

  /** One attempt; {@link Commit.outcome} tells its end, which may come before this returns. */
  send(commit: Commit): void {
    const { identity, finder } = this.parts
    commit.outcome = null
    commit.errorCode = Errors.NONE
    const node = finder.node
    const committer = identity.committer()
    if (commit.offsets.length === 0) this.end(commit, 'committed', Errors.NONE)
    else if (node < 0) this.end(commit, 'retriable', Errors.COORDINATOR_NOT_AVAILABLE)
    else if (committer === 'rebalance-in-progress') this.end(commit, committer, Errors.REBALANCE_IN_PROGRESS)
    else if (committer === 'commit-failed') this.end(commit, committer, Errors.UNKNOWN_MEMBER_ID)
    else this.sendAs(committer, commit, node)
  }

  private sendAs({ generationId, memberId }: JoinedAs, commit: Commit, node: number): void {
    const { settings, coordination } = this.parts
    commit.generationId = generationId
    commit.request = {
      groupId: settings.groupId ?? '',
      generationIdOrMemberEpoch: generationId,
      memberId,
      groupInstanceId: memberId === '' ? null : settings.groupInstanceId,
      partitions: commit.offsets.map((each) => ({
        topicId: topicIdOf(each.tp),
        partition: partitionOf(each.tp),
        committedOffset: each.offset,
        committedLeaderEpoch: each.leaderEpoch,
      })),
    }
    if (coordination.send(node, Api.OffsetCommit, commit.request)) this.inFlight.push(commit)
    else this.end(commit, 'retriable', Errors.NETWORK_EXCEPTION)
  }

  /** A coordinator was found, or none was: commits that waited for it leave, or fail. */
  onLookup(errorCode: number): void {
    if (this.waits && isRetriable(errorCode)) return
    for (const commit of this.waiting.splice(0)) {
      if (errorCode === Errors.NONE) this.send(commit)
      else this.end(commit, 'retriable', errorCode)
    }
  }

  onCompletion(request: OffsetCommitRequest, response: OffsetCommitResponse | null): void {
    const { inFlight } = this
    const at = inFlight[0]?.request === request ? 0 : inFlight.findIndex((commit) => commit.request === request)
    const commit = inFlight[at]
    if (commit === undefined) return
    inFlight.splice(at, 1)
    const errorCode = response === null ? Errors.NETWORK_EXCEPTION : firstError(response)
    const outcome = this.react(request, errorCode)
    commit.request = null
    this.end(commit, outcome, errorCode)
  }

  /** The commit makes no sense: it is not sent. */
  refuse(commit: Commit, errorCode: number): void {
    this.end(commit, 'error', errorCode)
  }

  /** Gives up on a commit that its caller waited for. */
  abandon(commit: Commit, outcome: CommitOutcome, errorCode: number): void {
    this.tell(commit, outcome, errorCode)
    commit.isAbandoned = true
  }

  /** What the answer means for the member, and for the application. */
  private react(request: OffsetCommitRequest, errorCode: number): CommitOutcome {
    const { identity, finder } = this.parts
    switch (errorCode) {
      case Errors.NONE:
        finder.onAnswer()
        return 'committed'
      case Errors.COORDINATOR_NOT_AVAILABLE:
      case Errors.NOT_COORDINATOR:
      case Errors.REQUEST_TIMED_OUT:
        finder.markUnknown(false)
        return 'retriable'
      default:
        return identity.onCommitRefused(request, errorCode) ?? (isRetriable(errorCode) ? 'retriable' : 'error')
    }
  }

  private end(commit: Commit, outcome: CommitOutcome, errorCode: number): void {
    commit.outcome = outcome
    commit.errorCode = errorCode
    const { env, settings } = this.parts
    if (commit.isAsync && outcome === 'retriable' && settings.switches['commit.async'] === 'retried') {
      commit.retryAt = env.monotonic() + settings.retryBackoffUs
      this.retrying.push(commit)
      return
    }
    // A commitSync that may try again has not ended.
    if (commit.isAsync || outcome !== 'retriable') this.tell(commit, outcome, errorCode)
    if (commit.isAsync) this.completed.push(commit)
  }

  /** The moments of a commit's end, once. */
  private tell(commit: Commit, outcome: CommitOutcome, errorCode: number): void {
    const { env, group } = this.parts
    if (commit.isAbandoned) return
    for (const { tp, offset } of commit.offsets) {
      if (outcome === 'committed') env.emit(M.commitAcked, group, tp, offset, commit.generationId)
      else env.emitWide(M.commitFailed, group, tp, offset, commit.generationId, errorCode)
    }
  }
}

function firstError(response: OffsetCommitResponse): number {
  for (const { errorCode } of response.partitions) if (errorCode !== Errors.NONE) return errorCode
  return Errors.NONE
}
