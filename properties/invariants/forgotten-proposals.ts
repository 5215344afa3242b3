import { inMask } from '../shadow/assignments.ts'

/**
 * Replicas whom the controller may take in although their leader does not count them. A leader that proposes to take a replica
 * in counts it from then on, so that the high watermark waits for it; but when it applies the metadata record of its present
 * partition epoch, which it knew from an answer already, it forgets what it has proposed meanwhile
 * (`Partition.makeLeader` takes an equal partition epoch, and `updateAssignmentAndIsr` makes the state a committed one). The
 * proposal is on its way all the same, and the high watermark may pass the replica before the answer comes.
 */
export class ForgottenProposals {
  /** By partition: the set that the leader proposed last, and by which partition epoch; -1 none. */
  private readonly proposedLow: Int32Array
  private readonly proposedHigh: Int32Array
  private readonly proposedAt: Int32Array
  /** By partition: whom the leader counts. */
  private readonly countedLow: Int32Array
  private readonly countedHigh: Int32Array
  /** By partition: whom the leader forgot, until it counts them and they hold everything. */
  private readonly low: Int32Array
  private readonly high: Int32Array

  constructor(partitions: number) {
    this.proposedLow = new Int32Array(partitions)
    this.proposedHigh = new Int32Array(partitions)
    this.proposedAt = new Int32Array(partitions).fill(-1)
    this.countedLow = new Int32Array(partitions)
    this.countedHigh = new Int32Array(partitions)
    this.low = new Int32Array(partitions)
    this.high = new Int32Array(partitions)
  }

  /** `isr.proposed` of the newest leader. */
  onProposed(partition: number, low: number, high: number, partitionEpoch: number): void {
    this.proposedLow[partition] = low
    this.proposedHigh[partition] = high
    this.proposedAt[partition] = partitionEpoch
  }

  /** `isr.adopted` of the newest leader. */
  onAdopted(partition: number, low: number, high: number, partitionEpoch: number): void {
    if (this.proposedAt[partition] === partitionEpoch) {
      this.low[partition] = (this.low[partition] as number) | ((this.proposedLow[partition] as number) & ~low)
      this.high[partition] = (this.high[partition] as number) | ((this.proposedHigh[partition] as number) & ~high)
    }
    this.proposedAt[partition] = -1
    this.countedLow[partition] = low
    this.countedHigh[partition] = high
  }

  /** A new leader counts whoever is in sync. */
  onBegan(partition: number): void {
    this.proposedAt[partition] = -1
    this.low[partition] = 0
    this.high[partition] = 0
  }

  /** The replica holds everything: from here on the high watermark waits for it, if its leader counts it. */
  onHeld(partition: number, member: number): void {
    if (!inMask(member, this.countedLow[partition] as number, this.countedHigh[partition] as number)) return
    if (member < 31) this.low[partition] = (this.low[partition] as number) & ~(1 << member)
    else this.high[partition] = (this.high[partition] as number) & ~(1 << (member - 31))
  }

  includes(partition: number, member: number): boolean {
    return inMask(member, this.low[partition] as number, this.high[partition] as number)
  }
}
