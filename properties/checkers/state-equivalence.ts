import { M } from '../../sim/history/catalogue.ts'
import type { Consumption } from '../shadow/consumption.ts'
import type { Violation } from '../verdict.ts'
import { type Checker, cutShort, earliest, type Ruling, type RunEnd } from './checker.ts'
import type { CommittedView } from './committed-view.ts'
import { MOST_KEPT } from './findings.ts'
import { countsByKey } from './state-counters.ts'
import { countsInStores } from './state-counts.ts'
import { type Comparison, type Divergence, StateKeys } from './state.ts'
import { placesOnce } from './state-rows.ts'
import { unwanted } from './state-unwanted.ts'
import { newestByKey } from './state-values.ts'

/**
 * `state-equivalence`: what a store shows at the end is what the committed log makes of it when every record is applied once
 * and in order: each row and each record in a file once, each counter the number of its records, each key its newest record, or nothing
 * where that is a tombstone.
 * Of a sink with a handler the record is applied that the handler let through, under the key that it named.
 * Counts of Kafka Streams are the numbers of the records of their keys, in changelogs and in local stores. An endpoint shows nothing.
 */
export class StateEquivalence implements Checker {
  readonly kinds: readonly number[] = [M.recordSent, M.effectApplied, M.stateUpdated, M.recordTombstone]
  private readonly consumption: Consumption
  private readonly view: CommittedView
  private readonly keys: StateKeys
  private readonly tombstones: Set<number> = new Set()
  private readonly found: (Comparison | undefined)[] = []

  constructor(consumption: Consumption, view: CommittedView) {
    this.consumption = consumption
    this.view = view
    this.keys = new StateKeys(consumption)
  }

  onMoment(
    kind: number,
    _time: number,
    _node: number,
    id: number,
    b: number,
    _c: number,
    d: number,
    _e: number,
    f: number,
  ): void {
    if (kind === M.recordSent) this.keys.onSent(id, d)
    else if (kind === M.recordTombstone) this.tombstones.add(this.consumption.shadow.records.numberOf(id))
    else if (kind === M.stateUpdated) this.keys.onApplied(b, f)
    else this.keys.onEffect(id, f)
  }

  rule(subject: number, end: RunEnd): Ruling {
    const readers = this.consumption.applications.readersOf(subject)
    const compared = readers.map((reader) => this.compared(reader))
    const complete = readers.map((reader) => this.isComplete(reader, end))
    // What is only missing may still come, unless everything has come to rest.
    const counted = compared
      .flatMap(({ divergences }, at) => divergences.filter((one) => one.isLasting || complete[at] === true))
      .map((one) => (one.atUs < 0 ? { ...one, atUs: end.virtualUs } : one))
    const open = compared.some(({ divergences }, at) => divergences.length > 0 && complete[at] !== true)
    return {
      judged: compared.reduce((sum, { judged }) => sum + judged, 0),
      violations: earliest(counted, MOST_KEPT).map((one) => this.tell(one)),
      count: counted.length,
      undecided: cutShort(end) ?? (open ? 'the run settled: not everything was read' : null),
      excused: false,
    }
  }

  private isComplete(reader: number, end: RunEnd): boolean {
    return end.ended === 'settled' && this.consumption.runs(reader)
  }

  private compared(reader: number): Comparison {
    const known = this.found[reader]
    if (known !== undefined) return known
    const { judged, divergences } = this.compare(reader)
    const found = { judged, divergences: [...divergences, ...unwanted(this.consumption, this.keys, reader)] }
    this.found[reader] = found
    return found
  }

  private compare(reader: number): Comparison {
    const { consumption, keys } = this
    const view = this.view.read()
    const { write, changelog } = consumption.applications.reader(reader)
    if (changelog >= 0) return countsInStores(consumption, view, keys, reader)
    switch (write) {
      case 'upsert':
        return newestByKey(consumption, view, keys, reader, this.tombstones)
      case 'increment':
        return countsByKey(consumption, view, keys, reader)
      case 'insert':
      case 'file':
        return placesOnce(consumption, view, reader)
      case 'call':
      case null:
        return { judged: 0, divergences: [] }
    }
  }

  private tell({ kind, atUs, record, message }: Divergence): Violation {
    const { names, records } = this.consumption.shadow
    const name = names.record(records.ids.at(record))
    return { kind, atUs, message: message(), records: [name] }
  }
}
