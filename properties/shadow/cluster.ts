import type { WorldSpec } from '../../sim/spec.ts'
import { Assignments, bits, inMask } from './assignments.ts'
import { Ints, Times } from './growable.ts'
import type { PartitionRules } from './partitions.ts'

/** Leader unknown: no moment told it yet. */
export const UNTOLD = -2

/** What the moments tell about nodes and about the controller's view of partitions. Brokers are masks (see `history/ids.ts`). */
export class Cluster {
  /** By partition: the leader by the controller's word, -1 none, {@link UNTOLD}. */
  readonly leader: Int32Array
  readonly epoch: Int32Array
  readonly partitionEpoch: Int32Array
  readonly isrLow: Int32Array
  readonly isrHigh: Int32Array
  readonly elrLow: Int32Array
  readonly elrHigh: Int32Array
  /** `lastKnownElr`: the leader before there was none, -1 without. */
  readonly lastKnown: Int32Array
  /** Whether the election of the current epoch was unclean. */
  readonly unclean: Int32Array
  /** Whether it was of a broker that had no replica any more at some time since it was in sync. */
  readonly ofStranger: Int32Array
  readonly replicas: Assignments
  /** When the leader was elected, and when the in-sync set became what it is, by the controller's word. */
  readonly electedAt: Float64Array
  readonly isrChangedAt: Float64Array
  /** When healing began, -1 before. */
  healingAt = -1
  /** When the controller lost its disk, or a quorum of them theirs, and with it the metadata log; -1 = never. */
  metadataLostAt = -1
  private readonly partitions: PartitionRules
  private readonly elr: boolean
  private readonly down: Ints = new Ints()
  private readonly since: Times = new Times()
  /** 1 from losing data until the controller registered the broker anew: what it knows of its log is of the past. */
  private readonly forgetful: Ints = new Ints()
  /** 1 from losing power until the log is loaded: nobody knows yet what is left. */
  private readonly limbo: Ints = new Ints()

  constructor(spec: WorldSpec, partitions: PartitionRules) {
    const numbers = (value: number): Int32Array => new Int32Array(partitions.count).fill(value)
    this.partitions = partitions
    this.elr = spec.profile['eligible.leader.replicas.version'] === 1
    this.leader = numbers(UNTOLD)
    this.epoch = numbers(-1)
    this.partitionEpoch = numbers(-1)
    this.isrLow = numbers(0)
    this.isrHigh = numbers(0)
    this.elrLow = numbers(0)
    this.elrHigh = numbers(0)
    this.lastKnown = numbers(-1)
    this.unclean = numbers(0)
    this.ofStranger = numbers(0)
    this.replicas = new Assignments(partitions)
    this.electedAt = new Float64Array(partitions.count)
    this.isrChangedAt = new Float64Array(partitions.count)
  }

  // --- nodes --------------------------------------------------------------------------------------------------------

  isDown(node: number): boolean {
    return this.down.at(node) === 1
  }

  /** When the node last went down or came up. */
  changedAt(node: number): number {
    return this.since.at(node)
  }

  onStarted(time: number, node: number): void {
    this.down.put(node, 0)
    this.since.put(node, time)
  }

  onDown(time: number, node: number, losesData: boolean): void {
    if (this.down.at(node) === 0) this.since.put(node, time)
    this.down.put(node, 1)
    if (!losesData) return
    this.forgetful.put(node, 1)
    this.limbo.put(node, 1)
  }

  onWiped(time: number, node: number, isController: boolean): void {
    this.forgetful.put(node, 1)
    this.limbo.put(node, 0)
    if (isController) this.onMetadataLost(time)
  }

  /** What a quorum of controllers had committed is gone. */
  onMetadataLost(time: number): void {
    this.metadataLostAt = time
    this.replicas.forgetEpochs()
  }

  onLoaded(node: number, lostData: boolean): void {
    this.limbo.put(node, 0)
    if (lostData) this.forgetful.put(node, 1)
  }

  /** After an unclean shutdown a broker is no eligible leader replica any more: it may have lost what it held (KIP-966). */
  onRegistered(broker: number, clean: boolean): void {
    this.forgetful.put(broker, 0)
    if (clean) return
    for (let partition = 0; partition < this.partitions.count; partition++) {
      if (broker < 31) this.elrLow[partition] = (this.elrLow[partition] as number) & ~(1 << broker)
      else this.elrHigh[partition] = (this.elrHigh[partition] as number) & ~(1 << (broker - 31))
    }
  }

  /** It lost data and the controller does not know yet: it is about to be dropped from the in-sync set (KIP-903). */
  isForgetful(node: number): boolean {
    return this.forgetful.at(node) === 1
  }

  isInLimbo(node: number): boolean {
    return this.limbo.at(node) === 1
  }

  // --- partitions ---------------------------------------------------------------------------------------------------

  /** At time 0 the cluster stands already: the first leader tells the state. */
  onFirstLeader(partition: number, node: number, epoch: number): void {
    this.leader[partition] = node
    this.epoch[partition] = epoch
  }

  onLeaderAdopted(partition: number, node: number, low: number, high: number, partitionEpoch: number): void {
    if (
      this.leader[partition] === node &&
      this.isrLow[partition] === 0 &&
      this.isrHigh[partition] === 0 &&
      this.partitionEpoch[partition] === -1
    ) {
      this.setIsr(0, partition, low, high)
      this.partitionEpoch[partition] = partitionEpoch
    }
    this.replicas.learn(partition, low, high)
  }

