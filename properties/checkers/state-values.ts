import type { Consumption } from '../shadow/consumption.ts'
import { seconds } from '../words.ts'
import type { CommittedView } from './committed-view.ts'
import { type Comparison, type Divergence, type StateKeys, tellRecord, visitInput, visitState } from './state.ts'

interface Value {
  /** By partition: the newest place of the key in the committed log. */
  readonly newest: Map<number, number>
  /** The effect that the store shows, -1 = none. */
  shown: number
}

/**
 * Rows by key: each shows the newest record of its key, a tombstone as a row that is deleted. A key in several partitions has no
 * order: the newest of any will do. Nothing is shown of a key, rightly, whose tombstone compaction removed too.
 */
export function newestByKey(
  consumption: Consumption,
  view: CommittedView,
  keys: StateKeys,
  reader: number,
  tombstones: ReadonlySet<number>,
): Comparison {
  const { effects } = consumption
  const values = new Map<number, Value>()
  const valueOf = (key: number): Value => {
    const known = values.get(key)
    if (known !== undefined) return known
    const value = { newest: new Map<number, number>(), shown: -1 }
    values.set(key, value)
    return value
  }
  visitInput(consumption, view, reader, (place, record, partition, offset) => {
    valueOf(keys.ofInput(reader, record, partition, offset)).newest.set(partition, place)
  })
  visitState(consumption, reader, (effect) => {
    valueOf(keys.ofEffect(effect)).shown = effect
  })
  const divergences = [...values.values()].flatMap(({ newest, shown }): readonly Divergence[] => {
    const places = [...newest.values()]
    if (places.length === 0) return leftOver(consumption, view, reader, shown)
    const records = places.map((place) => view.record.at(place))
    if (shown >= 0 && records.includes(effects.record.at(shown))) return []
    if (shown < 0 && records.some((record) => tombstones.has(record))) return []
    return [divergenceOf(consumption, view, reader, places, shown)]
  })
  return { judged: values.size, divergences }
}

/** What stands under a key that is nobody's: of a sink whose handler named another the next time. What no committed log holds is a matter of ghosts. */
function leftOver(consumption: Consumption, view: CommittedView, reader: number, shown: number): readonly Divergence[] {
  const { applications, effects, shadow } = consumption
  const { store, asksItsHandler } = applications.reader(reader)
  const record = effects.record.at(shown)
  if (!asksItsHandler || !view.holds(record)) return []
  const [partition, offset] = [effects.partition.at(shown), effects.offset.at(shown)]
  const message = (): string =>
    `${store} shows ${tellRecord(consumption, record, partition, offset)} under two keys: the sink's handler named another each time`
  const [atUs, order] = [effects.at.at(shown), shadow.records.ids.at(record)]
  return [{ kind: 'diverged-state', isLasting: true, atUs, order, record, message }]
}

function divergenceOf(
  consumption: Consumption,
  view: CommittedView,
  reader: number,
  places: readonly number[],
  shown: number,
): Divergence {
  const { applications, effects, shadow } = consumption
  const { store, name } = applications.reader(reader)
  const own = shown < 0 ? -1 : effects.partition.at(shown)
  const place = places.find((one) => view.partition.at(one) === own) ?? places[0] ?? -1
  const [record, partition, offset] = [view.record.at(place), view.partition.at(place), view.offset.at(place)]
  const written = effects.newestAt(reader, record, partition, offset)
  const isStale = shown >= 0 && written >= 0 && effects.offset.at(shown) < offset && own === partition
  const newest = tellRecord(consumption, record, partition, offset)
  const message = (): string => {
    if (shown < 0) return `${store} shows nothing under the key of ${newest}`
    const old = tellRecord(consumption, effects.record.at(shown), own, effects.offset.at(shown))
    if (!isStale) return `${store} shows ${old} at the end, and never got ${newest} of the same key`
    const generation = effects.generation.at(shown)
    const by = generation < 0 ? '' : ` (generation ${generation})`
    return `${store} shows ${old} at the end: ${name} wrote it at ${seconds(effects.at.at(shown))}${by} over ${newest}, which has the same key and is newer`
  }
  const kind = isStale ? 'stale-overwrite' : 'diverged-state'
  const atUs = isStale ? effects.at.at(shown) : -1
  return { kind, isLasting: false, atUs, order: shadow.records.ids.at(record), record, message }
}
