import { M } from '../../history/catalogue.ts'
import { tpOf } from '../../history/ids.ts'
import type { Envelope } from '../../network/envelope.ts'
import type { Env } from '../env.ts'
import { Api } from '../protocol/api.ts'
import { Errors } from '../protocol/errors.ts'
import type {
  ConsumerGroupHeartbeatRequest,
  ConsumerGroupHeartbeatResponse,
  HeartbeatResponse,
  JoinGroupRequest,
  JoinGroupResponse,
  LeaveGroupResponse,
  OffsetCommitRequest,
  OffsetCommitResponse,
  OffsetFetchResponse,
  SyncGroupResponse,
} from '../protocol/group-messages.ts'
import type { ShareGroupHeartbeatResponse } from '../protocol/share-messages.ts'
import type { TxnOffsetCommitRequest, TxnOffsetCommitResponse } from '../protocol/transaction-messages.ts'

/** What an error of the log becomes for clients of the coordinator (`CoordinatorOperationExceptionHelper`). */
export function coordinatorError(error: number): number {
  switch (error) {
    case Errors.UNKNOWN_TOPIC_OR_PARTITION:
    case Errors.NOT_ENOUGH_REPLICAS:
    case Errors.REQUEST_TIMED_OUT:
      return Errors.COORDINATOR_NOT_AVAILABLE
    case Errors.NOT_LEADER_OR_FOLLOWER:
    case Errors.KAFKA_STORAGE_ERROR:
      return Errors.NOT_COORDINATOR
    case Errors.NETWORK_EXCEPTION:
      return Errors.COORDINATOR_LOAD_IN_PROGRESS
    case Errors.MESSAGE_TOO_LARGE:
    case Errors.RECORD_LIST_TOO_LARGE:
      return Errors.UNKNOWN_SERVER_ERROR
    default:
      return error
  }
}

export function joinError(errorCode: number, memberId: string, generationId = -1): JoinGroupResponse {
  return { errorCode, generationId, protocolName: '', leader: '', skipAssignment: false, memberId, members: [] }
}

export function syncError(errorCode: number): SyncGroupResponse {
  return { errorCode, assignment: [] }
}

/** The answer to a group request that fails as a whole. */
export function errorResponse(request: Envelope, errorCode: number): object {
  switch (request.api) {
    case Api.JoinGroup:
      return joinError(errorCode, (request.body as JoinGroupRequest).memberId)
    case Api.SyncGroup:
      return syncError(errorCode)
    case Api.Heartbeat:
      // A coordinator that loads takes every heartbeat (`GroupCoordinatorService.heartbeat`).
      return {
        errorCode: errorCode === Errors.COORDINATOR_LOAD_IN_PROGRESS ? Errors.NONE : errorCode,
      } satisfies HeartbeatResponse
    case Api.ConsumerGroupHeartbeat:
      return memberError(request.body as ConsumerGroupHeartbeatRequest, errorCode)
    case Api.LeaveGroup:
      return { errorCode } satisfies LeaveGroupResponse
    case Api.ShareGroupHeartbeat:
      return {
        errorCode,
        memberEpoch: 0,
        heartbeatIntervalMs: 0,
        assignment: null,
      } satisfies ShareGroupHeartbeatResponse
    case Api.OffsetCommit:
    case Api.TxnOffsetCommit:
      return commitResponse(request.body as OffsetCommitRequest | TxnOffsetCommitRequest, errorCode)
    default:
      return { errorCode, partitions: [] } satisfies OffsetFetchResponse
  }
}

function memberError({ memberId }: ConsumerGroupHeartbeatRequest, errorCode: number): ConsumerGroupHeartbeatResponse {
  return { errorCode, memberId, memberEpoch: 0, heartbeatIntervalMs: 0, assignment: null }
}

/** Tells of every partition of a commit that is refused as a whole; other requests are none of its business. */
export function emitCommitRefused(env: Env, request: Envelope, error: number): void {
  if (request.api !== Api.OffsetCommit && request.api !== Api.TxnOffsetCommit) return
  const body = request.body as OffsetCommitRequest | TxnOffsetCommitRequest
  const { groupId, partitions, generationIdOrMemberEpoch: generation } = body
  const group = env.recorder.text(groupId)
  for (const { topicId, partition, committedOffset } of partitions) {
    const tp = tpOf(topicId, partition)
    env.emitWide(M.commitRefused, group, tp, committedOffset, error, generation, request.source)
  }
}

function commitResponse(
  request: OffsetCommitRequest | TxnOffsetCommitRequest,
  errorCode: number,
): OffsetCommitResponse & TxnOffsetCommitResponse {
  return { partitions: request.partitions.map(({ topicId, partition }) => ({ topicId, partition, errorCode })) }
}
