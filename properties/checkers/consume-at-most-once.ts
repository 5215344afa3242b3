import type { Anomaly } from '../../scenarios/format/vocabulary.ts'
import type { Consumption } from '../shadow/consumption.ts'
import type { Violation } from '../verdict.ts'
import { seconds } from '../words.ts'
import { type Checker, cutShort, earliest, type Ruling, type RunEnd, type Suspect } from './checker.ts'
import type { CommittedView } from './committed-view.ts'
import { MOST_KEPT } from './findings.ts'
import { type Keys, keyOf } from './keys.ts'
import { tellCommit, tellPlace } from './missing.ts'
import { tellReturned } from './share-fates.ts'
import { Firsts, type Occurrence, occurrencesOf, tellDeed, tellOccurrence } from './occurrences.ts'
import { type Fork, Origins } from './origins.ts'
import { Pairs } from './pairs.ts'

interface Doubled extends Suspect {
  readonly reader: number
  readonly kind: Anomaly
  readonly first: Occurrence
  readonly second: Occurrence
}

/** What a reader did twice, and what it did at all. */
interface Found {
  readonly doubled: readonly Doubled[]
  /** Records that took effect. */
  readonly units: readonly number[]
}

abstract class EffectAtMostOnce implements Checker {
  readonly kinds: readonly number[] = []
  protected readonly consumption: Consumption
  protected readonly view: CommittedView
  protected readonly origins: Origins
  private readonly found: (Found | undefined)[] = []

  constructor(consumption: Consumption, view: CommittedView) {
    this.consumption = consumption
    this.view = view
    this.origins = new Origins(consumption)
  }

  onMoment(): void {}

  /** What must not happen twice, by a number of its own. */
  protected abstract classOf(occurrence: Occurrence, reader: number, pairs: Pairs): number
  /** The record that an occurrence is counted for. */
  protected abstract unitOf(occurrence: Occurrence, reader: number): number
  protected abstract concerns(unit: number, subject: number): boolean

  /** Adds the records that took effect. */
  judged(subject: number, keys: Keys): void {
    for (const reader of this.consumption.applications.judgedReaders(subject)) {
      for (const unit of this.of(reader).units) if (this.concerns(unit, subject)) keys.add(keyOf(reader, unit))
    }
  }

  rule(subject: number, end: RunEnd): Ruling {
    const { applications } = this.consumption
    const found = applications.judgedReaders(subject).map((reader) => this.of(reader))
    const isProducer = applications.isProducer(subject)
    const doubled = found
      .flatMap((of) => of.doubled)
      .filter((suspect) => !isProducer || this.concerns(this.unitOf(suspect.first, suspect.reader), subject))
    const judged = found.flatMap((of) => of.units).filter((unit) => this.concerns(unit, subject)).length
    return {
      judged,
      violations: earliest(doubled, MOST_KEPT).map((suspect) => this.tell(suspect)),
      count: doubled.length,
      // What was begun may still be done again.
      undecided: cutShort(end),
      excused: false,
    }
  }

  private of(reader: number): Found {
    return (this.found[reader] ??= this.read(reader))
  }

  private read(reader: number): Found {
    const { consumption } = this
    const view = this.view.read()
    const pairs = new Pairs()
    const firsts = new Firsts<Occurrence>()
    const told = new Set<number>()
    const units = new Set<number>()
    const doubled: Doubled[] = []
    occurrencesOf(consumption, view, reader, (second) => {
      const number = this.classOf(second, reader, pairs)
      units.add(this.unitOf(second, reader))
      const first = firsts.claim(number, second)
      if (first === null || told.has(number)) return
      told.add(number)
      doubled.push(this.suspect(reader, first, second))
    })
    return { doubled, units: [...units] }
  }

  private suspect(reader: number, a: Occurrence, b: Occurrence): Doubled {
    const [first, second] = a.atUs <= b.atUs ? [a, b] : [b, a]
    const { records } = this.consumption.shadow
    const kind = this.origins.ofDouble(first, second)
    return { reader, kind, first, second, atUs: second.atUs, order: records.ids.at(first.record) }
  }

