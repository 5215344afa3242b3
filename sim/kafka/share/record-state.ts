/** `RecordState`, by Kafka's names and with the numbers under which states are persisted. */
export const RecordState = {
  AVAILABLE: 0,
  ACQUIRED: 1,
  ACKNOWLEDGED: 2,
  ARCHIVED: 4,
} as const

export type RecordStateId = (typeof RecordState)[keyof typeof RecordState]

const { AVAILABLE, ACQUIRED, ACKNOWLEDGED, ARCHIVED } = RecordState

/** Into which states a record may go from each (`RecordState.validateTransition`). */
export const TRANSITIONS: Readonly<Record<RecordStateId, readonly RecordStateId[]>> = {
  [AVAILABLE]: [ACQUIRED],
  [ACQUIRED]: [AVAILABLE, ACKNOWLEDGED, ARCHIVED],
  [ACKNOWLEDGED]: [],
  [ARCHIVED]: [],
}

/** Whether nothing more will become of a record. */
export function isTerminal(state: RecordStateId): boolean {
  return state === ACKNOWLEDGED || state === ARCHIVED
}

/** `AcknowledgeType`, and 0 for an offset at which there was no record for the application. */
export const AcknowledgeType = {
  GAP: 0,
  ACCEPT: 1,
  RELEASE: 2,
  REJECT: 3,
} as const

export type AcknowledgeTypeId = (typeof AcknowledgeType)[keyof typeof AcknowledgeType]

/** What becomes of an acquired record by each type of acknowledgement. */
export const ACKNOWLEDGED_AS: Readonly<Record<AcknowledgeTypeId, RecordStateId>> = {
  [AcknowledgeType.GAP]: ARCHIVED,
  [AcknowledgeType.ACCEPT]: ACKNOWLEDGED,
  [AcknowledgeType.RELEASE]: AVAILABLE,
  [AcknowledgeType.REJECT]: ARCHIVED,
}

/** What a transition does to the delivery count (`DeliveryCountOps`). */
export type DeliveryCountOp = 'increase' | 'decrease' | 'keep'
