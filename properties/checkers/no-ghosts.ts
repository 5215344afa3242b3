import type { Consumption } from '../shadow/consumption.ts'
import { Presence } from '../shadow/batches.ts'
import type { Anomaly } from '../../scenarios/format/vocabulary.ts'
import type { Violation } from '../verdict.ts'
import { seconds } from '../words.ts'
import { type Checker, cutShort, earliest, type Ruling, type RunEnd, type Suspect } from './checker.ts'
import type { CommittedView } from './committed-view.ts'
import type { FinalLogs } from './final-logs.ts'
import { MOST_KEPT } from './findings.ts'
import { tellPlace } from './missing.ts'

interface Ghost extends Suspect {
  readonly kind: Anomaly
  readonly reader: number
  readonly record: number
  readonly partition: number
  readonly offset: number
  readonly node: number
  readonly seenAt: number
}

/** What the end of the run says about a record that was read at a place. */
const Reality = { real: 0, ghost: 1, undecided: 2 } as const

/**
 * `no-ghosts`: every delivered record, and every record that took effect, was sent and lies where it was read in the
 * committed log of the end. What was read of a transaction that was aborted is a ghost as soon as its marker is committed, also
 * to who reads uncommitted records.
 */
export class NoGhosts implements Checker {
  readonly kinds: readonly number[] = []
  private readonly consumption: Consumption
  private readonly view: CommittedView
  private readonly final: FinalLogs
  private ghosts: readonly Ghost[] | null = null
  /** By reader. */
  private readonly judged: number[] = []
  private readonly open: number[] = []

  constructor(consumption: Consumption, view: CommittedView, final: FinalLogs) {
    this.consumption = consumption
    this.view = view
    this.final = final
  }

  onMoment(): void {}

  rule(subject: number, end: RunEnd): Ruling {
    const ghosts = (this.ghosts ??= this.read(end))
    const readers = this.consumption.applications.readersOf(subject)
    const own = ghosts.filter((ghost) => readers.includes(ghost.reader))
    const open = readers.reduce((sum, reader) => sum + (this.open[reader] ?? 0), 0)
    return {
      judged: readers.reduce((sum, reader) => sum + (this.judged[reader] ?? 0), 0),
      violations: earliest(own, MOST_KEPT).map((ghost) => this.tell(ghost)),
      count: own.length,
      undecided: open === 0 ? null : this.tellOpen(open, end),
      excused: false,
    }
  }

  private tellOpen(open: number, end: RunEnd): string {
    const why = cutShort(end) ?? 'the run settled'
    return `${why}: whether ${open === 1 ? 'a place that was read is' : `${open} places that were read are`} committed is open`
  }

  private read(end: RunEnd): readonly Ghost[] {
    this.view.read()
    return [...this.ghostRecords(end), ...this.ghostEffects(end)]
  }

  private ghostRecords(end: RunEnd): readonly Ghost[] {
    const { deliveries } = this.consumption
    const ghosts: Ghost[] = []
    for (let delivery = 0; delivery < deliveries.length; delivery++) {
      const record = deliveries.record.at(delivery)
      if (this.isAgain(delivery, record)) continue
      const reader = deliveries.reader.at(delivery)
      this.judged[reader] = (this.judged[reader] ?? 0) + 1
      const [partition, offset] = [deliveries.partition.at(delivery), deliveries.offset.at(delivery)]
      const reality = this.realityOf(record, partition, offset, end)
      if (reality === Reality.undecided) this.open[reader] = (this.open[reader] ?? 0) + 1
      if (reality !== Reality.ghost) continue
      const [node, at] = [deliveries.node.at(delivery), deliveries.at.at(delivery)]
      ghosts.push(this.ghost('ghost-record', reader, record, partition, offset, node, at))
    }
    return ghosts
  }

  /** Whether a delivery brings what the reader was given at the same place before. */
  private isAgain(delivery: number, record: number): boolean {
    const { deliveries } = this.consumption
    let before = deliveries.before.at(delivery) - 1
    while (before >= 0 && deliveries.record.at(before) !== record) before = deliveries.before.at(before) - 1
    return before >= 0
  }

  private ghostEffects(end: RunEnd): readonly Ghost[] {
    const { effects, lineage, shadow } = this.consumption
    const ghosts: Ghost[] = []
    for (let effect = 0; effect < effects.length; effect++) {
      const [record, partition, offset] = [
        effects.record.at(effect),
        effects.partition.at(effect),
        effects.offset.at(effect),
      ]
      if (this.realityOf(record, partition, offset, end) !== Reality.ghost) continue
      const [reader, node, at] = [effects.reader.at(effect), effects.node.at(effect), effects.at.at(effect)]
      ghosts.push(this.ghost('ghost-effect', reader, record, partition, offset, node, at))
    }
    for (let place = 0; place < this.view.places; place++) {
      const output = this.view.record.at(place)
      if (lineage.isRoot(output) || this.view.firstOf(output) !== place) continue
      const record = lineage.inputOfRecord(output)
      const [partition, offset] = [lineage.inputPartitionOf(output), lineage.inputOffsetOf(output)]
      if (partition < 0 || this.realityOf(record, partition, offset, end) !== Reality.ghost) continue
      const [node, at] = [shadow.records.nodeOf(output), lineage.derivedAt(output)]
      ghosts.push(this.ghost('ghost-effect', lineage.readerOf(output), record, partition, offset, node, at))
    }
    return ghosts
  }

