import { M } from '../../sim/history/catalogue.ts'
import type { Anomaly } from '../../scenarios/format/vocabulary.ts'
import type { Consumption } from '../shadow/consumption.ts'
import { Ints } from '../shadow/growable.ts'
import type { Shadow } from '../shadow/shadow.ts'
import type { Violation } from '../verdict.ts'
import { seconds } from '../words.ts'
import { type Checker, cutShort, earliest, type Ruling, type RunEnd, type Suspect } from './checker.ts'
import type { CommittedView } from './committed-view.ts'
import { MOST_KEPT } from './findings.ts'
import { tellPlace } from './missing.ts'
import { type Occurrence, occurrencesOf } from './occurrences.ts'
import { stillOpen } from './open-sends.ts'
import { Pairs } from './pairs.ts'
import { Ways } from './ways.ts'

/** A first occurrence and the send that it comes from. */
interface Sighting extends Occurrence {
  readonly root: number
  readonly order: number
}

/** A first occurrence behind one that was sent later. */
interface Late extends Suspect {
  readonly kind: Anomaly
  readonly late: Sighting
  readonly overtaker: Sighting
  /** Number of the producing application. */
  readonly producer: number
}

interface Sequence {
  readonly late: readonly Late[]
  /** First occurrences by producing application. */
  readonly judged: readonly number[]
}

/** No reader: the committed logs themselves, where nobody reads. */
const LOGS = -1

/**
 * `order-per-key`: what a producer incarnation sends under one key takes effect in the order of its `send()` calls, as far
 * as first occurrences go. Where nobody reads, the committed log is what is looked at.
 */
export class OrderPerKey implements Checker {
  readonly kinds: readonly number[] = [M.recordSent]
  private readonly shadow: Shadow
  private readonly consumption: Consumption | null
  private readonly view: CommittedView
  private readonly ways: Ways
  /** By record: the number of its key plus two, so that none (-1) is 1. */
  private readonly keys: Ints = new Ints()
  private readonly sequences: Map<number, Sequence> = new Map()

  constructor(shadow: Shadow, consumption: Consumption | null, view: CommittedView) {
    this.shadow = shadow
    this.consumption = consumption
    this.view = view
    this.ways = new Ways(consumption)
  }

  onMoment(_kind: number, _time: number, _node: number, id: number, _attempt: number, _tp: number, key: number): void {
    this.keys.put(this.shadow.records.numberOf(id), key + 2)
  }

  rule(subject: number, end: RunEnd): Ruling {
    const { applications } = this.shadow
    const readers = applications.readers.length === 0 ? [] : applications.orderedReaders(subject)
    const isOwn = applications.readerOf[subject] !== undefined && applications.readerOf[subject] >= 0
    const sequences = [...readers, ...(isOwn ? [] : [LOGS])].map((reader) => this.of(reader))
    const isProducer = applications.isProducer(subject)
    const late = sequences.flatMap((sequence) => sequence.late).filter((one) => !isProducer || one.producer === subject)
    const judged = sequences.reduce(
      (sum, sequence) =>
        sum +
        (isProducer ? (sequence.judged[subject] ?? 0) : sequence.judged.reduce((all, one) => all + (one ?? 0), 0)),
      0,
    )
    return {
      judged,
      violations: earliest(late, MOST_KEPT).map((one) => this.tell(one)),
      count: late.length,
      undecided: readers.length === 0 ? stillOpen(this.shadow, subject, end) : cutShort(end),
      excused: false,
    }
  }

  private of(reader: number): Sequence {
    const known = this.sequences.get(reader)
    if (known !== undefined) return known
    const sequence = this.read(reader)
    this.sequences.set(reader, sequence)
    return sequence
  }

  private read(reader: number): Sequence {
    this.view.read()
    const seen = new Map<number, Ints>()
    const pairs = new Pairs()
    const fronts: (Sighting | undefined)[] = []
    const late: Late[] = []
    const judged: number[] = []
    this.visit(reader, (occurrence) => {
      const root = this.rootOf(occurrence.record)
      const key = this.keys.at(root) - 2
      if (key < 0) return
      const way = this.ways.of(occurrence.record, occurrence.partition)
      // What came by two ways that are one is there a second time.
      if (!isFirst(seen, way, way < 0 ? root : this.itemOf(occurrence.record))) return
      const { order, incarnation } = this.sendOf(occurrence, root)
      const sighting = { ...occurrence, root, order }
      const node = this.shadow.records.nodeOf(root)
      const producer = this.shadow.names.applicationOf[node] ?? -1
      judged[producer] = (judged[producer] ?? 0) + 1
      // Of outputs, and of logs, only what goes the same way into the same partition is in an order.
      const lane = this.isOfLogs(reader) ? occurrence.partition : -1
      const source = pairs.of(pairs.of(node, incarnation), -2 - key)
      const line = pairs.of(source, -2 - pairs.of(way, -2 - lane))
      const front = fronts[line]
      if (front === undefined || order > front.order) fronts[line] = sighting
      else late.push(this.suspect(reader, sighting, front, producer))
    })
    return { late, judged }
  }

  private isOfLogs(reader: number): boolean {
    return reader === LOGS || this.shadow.applications.reader(reader).kind === 'processor'
  }

