import type { PartitionRules } from './partitions.ts'

/** A change of a partition's replicas: as of which partition epoch, and how many there are from then on. */
interface Change {
  readonly partitionEpoch: number
  readonly count: number
}

const NO_CHANGES: readonly Change[] = []

/**
 * Which brokers have replicas of which partitions, by the controller's word. At first nothing tells it but the first in-sync
 * set that is as large as the replication factor; reassignments tell it themselves. Brokers are masks (see `history/ids.ts`).
 */
export class Assignments {
  /** By partition; both 0 = not known yet. */
  readonly low: Int32Array
  readonly high: Int32Array
  /** By partition: who was a replica no more at some time since it was in sync. It has nothing, whatever the controller makes of it. */
  readonly strangersLow: Int32Array
  readonly strangersHigh: Int32Array
  private readonly rules: PartitionRules
  private readonly changes: Map<number, Change[]> = new Map()

  constructor(rules: PartitionRules) {
    this.rules = rules
    this.low = new Int32Array(rules.count)
    this.high = new Int32Array(rules.count)
    this.strangersLow = new Int32Array(rules.count)
    this.strangersHigh = new Int32Array(rules.count)
  }

  isKnown(partition: number): boolean {
    return this.low[partition] !== 0 || this.high[partition] !== 0
  }

  /** An in-sync set was told: these are replicas. */
  learn(partition: number, low: number, high: number): void {
    this.strangersLow[partition] = (this.strangersLow[partition] as number) & ~low
    this.strangersHigh[partition] = (this.strangersHigh[partition] as number) & ~high
    if (this.isKnown(partition) || bits(low) + bits(high) !== this.rules.replicationFactors[partition]) return
    this.low[partition] = low
    this.high[partition] = high
  }

  /** `replicas.assigned` */
  assign(partition: number, low: number, high: number, partitionEpoch: number): void {
    this.strangersLow[partition] = (this.strangersLow[partition] as number) | ((this.low[partition] as number) & ~low)
    this.strangersHigh[partition] =
      (this.strangersHigh[partition] as number) | ((this.high[partition] as number) & ~high)
    this.low[partition] = low
    this.high[partition] = high
    const changes = this.changes.get(partition) ?? []
    this.changes.set(partition, changes)
    changes.push({ partitionEpoch, count: bits(low) + bits(high) })
  }

  /** The controller's epochs begin anew. */
  forgetEpochs(): void {
    this.changes.clear()
  }

  /** A replica, or one that may be as far as is known. */
  mayBeReplica(partition: number, node: number): boolean {
    return !this.isKnown(partition) || this.isReplica(partition, node)
  }

  isReplica(partition: number, node: number): boolean {
    return inMask(node, this.low[partition] as number, this.high[partition] as number)
  }

  /** Whether it was a replica no more at some time since it was in sync. */
  isStranger(partition: number, node: number): boolean {
    return inMask(node, this.strangersLow[partition] as number, this.strangersHigh[partition] as number)
  }

  /** How many replicas there were as of a partition epoch, as a broker has them that has applied the metadata up to it. */
  countAt(partition: number, partitionEpoch: number): number {
    let count = this.rules.replicationFactors[partition] as number
    // Every high watermark asks.
    if (this.changes.size === 0) return count
    for (const change of this.changes.get(partition) ?? NO_CHANGES) {
      if (change.partitionEpoch > partitionEpoch) break
      ;({ count } = change)
    }
    return count
  }

  count(partition: number): number {
    return this.countAt(partition, Number.MAX_SAFE_INTEGER)
  }

  /**
   * `getTopicEffectiveMinIsr`: what the controller goes by when it makes a change of a partition that leads to this epoch. The
   * replication factor is that of the topic's first partition.
   */
  leastForChange(partition: number, partitionEpoch: number): number {
    const first = this.rules.firstOf(partition)
    const count = first === partition ? this.countAt(partition, partitionEpoch - 1) : this.count(first)
    return Math.min(this.rules.configuredMinIsr[partition] as number, count)
  }
}

/** Number of members in one mask. */
export function bits(mask: number): number {
  let count = 0
  for (let rest = mask; rest !== 0; rest &= rest - 1) count++
  return count
}

export function inMask(node: number, low: number, high: number): boolean {
  return node < 31 ? ((low >>> node) & 1) === 1 : ((high >>> (node - 31)) & 1) === 1
}
