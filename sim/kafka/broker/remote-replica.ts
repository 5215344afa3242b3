/** Longer ago than any lag: 0 would be the beginning of the run, which may be only a moment ago. */
const NEVER: number = Number.MIN_SAFE_INTEGER

/** What a leader knows of one follower (`Replica.scala`, `ReplicaState`). Offsets are -1 until the follower has fetched. */
export class RemoteReplica {
  readonly broker: number
  logEndOffset = -1
  logStartOffset = -1
  /** Leader's log end at the follower's last fetch. */
  lastFetchLeaderLogEndOffset = 0
  /** Microseconds. */
  lastFetchTime: number = NEVER
  lastCaughtUpTime: number = NEVER
  /** Broker epoch of its last fetch (KIP-903); -1 = it has not fetched from this leadership. */
  brokerEpoch = -1

  constructor(broker: number) {
    this.broker = broker
  }

  /** `Replica.updateFetchStateOrThrow`: a follower's fetch at `offset` shows that it holds everything before it. */
  updateFetchState(
    offset: number,
    logStartOffset: number,
    now: number,
    leaderEndOffset: number,
    brokerEpoch: number,
  ): void {
    if (offset >= leaderEndOffset) {
      this.lastCaughtUpTime = Math.max(this.lastCaughtUpTime, now)
    } else if (offset >= this.lastFetchLeaderLogEndOffset) {
      this.lastCaughtUpTime = Math.max(this.lastCaughtUpTime, this.lastFetchTime)
    }
    this.logStartOffset = logStartOffset
    this.logEndOffset = offset
    this.lastFetchLeaderLogEndOffset = Math.max(leaderEndOffset, this.lastFetchLeaderLogEndOffset)
    this.lastFetchTime = now
    this.brokerEpoch = brokerEpoch
  }

  /** `Replica.resetReplicaState`, when a new leadership begins. */
  reset(now: number, leaderEndOffset: number, isNewLeader: boolean, inSync: boolean): void {
    this.lastCaughtUpTime = inSync ? now : NEVER
    if (isNewLeader) {
      this.logStartOffset = -1
      this.logEndOffset = -1
      this.lastFetchLeaderLogEndOffset = -1
      this.lastFetchTime = NEVER
      this.brokerEpoch = -1
    } else {
      this.lastFetchTime = inSync ? now : NEVER
      this.lastFetchLeaderLogEndOffset = leaderEndOffset
    }
  }

  /** `Replica.isCaughtUp`: at the leader's end, or was so within `maxLag`. */
  isCaughtUp(leaderEndOffset: number, now: number, maxLag: number): boolean {
    return leaderEndOffset === this.logEndOffset || now - this.lastCaughtUpTime <= maxLag
  }
}
