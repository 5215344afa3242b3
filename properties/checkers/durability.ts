import { M } from '../../sim/history/catalogue.ts'
import { Presence } from '../shadow/batches.ts'
import { Ints } from '../shadow/growable.ts'
import type { Shadow } from '../shadow/shadow.ts'
import { seconds } from '../words.ts'
import type { Checker, Ruling, RunEnd } from './checker.ts'
import { damagedLeader, HeldBatches } from './damaged.ts'
import { Findings } from './findings.ts'
import { tellAck, tellLoss } from './loss.ts'

/**
 * `durability`: a record acked with acks 1 or all stays in the current leader's log; while there is none, in the log of
 * every replica that would be elected if it were there.
 *
 * The current leader is the newest that began and lives. Asked when a leader begins, at each acknowledgement, and, while the
 * controller says that nobody leads, whenever the candidates change. An election alone is not asked: the registration that
 * caused it, and takes the broker from the candidates, is told right after it. A broker that came back with less is asked only
 * after its registration: until then the controller may still drop it from the candidates (KIP-903, KIP-966).
 * With unclean elections and nobody in sync the first to come back leads, so the record is judged lost or kept when it begins.
 */
export class Durability implements Checker {
  readonly kinds: readonly number[] = [M.produceAcked, M.txnCommitted, M.leaderBegan, M.isrChanged, M.brokerUnfenced]
  private readonly shadow: Shadow
  private readonly findings: Findings = new Findings()
  /** By partition: records acked with acks 1 or all, in the order of their acknowledgements. */
  private readonly acked: readonly Ints[]
  /** By record: 1 once acked, 2 once told lost. */
  private readonly states: Ints = new Ints()
  private readonly judged: Int32Array

  constructor(shadow: Shadow) {
    this.shadow = shadow
    this.acked = Array.from({ length: shadow.partitions.count }, () => new Ints())
    this.judged = new Int32Array(shadow.partitions.count)
  }

  onMoment(kind: number, time: number, _node: number, a: number): void {
    if (kind === M.produceAcked || kind === M.txnCommitted) {
      const { acknowledged } = this.shadow
      for (let i = 0; i < acknowledged.length; i++) this.onAcked(time, acknowledged.at(i))
      return
    }
    if (kind === M.brokerUnfenced) return this.judgeAllLeaderless(time)
    const partition = this.shadow.partitions.indexOf(a)
    if (partition < 0) return
    if (kind !== M.leaderBegan) this.judgeLeaderless(time, partition)
    else if (this.shadow.ofNewestLeader) this.judgeAll(time, partition)
  }

  private onAcked(time: number, record: number): void {
    const { ackPartition, ackOffset } = this.shadow.records
    const partition = ackPartition.at(record)
    // acks=0 promises nothing, and reports no offset.
    if (partition < 0 || ackOffset.at(record) < 0) return
    if (this.states.at(record) !== 0) return
    this.states.put(record, 1)
    ;(this.acked[partition] as Ints).push(record)
    this.judged[partition]!++
    if (this.isInLeadersLog(record)) return
    if (this.shadow.leaderships.alive[partition] === 1) this.lose(time, partition, record)
    else this.judgeLeaderless(time, partition)
  }

  private isInLeadersLog(record: number): boolean {
    const { records, batches } = this.shadow
    for (
      let placement = records.newestPlacement.at(record);
      placement >= 0;
      placement = records.placementOfRecord.at(placement)
    ) {
      if (batches.presence.at(records.placementBatch.at(placement)) === Presence.present) return true
    }
    return false
  }

  /** A leader began: every acked record must be in its log. */
  private judgeAll(time: number, partition: number): void {
    const acked = this.acked[partition] as Ints
    for (let i = 0; i < acked.length; i++) {
      const record = acked.at(i)
      if (this.states.at(record) === 1 && !this.isInLeadersLog(record)) this.lose(time, partition, record)
    }
  }

  private judgeAllLeaderless(time: number, atEnd = false): void {
    for (let partition = 0; partition < this.acked.length; partition++) this.judgeLeaderless(time, partition, atEnd)
  }

  /** What is still damaged in the leader's log at the end is not in it: nobody will write it anew. */
  private judgeDamaged(time: number, partition: number): void {
    const led = damagedLeader(this.shadow, partition)
    if (led !== null) this.judgeHeld(time, partition, -1, new HeldBatches(this.shadow, led, true))
  }

  /** Nobody leads by the controller's word: every candidate's log must hold every acked record. */
  private judgeLeaderless(time: number, partition: number, atEnd = false): void {
    const { cluster, names, logs, partitions } = this.shadow
    const acked = this.acked[partition] as Ints
    if (cluster.leader[partition] !== -1 || acked.length === 0 || partitions.isGone(partition)) return
    for (let node = 0; node < names.nodes.length; node++) {
      if (!cluster.isDesignated(partition, node) || cluster.isForgetful(node)) continue
      this.judgeHeld(time, partition, node, new HeldBatches(this.shadow, logs.of(node, partition), atEnd))
    }
  }

  private judgeHeld(time: number, partition: number, candidate: number, held: HeldBatches): void {
    const acked = this.acked[partition] as Ints
    for (let i = 0; i < acked.length; i++) {
      const record = acked.at(i)
      if (this.states.at(record) === 1 && held.lack(record)) this.lose(time, partition, record, candidate)
    }
  }

  private lose(time: number, partition: number, record: number, candidate = -1): void {
    const { shadow } = this
    this.states.put(record, 2)
    const topic = shadow.partitions.topicIds[partition] as number
    if (!this.findings.wants(topic)) return
    const name = shadow.names.record(shadow.records.ids.at(record))
    const proof =
      candidate < 0
        ? tellLoss(shadow, record)
        : `at ${seconds(time)} nobody leads, and ${shadow.names.node(candidate)}, which may lead next, does not hold it`
    this.findings.keep(topic, {
      kind: 'lost-acked-write',
      atUs: time,
      message: `${name} ${tellAck(shadow, record)}; ${proof}`,
      records: [name],
    })
  }

  rule(subject: number, end: RunEnd): Ruling {
    this.judgeAllLeaderless(end.virtualUs, true)
    for (let partition = 0; partition < this.acked.length; partition++) this.judgeDamaged(end.virtualUs, partition)
    let judged = 0
    this.judged.forEach((count, partition) => {
      if (subject === -1 || this.shadow.partitions.topicIds[partition] === subject) judged += count
    })
    const { violations, count } = this.findings.of(subject)
    return { judged, violations, count, undecided: null, excused: false }
  }
}
