import { majorityOf } from './epoch-election.ts'

/** What the leader knows of another voter (`LeaderState.ReplicaState`). */
class VoterState {
  readonly node: number
  /** Where its log ends by its newest fetch; -1 = it has not fetched in this epoch. */
  endOffset = -1
  /** Whether it knows this leader. */
  acknowledged = false
  lastFetchAt = -1

  constructor(node: number) {
    this.node = node
  }
}

/** The leader of an epoch (`LeaderState`): how far the voters are, what is committed, and whether a majority is still there. */
export class LeaderState {
  readonly epochStartOffset: number
  /** -1 until a majority has reached the epoch. */
  highWatermark = -1
  /** The leader resigns at this time unless a majority fetches (KAFKA-15489). */
  checkQuorumAt: number
  /** The leader looks then whom it has still to tell of its epoch. */
  lookAt: number
  private readonly checkQuorumUs: number
  private readonly lookEvery: number
  private untold: readonly number[]
  private readonly others: readonly VoterState[]
  private readonly fetched: Set<number> = new Set()
  private ownOffset = 0

  /**
   * @param others the other voters.
   * @param fetchTimeoutUs `controller.quorum.fetch.timeout.ms`: after 1.5 of them without a majority the leader resigns, and after
   *   half of one it tells those of its epoch once more who have not fetched (`beginQuorumEpochTimer`).
   * @param checksQuorum false: it never resigns, as before KAFKA-15489.
   */
  constructor(
    epochStartOffset: number,
    others: readonly number[],
    now: number,
    fetchTimeoutUs: number,
    checksQuorum: boolean,
  ) {
    this.epochStartOffset = epochStartOffset
    this.others = others.map((node) => new VoterState(node))
    this.checkQuorumUs = checksQuorum ? Math.floor(1.5 * fetchTimeoutUs) : Number.POSITIVE_INFINITY
    this.checkQuorumAt = now + this.checkQuorumUs
    this.lookEvery = Math.floor(fetchTimeoutUs / 2)
    this.lookAt = now + this.lookEvery
    this.untold = others
  }

  /** The leader's own log is flushed up to here. Returns whether the high watermark moved. */
  onFlushed(offset: number): boolean {
    this.ownOffset = offset
    return this.maybeAdvance()
  }

  /** A voter's fetch shows where its log ends. Returns whether the high watermark moved. */
  onFetch(node: number, fetchOffset: number, now: number): boolean {
    const voter = this.voter(node)
    if (voter === undefined) return false
    voter.endOffset = fetchOffset
    voter.acknowledged = true
    voter.lastFetchAt = now
    this.renewQuorum(node, now)
    return this.maybeAdvance()
  }

  /** A voter answered BeginQuorumEpoch. */
  onAcknowledged(node: number): void {
    const voter = this.voter(node)
    if (voter !== undefined) voter.acknowledged = true
    this.untold = this.untold.filter((other) => other !== node)
  }

  /** Voters to whom the leader makes itself known: who did not acknowledge it, or has not fetched since it looked last. */
  strangersAt(now: number): readonly number[] {
    if (now >= this.lookAt) {
      const since = now - this.lookEvery
      const strangers = this.others.filter(({ acknowledged, lastFetchAt }) => !acknowledged || lastFetchAt < since)
      this.untold = strangers.map(({ node }) => node)
      this.lookAt = now + this.lookEvery
    }
    return this.untold
  }

  /** The other voters, the one that has fetched most first. */
  byFetchOffset(): readonly number[] {
    return [...this.others].sort((a, b) => b.endOffset - a.endOffset || a.node - b.node).map(({ node }) => node)
  }

  /** Any majority of the voters, the leader among them, that fetched renews its term. */
  private renewQuorum(node: number, now: number): void {
    this.fetched.add(node)
    if (this.fetched.size < majorityOf(this.others.length + 1) - 1) return
    this.fetched.clear()
    this.checkQuorumAt = now + this.checkQuorumUs
  }

  /**
   * The offset that a majority has reached, the leader counted; but only beyond where the epoch began: older entries are
   * committed by an entry of this epoch on top of them.
   */
  private maybeAdvance(): boolean {
    const offsets = [this.ownOffset, ...this.others.map(({ endOffset }) => endOffset)].sort((a, b) => b - a)
    const reached = offsets[majorityOf(offsets.length) - 1] as number
    if (reached <= this.epochStartOffset || reached <= this.highWatermark) return false
    this.highWatermark = reached
    return true
  }

  private voter(node: number): VoterState | undefined {
    return this.others.find((each) => each.node === node)
  }
}