  private tell({ reader, kind, first, second }: Doubled): Violation {
    const { consumption } = this
    const nameOf = (record: number): string =>
      consumption.shadow.names.record(consumption.shadow.records.ids.at(record))
    const fork = this.origins.forkOf(first, second, reader)
    const message =
      `${nameOf(fork.record)} took effect twice: ${tellDeed(consumption, reader)} ${tellOccurrence(consumption, reader, first, fork.record)}, ` +
      `and again ${tellOccurrence(consumption, reader, second, fork.record)}; ${this.tellCause(kind, fork)}`
    const records = [...new Set([fork.record, first.record, second.record])].map(nameOf)
    return { kind, atUs: second.atUs, message, records }
  }

  private tellCause(kind: Anomaly, fork: Fork): string {
    const { consumption } = this
    const nameOf = (record: number): string =>
      consumption.shadow.names.record(consumption.shadow.records.ids.at(record))
    if (kind === 'duplicate-record') {
      const places = fork.places.map((place) => tellPlace(consumption, place.partition, place.offset))
      return `the log holds ${nameOf(fork.record)} twice, at ${places.join(' and ')}`
    }
    const { partition, offset } = fork.places[0]
    if (partition < 0) return `the work on ${nameOf(fork.record)} was done twice`
    const again = this.secondDelivery(fork.reader, fork.record, partition, offset)
    if (again < 0) return `it was read once, at ${tellPlace(consumption, partition, offset)}`
    const at = consumption.deliveries.at.at(again)
    const node = consumption.shadow.names.node(consumption.deliveries.node.at(again))
    const read = `when ${node} read ${tellPlace(consumption, partition, offset)} again at ${seconds(at)}`
    if (consumption.applications.reader(fork.reader).isShared)
      return `${read}, ${tellReturned(consumption, fork.reader, partition, offset, at)}`
    const commit = consumption.commits.newestBefore(fork.reader, partition, at)
    return `${read}, ${tellCommit(consumption, fork.reader, partition, commit)}`
  }

  /** The first delivery of a place that was not the first, -1 when there was only one. */
  private secondDelivery(reader: number, record: number, partition: number, offset: number): number {
    const { deliveries } = this.consumption
    let second = -1
    let first = -1
    let delivery = deliveries.newestAt(reader, partition, offset)
    for (; delivery >= 0; delivery = deliveries.before.at(delivery) - 1) {
      if (deliveries.record.at(delivery) !== record) continue
      second = first
      first = delivery
    }
    return second
  }
}

/** `consume/at-most-once`: nothing that lies in the log takes effect twice. Two copies in the log are two things to do. */
export class ConsumeAtMostOnce extends EffectAtMostOnce {
  protected classOf(occurrence: Occurrence, reader: number, pairs: Pairs): number {
    const { lineage, applications } = this.consumption
    const { record, partition, offset } = occurrence
    if (applications.reader(reader).kind !== 'processor')
      return pairs.of(pairs.of(record, -2), place(partition, offset))
    const input = lineage.inputOfRecord(record)
    const read = place(lineage.inputPartitionOf(record), lineage.inputOffsetOf(record))
    return pairs.of(pairs.of(input, -3 - lineage.indexOf(record)), read)
  }

  protected unitOf(occurrence: Occurrence, reader: number): number {
    return this.origins.subjectOf(occurrence, reader)
  }

  protected concerns(): boolean {
    return true
  }
}

/** `end-to-end/at-most-once`: nothing that a producer wanted published once takes effect twice where its pipeline ends. */
export class EndToEndAtMostOnce extends EffectAtMostOnce {
  protected classOf(occurrence: Occurrence): number {
    return this.consumption.lineage.itemOf(occurrence.record)
  }

  protected unitOf(occurrence: Occurrence): number {
    return this.consumption.lineage.rootOf.at(this.consumption.lineage.itemOf(occurrence.record))
  }

  protected concerns(root: number, subject: number): boolean {
    const { applications, shadow } = this.consumption
    if (!applications.isProducer(subject)) return true
    return shadow.names.applicationOf[shadow.records.nodeOf(root)] === subject
  }
}

function place(partition: number, offset: number): number {
  return (partition + 1) * 0x8000_0000 + offset + 1
}
