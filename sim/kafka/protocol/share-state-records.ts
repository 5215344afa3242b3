import { BATCH_OVERHEAD, type KafkaRecord, RECORD_OVERHEAD, type RecordBatch } from './batch.ts'
import type { PersisterStateBatch, SharePartitionKey } from './share-messages.ts'

/** `ShareSnapshotValue` and `ShareUpdateValue`: what `__share_group_state` holds of a share partition. */
export interface ShareStateRecord extends SharePartitionKey {
  /** A snapshot says everything, an update what is new. */
  readonly type: 'ShareSnapshot' | 'ShareUpdate'
  readonly snapshotEpoch: number
  readonly stateEpoch: number
  readonly leaderEpoch: number
  /** -1 in an update: as before. */
  readonly startOffset: number
  readonly stateBatches: readonly PersisterStateBatch[]
}

/** A record of the share coordinator inside a batch, which has the shape of every other batch. */
interface ShareStateKafkaRecord extends KafkaRecord {
  readonly value: ShareStateRecord
}

/** A batch as the share coordinator writes it: one record. `timestamp` in milliseconds. */
export function shareStateBatch(id: number, value: ShareStateRecord, timestamp: number): RecordBatch {
  const size = 60 + value.groupId.length + 19 * value.stateBatches.length
  const record: ShareStateKafkaRecord = { record: -1, attempt: 0, key: null, size, timestamp, value }
  return {
    id,
    producerId: -1,
    producerEpoch: -1,
    baseSequence: -1,
    isTransactional: false,
    marker: null,
    records: [record],
    size: BATCH_OVERHEAD + RECORD_OVERHEAD + size,
    maxTimestamp: timestamp,
  }
}

/** What a batch of `__share_group_state` holds. */
export function shareStateRecordsIn(batch: RecordBatch): readonly ShareStateRecord[] {
  return (batch.records as readonly ShareStateKafkaRecord[]).map((record) => record.value)
}
