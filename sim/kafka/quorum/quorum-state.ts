import type { AtomicFile } from '../../storage/atomic-file.ts'
import type { Disk } from '../../storage/disk.ts'
import { EpochElection } from './epoch-election.ts'
import type { LeaderState } from './leader-state.ts'

/** Purpose of the `quorum-state` file. */
const QUORUM_STATE = 2

/** Writes the file of a quorum that stands when the run begins, led by its first voter in epoch 1. */
export function formElection(disk: Disk, leaderId: number): void {
  disk.atomicFile<ElectionState>(QUORUM_STATE, 0).write({ epoch: 1, leaderId, votedId: leaderId })
}

/** What a voter keeps of elections (`ElectionState`); -1 = nobody. */
export interface ElectionState {
  readonly epoch: number
  readonly leaderId: number
  readonly votedId: number
}

/** Where a voter stands in its epoch. `deadline`: when its patience ends. */
export type EpochState =
  | { readonly role: 'unattached'; readonly deadline: number }
  | { readonly role: 'prospective'; readonly deadline: number; readonly election: EpochElection }
  | { readonly role: 'candidate'; readonly deadline: number; readonly election: EpochElection }
  | { readonly role: 'leader'; readonly leader: LeaderState }
  | { readonly role: 'follower'; deadline: number; hasFetched: boolean }
  | {
      readonly role: 'resigned'
      readonly deadline: number
      /** Voters that do not know yet. */
      readonly unacknowledged: Set<number>
      readonly preferredCandidates: readonly number[]
    }

/**
 * A voter's epoch, whom it voted for and whom it follows (`QuorumState`). What must never be forgotten is in the `quorum-state`
 * file before the transition takes effect: one vote per epoch, and one leader.
 */
export class QuorumState {
  readonly self: number
  readonly voters: readonly number[]
  epoch = 0
  leaderId = -1
  votedId = -1
  state: EpochState = { role: 'unattached', deadline: 0 }
  private readonly file: AtomicFile<ElectionState>

  constructor(disk: Disk, self: number, voters: readonly number[]) {
    this.file = disk.atomicFile<ElectionState>(QUORUM_STATE, 0)
    this.self = self
    this.voters = voters
  }

  /** The other voters. */
  get others(): readonly number[] {
    return this.voters.filter((voter) => voter !== this.self)
  }

  /**
   * Takes up what a process left behind (`initialize`). A leader comes back resigned: in its old epoch it might otherwise give
   * an offset to a second record, after losing the first (KAFKA-10527).
   *
   * @param lastEpoch epoch of the log's last entry.
   */
  load(lastEpoch: number, electionDeadline: number, fetchDeadline: number): void {
    const found = this.file.read() ?? { epoch: 0, leaderId: -1, votedId: -1 }
    if (found.epoch < lastEpoch) {
      this.set({ epoch: lastEpoch, leaderId: -1, votedId: -1 }, { role: 'unattached', deadline: electionDeadline })
      return
    }
    if (found.leaderId === this.self) this.set(found, this.resigned(electionDeadline, []))
    else if (found.leaderId >= 0) this.set(found, { role: 'follower', deadline: fetchDeadline, hasFetched: false })
    else if (found.votedId === this.self) {
      this.set(found, { role: 'candidate', deadline: electionDeadline, election: this.election() })
    } else this.set(found, { role: 'unattached', deadline: electionDeadline })
  }

  /** Learns of an epoch without a leader. A vote given in the same epoch stays given. */
  toUnattached(epoch: number, deadline: number): void {
    const same = epoch === this.epoch
    const kept = { epoch, leaderId: same ? this.leaderId : -1, votedId: same ? this.votedId : -1 }
    this.set(kept, { role: 'unattached', deadline })
  }

  /** Asks around before it disturbs anybody (KIP-996): nothing durable changes. */
  toProspective(deadline: number): void {
    this.state = { role: 'prospective', deadline, election: this.election() }
  }

  /** Stands for the next epoch and votes for itself. */
  toCandidate(deadline: number): void {
    const voted = { epoch: this.epoch + 1, leaderId: -1, votedId: this.self }
    this.set(voted, { role: 'candidate', deadline, election: this.election() })
  }

  toLeader(leader: LeaderState): void {
    this.set({ epoch: this.epoch, leaderId: this.self, votedId: this.votedId }, { role: 'leader', leader })
  }

  toFollower(epoch: number, leaderId: number, deadline: number): void {
    const votedId = epoch === this.epoch ? this.votedId : -1
    this.set({ epoch, leaderId, votedId }, { role: 'follower', deadline, hasFetched: false })
  }

  /** Gives its leadership up; the file still names it, so that it cannot vote in this epoch. */
  toResigned(deadline: number, preferredCandidates: readonly number[]): void {
    this.state = this.resigned(deadline, preferredCandidates)
  }

  /** Grants its vote of this epoch; the patience begins anew, for the candidate is as good as this voter. */
  vote(candidate: number, deadline: number): void {
    const voted = { epoch: this.epoch, leaderId: this.leaderId, votedId: candidate }
    const { state } = this
    if (state.role === 'prospective') this.set(voted, { role: 'prospective', deadline, election: this.election() })
    else this.set(voted, { role: 'unattached', deadline })
  }

  /**
   * Whether a vote may be granted (`canGrantVote`). A pre-vote binds nobody and needs a log that is as fresh; but a follower that
   * hears from its leader refuses, and so does a leader that a majority has followed.
   */
  canGrant(candidate: number, isUpToDate: boolean, preVote: boolean): boolean {
    const { state, votedId, leaderId } = this
    switch (state.role) {
      case 'unattached':
      case 'prospective':
        if (preVote) return isUpToDate
        if (votedId >= 0) return votedId === candidate
        return leaderId < 0 && isUpToDate
      case 'follower':
        if (preVote) return isUpToDate && !state.hasFetched
        return votedId === candidate
      case 'candidate':
      case 'resigned':
        return preVote && isUpToDate
      case 'leader':
        return preVote && isUpToDate && state.leader.highWatermark < 0
    }
  }

  private resigned(deadline: number, preferredCandidates: readonly number[]): EpochState {
    return { role: 'resigned', deadline, unacknowledged: new Set(this.others), preferredCandidates }
  }

  private election(): EpochElection {
    return new EpochElection(this.voters, this.self)
  }

  private set(election: ElectionState, state: EpochState): void {
    this.file.write(election)
    this.epoch = election.epoch
    this.leaderId = election.leaderId
    this.votedId = election.votedId
    this.state = state
  }
}
