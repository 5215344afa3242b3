import { M } from '../../sim/history/catalogue.ts'
import { brokersOf } from '../../sim/history/ids.ts'
import type { MomentObserver } from '../../sim/history/recorder.ts'
import type { ShadowLog } from '../shadow/shadow-log.ts'
import type { Shadow } from '../shadow/shadow.ts'
import type { Breaches } from './breaches.ts'
import { ForgottenProposals } from './forgotten-proposals.ts'

/**
 * Kafka's own promise about what was once below a high watermark, whatever a configuration makes of it: a leader that was
 * elected cleanly holds it, everybody who may be elected holds it while the high watermark moves, followers agree with it, and
 * nothing else is readable. (That every offset below the high watermark of a leader holds the same record on all members of
 * the in-sync set is a theorem of replication since KIP-320.)
 *
 * The promise ends where Kafka's does: with an unclean election, with a controller that lost the metadata, and with the data of
 * a replica that lost power or its disk. What was committed before that may go, and what is committed until the controller has
 * registered the broker anew: a leader goes by what the broker had fetched in its former life. Nor is anything promised of a
 * replica whom its leader forgot that it asked for (see {@link ForgottenProposals}), or when a broker is elected whose replica had
 * been given away meanwhile. `committed-durability` judges what becomes of the records then.
 */
export class CommittedLogInvariants implements MomentObserver {
  readonly kinds: readonly number[] = [
    M.leaderElected,
    M.leaderBegan,
    M.isrChanged,
    M.isrProposed,
    M.isrAdopted,
    M.hwAdvanced,
    M.nodePowerLost,
    M.diskWiped,
    M.logLoaded,
    M.brokerRegistered,
  ]
  private readonly shadow: Shadow
  private readonly breaches: Breaches
  /** By partition: the last entry that is promised, hence everything before it; -1 none. */
  private readonly promised: Int32Array
  /** By partition: 1 once a promise ended before its time, so that old replicas may hold something else. */
  private readonly broken: Int32Array
  /** By partition: the highest high watermark that any leader had. */
  private readonly exposed: Int32Array
  private readonly forgotten: ForgottenProposals
  private readonly brokers: number
  /** Whether a broker lost data and the controller does not know yet. */
  private isAnyForgetful = false

  constructor(shadow: Shadow, breaches: Breaches) {
    const { count } = shadow.partitions
    this.shadow = shadow
    this.breaches = breaches
    this.promised = new Int32Array(count).fill(-1)
    this.broken = new Int32Array(count)
    this.exposed = new Int32Array(count)
    this.forgotten = new ForgottenProposals(count)
    this.brokers = shadow.spec.cluster.brokers.length
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
    _f: number,
    g: number,
  ): void {
    const { shadow } = this
    switch (kind) {
      case M.nodePowerLost:
      case M.diskWiped:
        return this.onDataLost(node)
      case M.brokerRegistered:
        return this.lookForForgetful()
      case M.logLoaded:
        if (shadow.logs.lostAtLoad) this.onDataLost(node)
        return
      case M.hwAdvanced:
        if (shadow.logs.current !== null) this.onHighWatermark(time, shadow.logs.current, b, d)
        return
      case M.isrProposed:
      case M.isrAdopted:
        return this.onLeadersIsr(kind, node, shadow.partitions.indexOf(a), b, c, e)
      default:
        return this.onPartition(kind, time, shadow.partitions.indexOf(a), d, g)
    }
  }

  private onLeadersIsr(kind: number, node: number, partition: number, low: number, high: number, epoch: number): void {
    if (partition < 0 || this.shadow.leaderships.newestNode(partition) !== node) return
    if (kind === M.isrProposed) this.forgotten.onProposed(partition, low, high, epoch)
    else this.forgotten.onAdopted(partition, low, high, epoch)
  }

  private onPartition(kind: number, time: number, partition: number, d: number, g: number): void {
    if (partition < 0) return
    const isStranger = this.shadow.cluster.ofStranger[partition] === 1
    if (kind === M.leaderElected && (g === 1 || isStranger)) this.release(partition)
    if (kind === M.isrChanged) this.checkElectable(time, partition)
    if (kind !== M.leaderBegan) return
    if (d > (this.exposed[partition] as number)) this.exposed[partition] = d
    if (!this.shadow.ofNewestLeader) return
    this.forgotten.onBegan(partition)
    this.checkLeader(time, partition)
  }

  // --- where the promise ends ---------------------------------------------------------------------------------------

  private onDataLost(node: number): void {
    if (node > this.brokers) return
    for (let partition = 0; partition < this.promised.length; partition++) this.release(partition)
    this.lookForForgetful()
  }

  private release(partition: number): void {
    this.promised[partition] = -1
    this.broken[partition] = 1
  }

  private lookForForgetful(): void {
    this.isAnyForgetful = false
    for (let node = 1; node <= this.brokers; node++) this.isAnyForgetful ||= this.shadow.cluster.isForgetful(node)
  }

  /** Whether the newest leader that began is the one that the controller wants, and nobody goes by data that is lost. */
  private isPromising(partition: number): boolean {
    const { cluster, leaderships } = this.shadow
    return (
      !this.isAnyForgetful &&
      cluster.metadataLostAt < 0 &&
      cluster.epoch[partition] === leaderships.newestEpoch(partition)
    )
  }

