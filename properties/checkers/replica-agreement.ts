import { M } from '../../sim/history/catalogue.ts'
import { brokersOf } from '../../sim/history/ids.ts'
import type { ShadowLog } from '../shadow/shadow-log.ts'
import type { Shadow } from '../shadow/shadow.ts'
import { seconds } from '../words.ts'
import type { Checker, Ruling, RunEnd } from './checker.ts'
import type { Damage } from '../shadow/damage.ts'
import { tellChecksum } from './damaged.ts'
import { Findings } from './findings.ts'

/**
 * `replica-agreement`: equal (offset, leader epoch) implies equal content and an equal prefix on all replicas, and the members
 * of the in-sync set agree below the newest leader's high watermark.
 *
 * A member that lost data is not asked until the controller knows: it is about to leave the set (KIP-903). Bytes that changed on
 * a disk are asked for at the end: until then somebody may find the checksum wrong, and write the batch anew.
 */
export class ReplicaAgreement implements Checker {
  readonly kinds: readonly number[] = [M.logAppended, M.hwAdvanced, M.leaderBegan, M.isrChanged]
  private readonly shadow: Shadow
  private readonly findings: Findings = new Findings()
  /** By partition: comparisons made. */
  private readonly compared: Int32Array
  /** By partition: 1 once members were told to differ; told again only after they agreed. */
  private readonly differ: Int32Array
  private isOver = false

  constructor(shadow: Shadow) {
    this.shadow = shadow
    this.compared = new Int32Array(shadow.partitions.count)
    this.differ = new Int32Array(shadow.partitions.count)
  }

  onMoment(kind: number, time: number, node: number, tp: number): void {
    if (kind === M.logAppended) return this.onAppended(time, node)
    if (kind !== M.isrChanged && !this.shadow.ofNewestLeader) return
    const partition = this.shadow.partitions.indexOf(tp)
    if (partition >= 0 && this.shadow.leaderships.alive[partition] === 1) this.compareMembers(time, partition)
  }

  private onAppended(time: number, node: number): void {
    const { logs } = this.shadow
    const log = logs.current
    if (log === null) return
    if (!logs.entries.created) {
      this.compared[log.partition]!++
      return
    }
    if (logs.entries.conflict >= 0) this.tellConflict(time, node, log, logs.entry, logs.entries.conflict)
  }

  private tellConflict(time: number, node: number, log: ShadowLog, entry: number, other: number): void {
    const { logs, names, partitions } = this.shadow
    const { entries } = logs
    const topic = partitions.topicIds[log.partition] as number
    this.compared[log.partition]!++
    if (!this.findings.wants(topic)) return
    const place = `offset ${entries.base.at(entry)} of ${partitions.names[log.partition]} under leader epoch ${entries.epoch.at(entry)}`
    const [mine, theirs] = [this.firstRecord(entry), this.firstRecord(other)]
    const same = entries.batch.at(entry) === entries.batch.at(other)
    const what = same
      ? `has the same batch as ${names.node(entries.node.at(other))} at ${place}, but another one before it`
      : `holds ${mine ?? 'another batch'} at ${place}, where ${names.node(entries.node.at(other))} holds ${theirs ?? 'another batch'}`
    const message = `${names.node(node)} ${what}: since ${seconds(time)} the replicas have diverged and nothing will notice`
    const told = [mine, theirs].filter((name) => name !== null)
    this.findings.keep(topic, { kind: 'diverged-replicas', atUs: time, message, records: [...new Set(told)] })
  }

  private compareMembers(time: number, partition: number): void {
    const { cluster, leaderships, logs } = this.shadow
    // A leader is elected that has not begun: the high watermark is still that of the one before it.
    if (cluster.epoch[partition] !== leaderships.newestEpoch(partition)) return
    const leader = leaderships.newestNode(partition)
    const led = logs.of(leader, partition)
    const last = led.highWatermark - 1
    const expected = last < 0 ? -1 : led.entryAt(last)
    if (expected < 0) return
    let agree = true
    let low = cluster.isrLow[partition] as number
    let high = cluster.isrHigh[partition] as number
    while (low !== 0 || high !== 0) {
      const member = low !== 0 ? 31 - Math.clz32(low & -low) : 62 - Math.clz32(high & -high)
      if (low !== 0) low &= low - 1
      else high &= high - 1
      if (member === leader || cluster.isForgetful(member)) continue
      this.compared[partition]!++
      if (logs.of(member, partition).entryAt(last) === expected) continue
      agree = false
      if (this.differ[partition] === 0) this.tellMember(time, partition, led, member)
    }
    this.differ[partition] = agree ? 0 : 1
  }

