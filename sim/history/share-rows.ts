import { M, type Row } from './kinds.ts'

const RANGE = 'group:text tp:tp offset:offset last:offset count member:node'

/** Moments of share groups. `offset` to `last` is a run of records; `count` how often they were acquired. */
export const SHARE_ROWS: readonly Row[] = [
  [
    'share-state.loaded',
    M.shareStateLoaded,
    'a broker serves a partition of __share_group_state as share coordinator',
    'tp:tp epoch:epoch partitions',
  ],
  [
    'share-state.unloaded',
    M.shareStateUnloaded,
    'a broker is share coordinator of a partition no longer',
    'tp:tp epoch:epoch',
  ],
  [
    'share.loaded',
    M.shareLoaded,
    'a leader knows where a share group stands: everything before the offset is done with, and so many records behind it are in flight',
    'group:text tp:tp offset:offset pending epoch:epoch',
  ],
  ['share.acquired', M.shareAcquired, 'a member of a share group is given records, which are locked for it', RANGE],
  [
    'share.released',
    M.shareReleased,
    'records are available again: 0 released by the member, 1 their acquisition lock ended, 2 the session of the member ended',
    `${RANGE} cause`,
  ],
  [
    'share.acknowledged',
    M.shareAcknowledged,
    'a share group is done with records, and that is persisted',
    `${RANGE} cause`,
  ],
  [
    'share.archived',
    M.shareArchived,
    'a share group gives records up: 0 rejected by the member, or released at the delivery limit, 1 their lock ended at the delivery limit, 3 their transaction was aborted',
    `${RANGE} cause`,
  ],
  [
    'acknowledge.failed',
    M.acknowledgeFailed,
    "a member's acknowledgement failed, or its outcome is unknown",
    'group:text tp:tp offset:offset last:offset error:error',
  ],
]
