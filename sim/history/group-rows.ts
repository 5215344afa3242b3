import { M, type Row } from './kinds.ts'

/** Moments of consumers, groups and stores. */
export const GROUP_ROWS: readonly Row[] = [
  [
    'record.delivered',
    M.recordDelivered,
    'poll() hands a record to the application',
    'record:record attempt tp:tp offset:offset',
  ],
  [
    'offset.committed',
    M.offsetCommitted,
    'the group coordinator has a committed offset',
    'group:text tp:tp offset:offset generation member:node leaderEpoch:epoch',
  ],
  [
    'commit.refused',
    M.commitRefused,
    'the group coordinator refuses a commit',
    'group:text tp:tp offset:offset error:error generation member:node',
  ],
  [
    'commit.acked',
    M.commitAcked,
    'a consumer learns that its commit succeeded',
    'group:text tp:tp offset:offset generation',
  ],
  [
    'commit.failed',
    M.commitFailed,
    "a consumer's commit failed or its outcome is unknown",
    'group:text tp:tp offset:offset generation error:error',
  ],
  [
    'offset.fetched',
    M.offsetFetched,
    'a consumer learns where its group stands (-1: nowhere)',
    'group:text tp:tp offset:offset generation',
  ],
  [
    'position.reset',
    M.positionReset,
    'a consumer resets its position by policy',
    'tp:tp offset:offset from:offset latest:flag',
  ],
  ['partition.assigned', M.partitionAssigned, 'a consumer takes a partition over', 'group:text tp:tp generation'],
  [
    'partition.revoked',
    M.partitionRevoked,
    'a consumer gives a partition up in good order',
    'group:text tp:tp generation',
  ],
  [
    'partition.lost',
    M.partitionLost,
    'a consumer learns that a partition is no longer its own',
    'group:text tp:tp generation',
  ],
  ['group.rebalanced', M.groupRebalanced, 'a group entered a new generation', 'group:text generation members'],
  ['member.joined', M.memberJoined, 'the group coordinator knows a new member', 'group:text member:node generation'],
  [
    'member.removed',
    M.memberRemoved,
    'a member left, expired or did not rejoin',
    'group:text member:node generation expired:flag',
  ],
  [
    'coordinator.loaded',
    M.coordinatorLoaded,
    'a broker serves a partition of an internal topic as coordinator, of groups or of transactions',
    'tp:tp epoch:epoch groups transactions:flag',
  ],
  [
    'coordinator.unloaded',
    M.coordinatorUnloaded,
    'a broker is coordinator of a partition no longer',
    'tp:tp epoch:epoch',
  ],
  [
    'record.derived',
    M.recordDerived,
    'a processor made a record of one it read; the same input and index again is the same output again',
    'record:record input:record index',
  ],
  [
    'effect.applied',
    M.effectApplied,
    'what an application did with a record is permanent: 0 processed, 1 row inserted, 2 upsert that changed what the store shows, 3 increment, 4 upsert that changed nothing, 5 call, 6 in a file (key: equal for equal keys, -1 none; by: whose work it was)',
    'record:record tp:tp offset:offset what store:node key generation by:node',
  ],
  [
    'effect.refused',
    M.effectRefused,
    'a store refused what a record should do: 1 by its generation fence, 2 by its offset fence, 3 it remembers having done it',
    'record:record tp:tp offset:offset store:node reason by:node',
  ],
  [
    'step.before-commit',
    M.stepBeforeCommit,
    'an application is about to commit its position (told when a fault waits for steps)',
    'group:text generation',
  ],
  [
    'step.after-commit',
    M.stepAfterCommit,
    'an application went on after committing its position (told when a fault waits for steps)',
    'group:text generation',
  ],
  [
    'work.started',
    M.workStarted,
    'an application begins to work on a record it read',
    'record:record tp:tp offset:offset',
  ],
  [
    'member.reconciled',
    M.memberReconciled,
    'the coordinator of a group of the consumer protocol takes a member on its way to what it shall have: 0 has it, 1 is to give partitions up, 2 waits for partitions that others hold (an epoch of -2: a static member that means to come back)',
    'group:text member:node epoch state groupEpoch id:text',
  ],
  [
    'partition.granted',
    M.partitionGranted,
    'the coordinator of a group of the consumer protocol gives a partition to a member',
    'group:text tp:tp member:node epoch id:text',
  ],
  [
    'partition.released',
    M.partitionReleased,
    "a member of a group of the consumer protocol has given a partition up, or is out, by its coordinator's account",
    'group:text tp:tp member:node epoch id:text',
  ],
]
