import { type DeliveryCountOp, RecordState, type RecordStateId, TRANSITIONS } from './record-state.ts'

/** Nobody has acquired the record (`EMPTY_MEMBER_ID`). */
export const NO_MEMBER = ''

/** What a record was before a change that is not persisted yet. */
interface Rollback {
  readonly state: RecordStateId
  readonly deliveryCount: number
  readonly memberId: string
}

/** One record between the start and the end of a share partition (`InFlightState`). */
export class InFlightRecord {
  state: RecordStateId
  /** How often it was acquired. */
  deliveryCount: number
  /** Who has acquired it. */
  memberId: string = NO_MEMBER
  /** Node of that member, for moments only; -1 = nobody. */
  node = -1
  /** When its acquisition lock ends (monotonic microseconds), while it is acquired. */
  lockedUntil = 0
  private rollback: Rollback | null = null

  constructor(state: RecordStateId, deliveryCount: number) {
    this.state = state
    this.deliveryCount = deliveryCount
  }

  /** A change waits for the share coordinator. */
  get inTransition(): boolean {
    return this.rollback !== null
  }

  /** Whether somebody may acquire it. */
  get isAcquirable(): boolean {
    return this.state === RecordState.AVAILABLE && this.rollback === null
  }

  /**
   * `tryUpdateState`: false when there is no such transition. What was delivered as often as allowed is not available
   * again but archived, unless the delivery is taken back.
   */
  update(to: RecordStateId, op: DeliveryCountOp, maxDeliveryCount: number, memberId: string): boolean {
    const isSpent = to === RecordState.AVAILABLE && op !== 'decrease' && this.deliveryCount >= maxDeliveryCount
    const next = isSpent ? RecordState.ARCHIVED : to
    if (!TRANSITIONS[this.state].includes(next)) return false
    this.state = next
    if (op === 'increase') this.deliveryCount++
    if (op === 'decrease') this.deliveryCount--
    this.memberId = memberId
    return true
  }

  /** `startStateTransition`: as {@link update}, and it can be taken back. */
  begin(to: RecordStateId, op: DeliveryCountOp, maxDeliveryCount: number): boolean {
    const { state, deliveryCount, memberId } = this
    if (!this.update(to, op, maxDeliveryCount, NO_MEMBER)) return false
    this.rollback = { state, deliveryCount, memberId }
    return true
  }

  /** `completeStateTransition` */
  complete(commit: boolean): void {
    const { rollback } = this
    this.rollback = null
    if (commit || rollback === null) return
    this.state = rollback.state
    this.deliveryCount = rollback.deliveryCount
    this.memberId = rollback.memberId
  }

  /** The broker gives it up on its own account: it belongs to an aborted transaction. */
  archive(): void {
    this.state = RecordState.ARCHIVED
    this.memberId = NO_MEMBER
  }
}
