import type { LeaderIdAndEpoch } from '../protocol/messages.ts'

/** Told when a broker learns who leads the metadata quorum. */
export interface ControllerNodesListener {
  onControllerFound(): void
}

/**
 * Who leads the metadata quorum, as far as a broker's fetches of the metadata log have shown (`RaftControllerNodeProvider`). Of
 * one controller it is known from the start.
 */
export class ControllerNodes {
  readonly voters: readonly number[]
  /** -1 = unknown. */
  leader: number
  epoch = 0

  /** @param standing the quorum stands when the run begins, led by its first voter. */
  constructor(voters: readonly number[], standing: boolean) {
    this.voters = voters
    this.leader = standing || voters.length === 1 ? (voters[0] as number) : -1
    if (standing && voters.length > 1) this.epoch = 1
  }

  /** Takes in what a voter says of its leader; true = another one is known now. */
  learn({ leaderId, leaderEpoch }: LeaderIdAndEpoch): boolean {
    if (leaderEpoch < this.epoch || (leaderEpoch === this.epoch && leaderId < 0)) return false
    const changed = leaderId !== this.leader
    this.leader = leaderId
    this.epoch = leaderEpoch
    return changed && leaderId >= 0
  }
}

/** Whom one channel of a broker takes for the active controller, until that one fails it (`NodeToControllerRequestThread`). */
export class ControllerAddress {
  private readonly nodes: ControllerNodes
  private known = -1

  constructor(nodes: ControllerNodes) {
    this.nodes = nodes
  }

  /** The node to ask; -1 = none is known. */
  get node(): number {
    if (this.known < 0) this.known = this.nodes.leader
    return this.known
  }

  /** It did not answer, or says that it is not the controller: the next request looks anew. */
  forget(): void {
    this.known = -1
  }
}
