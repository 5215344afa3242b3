import { M } from '../../sim/history/catalogue.ts'
import { Presence } from '../shadow/batches.ts'
import { Ints } from '../shadow/growable.ts'
import type { Shadow } from '../shadow/shadow.ts'
import { seconds } from '../words.ts'
import type { Checker, Ruling, RunEnd } from './checker.ts'
import { damagedLeader, HeldBatches } from './damaged.ts'
import { Findings } from './findings.ts'
import { tellLoss } from './loss.ts'

/**
 * `committed-durability`: a record that was once below the newest leader's high watermark stays in the log of every later
 * leader, whatever acks its producer asked for.
 */
export class CommittedDurability implements Checker {
  readonly kinds: readonly number[] = [M.hwAdvanced, M.leaderBegan]
  private readonly shadow: Shadow
  private readonly findings: Findings = new Findings()
  /** By record: 1 once told lost. */
  private readonly lost: Ints = new Ints()
  private readonly judged: Int32Array

  constructor(shadow: Shadow) {
    this.shadow = shadow
    this.judged = new Int32Array(shadow.partitions.count)
  }

  onMoment(kind: number, time: number, _node: number, tp: number): void {
    if (!this.shadow.ofNewestLeader) return
    const partition = this.shadow.partitions.indexOf(tp)
    if (kind === M.leaderBegan) this.judgeVanished(time, partition)
    this.countCommitted(partition)
  }

  private countCommitted(partition: number): void {
    const { leaderships, batches, records } = this.shadow
    for (let i = 0; i < leaderships.committed.length; i++) {
      let placement = batches.firstPlacement.at(leaderships.committed.at(i))
      for (; placement >= 0; placement = records.placementInBatch.at(placement)) this.judged[partition]!++
    }
  }

  private judgeVanished(time: number, partition: number): void {
    const { leaderships, batches, records } = this.shadow
    for (let i = 0; i < leaderships.vanished.length; i++) {
      const batch = leaderships.vanished.at(i)
      if (!batches.isCommitted(batch)) continue
      let placement = batches.firstPlacement.at(batch)
      for (; placement >= 0; placement = records.placementInBatch.at(placement)) {
        this.judge(time, partition, records.placementRecord.at(placement), batch)
      }
    }
  }

  private judge(time: number, partition: number, record: number, batch: number): void {
    const { batches, records } = this.shadow
    if (this.lost.at(record) === 1) return
    for (
      let placement = records.newestPlacement.at(record);
      placement >= 0;
      placement = records.placementOfRecord.at(placement)
    ) {
      if (batches.presence.at(records.placementBatch.at(placement)) === Presence.present) return
    }
    this.lost.put(record, 1)
    this.tell(time, partition, record, batch)
  }

  /** What is still damaged in the leader's log at the end is not in it. */
  private judgeDamaged(time: number, partition: number): void {
    const { shadow } = this
    const led = damagedLeader(shadow, partition)
    if (led === null) return
    const { batches, records, logs } = shadow
    const held = new HeldBatches(shadow, led, true)
    for (const { entry } of led.damaged) {
      const batch = logs.batchOf(entry)
      if (batch < 0 || !batches.isCommitted(batch)) continue
      let placement = batches.firstPlacement.at(batch)
      for (; placement >= 0; placement = records.placementInBatch.at(placement)) {
        const record = records.placementRecord.at(placement)
        if (this.lost.at(record) === 1 || !held.lack(record)) continue
        this.lost.put(record, 1)
        this.tell(time, partition, record, batch)
      }
    }
  }

  private tell(time: number, partition: number, record: number, batch: number): void {
    const { shadow } = this
    const topic = shadow.partitions.topicIds[partition] as number
    if (!this.findings.wants(topic)) return
    const name = shadow.names.record(shadow.records.ids.at(record))
    const committed = seconds(shadow.batches.committedAt.at(batch) - 1)
    const message = `${name} was committed in ${shadow.partitions.names[partition]} at ${committed} (below the high watermark); ${tellLoss(shadow, record)}`
    this.findings.keep(topic, { kind: 'lost-committed-write', atUs: time, message, records: [name] })
  }

  rule(subject: number, end: RunEnd): Ruling {
    for (let partition = 0; partition < this.judged.length; partition++) this.judgeDamaged(end.virtualUs, partition)
    let judged = 0
    this.judged.forEach((count, partition) => {
      if (subject === -1 || this.shadow.partitions.topicIds[partition] === subject) judged += count
    })
    const { violations, count } = this.findings.of(subject)
    return { judged, violations, count, undecided: null, excused: false }
  }
}
