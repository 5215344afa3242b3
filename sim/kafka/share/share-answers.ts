import { partitionOf, topicIdOf, tpOf } from '../../history/ids.ts'
import type { MetadataCache } from '../broker/metadata-cache.ts'
import { leaderHint } from '../broker/produce-response.ts'
import { Errors } from '../protocol/errors.ts'
import { NO_LEADER_HINT } from '../protocol/messages.ts'
import type {
  ShareAcknowledgeResponse,
  ShareFetchPartitionResponse,
  ShareFetchResponse,
} from '../protocol/share-messages.ts'

/** What became of acknowledgements, with the new leader where there is another (KIP-951). */
export function acknowledgements(
  acknowledged: ReadonlyMap<number, number>,
  metadata: MetadataCache,
): ShareAcknowledgeResponse['responses'] {
  return Array.from(acknowledged, ([tp, errorCode]) => {
    const isMoved = errorCode === Errors.NOT_LEADER_OR_FOLLOWER
    const currentLeader = isMoved ? leaderHint(tp, metadata) : NO_LEADER_HINT
    return { topicId: topicIdOf(tp), partition: partitionOf(tp), errorCode, currentLeader }
  })
}

/** What was fetched, and with it what became of the acknowledgements that came with the request. */
export function fetchResponse(
  acknowledged: ReadonlyMap<number, number>,
  fetched: readonly ShareFetchPartitionResponse[],
  acquisitionLockTimeoutMs: number,
  metadata: MetadataCache,
): ShareFetchResponse {
  const responses: ShareFetchPartitionResponse[] = fetched.map((one) => {
    const acknowledgeErrorCode = acknowledged.get(tpOf(one.topicId, one.partition)) ?? Errors.NONE
    return { ...one, acknowledgeErrorCode }
  })
  for (const { topicId, partition, errorCode, currentLeader } of acknowledgements(acknowledged, metadata)) {
    if (fetched.some((one) => one.topicId === topicId && one.partition === partition)) continue
    const nothing = { errorCode: Errors.NONE, records: [], acquiredRecords: [] }
    responses.push({ topicId, partition, ...nothing, acknowledgeErrorCode: errorCode, currentLeader })
  }
  return { errorCode: Errors.NONE, acquisitionLockTimeoutMs, responses }
}
