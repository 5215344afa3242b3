/** `ClassicGroupState` */
export type GroupState = 'EMPTY' | 'PREPARING_REBALANCE' | 'COMPLETING_REBALANCE' | 'STABLE' | 'DEAD'

/** From which states a state may be entered (`ClassicGroupState.validPreviousStates`). */
export const VALID_PREVIOUS_STATES: Readonly<Record<GroupState, readonly GroupState[]>> = {
  EMPTY: ['PREPARING_REBALANCE'],
  PREPARING_REBALANCE: ['STABLE', 'COMPLETING_REBALANCE', 'EMPTY'],
  COMPLETING_REBALANCE: ['PREPARING_REBALANCE'],
  STABLE: ['COMPLETING_REBALANCE'],
  DEAD: ['STABLE', 'PREPARING_REBALANCE', 'COMPLETING_REBALANCE', 'EMPTY', 'DEAD'],
}
