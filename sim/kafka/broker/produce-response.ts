import { partitionOf, topicIdOf } from '../../history/ids.ts'
import { Errors } from '../protocol/errors.ts'
import {
  type LeaderIdAndEpoch,
  NO_LEADER_HINT,
  type PartitionProduceResponse,
  type ProduceResponse,
} from '../protocol/messages.ts'
import type { ProduceStatus } from './delayed-produce.ts'
import type { MetadataCache } from './metadata-cache.ts'

/** The answer to a produce request. Errors about leadership name the leader this broker knows (KIP-951). */
export function produceResponse(statuses: readonly ProduceStatus[], metadata: MetadataCache): ProduceResponse {
  const count = statuses.length
  const partitionResponses = new Array<PartitionProduceResponse>(count)
  for (let i = 0; i < count; i++) partitionResponses[i] = partitionResponse(statuses[i] as ProduceStatus, metadata)
  return { partitionResponses }
}

function partitionResponse(status: ProduceStatus, metadata: MetadataCache): PartitionProduceResponse {
  const { tp, partition, error } = status
  return {
    topicId: topicIdOf(tp),
    index: partitionOf(tp),
    errorCode: error,
    baseOffset: error === Errors.NONE ? status.baseOffset : -1,
    logStartOffset: partition === null ? -1 : partition.log.logStartOffset,
    currentLeader: error === Errors.NOT_LEADER_OR_FOLLOWER ? leaderHint(tp, metadata) : NO_LEADER_HINT,
  }
}

export function leaderHint(tp: number, metadata: MetadataCache): LeaderIdAndEpoch {
  const known = metadata.partitions.get(tp)
  return known === undefined || known.leader < 0
    ? NO_LEADER_HINT
    : { leaderId: known.leader, leaderEpoch: known.leaderEpoch }
}
