import type { Env } from '../env.ts'
import { Api } from '../protocol/api.ts'
import type { QuorumFetchRequest, VoteRequest } from '../protocol/quorum-messages.ts'
import type { EpochElection } from './epoch-election.ts'
import type { LeaderState } from './leader-state.ts'
import type { QuorumPeers } from './quorum-peers.ts'
import type { QuorumVoter } from './quorum-voter.ts'

/** `KafkaRaftClient.MAX_FETCH_WAIT_MS` */
const MAX_FETCH_WAIT_MS = 500

/** What a voter does of itself: asks for votes, fetches, makes itself known, and loses its patience. */
export class QuorumDuties {
  private readonly env: Env
  private readonly voter: QuorumVoter
  private readonly peers: QuorumPeers

  constructor(env: Env, voter: QuorumVoter, peers: QuorumPeers) {
    this.env = env
    this.voter = voter
    this.peers = peers
  }

  /** Does what the voter's role asks for now (`pollCurrentState`). */
  poll(): void {
    const { voter } = this
    const { state } = voter
    const current = state.state
    const now = this.env.monotonic()
    switch (current.role) {
      case 'unattached':
        if (now < current.deadline) return
        state.toProspective(voter.electionDeadline())
        break
      case 'prospective':
        if (now < current.deadline) {
          this.askForVotes(current.election, true)
          return
        }
        voter.endProspect()
        break
      case 'candidate':
        if (now < current.deadline) {
          this.askForVotes(current.election, false)
          return
        }
        state.toProspective(voter.electionDeadline())
        break
      case 'follower':
        if (now < current.deadline) {
          this.fetch(state.leaderId)
          return
        }
        state.toProspective(voter.electionDeadline())
        break
      case 'leader':
        if (now < current.leader.checkQuorumAt) {
          this.tellStrangers(current.leader, now)
          return
        }
        voter.resign()
        break
      case 'resigned':
        if (now < current.deadline) {
          const { preferredCandidates } = current
          const body = { leaderId: state.self, leaderEpoch: state.epoch, preferredCandidates }
          for (const node of current.unacknowledged) this.peers.send(node, Api.EndQuorumEpoch, body)
          return
        }
        state.toUnattached(state.epoch + 1, voter.electionDeadline())
        break
    }
    this.poll()
  }

  private askForVotes(election: EpochElection, preVote: boolean): void {
    if (election.isRejected) return
    const { log, state } = this.voter
    const body: VoteRequest = {
      replicaId: state.self,
      replicaEpoch: state.epoch,
      lastOffsetEpoch: log.lastEpoch,
      lastOffset: log.endOffset,
      preVote,
    }
    for (const node of election.unrecorded) this.peers.send(node, Api.Vote, body)
  }

  private tellStrangers(leader: LeaderState, now: number): void {
    const { self, epoch } = this.voter.state
    const body = { leaderId: self, leaderEpoch: epoch }
    for (const node of leader.strangersAt(now)) this.peers.send(node, Api.BeginQuorumEpoch, body)
  }

  /** A follower asks for more once it has flushed what it has: its offset counts as its word for it. */
  private fetch(leaderId: number): void {
    const { log, state, isFlushing, highWatermark } = this.voter
    if (isFlushing) return
    const body: QuorumFetchRequest = {
      replicaId: state.self,
      maxWaitMs: MAX_FETCH_WAIT_MS,
      fetchOffset: log.endOffset,
      currentLeaderEpoch: state.epoch,
      lastFetchedEpoch: log.lastEpoch,
      highWatermark,
    }
    this.peers.send(leaderId, Api.Fetch, body)
  }
}
