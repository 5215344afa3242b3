/** The votes of one election (`EpochElection`). The nominee's own is granted from the start. */
export class EpochElection {
  private readonly voters: readonly number[]
  private readonly granted: Set<number>
  private readonly rejected: Set<number> = new Set()

  constructor(voters: readonly number[], self: number) {
    this.voters = voters
    this.granted = new Set([self])
  }

  /** A voter's word; the last one counts. */
  record(voter: number, granted: boolean): void {
    if (!this.voters.includes(voter)) return
    this.granted.delete(voter)
    this.rejected.delete(voter)
    if (granted) this.granted.add(voter)
    else this.rejected.add(voter)
  }

  /** A majority granted. */
  get isGranted(): boolean {
    return this.granted.size >= majorityOf(this.voters.length)
  }

  /** No majority can grant any more. */
  get isRejected(): boolean {
    return this.voters.length - this.rejected.size < majorityOf(this.voters.length)
  }

  /** Who has not answered. */
  get unrecorded(): readonly number[] {
    return this.voters.filter((voter) => !this.granted.has(voter) && !this.rejected.has(voter))
  }
}

/** Least number of voters that is more than half of them. */
export function majorityOf(voters: number): number {
  return Math.floor(voters / 2) + 1
}
