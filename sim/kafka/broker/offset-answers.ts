import { tpOf } from '../../history/ids.ts'
import { Errors } from '../protocol/errors.ts'
import {
  EARLIEST_TIMESTAMP,
  LATEST_TIMESTAMP,
  type ListOffsetsRequest,
  type ListOffsetsResponse,
  type OffsetForLeaderEpochRequest,
  type OffsetForLeaderEpochResponse,
} from '../protocol/group-messages.ts'
import type { MetadataCache } from './metadata-cache.ts'
import type { Partition } from './partition.ts'
import type { ByPartition } from './partition-table.ts'

/**
 * Whether clients may read a partition here (`ReplicaManager.getPartitionOrError`, `Partition.getLocalLog`): NONE or the
 * error. A client that knows no leader epoch, -1, is not held to one (KIP-320).
 */
export function readError(
  partition: Partition | undefined,
  tp: number,
  currentLeaderEpoch: number,
  requireLeader: boolean,
  metadata: MetadataCache,
  unknown: number,
): number {
  if (partition === undefined) return metadata.partitions.has(tp) ? Errors.NOT_LEADER_OR_FOLLOWER : unknown
  if (partition.isOffline) return Errors.KAFKA_STORAGE_ERROR
  if (currentLeaderEpoch >= 0) {
    if (currentLeaderEpoch < partition.leaderEpoch) return Errors.FENCED_LEADER_EPOCH
    if (currentLeaderEpoch > partition.leaderEpoch) return Errors.UNKNOWN_LEADER_EPOCH
  }
  return requireLeader && !partition.isLeader ? Errors.NOT_LEADER_OR_FOLLOWER : Errors.NONE
}

/** `KafkaApis.handleListOffsetRequest`. To followers a log ends where it does, replicated or not. */
export function listOffsets(
  request: ListOffsetsRequest,
  partitions: ByPartition<Partition>,
  metadata: MetadataCache,
): ListOffsetsResponse {
  const isCommitted = request.isolationLevel === 'read_committed'
  return {
    partitions: request.partitions.map(({ topicId, partition: index, currentLeaderEpoch, timestamp }) => {
      const tp = tpOf(topicId, index)
      const partition = partitions.get(tp)
      const unknown = Errors.UNKNOWN_TOPIC_OR_PARTITION
      const error = readError(partition, tp, currentLeaderEpoch, true, metadata, unknown)
      const found =
        error !== Errors.NONE || partition === undefined
          ? { ...NOWHERE, errorCode: error }
          : request.replicaId >= 0 && timestamp === LATEST_TIMESTAMP
            ? { ...NOWHERE, offset: partition.log.logEndOffset }
            : find(partition, timestamp, isCommitted)
      return { topicId, partition: index, ...found }
    }),
  }
}

interface Found {
  readonly errorCode: number
  readonly offset: number
  readonly leaderEpoch: number
}

const NOWHERE: Found = { errorCode: Errors.NONE, offset: -1, leaderEpoch: -1 }

/** `Partition.fetchOffsetForTimestamp`. For readers of committed records the end is the last stable offset. */
function find(partition: Partition, timestamp: number, isCommitted: boolean): Found {
  const { log } = partition
  const { highWatermark, logStartOffset } = log
  const lastFetchable = isCommitted ? log.lastStableOffset : highWatermark
  // A new leader whose high watermark lags does not know the end yet; an older answer could be behind what was read before.
  const isBehind = highWatermark < partition.leaderEpochStartOffset
  if (timestamp === LATEST_TIMESTAMP) {
    if (isBehind) return { ...NOWHERE, errorCode: Errors.OFFSET_NOT_AVAILABLE }
    return { errorCode: Errors.NONE, offset: lastFetchable, leaderEpoch: partition.leaderEpoch }
  }
  if (!log.io.admitsRead()) return { ...NOWHERE, errorCode: Errors.KAFKA_STORAGE_ERROR }
  if (timestamp === EARLIEST_TIMESTAMP) {
    const first = log.read(logStartOffset, 0, log.logEndOffset)[0]
    const leaderEpoch = first === undefined ? log.latestEpoch : first.leaderEpoch
    return { errorCode: Errors.NONE, offset: logStartOffset, leaderEpoch }
  }
  for (const { batch, kept, baseOffset, lastOffset, leaderEpoch } of log.allEntries()) {
    if (lastOffset >= lastFetchable) break
    if (batch.maxTimestamp < timestamp) continue
    const index = batch.records.findIndex((record, at) => record.timestamp >= timestamp && kept?.includes(at) !== false)
    if (index >= 0) return { errorCode: Errors.NONE, offset: baseOffset + index, leaderEpoch }
  }
  return isBehind ? { ...NOWHERE, errorCode: Errors.OFFSET_NOT_AVAILABLE } : NOWHERE
}

/** `ReplicaManager.lastOffsetForLeaderEpoch`: where an epoch ends in the leader's log; -1 for an epoch it does not know. */
export function offsetForLeaderEpoch(
  request: OffsetForLeaderEpochRequest,
  partitions: ByPartition<Partition>,
  metadata: MetadataCache,
): OffsetForLeaderEpochResponse {
  return {
    partitions: request.partitions.map(({ topicId, partition: index, currentLeaderEpoch, leaderEpoch }) => {
      const tp = tpOf(topicId, index)
      const partition = partitions.get(tp)
      const unknown = Errors.UNKNOWN_TOPIC_OR_PARTITION
      const errorCode = readError(partition, tp, currentLeaderEpoch, true, metadata, unknown)
      const known = { topicId, partition: index, errorCode }
      if (errorCode !== Errors.NONE || partition === undefined) return { ...known, leaderEpoch: -1, endOffset: -1 }
      const { epoch, endOffset } = partition.log.endOffsetForEpoch(leaderEpoch)
      return { ...known, leaderEpoch: epoch, endOffset: epoch < 0 ? -1 : endOffset }
    }),
  }
}
