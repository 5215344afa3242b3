import type { Consumption } from '../shadow/consumption.ts'
import type { Violation } from '../verdict.ts'
import type { AtLeastOnce } from './at-least-once.ts'
import { type Checker, cutShort, earliest, type Ruling, type RunEnd, type Suspect } from './checker.ts'
import type { CommittedView } from './committed-view.ts'
import { Fates, type Fate } from './fates.ts'
import { MOST_KEPT } from './findings.ts'
import { tellAck } from './loss.ts'
import { type Keys, keyOf } from './keys.ts'
import { Superseded } from './superseded.ts'

type LostFate = Extract<Fate, { readonly state: 'lost' }>

interface Lost extends Suspect {
  readonly fate: LostFate
  /** The root record, where the way was followed from there. */
  readonly root: number
}

/** What a subject says about some records and readers: what was judged, lost and left open. */
class Tally {
  judged = 0
  undecided = 0
  why = ''
  readonly lost: Lost[] = []

  add(fate: Fate, root: number, order: number): void {
    this.judged++
    if (fate.state === 'lost') this.lost.push({ fate, root, atUs: fate.atUs, order })
    if (fate.state !== 'undecided') return
    this.undecided++
    this.why = fate.why
  }
}

function tellUndecided({ undecided, why }: Tally, end: RunEnd): string {
  const first = undecided === 1 ? '1 record' : `${undecided} records had no effect, and one`
  return `${cutShort(end) ?? 'the run settled'}: ${first} ${why}`
}

abstract class EffectAtLeastOnce implements Checker {
  readonly kinds: readonly number[]
  protected readonly consumption: Consumption
  private readonly view: CommittedView
  private readonly least: AtLeastOnce
  private readonly superseded: Superseded
  private fates: Fates | null = null

  constructor(consumption: Consumption, view: CommittedView, least: AtLeastOnce) {
    this.consumption = consumption
    this.view = view
    this.least = least
    this.superseded = new Superseded(consumption, view)
    this.kinds = this.superseded.kinds
  }

  onMoment(_kind: number, _time: number, node: number, id: number, _b: number, _c: number, key: number): void {
    this.superseded.onSent(node, id, key)
  }

  protected fatesAt(end: RunEnd): Fates {
    return (this.fates ??= new Fates(this.consumption, this.view, this.least, this.superseded, end))
  }

  protected abstract each(subject: number, end: RunEnd, visit: (reader: number, record: number) => void): void
  protected abstract fateOf(reader: number, record: number, end: RunEnd): Fate
  protected abstract rootOf(record: number): number
  /** Adds the records that are judged. */
  judged(subject: number, end: RunEnd, keys: Keys): void {
    this.each(subject, end, (reader, record) => keys.add(keyOf(reader, record)))
  }

  rule(subject: number, end: RunEnd): Ruling {
    const { ids } = this.consumption.shadow.records
    const tally = new Tally()
    this.each(subject, end, (reader, record) => {
      tally.add(this.fateOf(reader, record, end), this.rootOf(record), ids.at(record))
    })
    return {
      judged: tally.judged,
      violations: earliest(tally.lost, MOST_KEPT).map((lost) => this.tell(lost)),
      count: tally.lost.length,
      undecided: tally.undecided === 0 ? null : tellUndecided(tally, end),
      excused: false,
    }
  }

  private tell({ fate, root }: Lost): Violation {
    const { shadow } = this.consumption
    const nameOf = (record: number): string => shadow.names.record(shadow.records.ids.at(record))
    const isDerived = root >= 0 && root !== fate.record
    const from = isDerived ? `${nameOf(root)} ${tellAck(shadow, root)}; of it came ${nameOf(fate.record)}; ` : ''
    return {
      kind: fate.kind,
      atUs: fate.atUs,
      message: `${from}${fate.message()}`,
      records: isDerived ? [nameOf(root), nameOf(fate.record)] : [nameOf(fate.record)],
    }
  }
}

/** `consume/at-least-once`: everything that is in the committed logs took effect at those who read it. */
export class ConsumeAtLeastOnce extends EffectAtLeastOnce {
  protected each(subject: number, end: RunEnd, visit: (reader: number, record: number) => void): void {
    const { applications } = this.consumption
    const fates = this.fatesAt(end)
    const { view } = fates
    const readers = applications.judgedReaders(subject)
    for (let place = 0; place < view.places; place++) {
      const record = view.record.at(place)
      // Once for each record, at its first place.
      if (view.firstOf(record) !== place) continue
      for (const reader of readers) if (fates.isReadBy(record, reader)) visit(reader, record)
    }
  }

  protected fateOf(reader: number, record: number, end: RunEnd): Fate {
    return this.fatesAt(end).consumed(reader, record)
  }

  protected rootOf(): number {
    return -1
  }
}

/** `end-to-end/at-least-once`: every acknowledged record of a producer takes effect wherever its pipeline ends. */
export class EndToEndAtLeastOnce extends EffectAtLeastOnce {
  protected each(subject: number, _end: RunEnd, visit: (reader: number, record: number) => void): void {
    const { applications, shadow, lineage } = this.consumption
    const { records, names } = shadow
    const readers = applications.judgedReaders(subject)
    const producer = applications.isProducer(subject) ? subject : -1
    for (let record = 0; record < records.length; record++) {
      if (records.acked.at(record) === 0 || !lineage.isRoot(record)) continue
      const application = names.applicationOf[records.nodeOf(record)] ?? -1
      if (!applications.isProducer(application) || (producer >= 0 && application !== producer)) continue
      const partition = records.ackPartition.at(record)
      for (const reader of readers) if (applications.mayReach(partition, reader)) visit(reader, record)
    }
  }

  protected fateOf(reader: number, record: number, end: RunEnd): Fate {
    return this.fatesAt(end).reach(record, reader)
  }

  protected rootOf(record: number): number {
    return record
  }
}
