import type { Anomaly } from '../../scenarios/format/vocabulary.ts'
import type { Consumption } from '../shadow/consumption.ts'
import { Ints } from '../shadow/growable.ts'
import type { Suspect } from './checker.ts'
import type { CommittedView } from './committed-view.ts'
import { Pairs } from './pairs.ts'

/** One difference between a store and its input. */
export interface Divergence extends Suspect {
  readonly kind: Anomaly
  /** It stays, whatever comes; else it is there only at the end. `atUs` is -1 for the end. */
  readonly isLasting: boolean
  readonly record: number
  readonly message: () => string
}

/** What came of comparing a store with its input. */
export interface Comparison {
  readonly judged: number
  readonly divergences: readonly Divergence[]
}

/**
 * Under which key a record stands in a store, by a number: that of the text that the store was given. Of a record that no store
 * was given, what is known of others of the same producer and key.
 */
export class StateKeys {
  private readonly consumption: Consumption
  /** By record: the text of its key plus two, so that none (-1) is 1. */
  private readonly texts: Ints = new Ints()
  /** By root record: the producer's number of its key plus two. */
  private readonly sent: Ints = new Ints()
  private readonly pairs: Pairs = new Pairs()
  private readonly ofProducer: Ints = new Ints()
  private readonly unknown: Pairs = new Pairs()

  constructor(consumption: Consumption) {
    this.consumption = consumption
  }

  onSent(id: number, key: number): void {
    this.sent.put(this.consumption.shadow.records.numberOf(id), key + 2)
  }

  onApplied(id: number, text: number): void {
    const record = this.consumption.shadow.records.numberOf(id)
    this.texts.put(record, text + 2)
    const local = this.localOf(record)
    if (local >= 0) this.ofProducer.put(local, text + 2)
  }

  /** 0 or more for a key; below that a number of its own: of a place without a key, or of a key that no store was given. */
  of(record: number, partition: number, offset: number): number {
    const known = this.texts.at(record)
    if (known > 1) return known - 2
    const local = known === 1 ? -1 : this.localOf(record)
    if (local < 0) return -2 - 2 * this.unknown.of(partition, offset)
    const text = this.ofProducer.at(local)
    return text > 1 ? text - 2 : -1 - 2 * (local + 1)
  }

  /** A number for producing node and key, -1 without a key. */
  private localOf(record: number): number {
    const { lineage, shadow } = this.consumption
    const root = lineage.rootOf.at(lineage.itemOf(record))
    const key = this.sent.at(root) - 2
    return key < 0 ? -1 : this.pairs.of(shadow.records.nodeOf(root), key)
  }
}

/** The places of the committed log that a reader reads, by partition and offset. */
export function visitInput(
  consumption: Consumption,
  view: CommittedView,
  reader: number,
  visit: (place: number, record: number, partition: number, offset: number) => void,
): void {
  const { reads } = consumption.applications.reader(reader)
  for (let place = 0; place < view.places; place++) {
    const partition = view.partition.at(place)
    if (reads[partition] === true) visit(place, view.record.at(place), partition, view.offset.at(place))
  }
}

/** The effects of a reader in the order in which they happened. */
export function visitState(
  { effects }: Consumption,
  reader: number,
  visit: (effect: number, record: number, partition: number, offset: number) => void,
): void {
  for (let effect = 0; effect < effects.length; effect++) {
    if (effects.reader.at(effect) !== reader) continue
    visit(effect, effects.record.at(effect), effects.partition.at(effect), effects.offset.at(effect))
  }
}

/** `checkout#0/5 (offset 3 of orders-0)` */
export function tellRecord({ shadow }: Consumption, record: number, partition: number, offset: number): string {
  const name = shadow.names.record(shadow.records.ids.at(record))
  return `${name} (offset ${offset} of ${shadow.partitions.names[partition] ?? 'an unknown partition'})`
}
