import { M, type Row } from './kinds.ts'

/**
 * Moments of transactions. A transaction's number `txn` is its application's node and count, as with records; what the
 * coordinator and partitions tell names it by producer id and epoch, as Kafka does.
 */
export const TRANSACTION_ROWS: readonly Row[] = [
  [
    'txn.began',
    M.txnBegan,
    'the application calls beginTransaction()',
    'transactional.id:text txn producerId producerEpoch:epoch',
  ],
  [
    'txn.ending',
    M.txnEnding,
    'the application calls commitTransaction() or abortTransaction()',
    'transactional.id:text txn commit:flag',
  ],
  ['txn.committed', M.txnCommitted, 'commitTransaction() returned', 'transactional.id:text txn'],
  ['txn.aborted', M.txnAborted, 'abortTransaction() returned', 'transactional.id:text txn'],
  [
    'txn.unknown',
    M.txnUnknown,
    'the application cannot know whether its transaction was committed',
    'transactional.id:text txn error:error',
  ],
  [
    'txn.failed',
    M.txnFailed,
    'the client was refused: the transaction is certainly not committed',
    'transactional.id:text txn error:error',
  ],
  [
    'txn.offsets-sent',
    M.txnOffsetsSent,
    'the application calls sendOffsetsToTransaction()',
    'transactional.id:text txn group:text tp:tp offset:offset',
  ],
  [
    'txn.opened',
    M.txnOpened,
    'the transaction coordinator has an ongoing transaction',
    'transactional.id:text producerId producerEpoch:epoch coordinatorEpoch:epoch',
  ],
  [
    'txn.partition-added',
    M.txnPartitionAdded,
    'a partition belongs to a transaction, says its coordinator',
    'transactional.id:text tp:tp producerId producerEpoch:epoch',
  ],
  [
    'txn.prepared',
    M.txnPrepared,
    'the transaction coordinator has decided a transaction; nothing changes that any more',
    'transactional.id:text commit:flag producerId producerEpoch:epoch coordinatorEpoch:epoch timedOut:flag',
  ],
  [
    'txn.completed',
    M.txnCompleted,
    'all markers of a transaction are written',
    'transactional.id:text commit:flag producerId producerEpoch:epoch coordinatorEpoch:epoch',
  ],
  [
    'marker.written',
    M.markerWritten,
    'a leader appended the marker that ends a transaction in its partition',
    'tp:tp offset:offset producerId producerEpoch:epoch commit:flag coordinatorEpoch:epoch batch:batch',
  ],
  [
    'lso.advanced',
    M.lsoAdvanced,
    "a leader moved its partition's last stable offset (told where transactions write)",
    'tp:tp offset:offset epoch:epoch',
  ],
  [
    'offset.pending',
    M.offsetPending,
    'the group coordinator has an offset that waits for the end of its transaction',
    'group:text tp:tp offset:offset generation member:node producerId producerEpoch:epoch',
  ],
  [
    'offset.dropped',
    M.offsetDropped,
    'the group coordinator forgot a pending offset, because its transaction was aborted',
    'group:text tp:tp offset:offset producerId producerEpoch:epoch',
  ],
  [
    'producer.registered',
    M.producerRegistered,
    'the transaction coordinator gave a transactional id its producer id and epoch; older ones are fenced',
    'transactional.id:text producerId producerEpoch:epoch member:node',
  ],
  [
    'producer.refused',
    M.producerRefused,
    'the transaction coordinator refuses a producer',
    'transactional.id:text api:api error:error producerId producerEpoch:epoch member:node',
  ],
  [
    'txn.verified',
    M.txnVerified,
    'a leader learnt from the transaction coordinator whether a producer may write to its partition',
    'tp:tp producerId producerEpoch:epoch error:error',
  ],
  [
    'txn.hung',
    M.txnHung,
    'a leader holds an open transaction that is older than any can be: its coordinator does not know of it',
    'tp:tp offset:offset producerId producerEpoch:epoch',
  ],
]