  private visit(reader: number, visit: (occurrence: Occurrence) => void): void {
    if (reader !== LOGS) {
      if (this.consumption !== null) occurrencesOf(this.consumption, this.view, reader, visit)
      return
    }
    const { view, shadow } = this
    const { applications, records, names, logs } = shadow
    for (let place = 0; place < view.places; place++) {
      const [record, partition] = [view.record.at(place), view.partition.at(place)]
      if (applications.isRead[partition] === true) continue
      if (!applications.isProducer(names.applicationOf[records.nodeOf(record)] ?? -1)) continue
      const atUs = logs.entries.at.at(view.entry.at(place))
      visit({ record, partition, offset: view.offset.at(place), atUs, number: place })
    }
  }

  private suspect(reader: number, late: Sighting, overtaker: Sighting, producer: number): Late {
    const kind = this.wasReorderedInLog(reader, late, overtaker) ? 'reordered-records' : 'reordered-effects'
    return { kind, late, overtaker, producer, atUs: late.atUs, order: this.shadow.records.ids.at(late.root) }
  }

  // --- where records come from --------------------------------------------------------------------------------------

  private itemOf(record: number): number {
    return this.consumption?.lineage.itemOf(record) ?? record
  }

  private rootOf(record: number): number {
    const lineage = this.consumption?.lineage
    return lineage === undefined ? record : lineage.rootOf.at(lineage.itemOf(record))
  }

  /** The `send()` by which a root record came to where it was first read: a later attempt is another place in the order. */
  private sendOf(occurrence: Occurrence, root: number): { readonly order: number; readonly incarnation: number } {
    const { records, batches, logs } = this.shadow
    const { partition, offset } = this.rootPlaceOf(occurrence)
    let placement = records.newestPlacement.at(root)
    for (; placement >= 0; placement = records.placementOfRecord.at(placement)) {
      const batch = records.placementBatch.at(placement)
      if (batches.partition.at(batch) !== partition) continue
      const base = offset - records.placementIndex.at(placement)
      for (let entry = batches.newestCopy.at(batch) - 1; entry >= 0; entry = logs.entries.nextCopy.at(entry)) {
        if (logs.entries.base.at(entry) !== base) continue
        return {
          order: records.placementOrder.at(placement),
          incarnation: records.placementIncarnation.at(placement),
        }
      }
    }
    return { order: records.sendOrder.at(root), incarnation: records.incarnation.at(root) }
  }

  /** Where the root record of an occurrence was read, or lies. */
  private rootPlaceOf({ record, partition, offset }: Occurrence): {
    readonly partition: number
    readonly offset: number
  } {
    const lineage = this.consumption?.lineage
    let place = { partition, offset }
    if (lineage === undefined) return place
    for (let at = record; !lineage.isRoot(at); at = lineage.inputOfRecord(at))
      place = { partition: lineage.inputPartitionOf(at), offset: lineage.inputOffsetOf(at) }
    return place
  }

  /** Whether the producer's log has the two the wrong way round already: then no reader is to blame. */
  private wasReorderedInLog(reader: number, late: Sighting, overtaker: Sighting): boolean {
    if (reader === LOGS) return true
    const [one, other] = [this.rootPlaceOf(late), this.rootPlaceOf(overtaker)]
    return one.partition >= 0 && one.partition === other.partition && one.offset > other.offset
  }

  // --- words --------------------------------------------------------------------------------------------------------

  private tell(suspect: Late): Violation {
    const { kind, late, overtaker } = suspect
    const [name, other] = [this.nameOf(late.root), this.nameOf(overtaker.root)]
    const sent = `${name} was sent before ${other} with the same key`
    const message =
      kind === 'reordered-records'
        ? `${sent}, but follows it in the log: ${this.tellRoot(late)} after ${this.tellRoot(overtaker)}`
        : `${sent}, but took effect after it: at ${seconds(late.atUs)}, the other at ${seconds(overtaker.atUs)}${this.tellCopies(late, overtaker)}${this.tellWay(late, overtaker)}`
    return { kind, atUs: suspect.atUs, message, records: [name, other] }
  }

  private tellRoot(sighting: Sighting): string {
    const { partition, offset } = this.rootPlaceOf(sighting)
    if (this.consumption !== null) return tellPlace(this.consumption, partition, offset)
    return `offset ${offset} of ${this.shadow.partitions.names[partition]}`
  }

  private tellCopies(late: Sighting, overtaker: Sighting): string {
    const [one, other] = [this.rootPlaceOf(late), this.rootPlaceOf(overtaker)]
    if (one.partition < 0 || other.partition < 0) return ''
    const places = `${this.tellRoot(late)} and ${this.tellRoot(overtaker)}`
    return one.partition === other.partition
      ? `, although the log has them in order: ${places}`
      : `; they lie in different partitions: ${places}`
  }

  /** Where it has been, if the other has not. */
  private tellWay(late: Sighting, overtaker: Sighting): string {
    const others = this.ways.stations(overtaker.record)
    const apart = this.ways.stations(late.record).filter((partition) => partition >= 0 && !others.includes(partition))
    if (apart.length === 0) return ''
    return `; it came by way of ${apart.map((partition) => this.shadow.partitions.names[partition]).join(' and ')}`
  }

  private nameOf(record: number): string {
    return this.shadow.names.record(this.shadow.records.ids.at(record))
  }
}

function isFirst(seen: Map<number, Ints>, way: number, thing: number): boolean {
  let things = seen.get(way)
  if (things === undefined) {
    things = new Ints()
    seen.set(way, things)
  }
  if (things.at(thing) === 1) return false
  things.put(thing, 1)
  return true
}
