/** One record as a client put it into a batch. */
export interface KafkaRecord {
  /** Record number (see `history/ids.ts`); -1 for records of the system. */
  readonly record: number
  readonly attempt: number
  readonly key: string | null
  /** Bytes of key and value together. */
  readonly size: number
  /** Wall clock of the producer in milliseconds (CreateTime). */
  readonly timestamp: number
  /** It has no value: on a compacted topic it deletes its key. */
  readonly tombstone?: true
  /** Its value is not the one that was written: see `log/corruption.ts`. */
  readonly isDamaged?: true
}

/**
 * A record batch, format v2, as the producer made it: immutable. Offsets and leader epoch are stamped by the leader into a
 * {@link LogEntry}; sequence, producer id and epoch are stamped by the producer when it drains the batch.
 */
export interface RecordBatch {
  /** Number of the batch (`node << 20 | count`): stands for its content in moments. */
  readonly id: number
  /** -1 without idempotence. */
  readonly producerId: number
  readonly producerEpoch: number
  readonly baseSequence: number
  readonly isTransactional: boolean
  /** A control batch: the end of its producer's transaction in this partition. null for what clients send. */
  readonly marker: EndTransactionMarker | null
  readonly records: readonly KafkaRecord[]
  /** Bytes of the whole batch, header included. */
  readonly size: number
  readonly maxTimestamp: number
  /** Its checksum does not fit its bytes (`DefaultRecordBatch.isValid` is false). */
  readonly isCorrupt?: true
}

/** What a control batch says (`EndTransactionMarker`). */
export interface EndTransactionMarker {
  readonly type: 'COMMIT' | 'ABORT'
  readonly coordinatorEpoch: number
}

/** Bytes of a v2 batch's header (`DefaultRecordBatch.RECORD_BATCH_OVERHEAD`) and, about, of one record's own overhead. */
export const BATCH_OVERHEAD = 61
export const RECORD_OVERHEAD = 7

/** A batch at its place in a log: what replication copies verbatim. Immutable and shared between replicas. */
export interface LogEntry {
  readonly baseOffset: number
  readonly lastOffset: number
  readonly leaderEpoch: number
  readonly batch: RecordBatch
  /** Which of the batch's records compaction has left, by index; absent = all. */
  readonly kept?: readonly number[]
  /** When tombstones or the marker in it may go, in milliseconds (KIP-534); absent = compaction has not set it. */
  readonly deleteHorizonMs?: number
}

/** Bytes that an entry takes: of a cleaned one, what is left of it. */
export function sizeOfEntry({ batch, kept }: LogEntry): number {
  if (kept === undefined) return batch.size
  return kept.reduce((sum, index) => sum + RECORD_OVERHEAD + (batch.records[index]?.size ?? 0), BATCH_OVERHEAD)
}

/** About the bytes of the one record of a control batch (`EndTransactionMarker`: key and value of fixed size). */
const MARKER_RECORD_SIZE = 10

/**
 * A control batch as a partition's leader writes it (`MemoryRecords.withEndTransactionMarker`): one record, no sequence.
 * `timestamp` in milliseconds.
 */
export function markerBatch(
  id: number,
  producerId: number,
  producerEpoch: number,
  marker: EndTransactionMarker,
  timestamp: number,
): RecordBatch {
  return {
    id,
    producerId,
    producerEpoch,
    baseSequence: -1,
    isTransactional: true,
    marker,
    records: [{ record: -1, attempt: 0, key: null, size: MARKER_RECORD_SIZE, timestamp }],
    size: BATCH_OVERHEAD + RECORD_OVERHEAD + MARKER_RECORD_SIZE,
    maxTimestamp: timestamp,
  }
}

/** Last sequence of a batch; after 2147483647 comes 0. -1 for a batch without sequences. */
export function lastSequence(batch: RecordBatch): number {
  return batch.baseSequence < 0 ? -1 : incrementSequence(batch.baseSequence, batch.records.length - 1)
}

/** `DefaultRecordBatch.incrementSequence` */
export function incrementSequence(sequence: number, by: number): number {
  return sequence > 2_147_483_647 - by ? by - (2_147_483_647 - sequence) - 1 : sequence + by
}
