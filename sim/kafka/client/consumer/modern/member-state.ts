/** `MemberState` of the client, by Kafka's names. */
export type MemberState =
  /** It has not subscribed, or has left. */
  | 'UNSUBSCRIBED'
  /** It sends heartbeats of epoch 0 until it is given one. */
  | 'JOINING'
  /** It takes a new assignment over: commits, lets go, takes. */
  | 'RECONCILING'
  /** It has, and tells so with its next heartbeat, which goes out at once. */
  | 'ACKNOWLEDGING'
  | 'STABLE'
  /** The coordinator knows it no longer: it gives everything up, silently, and joins again. */
  | 'FENCED'
  /** It gives everything up before it leaves. */
  | 'PREPARE_LEAVING'
  /** It says goodbye with its next heartbeat. */
  | 'LEAVING'
  /** The coordinator refuses it for good. */
  | 'FATAL'
  /** It left because the application did not poll, and joins again when it does. */
  | 'STALE'

/** From which states a state may be entered (`MemberState.getPreviousValidStates`). */
export const VALID_PREVIOUS_STATES: Readonly<Record<MemberState, readonly MemberState[]>> = {
  UNSUBSCRIBED: ['PREPARE_LEAVING', 'LEAVING', 'FENCED'],
  JOINING: ['FENCED', 'UNSUBSCRIBED', 'STALE'],
  RECONCILING: ['STABLE', 'JOINING', 'ACKNOWLEDGING', 'RECONCILING'],
  ACKNOWLEDGING: ['RECONCILING'],
  STABLE: ['JOINING', 'ACKNOWLEDGING', 'RECONCILING'],
  FENCED: ['JOINING', 'STABLE', 'RECONCILING', 'ACKNOWLEDGING', 'PREPARE_LEAVING', 'LEAVING'],
  PREPARE_LEAVING: ['JOINING', 'STABLE', 'RECONCILING', 'ACKNOWLEDGING', 'UNSUBSCRIBED'],
  LEAVING: ['PREPARE_LEAVING'],
  FATAL: ['JOINING', 'STABLE', 'RECONCILING', 'ACKNOWLEDGING', 'PREPARE_LEAVING', 'LEAVING', 'UNSUBSCRIBED'],
  STALE: ['LEAVING'],
}

/** `isNotInGroup` */
export function isNotInGroup(state: MemberState): boolean {
  return state === 'UNSUBSCRIBED' || state === 'FENCED' || state === 'FATAL' || state === 'STALE'
}

/** Whether the member takes an assignment that it is told (`canHandleNewAssignment`). */
export function canHandleAssignment(state: MemberState): boolean {
  return VALID_PREVIOUS_STATES.RECONCILING.includes(state)
}