  private tellMember(time: number, partition: number, led: ShadowLog, member: number): void {
    const { names, partitions, logs, cluster } = this.shadow
    const topic = partitions.topicIds[partition] as number
    if (!this.findings.wants(topic)) return
    const log = logs.of(member, partition)
    const from = this.firstDifference(led, log)
    const isr = brokersOf(cluster.isrLow[partition] as number, cluster.isrHigh[partition] as number).map((broker) =>
      names.node(broker),
    )
    const what =
      from >= log.end ? `its log ends at offset ${log.end}` : `it holds something else from offset ${from} on`
    const message =
      `${names.node(member)} is in the in-sync set of ${partitions.names[partition]} (${isr.join(', ')}), but ${what}, ` +
      `while the high watermark of the leader ${names.node(led.node)} is ${led.highWatermark} at ${seconds(time)}`
    this.findings.keep(topic, { kind: 'diverged-replicas', atUs: time, message, records: [] })
  }

  /** At the end: what is damaged below the high watermark on a member of the set, nobody has noticed, and the others hold. */
  private compareDamages(time: number, partition: number): void {
    const { cluster, leaderships, logs, names } = this.shadow
    if (leaderships.alive[partition] !== 1) return
    const led = logs.of(leaderships.newestNode(partition), partition)
    for (let node = 0; node < names.nodes.length; node++) {
      if (node !== led.node && !cluster.inIsr(partition, node)) continue
      const log = logs.known(node, partition)
      for (const damage of log?.damaged ?? []) {
        if (logs.entries.last.at(damage.entry) >= led.highWatermark) continue
        this.compared[partition]!++
        this.tellDamage(time, partition, node, damage)
      }
    }
  }

  private tellDamage(time: number, partition: number, node: number, damage: Damage): void {
    const { names, partitions, logs } = this.shadow
    const topic = partitions.topicIds[partition] as number
    if (!this.findings.wants(topic)) return
    const name = this.firstRecord(damage.entry)
    const message =
      `${names.node(node)} holds other bytes than were written at offset ${logs.entries.base.at(damage.entry)} of ` +
      `${partitions.names[partition]} since ${seconds(damage.at)}; ${tellChecksum(damage)}, and nothing has noticed by ${seconds(time)}`
    this.findings.keep(topic, { kind: 'diverged-replicas', atUs: time, message, records: name === null ? [] : [name] })
  }

  private firstDifference(a: ShadowLog, b: ShadowLog): number {
    const { base } = this.shadow.logs.entries
    for (let place = 0; place < a.entries.length; place++) {
      const entry = a.entries.at(place)
      if (place >= b.entries.length || b.entries.at(place) !== entry) return base.at(entry)
    }
    return a.end
  }

  private firstRecord(entry: number): string | null {
    const { logs, batches, records, names } = this.shadow
    const batch = logs.batchOf(entry)
    const placement = batch < 0 ? -1 : batches.firstPlacement.at(batch)
    return placement < 0 ? null : names.record(records.ids.at(records.placementRecord.at(placement)))
  }

  rule(subject: number, end: RunEnd): Ruling {
    if (!this.isOver) {
      this.isOver = true
      for (let partition = 0; partition < this.compared.length; partition++)
        this.compareDamages(end.virtualUs, partition)
    }
    let judged = 0
    this.compared.forEach((count, partition) => {
      if (subject === -1 || this.shadow.partitions.topicIds[partition] === subject) judged += count
    })
    const { violations, count } = this.findings.of(subject)
    return { judged, violations, count, undecided: null, excused: false }
  }
}
