import { BATCH_OVERHEAD, type KafkaRecord, RECORD_OVERHEAD, type RecordBatch } from './batch.ts'

/** `TransactionState`, by Kafka's names. PREPARE_EPOCH_FENCE is never written. */
export type TransactionStateName =
  | 'Empty'
  | 'Ongoing'
  | 'PrepareCommit'
  | 'PrepareAbort'
  | 'CompleteCommit'
  | 'CompleteAbort'
  | 'Dead'
  | 'PrepareEpochFence'

/** `TransactionLogKey` and `TransactionLogValue`: what `__transaction_state` holds of a transactional id. */
export interface TransactionLogRecord {
  readonly transactionalId: string
  /** null: a tombstone, the id has expired. */
  readonly value: TransactionLogValue | null
}

/** The last epoch is not written: only the coordinator that gave a producer its epoch can tell it again. */
export interface TransactionLogValue {
  readonly producerId: number
  readonly previousProducerId: number
  readonly nextProducerId: number
  readonly producerEpoch: number
  readonly transactionTimeoutMs: number
  readonly transactionStatus: TransactionStateName
  /** Partitions of the transaction, as `tpOf` numbers them, in the order in which they were added. */
  readonly transactionPartitions: readonly number[]
  /** Wall clock in milliseconds; -1 = none. */
  readonly transactionStartTimestampMs: number
  readonly transactionLastUpdateTimestampMs: number
  /** `transaction.version` of the client that began it: 0, 1 or 2. */
  readonly clientTransactionVersion: number
}

/** A record of the transaction log inside a batch, which has the shape of every other batch. */
interface TransactionKafkaRecord extends KafkaRecord {
  readonly value: TransactionLogRecord
}

/** About the bytes of key and value in a batch. */
function recordSize({ transactionalId, value }: TransactionLogRecord): number {
  return transactionalId.length + (value === null ? 8 : 60 + 8 * value.transactionPartitions.length)
}

/** A batch as the transaction coordinator writes it: one record. `timestamp` in milliseconds. */
export function transactionLogBatch(id: number, value: TransactionLogRecord, timestamp: number): RecordBatch {
  const record: TransactionKafkaRecord = {
    record: -1,
    attempt: 0,
    key: null,
    size: recordSize(value),
    timestamp,
    value,
  }
  return {
    id,
    producerId: -1,
    producerEpoch: -1,
    baseSequence: -1,
    isTransactional: false,
    marker: null,
    records: [record],
    size: BATCH_OVERHEAD + RECORD_OVERHEAD + record.size,
    maxTimestamp: timestamp,
  }
}

/** What a batch of `__transaction_state` holds. */
export function transactionRecordsIn(batch: RecordBatch): readonly TransactionLogRecord[] {
  return (batch.records as readonly TransactionKafkaRecord[]).map((record) => record.value)
}
