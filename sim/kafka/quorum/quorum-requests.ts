import { M } from '../../history/catalogue.ts'
import type { Envelope } from '../../network/envelope.ts'
import type { FetchedLog } from '../controller/metadata-fetches.ts'
import type { Env } from '../env.ts'
import { Api } from '../protocol/api.ts'
import { Errors } from '../protocol/errors.ts'
import type {
  BeginQuorumEpochRequest,
  EndQuorumEpochRequest,
  QuorumEpochResponse,
  QuorumFetchRequest,
  QuorumFetchResponse,
  VoteRequest,
  VoteResponse,
} from '../protocol/quorum-messages.ts'
import type { QuorumVoter } from './quorum-voter.ts'

/** What a voter answers to the others and to those that fetch its log (`KafkaRaftClient.handleRequest`). */
export class QuorumRequests implements FetchedLog {
  private readonly env: Env
  private readonly voter: QuorumVoter

  constructor(env: Env, voter: QuorumVoter) {
    this.env = env
    this.voter = voter
  }

  /** Takes in a request of another voter. */
  answer(request: Envelope): VoteResponse | QuorumEpochResponse {
    if (request.api === Api.Vote) return this.vote(request.body as VoteRequest)
    if (request.api === Api.BeginQuorumEpoch) return this.beginEpoch(request.body as BeginQuorumEpochRequest)
    return this.endEpoch(request.body as EndQuorumEpochRequest)
  }

  private vote(asked: VoteRequest): VoteResponse {
    const { state, log } = this.voter
    const { replicaId, replicaEpoch, lastOffset, lastOffsetEpoch, preVote } = asked
    if (replicaEpoch < state.epoch) return { ...this.epochResponse(Errors.FENCED_LEADER_EPOCH), voteGranted: false }
    if (replicaEpoch > state.epoch) this.voter.detach(replicaEpoch)
    const { lastEpoch, endOffset } = log
    const isUpToDate = lastOffsetEpoch > lastEpoch || (lastOffsetEpoch === lastEpoch && lastOffset >= endOffset)
    const voteGranted = state.canGrant(replicaId, isUpToDate, preVote)
    if (voteGranted && !preVote && state.votedId < 0) {
      state.vote(replicaId, this.voter.electionDeadline())
      this.env.emit(M.quorumVoted, replicaId, state.epoch)
    }
    return { ...this.epochResponse(Errors.NONE), voteGranted }
  }

  private beginEpoch({ leaderId, leaderEpoch }: BeginQuorumEpochRequest): QuorumEpochResponse {
    if (leaderEpoch < this.voter.state.epoch) return this.epochResponse(Errors.FENCED_LEADER_EPOCH)
    this.voter.maybeTransition(leaderId, leaderEpoch)
    return this.epochResponse(Errors.NONE)
  }

  /** The leader has resigned: whoever has fetched most stands for election first. */
  private endEpoch({ leaderId, leaderEpoch, preferredCandidates }: EndQuorumEpochRequest): QuorumEpochResponse {
    const { voter } = this
    if (leaderEpoch < voter.state.epoch) return this.epochResponse(Errors.FENCED_LEADER_EPOCH)
    voter.maybeTransition(leaderId, leaderEpoch)
    const { state, self } = voter.state
    if (state.role === 'follower' && voter.state.leaderId === leaderId) {
      state.deadline =
        this.env.monotonic() + this.backoff(preferredCandidates.indexOf(self), preferredCandidates.length)
    }
    return this.epochResponse(Errors.NONE)
  }

  /** `strictExponentialElectionBackoffMs`: the first at once, each next one twice as late as the one before. */
  private backoff(position: number, candidates: number): number {
    if (position <= 0) return 0
    const { electionBackoffMax } = this.voter.options.times
    return Math.min(electionBackoffMax, Math.floor(electionBackoffMax / (1 << (candidates - 1))) << (position - 1))
  }

  private epochResponse(errorCode: number): QuorumEpochResponse {
    return { errorCode, currentLeader: this.voter.currentLeader }
  }

  // --- fetches --------------------------------------------------------------------------------------------------------

  /** A fetch shows the leader how far a voter is. One that does not fit into the log says nothing. */
  onFetch(fetch: QuorumFetchRequest): void {
    const { state } = this.voter.state
    if (state.role !== 'leader' || this.refusal(fetch) !== Errors.NONE) return
    if (this.voter.log.divergence(fetch.fetchOffset, fetch.lastFetchedEpoch) !== null) return
    const moved = state.leader.onFetch(fetch.replicaId, fetch.fetchOffset, this.env.monotonic())
    if (moved) this.voter.advance(state.leader.highWatermark)
  }

  hasNews(request: QuorumFetchRequest): boolean {
    const { log, state } = this.voter
    if (this.refusal(request) !== Errors.NONE) return true
    if (log.divergence(request.fetchOffset, request.lastFetchedEpoch) !== null) return true
    if (!state.voters.includes(request.replicaId)) return request.fetchOffset < this.highWatermark()
    return request.fetchOffset < log.endOffset || request.highWatermark < this.highWatermark()
  }

  answerOf(request: QuorumFetchRequest): QuorumFetchResponse {
    const { log, state, currentLeader } = this.voter
    const errorCode = this.refusal(request)
    const { fetchOffset, lastFetchedEpoch, replicaId } = request
    const highWatermark = errorCode === Errors.NONE ? this.highWatermark() : -1
    const divergingEpoch = errorCode === Errors.NONE ? log.divergence(fetchOffset, lastFetchedEpoch) : null
    const empty = errorCode !== Errors.NONE || divergingEpoch !== null
    // A broker applies nothing that is not committed, so it is not sent anything else.
    const end = state.voters.includes(replicaId) ? log.endOffset : highWatermark
    const entries = empty ? [] : log.read(fetchOffset, Math.max(fetchOffset, end))
    return { errorCode, currentLeader, highWatermark, divergingEpoch, entries }
  }

  /** `validateLeaderOnlyRequest` */
  private refusal({ currentLeaderEpoch }: QuorumFetchRequest): number {
    const { state, isLeader } = this.voter
    if (currentLeaderEpoch < state.epoch) return Errors.FENCED_LEADER_EPOCH
    if (currentLeaderEpoch > state.epoch) return Errors.UNKNOWN_LEADER_EPOCH
    return isLeader ? Errors.NONE : Errors.NOT_LEADER_OR_FOLLOWER
  }

  /** The leader's; -1 until a majority has reached its epoch. */
  private highWatermark(): number {
    const { state } = this.voter.state
    return state.role === 'leader' ? state.leader.highWatermark : -1
  }
}
