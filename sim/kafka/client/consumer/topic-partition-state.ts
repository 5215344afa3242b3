import { partitionOf, topicIdOf } from '../../../history/ids.ts'
import type { PartitionLeadership } from '../metadata.ts'
import type { ResetPolicy } from './consumer-settings.ts'

/** No position yet: the committed offset is to be asked for. */
export const INITIALIZING = 0
export const FETCHING = 1
/** The position is to be looked up by the reset policy. */
export const AWAIT_RESET = 2
/** The position is to be checked against the log of a new leader (KIP-320); nothing is fetched until then. */
export const AWAIT_VALIDATION = 3

/** One assigned partition (`SubscriptionState.TopicPartitionState`) with its `FetchPosition`. */
export class TopicPartitionState {
  readonly tp: number
  readonly topicId: number
  readonly partition: number
  /** What metadata knows now. */
  readonly leadership: PartitionLeadership
  fetchState: 0 | 1 | 2 | 3 = INITIALIZING
  /** The next offset that poll() returns; -1 = none. */
  offset = -1
  /** Leader epoch of the record before it, or the one committed with it; -1 = unknown, which skips validation. */
  offsetEpoch = -1
  /** The leader this position is valid for. */
  leader = -1
  leaderEpoch = -1
  resetTo: ResetPolicy = 'latest'
  /** The position that was asked to be validated. */
  validatedOffset = -1
  /** No look-up before this time. */
  nextRetryAt = 0
  paused = false
  /** Revoked soon: nothing is fetched and nothing returned, so that the commit before the revocation is complete. */
  pendingRevocation = false
  /** The consumer let go of it; what is still buffered for it is worth nothing. */
  unassigned = false
  /** A fetch response for it waits to be returned. */
  buffered = false

  /** The replica that the leader sent the reader to (KIP-392); -1 = none. */
  private preferredReadReplica = -1
  private preferredUntil = 0

  constructor(tp: number, leadership: PartitionLeadership) {
    this.tp = tp
    this.topicId = topicIdOf(tp)
    this.partition = partitionOf(tp)
    this.leadership = leadership
  }

  get hasValidPosition(): boolean {
    return this.fetchState === FETCHING
  }

  get isFetchable(): boolean {
    return this.fetchState === FETCHING && !this.paused && !this.pendingRevocation && !this.unassigned
  }

  /** `seekValidated` */
  seek(offset: number, offsetEpoch: number): void {
    this.fetchState = FETCHING
    this.offset = offset
    this.offsetEpoch = offsetEpoch
    this.nextRetryAt = 0
  }

  /** `seekUnvalidated`: takes the position for the leader that is known now, and validates it if its epoch is known. */
  seekUnvalidated(offset: number, offsetEpoch: number): void {
    this.seek(offset, offsetEpoch)
    this.adoptLeader()
  }

  /** `maybeValidatePosition`: metadata names another leader or epoch than the position was made for. */
  maybeValidate(): void {
    const { leadership } = this
    if (this.fetchState === AWAIT_RESET || this.fetchState === INITIALIZING || leadership.leader < 0) return
    if (this.leader === leadership.leader && this.leaderEpoch === leadership.leaderEpoch) return
    this.adoptLeader()
    this.preferredReadReplica = -1
  }

  /** `updatePreferredReadReplica`: naming the same one again does not prolong it, and returns false. */
  prefer(replica: number, until: number): boolean {
    if (replica === this.preferredReadReplica) return false
    this.preferredReadReplica = replica
    this.preferredUntil = until
    return true
  }

  /** `preferredReadReplica`; -1 = none, or not any more. */
  preferredAt(now: number): number {
    if (this.preferredReadReplica >= 0 && now > this.preferredUntil) this.preferredReadReplica = -1
    return this.preferredReadReplica
  }

  /** `clearPreferredReadReplica`: back to the leader; returns whether there was another. */
  clearPreferred(): boolean {
    const had = this.preferredReadReplica >= 0
    this.preferredReadReplica = -1
    return had
  }

  /** `requestOffsetReset` */
  requestReset(policy: ResetPolicy): void {
    this.fetchState = AWAIT_RESET
    this.resetTo = policy
    this.nextRetryAt = 0
  }

  private adoptLeader(): void {
    const { leadership } = this
    this.leader = leadership.leader
    this.leaderEpoch = leadership.leaderEpoch
    this.fetchState = this.offsetEpoch >= 0 && this.leaderEpoch >= 0 ? AWAIT_VALIDATION : FETCHING
    this.nextRetryAt = 0
  }
}
