import { M, type Row } from './kinds.ts'

/** Moments of a log's segments, and of replicas that come and go. */
export const LOG_ROWS: readonly Row[] = [
  ['log.rolled', M.logRolled, 'a replica began a new segment', 'tp:tp offset:offset'],
  [
    'log-start.moved',
    M.logStartMoved,
    'a replica serves nothing before the offset any more, which retention or its leader says',
    'tp:tp offset:offset was:offset',
  ],
  ['log.cleaned', M.logCleaned, 'a replica compacted its log up to an offset', 'tp:tp offset:offset removed'],
  [
    'log.deleted',
    M.logDeleted,
    'a broker gave a replica up, with its log (stray: it found that it had one no more)',
    'tp:tp offset:offset stray:flag',
  ],
  [
    'record.tombstone',
    M.recordTombstone,
    'the record that is about to be sent has no value: in a compacted topic it deletes its key',
    'record:record attempt',
  ],
  [
    'replicas.assigned',
    M.replicasAssigned,
    'the controller committed other replicas of a partition: the way to those that are to be, or the end of it',
    'tp:tp replicas:nodes adding:nodes removing:nodes',
  ],
  [
    'log-dir.failed',
    M.logDirFailed,
    'an operation in a log directory failed: it is offline for as long as its process lives',
    'directory:text operation:text',
  ],
  ['replica.offline', M.replicaOffline, 'a replica is in a log directory that failed', 'tp:tp epoch:epoch'],
]
