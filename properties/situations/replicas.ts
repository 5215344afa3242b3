import { M } from '../../sim/history/catalogue.ts'
import type { MomentObserver } from '../../sim/history/recorder.ts'
import { bits } from '../shadow/assignments.ts'
import type { Shadow } from '../shadow/shadow.ts'
import { S } from './names.ts'

/** Situations of leaders, in-sync sets and logs. */
export class ReplicaSituations implements MomentObserver {
  readonly kinds: readonly number[] = [
    M.leaderElected,
    M.isrChanged,
    M.isrProposed,
    M.leaderBegan,
    M.followerBegan,
    M.hwAdvanced,
    M.logAppended,
    M.logTruncated,
    M.logFlushed,
    M.logLoaded,
    M.brokerFenced,
    M.brokerUnfenced,
    M.nodeStarted,
    M.nodeCrashed,
    M.nodeStopped,
    M.nodePowerLost,
    M.diskWiped,
  ]
  private readonly shadow: Shadow
  private readonly counts: Int32Array
  private readonly partitions: number
  /** Brokers are nodes 1 to `nodes - 1`. */
  private readonly nodes: number
  /** By partition: highest high watermark of its newest leaders. */
  private readonly committed: Int32Array
  /** By partition: 1 while a proposed in-sync set is not committed. */
  private readonly proposed: Int32Array
  /** By node and partition: the epoch in which it leads, as far as it knows; -1 when it does not. */
  private readonly leads: Int32Array
  /** By node and partition: up to where the log is on the disk. */
  private readonly flushed: Int32Array
  /** By node: 1 while the controller has it fenced; 1 from losing power to the next start. */
  private readonly fenced: Int32Array
  private readonly dark: Int32Array

  constructor(shadow: Shadow, counts: Int32Array) {
    this.shadow = shadow
    this.counts = counts
    this.partitions = shadow.partitions.count
    this.nodes = shadow.spec.cluster.brokers.length + 1
    this.committed = new Int32Array(this.partitions)
    this.proposed = new Int32Array(this.partitions)
    this.leads = new Int32Array(this.nodes * this.partitions).fill(-1)
    this.flushed = new Int32Array(this.nodes * this.partitions)
    this.fenced = new Int32Array(this.nodes)
    this.dark = new Int32Array(this.nodes)
  }

  onMoment(
    kind: number,
    _time: number,
    node: number,
    a: number,
    b: number,
    c: number,
    d: number,
    _e: number,
    _f: number,
    g: number,
  ): void {
    if (node >= this.nodes) return
    switch (kind) {
      case M.brokerFenced:
      case M.brokerUnfenced:
        this.fenced[a] = kind === M.brokerFenced ? 1 : 0
        return
      case M.nodeStarted:
        this.leads.fill(-1, node * this.partitions, (node + 1) * this.partitions)
        return
      case M.nodeCrashed:
      case M.nodeStopped:
        this.dark[node] = 0
        return
      case M.nodePowerLost:
        return this.onPowerLost(node)
      case M.diskWiped:
        this.flushed.fill(0, node * this.partitions, (node + 1) * this.partitions)
        return
      default:
        return this.onPartition(kind, node, a, b, c, d, g)
    }
  }

  private onPartition(kind: number, node: number, tp: number, b: number, c: number, d: number, g: number): void {
    const partition = this.shadow.partitions.indexOf(tp)
    if (partition < 0) return
    switch (kind) {
      case M.leaderElected:
        return this.onElected(partition, b, g)
      case M.isrChanged:
        this.proposed[partition] = 0
        return this.checkIsr(partition)
      case M.isrProposed:
        this.proposed[partition] = 1
        return
      case M.leaderBegan:
        return this.onBegan(node, partition, b, d)
      case M.followerBegan:
        this.leads[node * this.partitions + partition] = -1
        return
      case M.hwAdvanced:
        this.committed[partition] = Math.max(this.committed[partition] as number, b)
        return
      case M.logAppended:
        return this.onAppended(node, partition)
      case M.logTruncated:
        if (c > b) this.hit(S.truncation)
        return this.flushedAtMost(node, partition, b)
      case M.logFlushed:
        this.flushed[node * this.partitions + partition] = b
        return
      default:
        return this.onLoaded(node, partition, b, d)
    }
  }

  private hit(situation: number): void {
    this.counts[situation] = (this.counts[situation] as number) + 1
  }

  // --- leaders ------------------------------------------------------------------------------------------------------

  private onElected(partition: number, leader: number, unclean: number): void {
    if (this.proposed[partition] === 1) this.hit(S.electionDuringIsrChange)
    this.proposed[partition] = 0
    if (leader < 0) this.hit(S.leaderless)
    if (unclean === 1) this.hit(S.uncleanElection)
    this.checkIsr(partition)
  }

  private checkIsr(partition: number): void {
    const { cluster, partitions } = this.shadow
    const size = bits(cluster.isrLow[partition] as number) + bits(cluster.isrHigh[partition] as number)
    if (size < (partitions.minIsr[partition] as number)) this.hit(S.isrBelowMin)
  }

  private onBegan(node: number, partition: number, epoch: number, high: number): void {
    this.leads[node * this.partitions + partition] = epoch
    if (!this.shadow.ofNewestLeader) return
    if (this.shadow.leaderships.vanished.length > 0) this.hit(S.unreplicatedAtLeaderChange)
    if (high < (this.committed[partition] as number)) this.hit(S.highWatermarkBehind)
  }

  private onAppended(node: number, partition: number): void {
    const epoch = this.leads[node * this.partitions + partition] as number
    if (epoch < 0) return
    if (epoch < (this.shadow.cluster.epoch[partition] as number)) this.hit(S.replacedLeaderAppends)
    if (this.fenced[node] === 1) this.hit(S.fencedBrokerAppends)
  }

  // --- disks --------------------------------------------------------------------------------------------------------

  private onPowerLost(node: number): void {
    this.dark[node] = 1
    for (let partition = 0; partition < this.partitions; partition++) {
      const end = this.shadow.logs.known(node, partition)?.end ?? 0
      if (end > (this.flushed[node * this.partitions + partition] as number)) return this.hit(S.unflushedAtPowerLoss)
    }
  }

  private onLoaded(node: number, partition: number, end: number, clean: number): void {
    if (this.shadow.logs.lostAtLoad) this.hit(S.lossAtRestart)
    if (clean === 0 && end > 0) this.hit(S.uncleanRestart)
    // What a power loss has left is on the disk.
    if (this.dark[node] === 1) this.flushed[node * this.partitions + partition] = end
    else this.flushedAtMost(node, partition, end)
  }

  private flushedAtMost(node: number, partition: number, end: number): void {
    const at = node * this.partitions + partition
    this.flushed[at] = Math.min(this.flushed[at] as number, end)
  }
}
