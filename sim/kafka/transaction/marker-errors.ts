import { tpOf } from '../../history/ids.ts'
import { Errors, errorName } from '../protocol/errors.ts'
import type { WriteTxnMarkersResponse } from '../protocol/transaction-messages.ts'

/** What the coordinator makes of what a leader says to a marker: it is in the log, try again, or it is no longer ours to end. */
export type MarkerReaction = 'written' | 'again' | 'given-up'

/**
 * `TransactionMarkerRequestCompletionHandler`. Given up is what a newer owner has taken over: the producer has a higher epoch
 * in the partition, or another coordinator wrote there.
 */
export function reactionTo(error: number): MarkerReaction {
  switch (error) {
    case Errors.NONE:
    case Errors.UNSUPPORTED_VERSION:
      return 'written'
    case Errors.UNKNOWN_TOPIC_OR_PARTITION:
    case Errors.NOT_LEADER_OR_FOLLOWER:
    case Errors.NOT_ENOUGH_REPLICAS:
    case Errors.NOT_ENOUGH_REPLICAS_AFTER_APPEND:
    case Errors.REQUEST_TIMED_OUT:
    case Errors.KAFKA_STORAGE_ERROR:
      return 'again'
    case Errors.INVALID_PRODUCER_EPOCH:
    case Errors.TRANSACTION_COORDINATOR_FENCED:
      return 'given-up'
    default:
      throw new Error(`no leader answers a marker with ${errorName(error)}`)
  }
}

/** What a leader says to one partition's marker. A request may hold two markers of one producer, for partitions that came to one leader by different ways. */
export function errorOf(response: WriteTxnMarkersResponse, producer: number, tp: number): number {
  for (const { producerId, partitions } of response.markers) {
    if (producerId !== producer) continue
    for (const each of partitions) if (tpOf(each.topicId, each.partition) === tp) return each.errorCode
  }
  throw new Error(`the marker of producer ${producer} was not answered`)
}
