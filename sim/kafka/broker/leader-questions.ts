import { partitionOf, topicIdOf, tpOf } from '../../history/ids.ts'
import { Api, type ApiKey } from '../protocol/api.ts'
import { Errors } from '../protocol/errors.ts'
import {
  EARLIEST_TIMESTAMP,
  LATEST_TIMESTAMP,
  type ListOffsetsRequest,
  type ListOffsetsResponse,
  type OffsetForLeaderEpochRequest,
  type OffsetForLeaderEpochResponse,
} from '../protocol/group-messages.ts'
import type { LogTruncation } from '../protocol/profile.ts'
import { type FetchState, indexOf, mayAsk } from './fetch-state.ts'
import { truncateToBounds, truncateToLeader } from './truncation.ts'

/** What becomes of a partition whose leader did not answer the question. */
export interface QuestionHost {
  delay(state: FetchState): void
}

/**
 * What a follower asks its leader before it goes on to fetch; the partitions of its thread wait meanwhile (`doWork`,
 * `RemoteLeaderEndPoint`). null = nothing.
 */
export function questionOf(
  states: readonly FetchState[],
  replicaId: number,
  now: number,
): { readonly api: ApiKey; readonly body: object } | null {
  const asking = states.filter((state) => state.question !== 'none' && mayAsk(state, now))
  const outOfRange = asking.find(({ question }) => question === 'bounds')
  if (outOfRange !== undefined) return { api: Api.ListOffsets, body: boundsOf(outOfRange, replicaId) }
  if (asking.length === 0) return null
  const body: OffsetForLeaderEpochRequest = {
    partitions: asking.map(({ partition: { tp, log }, toldEpoch }) => ({
      topicId: topicIdOf(tp),
      partition: partitionOf(tp),
      currentLeaderEpoch: toldEpoch,
      leaderEpoch: log.latestEpoch,
    })),
  }
  return { api: Api.OffsetForLeaderEpoch, body }
}

/** Both ends in one request, where Kafka asks for one after the other. */
function boundsOf({ partition: { tp }, toldEpoch }: FetchState, replicaId: number): ListOffsetsRequest {
  const partition = { topicId: topicIdOf(tp), partition: partitionOf(tp), currentLeaderEpoch: toldEpoch }
  return {
    replicaId,
    isolationLevel: 'read_uncommitted',
    partitions: [LATEST_TIMESTAMP, EARLIEST_TIMESTAMP].map((timestamp) => ({ ...partition, timestamp })),
  }
}

/** The leader has said where its log ends and begins. */
export function onBounds(
  states: readonly FetchState[],
  { partitions: [latest, earliest] }: ListOffsetsResponse,
  host: QuestionHost,
): void {
  if (latest === undefined || earliest === undefined) return
  const state = asking(states, latest, 'bounds')
  if (state === null || isRefused(state, latest.errorCode, host)) return
  state.question = 'none'
  truncateToBounds(state.partition.log, earliest.offset, latest.offset)
}

/** The leader has said where the follower's last epochs end. */
export function onEpochEnds(
  states: readonly FetchState[],
  response: OffsetForLeaderEpochResponse,
  truncation: LogTruncation,
  host: QuestionHost,
): void {
  for (const answer of response.partitions) {
    const state = asking(states, answer, 'epoch-end')
    if (state === null || isRefused(state, answer.errorCode, host)) continue
    const end = { epoch: answer.leaderEpoch, endOffset: answer.endOffset }
    if (truncateToLeader(state.partition.log, end, truncation)) state.question = 'none'
  }
}

function asking(
  states: readonly FetchState[],
  { topicId, partition }: { readonly topicId: number; readonly partition: number },
  question: FetchState['question'],
): FetchState | null {
  const state = states[indexOf(states, tpOf(topicId, partition), 0)]
  return state?.question === question ? state : null
}

function isRefused(state: FetchState, errorCode: number, host: QuestionHost): boolean {
  if (errorCode === Errors.NONE) return false
  if (errorCode === Errors.FENCED_LEADER_EPOCH) state.failed = state.leaderEpoch === state.partition.leaderEpoch
  else host.delay(state)
  return true
}