  private ghost(
    kind: Anomaly,
    reader: number,
    record: number,
    partition: number,
    offset: number,
    node: number,
    seenAt: number,
  ): Ghost {
    const atUs = Math.max(seenAt, this.goneAt(record), this.abortedAt(record, partition, offset))
    const order = this.consumption.shadow.records.ids.at(record)
    return { kind, reader, record, partition, offset, node, seenAt, atUs, order }
  }

  /** Whether a record was written at a place, and the log of the end holds other bytes there. */
  private isDamaged(record: number, partition: number, offset: number): boolean {
    const log = this.final.of(partition)
    if (log === null || log.damaged.length === 0) return false
    const entry = log.entryAt(offset)
    return entry >= 0 && !log.isWhole(entry) && this.placementIn(record, entry) >= 0
  }

  private placementIn(record: number, entry: number): number {
    const { logs, records } = this.consumption.shadow
    const batch = logs.batchOf(entry)
    let placement = records.newestPlacement.at(record)
    while (placement >= 0 && records.placementBatch.at(placement) !== batch)
      placement = records.placementOfRecord.at(placement)
    return placement
  }

  /** The entry of the end that holds a record at a place, if its transaction was aborted; -1 if not. */
  private abortedEntry(record: number, partition: number, offset: number): number {
    const { logs } = this.consumption.shadow
    const entry = this.final.of(partition)?.entryAt(offset) ?? -1
    if (entry < 0 || logs.entries.transactional.at(entry) === 0) return -1
    return this.placementIn(record, entry) >= 0 && this.final.aborted(partition).includes(entry) ? entry : -1
  }

  /** When the marker was written that aborted what lies at a place, -1 without. */
  private abortedAt(record: number, partition: number, offset: number): number {
    const entry = this.abortedEntry(record, partition, offset)
    return entry < 0 ? -1 : this.consumption.shadow.logs.entries.decidedAt.at(entry)
  }

  /** When the newest leader began without the record, -1 where that is not why it is missing. */
  private goneAt(record: number): number {
    const leadership = this.leadershipWithout(record)
    return leadership < 0 ? -1 : this.consumption.shadow.leaderships.at.at(leadership)
  }

  private leadershipWithout(record: number): number {
    const { records, batches } = this.consumption.shadow
    const placement = records.newestPlacement.at(record)
    const batch = placement < 0 ? -1 : records.placementBatch.at(placement)
    return batch >= 0 && batches.presence.at(batch) === Presence.gone ? batches.goneWith.at(batch) - 1 : -1
  }

  private realityOf(record: number, partition: number, offset: number, end: RunEnd): number {
    const { records } = this.consumption.shadow
    if (records.attempts.at(record) === 0) return Reality.ghost
    const place = this.view.placeAt(partition, offset)
    if (place >= 0) return this.view.record.at(place) === record ? Reality.real : Reality.ghost
    if (!this.final.hasLeader(partition)) return Reality.undecided
    // Who read it before its bytes changed was given what had been sent.
    if (this.isDamaged(record, partition, offset)) return Reality.real
    // Nothing changes that any more, whatever else is under way.
    if (this.abortedEntry(record, partition, offset) >= 0) return Reality.ghost
    // Above the high watermark of the end, or in the log no more.
    const log = this.final.of(partition)
    return log === null || (offset < log.end && end.ended !== 'settled') ? Reality.undecided : Reality.ghost
  }

  private tell(ghost: Ghost): Violation {
    const { shadow, applications } = this.consumption
    const name = shadow.names.record(shadow.records.ids.at(ghost.record))
    const where = tellPlace(this.consumption, ghost.partition, ghost.offset)
    const who = shadow.names.node(ghost.node)
    const { kind: what, name: reader } = applications.reader(ghost.reader)
    const verb = what === 'processor' ? `${who} made a record of it` : `it took effect at ${reader} (${who})`
    const did =
      ghost.kind === 'ghost-record'
        ? `${who} was given ${name} from ${where} at ${seconds(ghost.seenAt)}`
        : `${name} was read from ${where} and ${verb} at ${seconds(ghost.seenAt)}`
    return { kind: ghost.kind, atUs: ghost.atUs, message: `${did}, but ${this.tellTruth(ghost)}`, records: [name] }
  }

  private tellTruth({ record, partition, offset }: Ghost): string {
    const { shadow } = this.consumption
    const isChanged = shadow.records.ids.at(record) < 0
    if (isChanged) return 'nobody sent it so: its bytes had changed on the disk it was read from'
    if (shadow.records.attempts.at(record) === 0) return 'nobody ever sent it'
    const place = this.view.placeAt(partition, offset)
    const other = place < 0 ? -1 : this.view.record.at(place)
    const aborted = this.abortedEntry(record, partition, offset)
    if (aborted >= 0) return this.tellAborted(record, aborted)
    const holds =
      other < 0
        ? 'the committed log does not hold it there'
        : `the committed log holds ${shadow.names.record(shadow.records.ids.at(other))} there`
    const leadership = this.leadershipWithout(record)
    if (leadership < 0) return holds
    const { leaderships } = shadow
    const leader = shadow.names.node(leaderships.node.at(leadership))
    return `${leader} began to lead epoch ${leaderships.epoch.at(leadership)} at ${seconds(leaderships.at.at(leadership))} without it, and ${holds}`
  }

  private tellAborted(record: number, entry: number): string {
    const { names, records, logs } = this.consumption.shadow
    const who = names.node(records.nodeOf(record))
    return `the transaction in which ${who} sent it was aborted by the marker of ${seconds(logs.entries.decidedAt.at(entry))}`
  }
}
