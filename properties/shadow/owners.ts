/** A member's claim to a partition. */
interface Claim {
  readonly node: number
  readonly partition: number
}

/** Who holds which partitions, by the members' own words. A process that ended holds nothing. */
export class Owners {
  /** By reader. */
  private readonly claims: Claim[][]

  constructor(readers: number) {
    this.claims = Array.from({ length: readers }, () => [])
  }

  /** Nodes that hold a partition for a reader. */
  of(reader: number, partition: number): readonly number[] {
    return (this.claims[reader] ?? []).filter((claim) => claim.partition === partition).map(({ node }) => node)
  }

  take(reader: number, node: number, partition: number): void {
    this.giveUp(reader, node, partition)
    this.claims[reader]?.push({ node, partition })
  }

  giveUp(reader: number, node: number, partition: number): void {
    this.drop(reader, (claim) => claim.node === node && claim.partition === partition)
  }

  onEnded(node: number): void {
    for (const reader of this.claims.keys()) this.drop(reader, (claim) => claim.node === node)
  }

  private drop(reader: number, which: (claim: Claim) => boolean): void {
    const claims = this.claims[reader]
    const at = claims?.findIndex(which) ?? -1
    if (at < 0) return
    this.claims[reader] = (claims as Claim[]).filter((claim) => !which(claim))
  }
}