  onElected(
    time: number,
    partition: number,
    leader: number,
    epoch: number,
    partitionEpoch: number,
    low: number,
    high: number,
    unclean: number,
  ): void {
    const previous = this.leader[partition] as number
    // `PartitionChangeBuilder.maybeUpdateLastKnownLeader`: only the first time there is no leader.
    if (leader >= 0) this.lastKnown[partition] = -1
    else if (previous >= 0 && this.elr) this.lastKnown[partition] = previous
    this.leader[partition] = leader
    this.electedAt[partition] = time
    this.epoch[partition] = epoch
    this.partitionEpoch[partition] = partitionEpoch
    this.unclean[partition] = unclean
    this.ofStranger[partition] = leader >= 0 && this.replicas.isStranger(partition, leader) ? 1 : 0
    this.deriveElr(partition, low, high, unclean === 1)
    this.setIsr(time, partition, low, high)
    this.replicas.learn(partition, low, high)
  }

  /** `replicas.assigned`: told before the change that it is part of. */
  onAssigned(partition: number, low: number, high: number): void {
    this.replicas.assign(partition, low, high, (this.partitionEpoch[partition] as number) + 1)
    this.partitions.onAssigned(partition, this.replicas.count(partition))
  }

  onIsrChanged(
    time: number,
    partition: number,
    low: number,
    high: number,
    partitionEpoch: number,
    elrLow: number,
    elrHigh: number,
  ): void {
    this.partitionEpoch[partition] = partitionEpoch
    this.elrLow[partition] = elrLow
    this.elrHigh[partition] = elrHigh
    this.setIsr(time, partition, low, high)
    this.replicas.learn(partition, low, high)
  }

  /** With another min ISR nobody is eligible any more, nor the last known leader (`ClearElrRecord`). */
  onMinIsrAltered(partition: number): void {
    this.elrLow[partition] = 0
    this.elrHigh[partition] = 0
    this.lastKnown[partition] = -1
  }

  /**
   * Elections do not tell the eligible leader replicas, so their rule is applied (KIP-966): none while min ISR is met, else
   * who was one or was in sync, and is not now.
   */
  private deriveElr(partition: number, low: number, high: number, unclean: boolean): void {
    const least = this.replicas.leastForChange(partition, this.partitionEpoch[partition] as number)
    const met = bits(low) + bits(high) >= least
    const none = !this.elr || met || unclean
    this.elrLow[partition] = none ? 0 : ((this.elrLow[partition] as number) | (this.isrLow[partition] as number)) & ~low
    this.elrHigh[partition] = none
      ? 0
      : ((this.elrHigh[partition] as number) | (this.isrHigh[partition] as number)) & ~high
  }

  private setIsr(time: number, partition: number, low: number, high: number): void {
    if (this.isrLow[partition] !== low || this.isrHigh[partition] !== high) this.isrChangedAt[partition] = time
    this.isrLow[partition] = low
    this.isrHigh[partition] = high
  }

  inIsr(partition: number, node: number): boolean {
    return inMask(node, this.isrLow[partition] as number, this.isrHigh[partition] as number)
  }

  /** Number of members of the in-sync set. */
  isrSize(partition: number): number {
    return bits(this.isrLow[partition] as number) + bits(this.isrHigh[partition] as number)
  }

  /**
   * Who would be elected if it were there: the in-sync set, without one the eligible leader replicas, without those the last
   * known leader, and only then, with unclean elections, any replica.
   */
  isCandidate(partition: number, node: number): boolean {
    if (this.isrLow[partition] !== 0 || this.isrHigh[partition] !== 0) return this.inIsr(partition, node)
    if (this.elrLow[partition] !== 0 || this.elrHigh[partition] !== 0) return this.inElr(partition, node)
    if ((this.lastKnown[partition] as number) >= 0) return this.lastKnown[partition] === node
    return this.partitions.unclean[partition] === true && this.replicas.isReplica(partition, node)
  }

  /**
   * A candidate that no other replica can forestall. With unclean elections and nobody in sync it is whoever comes back
   * first, so then there is none.
   */
  isDesignated(partition: number, node: number): boolean {
    const anybody =
      this.partitions.unclean[partition] === true &&
      ((this.isrLow[partition] as number) | (this.isrHigh[partition] as number)) === 0 &&
      ((this.elrLow[partition] as number) | (this.elrHigh[partition] as number)) === 0
    return !anybody && this.isCandidate(partition, node)
  }

  /** Who could come to lead under any turn of events: the widest reading of "electable". */
  isElectable(partition: number, node: number): boolean {
    if (this.inIsr(partition, node) || this.inElr(partition, node) || this.lastKnown[partition] === node) return true
    return this.partitions.unclean[partition] === true && this.replicas.isReplica(partition, node)
  }

  private inElr(partition: number, node: number): boolean {
    const isMember = inMask(node, this.elrLow[partition] as number, this.elrHigh[partition] as number)
    // A reassignment may leave one there that is no replica any more: leaders are taken from the replicas only.
    return isMember && this.replicas.mayBeReplica(partition, node)
  }
}
