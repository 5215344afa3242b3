import { M } from '../../sim/history/catalogue.ts'
import { recordNode, recordOf } from '../../sim/history/ids.ts'
import { nodesOf } from '../../sim/layout.ts'
import type { WorldSpec } from '../../sim/spec.ts'
import type { Shadow } from '../shadow/shadow.ts'
import { seconds } from '../words.ts'
import { type Checker, cutShort, earliest, type Ruling, type RunEnd, type Suspect } from './checker.ts'
import type { CommittedView } from './committed-view.ts'
import { MOST_KEPT } from './findings.ts'

/** A record that is in one of its two places and not in the other, or twice in the database. */
interface Half extends Suspect {
  readonly record: number
  readonly message: string
}

/** Where a producer also writes its records. */
interface Writer {
  /** Number of its application. */
  readonly application: number
  readonly store: string
  /** Nodes of the sources that publish the store's rows. */
  readonly sources: readonly number[]
}

/** A row of a table: what producer wrote it, and as which number. */
interface Row {
  readonly record: number
  readonly row: number
  readonly writer: Writer
  readonly atUs: number
}

/**
 * `state-equivalence` of producers that also write their records into a database: every row has its event in the committed log,
 * published by the producer itself or by a source that reads the table, and every event of the producer has its one row.
 */
export class DualWrites implements Checker {
  readonly kinds: readonly number[] = [M.rowWritten]
  private readonly shadow: Shadow
  private readonly view: CommittedView
  /** By node. */
  private readonly writers: ReadonlyMap<number, Writer>
  private readonly rows: Row[] = []

  constructor(spec: WorldSpec, shadow: Shadow, view: CommittedView) {
    this.shadow = shadow
    this.view = view
    this.writers = writersOf(spec)
  }

  onMoment(_kind: number, time: number, _node: number, record: number, row: number, by: number): void {
    const writer = this.writers.get(by)
    if (writer !== undefined) this.rows.push({ record, row, writer, atUs: time })
  }

  rule(subject: number, end: RunEnd): Ruling {
    const rows = this.rows.filter(({ writer }) => subject < 0 || writer.application === subject)
    const events = this.events(subject)
    const written = new Set(rows.map(({ record }) => record))
    const halves = [
      ...this.writtenTwice(rows),
      ...rows.filter((row) => !isPublished(row, events)).map((row) => this.withoutEvent(row)),
      ...[...events]
        .filter(([event]) => this.isOf(event, subject) && !written.has(event))
        .map(([event, place]) => this.withoutRow(event, place)),
    ]
    const undecided = cutShort(end)
    const found = undecided === null ? halves : []
    return {
      judged: new Set([...written, ...[...events.keys()].filter((event) => this.isOf(event, subject))]).size,
      violations: earliest(found, MOST_KEPT).map(({ atUs, record, message }) => ({
        kind: 'diverged-state',
        atUs,
        message,
        records: [this.shadow.names.record(record)],
      })),
      count: found.length,
      undecided,
      excused: false,
    }
  }

  private isOf(event: number, subject: number): boolean {
    const writer = this.writers.get(recordNode(event))
    return writer !== undefined && (subject < 0 || writer.application === subject)
  }

  /** Ids of the records in the committed log, and the first place of each; nothing when nobody is asked about. */
  private events(subject: number): ReadonlyMap<number, number> {
    const events = new Map<number, number>()
    if (![...this.writers.values()].some(({ application }) => subject < 0 || application === subject)) return events
    const view = this.view.read()
    for (let place = 0; place < view.places; place++) {
      const id = this.shadow.records.ids.at(view.record.at(place))
      if (!events.has(id)) events.set(id, place)
    }
    return events
  }

  private writtenTwice(rows: readonly Row[]): readonly Half[] {
    const first = new Map<number, number>()
    return rows.flatMap(({ record, row, writer, atUs }) => {
      const known = first.get(record)
      first.set(record, known ?? row)
      if (known === undefined) return []
      const message = `${writer.store} has ${this.shadow.names.record(record)} twice: as row ${known} and row ${row}`
      return [{ atUs, order: record, record, message }]
    })
  }

  private withoutEvent({ record, row, writer, atUs }: Row): Half {
    const name = this.shadow.names.record(record)
    const message = `${writer.store} has ${name} as row ${row} since ${seconds(atUs)}, and no committed log has its event`
    return { atUs, order: record, record, message }
  }

  private withoutRow(record: number, place: number): Half {
    const { names, logs, partitions } = this.shadow
    const { view } = this
    const atUs = logs.entries.at.at(view.entry.at(place))
    const where = `offset ${view.offset.at(place)} of ${partitions.names[view.partition.at(place)]}`
    const { store } = this.writers.get(recordNode(record)) as Writer
    const message = `${names.record(record)} was published at ${seconds(atUs)} at ${where}, and ${store} has no row of it`
    return { atUs, order: record, record, message }
  }
}

function isPublished({ record, row, writer }: Row, events: ReadonlyMap<number, number>): boolean {
  return events.has(record) || writer.sources.some((source) => events.has(recordOf(source, row)))
}

function writersOf(spec: WorldSpec): ReadonlyMap<number, Writer> {
  const writers = new Map<number, Writer>()
  const layout = nodesOf(spec)
  layout.forEach(({ application }, node) => {
    const number = spec.producers.findIndex(({ name }) => name === application)
    const store = spec.producers[number]?.writes?.into
    if (store === undefined) return
    const reads = (name: string | null): boolean =>
      spec.producers.some((producer) => producer.name === name && producer.source?.from === store)
    const sources = layout.flatMap((other, at) => (reads(other.application) ? [at] : []))
    writers.set(node, { application: number, store, sources })
  })
  return writers
}