  // --- what is promised ---------------------------------------------------------------------------------------------

  /** `hw.advanced`, with the log that it is about. */
  onHighWatermark(time: number, log: ShadowLog, offset: number, leader: number): void {
    const { partition } = log
    const exposed = this.exposed[partition] as number
    if (leader === 0) {
      if (offset > exposed) this.tellAhead(time, log, offset, exposed)
      else if (this.broken[partition] === 0) this.checkFollower(time, log, offset)
      return
    }
    if (offset > exposed) this.exposed[partition] = offset
    if (!this.shadow.ofNewestLeader || !this.isPromising(partition)) return
    this.promised[partition] = log.entryAt(offset - 1)
    this.checkElectable(time, partition)
  }

  /** Whether what lies at an offset was ever below a leader's high watermark. */
  isExposed(partition: number, offset: number): boolean {
    return offset < (this.exposed[partition] as number)
  }

  private checkLeader(time: number, partition: number): void {
    const { leaderships, logs, names, partitions } = this.shadow
    const promised = this.promised[partition] as number
    if (promised < 0) return
    const leader = leaderships.newestNode(partition)
    if (logs.of(leader, partition).holds(promised)) return
    this.promised[partition] = -1
    const what = `offset ${logs.entries.last.at(promised)} of epoch ${logs.entries.epoch.at(promised)}`
    this.breaches.add(
      'leader-completeness',
      time,
      `${names.node(leader)} began to lead ${partitions.names[partition]} without ${what}, which was below a high watermark, although its election was clean and no replica had lost data`,
    )
  }

  /** Of everybody who may be elected while the newest leader lives: they hold what is below its high watermark. */
  private checkElectable(time: number, partition: number): void {
    const { leaderships, logs } = this.shadow
    if (leaderships.alive[partition] !== 1 || !this.isPromising(partition)) return
    const leader = leaderships.newestNode(partition)
    const led = logs.of(leader, partition)
    const last = led.highWatermark - 1
    const expected = led.entryAt(last)
    if (expected < 0) return
    let low = this.electableLow(partition)
    let high = this.electableHigh(partition)
    while (low !== 0 || high !== 0) {
      const member = low !== 0 ? 31 - Math.clz32(low & -low) : 62 - Math.clz32(high & -high)
      if (low !== 0) low &= low - 1
      else high &= high - 1
      if (member === leader) continue
      if (logs.of(member, partition).entryAt(last) === expected) this.forgotten.onHeld(partition, member)
      else if (!this.forgotten.includes(partition, member)) this.tellLacking(time, partition, member, led)
    }
  }

  /**
   * In sync, or eligible. The controller may note as eligible who leaves with a reassignment, and keeps to that when it comes back
   * with nothing (`maybePopulateTargetElr`): nothing is promised of such a one.
   */
  private electableLow(partition: number): number {
    const { isrLow, elrLow, replicas } = this.shadow.cluster
    return (
      (isrLow[partition] as number) | ((elrLow[partition] as number) & ~(replicas.strangersLow[partition] as number))
    )
  }

  private electableHigh(partition: number): number {
    const { isrHigh, elrHigh, replicas } = this.shadow.cluster
    return (
      (isrHigh[partition] as number) | ((elrHigh[partition] as number) & ~(replicas.strangersHigh[partition] as number))
    )
  }

  private tellLacking(time: number, partition: number, member: number, led: ShadowLog): void {
    const { names, partitions } = this.shadow
    const pool = brokersOf(this.electableLow(partition), this.electableHigh(partition))
    this.breaches.add(
      'electable-hold-committed',
      time,
      `${names.node(member)} may be elected for ${partitions.names[partition]} (${pool.map((broker) => names.node(broker)).join(', ')}) and does not hold what lies below the high watermark ${led.highWatermark} of ${names.node(led.node)}`,
    )
  }

  // --- followers ----------------------------------------------------------------------------------------------------

  private tellAhead(time: number, log: ShadowLog, offset: number, exposed: number): void {
    const { names, partitions } = this.shadow
    this.breaches.add(
      'follower-hw-from-leader',
      time,
      `${names.node(log.node)} moved its high watermark of ${partitions.names[log.partition]} to ${offset}, but no leader's was ever above ${exposed}`,
    )
  }

  private checkFollower(time: number, log: ShadowLog, offset: number): void {
    const { leaderships, logs, names, partitions } = this.shadow
    const leader = leaderships.newestNode(log.partition)
    if (leader < 0 || leader === log.node) return
    const led = logs.of(leader, log.partition)
    const last = (offset < led.highWatermark ? offset : led.highWatermark) - 1
    // What the log does not reach, `hw-within-log` tells.
    if (last < 0 || last >= log.end) return
    const expected = led.entryAt(last)
    if (expected < 0 || log.entryAt(last) === expected) return
    this.breaches.add(
      'replicas-equal-below-hw',
      time,
      `${names.node(log.node)} and the leader ${names.node(leader)} hold different things at offset ${last} of ${partitions.names[log.partition]}, which is below the high watermark of both`,
    )
  }
}
