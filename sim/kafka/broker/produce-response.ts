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
  const partitionResponses: PartitionProduceResponse[] = []
  for (const status of statuses) {
    partitionResponses.push({
      topicId: topicIdOf(status.tp),
      index: partitionOf(status.tp),
      errorCode: status.error,
      baseOffset: status.error === Errors.NONE ? status.baseOffset : -1,
      logStartOffset: status.partition === null ? -1 : status.partition.log.logStartOffset,
      currentLeader: status.error === Errors.NOT_LEADER_OR_FOLLOWER ? leaderHint(status.tp, metadata) : NO_LEADER_HINT,
    })
  }
  return { partitionResponses }
}

export function leaderHint(tp: number, metadata: MetadataCache): LeaderIdAndEpoch {
  const known = metadata.partitions.get(tp)
  return known === undefined || known.leader < 0
    ? NO_LEADER_HINT
    : { leaderId: known.leader, leaderEpoch: known.leaderEpoch }
}
