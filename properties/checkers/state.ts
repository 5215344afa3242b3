import type { Anomaly } from '../../scenarios/format/vocabulary.ts'
import type { Consumption } from '../shadow/consumption.ts'
import { Ints } from '../shadow/growable.ts'
import type { Suspect } from './checker.ts'
import type { CommittedView } from './committed-view.ts'
import { owes } from './owed.ts'
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
  /** By effect of a sink that asks its handler: the text of its key plus two. */
  private readonly ofEffects: Ints = new Ints()

  constructor(consumption: Consumption) {
    this.consumption = consumption
  }

  onSent(id: number, key: number): void {
    this.sent.put(this.consumption.shadow.records.numberOf(id), key + 2)
  }

  /** A store was given a record under a key. */
  onEffect(id: number, text: number): void {
    const { effect, effects, applications } = this.consumption
    const isAsked = effect >= 0 && applications.reader(effects.reader.at(effect)).asksItsHandler
    if (isAsked) this.ofEffects.put(effect, text + 2)
    else this.onApplied(id, text)
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

  /** The same for a place that a reader owes to its store, where its handler may have named another key. */
  ofInput(reader: number, record: number, partition: number, offset: number): number {
    const { applications, effects, lineage } = this.consumption
    if (!applications.reader(reader).asksItsHandler) return this.of(record, partition, offset)
    const effect = effects.newestAt(reader, record, partition, offset)
    if (effect >= 0) return this.ofEffect(effect)
    return this.named(lineage.toldKeys(lineage.itemOf(record), reader).at(-1) ?? -1, partition, offset)
  }

  /** The same for an effect. */
  ofEffect(effect: number): number {
    const { applications, effects } = this.consumption
    const [record, partition, offset] = [
      effects.record.at(effect),
      effects.partition.at(effect),
      effects.offset.at(effect),
    ]
    if (!applications.reader(effects.reader.at(effect)).asksItsHandler) return this.of(record, partition, offset)
    return this.named(this.textOf(effect), partition, offset)
  }

  /** The text of the key that the store was given with an effect of a sink with a handler; -1 = no key. */
  textOf(effect: number): number {
    return this.ofEffects.at(effect) - 2
  }

  private named(text: number, partition: number, offset: number): number {
    return text >= 0 ? text : -2 - 2 * this.unknown.of(partition, offset)
  }

  /** A number for producing node and key, -1 without a key. */
  private localOf(record: number): number {
    const { lineage, shadow } = this.consumption
    const root = lineage.rootOf.at(lineage.itemOf(record))
    const key = this.sent.at(root) - 2
    return key < 0 ? -1 : this.pairs.of(shadow.records.nodeOf(root), key)
  }
}

/**
 * The places of the committed log that a reader reads, by partition and offset. What a sink's handler left out counts only where it
 * had let it through before, and the store has it.
 */
export function visitInput(
  consumption: Consumption,
  view: CommittedView,
  reader: number,
  visit: (place: number, record: number, partition: number, offset: number) => void,
): void {
  const { applications, effects } = consumption
  const { reads } = applications.reader(reader)
  for (let place = 0; place < view.places; place++) {
    const partition = view.partition.at(place)
    if (reads[partition] !== true) continue
    const [record, offset] = [view.record.at(place), view.offset.at(place)]
    if (owes(consumption, reader, record) || effects.newestAt(reader, record, partition, offset) >= 0)
      visit(place, record, partition, offset)
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
