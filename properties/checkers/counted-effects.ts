import type { Anomaly } from '../../scenarios/format/vocabulary.ts'
import type { Consumption } from '../shadow/consumption.ts'
import type { Violation } from '../verdict.ts'
import { type Checker, earliest, type Ruling, type RunEnd, type Suspect } from './checker.ts'
import type { CommittedView } from './committed-view.ts'
import { type Contribution, Contributions, type CountedKey } from './contributions.ts'
import { MOST_KEPT } from './findings.ts'
import { tellPlace } from './missing.ts'

interface Miscounted extends Suspect {
  readonly kind: Anomaly
  readonly record: number
  readonly message: () => string
}

/**
 * Effects through stateful steps: a count is the effect of every input that it is made of. The newest count of each key that the
 * committed changelog holds is followed back: an input that is in it twice took effect twice, and one that is not in it, though
 * its own count is committed and its group is past it, had no effect. (What was put out twice, or never, is seen without.)
 */
export class CountedEffects implements Checker {
  readonly kinds: readonly number[] = []
  private readonly consumption: Consumption
  private readonly view: CommittedView
  private readonly kind: 'duplicate-effect' | 'lost-effect'
  private readonly isConsume: boolean
  private readonly counted: (Contributions | undefined)[] = []

  constructor(
    consumption: Consumption,
    view: CommittedView,
    kind: 'duplicate-effect' | 'lost-effect',
    isConsume: boolean,
  ) {
    this.consumption = consumption
    this.view = view
    this.kind = kind
    this.isConsume = isConsume
  }

  onMoment(): void {}

  rule(subject: number, end: RunEnd): Ruling {
    const found = this.readersOf(subject).flatMap((reader) => this.of(reader, subject, end))
    return {
      judged: 0,
      violations: earliest(found, MOST_KEPT).map(({ kind, atUs, record, message }): Violation => {
        return { kind, atUs, message: message(), records: [this.nameOf(record)] }
      }),
      count: found.length,
      undecided: null,
      excused: false,
    }
  }

  /** Those that count: of the subject, or on the way to where its pipelines end. */
  private readersOf(subject: number): readonly number[] {
    const { applications } = this.consumption
    const judged = applications.judgedReaders(subject)
    return [...applications.readers.keys()].filter((reader) => {
      if (applications.reader(reader).changelog < 0) return false
      return judged.includes(reader) || (!this.isConsume && judged.some((to) => applications.leadsTo(reader, to)))
    })
  }

  private of(reader: number, subject: number, end: RunEnd): readonly Miscounted[] {
    const counted = (this.counted[reader] ??= new Contributions(this.consumption, this.view, reader))
    return counted.keys
      .flatMap((key) => {
        if (this.kind === 'duplicate-effect') return this.doubles(counted, key)
        return this.misses(counted, key, reader, end)
      })
      .filter(({ record }) => this.concerns(record, subject))
  }

  private doubles(counted: Contributions, { newest }: CountedKey): readonly Miscounted[] {
    const seen = new Map<number, Contribution>()
    const doubles: Miscounted[] = []
    counted.visit(newest, (contribution) => {
      const number = counted.numberOf(contribution)
      const later = seen.get(number)
      seen.set(number, contribution)
      if (later === undefined || contribution.partition < 0 || counted.loggedOf(contribution) > 1) return
      doubles.push(this.double(contribution, later, newest))
    })
    return doubles
  }

  private double(first: Contribution, second: Contribution, newest: number): Miscounted {
    const { lineage, shadow, states } = this.consumption
    const input = lineage.inputOfRecord(first.record)
    const message = (): string => {
      const by = (record: number): string =>
        `${this.nameOf(record)}, made by ${shadow.names.node(shadow.records.nodeOf(record))}`
      const where = tellPlace(this.consumption, first.partition, first.offset)
      return `${this.nameOf(input)} (${where}) took effect twice: the count of ${states.counts.at(newest)} in ${this.nameOf(newest)} is made of ${by(first.record)}, and of ${by(second.record)}, which both count it`
    }
    const atUs = lineage.derivedAt(second.record)
    return { kind: 'duplicate-effect', atUs, order: shadow.records.ids.at(input), record: input, message }
  }

  private misses(counted: Contributions, key: CountedKey, reader: number, end: RunEnd): readonly Miscounted[] {
    const { coordinators } = this.consumption
    const parts = new Set<number>()
    counted.visit(key.newest, (contribution) => void parts.add(counted.numberOf(contribution)))
    const settled = end.ended === 'settled' && this.consumption.runs(reader)
    return key.inputs
      .filter((input) => !parts.has(counted.numberOf(input)) && counted.loggedOf(input) > 0 && counted.isThere(input))
      .filter(({ partition, offset }) => settled || coordinators.passing(reader, partition, offset) >= 0)
      .map((input) => this.miss(input, key.newest, end))
  }

  private miss({ record, partition, offset }: Contribution, newest: number, end: RunEnd): Miscounted {
    const { lineage, shadow, states } = this.consumption
    const input = lineage.inputOfRecord(record)
    const where = tellPlace(this.consumption, partition, offset)
    const message = (): string =>
      `${this.nameOf(input)} (${where}) was counted in ${this.nameOf(record)}, but the newest count of its key, ${states.counts.at(newest)} in ${this.nameOf(newest)}, is not made of it`
    return { kind: 'lost-effect', atUs: end.virtualUs, order: shadow.records.ids.at(input), record: input, message }
  }

  private concerns(input: number, subject: number): boolean {
    const { applications, lineage, shadow } = this.consumption
    if (!applications.isProducer(subject)) return true
    const root = lineage.rootOf.at(lineage.itemOf(input))
    return shadow.names.applicationOf[shadow.records.nodeOf(root)] === subject
  }

  private nameOf(record: number): string {
    const { names, records } = this.consumption.shadow
    return names.record(records.ids.at(record))
  }
}
