import type { Consumption } from '../shadow/consumption.ts'
import { Ints } from '../shadow/growable.ts'
import { seconds } from '../words.ts'
import type { CommittedView } from './committed-view.ts'
import { counts } from './fates.ts'
import { tellPlace } from './missing.ts'

/** One effect of one record: of a consumer or sink what it did, of a processor an output in the committed log. */
export interface Occurrence {
  /** What took effect: the record that was read; of a processor its output. */
  readonly record: number
  /** Where the record was read; of an output where it lies. -1 unknown. */
  readonly partition: number
  readonly offset: number
  readonly atUs: number
  /** Number of the effect, or of the output's place in the committed view. */
  readonly number: number
}

/** The effects of a reader in the order in which they happened; those of a processor in the order of the logs. */
export function occurrencesOf(
  consumption: Consumption,
  view: CommittedView,
  reader: number,
  visit: (occurrence: Occurrence) => void,
): void {
  if (consumption.applications.reader(reader).kind === 'processor') visitOutputs(consumption, view, reader, visit)
  else visitEffects(consumption, reader, visit)
}

function visitEffects(consumption: Consumption, reader: number, visit: (occurrence: Occurrence) => void): void {
  const { effects } = consumption
  for (let effect = 0; effect < effects.length; effect++) {
    if (effects.reader.at(effect) !== reader || !counts(effects.what.at(effect))) continue
    visit({
      record: effects.record.at(effect),
      partition: effects.partition.at(effect),
      offset: effects.offset.at(effect),
      atUs: effects.at.at(effect),
      number: effect,
    })
  }
}

function visitOutputs(
  consumption: Consumption,
  view: CommittedView,
  reader: number,
  visit: (occurrence: Occurrence) => void,
): void {
  const { lineage, shadow } = consumption
  for (let place = 0; place < view.places; place++) {
    const record = view.record.at(place)
    if (lineage.isRoot(record) || lineage.readerOf(record) !== reader) continue
    const atUs = shadow.logs.entries.at.at(view.entry.at(place))
    visit({ record, partition: view.partition.at(place), offset: view.offset.at(place), atUs, number: place })
  }
}

/** Takes of things that come again what came first. */
export class Firsts<T> {
  private readonly places: Ints = new Ints()
  private readonly kept: T[] = []

  /** The first one under a number, or null when this is it. */
  claim(number: number, thing: T): T | null {
    const known = this.places.at(number)
    if (known > 0) return this.kept[known - 1] as T
    this.kept.push(thing)
    this.places.put(number, this.kept.length)
    return null
  }
}

/** What a reader does, before {@link tellOccurrence}. */
export function tellDeed(consumption: Consumption, reader: number): string {
  const { kind, name, store } = consumption.applications.reader(reader)
  if (kind === 'consumer') return 'processed'
  return kind === 'sink' ? `${name} wrote to ${store}` : `${name} published what comes of it`
}

/** Of what a record became: `by billing#1 at 3.400s (generation 2)`, `as service#0/3 at 3.400s`, `as service#0/3, made by service#0 at 3.400s, at offset 7 of payments-0` */
export function tellOccurrence(
  consumption: Consumption,
  reader: number,
  occurrence: Occurrence,
  origin: number,
): string {
  const { shadow, effects, applications, lineage } = consumption
  const { record, partition, offset, atUs, number } = occurrence
  const { kind } = applications.reader(reader)
  const name = shadow.names.record(shadow.records.ids.at(record))
  if (kind === 'processor') {
    const by = shadow.names.node(shadow.records.nodeOf(record))
    return `as ${name}, made by ${by} at ${seconds(lineage.derivedAt(record))}, at ${tellPlace(consumption, partition, offset)}`
  }
  const generation = effects.generation.at(number)
  const as = record === origin ? '' : `as ${name} `
  const when = `${as}at ${seconds(atUs)}${generation < 0 ? '' : ` (generation ${generation})`}`
  return kind === 'sink' ? when : `by ${shadow.names.node(effects.node.at(number))} ${when}`
}
