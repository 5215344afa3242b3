import { M } from '../../history/catalogue.ts'
import type { ClientRequest } from '../client/network-client.ts'
import type { Env } from '../env.ts'
import { Api } from '../protocol/api.ts'
import { Errors } from '../protocol/errors.ts'
import type {
  QuorumEpochResponse,
  QuorumFetchRequest,
  QuorumFetchResponse,
  VoteRequest,
  VoteResponse,
} from '../protocol/quorum-messages.ts'
import type { QuorumVoter } from './quorum-voter.ts'

/** What a voter makes of the others' answers (`KafkaRaftClient.handleResponse`). */
export class QuorumAnswers {
  private readonly env: Env
  private readonly voter: QuorumVoter

  constructor(env: Env, voter: QuorumVoter) {
    this.env = env
    this.voter = voter
  }

  /** Takes an answer in; one of an older epoch says nothing any more. */
  take(request: ClientRequest, body: object): void {
    const { voter } = this
    const { state } = voter
    const { errorCode, currentLeader } = body as QuorumEpochResponse
    if (currentLeader.leaderEpoch < state.epoch) return
    voter.maybeTransition(currentLeader.leaderId, currentLeader.leaderEpoch)
    if (errorCode !== Errors.NONE || currentLeader.leaderEpoch !== state.epoch) return
    const node = request.destination
    if (request.api === Api.Vote) this.onVote(node, request.body as VoteRequest, body as VoteResponse)
    else if (request.api === Api.Fetch) {
      this.onFetched(request.body as QuorumFetchRequest, body as QuorumFetchResponse)
    } else voter.onAcknowledged(node)
  }

  private onVote(node: number, asked: VoteRequest, { voteGranted }: VoteResponse): void {
    const { voter } = this
    const { state } = voter
    const current = state.state
    if (current.role !== (asked.preVote ? 'prospective' : 'candidate') || asked.replicaEpoch !== state.epoch) return
    current.election.record(node, voteGranted)
    if (current.election.isGranted) {
      if (current.role === 'candidate') voter.lead()
      else state.toCandidate(voter.electionDeadline())
    } else if (current.election.isRejected && current.role === 'prospective') voter.endProspect()
  }

  private onFetched(asked: QuorumFetchRequest, response: QuorumFetchResponse): void {
    const { voter } = this
    const { state, log } = voter
    if (state.state.role !== 'follower' || asked.fetchOffset !== log.endOffset) return
    state.state.hasFetched = true
    state.state.deadline = voter.fetchDeadline()
    if (response.divergingEpoch !== null) {
      this.cut(log.truncationOffset(response.divergingEpoch))
      return
    }
    if (response.entries.length > 0) voter.appendAll(response.entries)
    voter.advance(Math.min(response.highWatermark, log.endOffset))
  }

  private cut(offset: number): void {
    const { log, highWatermark } = this.voter
    if (offset < highWatermark) {
      // `KafkaRaftClient` takes it for a fatal fault: what is committed is never cut.
      this.voter.fail(`the leader asks to cut the metadata log at ${offset}, below what is committed`)
      return
    }
    this.env.emit(M.quorumTruncated, offset, log.endOffset)
    log.truncate(offset)
  }
}
