import { M } from '../../sim/history/catalogue.ts'
import { brokersOf } from '../../sim/history/ids.ts'
import type { MomentObserver } from '../../sim/history/recorder.ts'
import { inMask } from '../shadow/assignments.ts'
import type { Shadow } from '../shadow/shadow.ts'
import type { Breaches } from './breaches.ts'

/** Epochs, leaders and in-sync sets: what the controller commits and what brokers make of it. */
export class LeadershipInvariants implements MomentObserver {
  readonly kinds: readonly number[] = [
    M.leaderElected,
    M.isrChanged,
    M.leaderBegan,
    M.followerBegan,
    M.nodeStarted,
    M.diskWiped,
    M.metadataLost,
  ]
  private readonly shadow: Shadow
  private readonly breaches: Breaches
  /** By partition: broker per leader epoch, as elected and as begun; -1 none. */
  private readonly elected: readonly Map<number, number>[]
  private readonly began: readonly Map<number, number>[]
  private readonly electedEpoch: Int32Array
  private readonly partitionEpoch: Int32Array
  /** By node and partition: newest epoch that this incarnation took part in. */
  private readonly nodeEpoch: Int32Array

  constructor(shadow: Shadow, breaches: Breaches) {
    const { count } = shadow.partitions
    this.shadow = shadow
    this.breaches = breaches
    this.elected = Array.from({ length: count }, () => new Map<number, number>())
    this.began = Array.from({ length: count }, () => new Map<number, number>())
    this.electedEpoch = new Int32Array(count).fill(-1)
    this.partitionEpoch = new Int32Array(count).fill(-1)
    this.nodeEpoch = new Int32Array(count * shadow.names.nodes.length).fill(-1)
  }

  onMoment(
    kind: number,
    time: number,
    node: number,
    a: number,
    b: number,
    c: number,
    d: number,
    e: number,
    f: number,
  ): void {
    if (kind === M.nodeStarted) return this.forget(node)
    if (kind === M.metadataLost) return this.forgetAll()
    // Of several controllers one disk is not the metadata.
    if (kind === M.diskWiped)
      return node === 0 && this.shadow.spec.cluster.controllers === 1 ? this.forgetAll() : undefined
    const partition = this.shadow.partitions.indexOf(a)
    if (partition < 0) return
    switch (kind) {
      case M.leaderElected:
        return this.onElected(time, partition, b, c, d, e, f)
      case M.isrChanged:
        this.checkPartitionEpoch(time, partition, d)
        return this.checkIsr(time, partition, b, c)
      case M.leaderBegan:
        return this.onBegan(time, partition, node, b)
      default:
        return this.checkNodeEpoch(time, partition, node, c)
    }
  }

  private forget(node: number): void {
    const { count } = this.shadow.partitions
    this.nodeEpoch.fill(-1, node * count, (node + 1) * count)
  }

  /** A controller that lost its disk starts all epochs anew. */
  private forgetAll(): void {
    this.electedEpoch.fill(-1)
    this.partitionEpoch.fill(-1)
    for (const epochs of this.elected) epochs.clear()
  }

  private onElected(
    time: number,
    partition: number,
    leader: number,
    epoch: number,
    partitionEpoch: number,
    low: number,
    high: number,
  ): void {
    const { names, partitions } = this.shadow
    const name = partitions.names[partition]
    const before = this.electedEpoch[partition] as number
    if (epoch <= before) {
      this.breaches.add(
        'leader-epoch-monotonic',
        time,
        `the controller gave ${name} leader epoch ${epoch} after ${before}`,
      )
    }
    const other = this.elected[partition]?.get(epoch)
    if (other !== undefined && other !== leader) {
      this.breaches.add(
        'one-leader-per-epoch',
        time,
        `${names.node(other)} and ${names.node(leader)} were both elected for epoch ${epoch} of ${name}`,
      )
    }
    this.electedEpoch[partition] = Math.max(before, epoch)
    this.elected[partition]?.set(epoch, leader)
    this.checkPartitionEpoch(time, partition, partitionEpoch)
    this.checkIsr(time, partition, low, high)
    if (leader >= 0 && !inMask(leader, low, high)) {
      this.breaches.add(
        'leader-in-isr',
        time,
        `${names.node(leader)} was elected for ${name} with the in-sync set ${this.set(low, high)}`,
      )
    }
  }

  private checkPartitionEpoch(time: number, partition: number, epoch: number): void {
    const before = this.partitionEpoch[partition] as number
    if (epoch <= before) {
      this.breaches.add(
        'partition-epoch-monotonic',
        time,
        `${this.shadow.partitions.names[partition]} got partition epoch ${epoch} after ${before}`,
      )
    }
    this.partitionEpoch[partition] = Math.max(before, epoch)
  }

  private checkIsr(time: number, partition: number, low: number, high: number): void {
    const { cluster, partitions } = this.shadow
    const { low: lows, high: highs } = cluster.replicas
    const [replicasLow, replicasHigh] = [lows[partition] as number, highs[partition] as number]
    // Until the replicas are known nothing can be said.
    if (!cluster.replicas.isKnown(partition)) return
    if ((low & ~replicasLow) === 0 && (high & ~replicasHigh) === 0) return
    this.breaches.add(
      'isr-within-replicas',
      time,
      `the in-sync set of ${partitions.names[partition]} became ${this.set(low, high)}, but its replicas are ${this.set(replicasLow, replicasHigh)}`,
    )
  }

  private onBegan(time: number, partition: number, node: number, epoch: number): void {
    const { names, partitions } = this.shadow
    const other = this.began[partition]?.get(epoch) ?? node
    if (other !== node) {
      this.breaches.add(
        'one-leader-per-epoch',
        time,
        `${names.node(other)} and ${names.node(node)} both lead ${partitions.names[partition]} in epoch ${epoch}`,
      )
    }
    const elected = this.elected[partition]?.get(epoch) ?? node
    if (elected !== node) {
      this.breaches.add(
        'one-leader-per-epoch',
        time,
        `${names.node(node)} leads ${partitions.names[partition]} in epoch ${epoch}, for which ${names.node(elected)} was elected`,
      )
    }
    this.began[partition]?.set(epoch, node)
    this.checkNodeEpoch(time, partition, node, epoch)
  }

  private checkNodeEpoch(time: number, partition: number, node: number, epoch: number): void {
    const at = node * this.shadow.partitions.count + partition
    const before = this.nodeEpoch[at] as number
    if (epoch < before) {
      const name = this.shadow.names.node(node)
      this.breaches.add(
        'leader-epoch-monotonic',
        time,
        `${name} went from leader epoch ${before} of ${this.shadow.partitions.names[partition]} back to ${epoch}`,
      )
    }
    this.nodeEpoch[at] = Math.max(before, epoch)
  }

  private set(low: number, high: number): string {
    const names = brokersOf(low, high).map((broker) => this.shadow.names.node(broker))
    return `{${names.join(', ')}}`
  }
}
