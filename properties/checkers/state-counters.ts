import type { Consumption } from '../shadow/consumption.ts'
import type { CommittedView } from './committed-view.ts'
import { owes } from './owed.ts'
import { type Comparison, type Divergence, type StateKeys, visitInput, visitState } from './state.ts'

interface Counter {
  /** The newest record that counted, or should have. */
  record: number
  /** Its places in the log. */
  input: number
  /** The least that it may stand at: its records, where the store remembers those. */
  least: number
  counted: number
  lastUs: number
}

/** Counters: each the number of the records of its key. */
export function countsByKey(
  consumption: Consumption,
  view: CommittedView,
  keys: StateKeys,
  reader: number,
): Comparison {
  const { applications, effects, shadow } = consumption
  const { store, deduplicates } = applications.reader(reader)
  const counters = new Map<number, Counter>()
  const counterOf = (record: number, keyOrNone: number): Counter => {
    // Records without a key share one counter.
    const key = Math.max(-1, keyOrNone)
    const known = counters.get(key)
    if (known !== undefined) return known
    const counter = { record, input: 0, least: 0, counted: 0, lastUs: -1 }
    counters.set(key, counter)
    return counter
  }
  const seen = new Set<number>()
  visitInput(consumption, view, reader, (_place, record, partition, offset) => {
    const counter = counterOf(record, keys.ofInput(reader, record, partition, offset))
    counter.input++
    if (owes(consumption, reader, record) && (!deduplicates || !seen.has(record))) counter.least++
    seen.add(record)
  })
  visitState(consumption, reader, (effect, record) => {
    const counter = counterOf(record, keys.ofEffect(effect))
    counter.counted++
    if (counter.counted > counter.input) Object.assign(counter, { record, lastUs: effects.at.at(effect) })
  })
  const divergences = [...counters.values()].flatMap(({ record, input, least, counted, lastUs }): Divergence[] => {
    if (least <= counted && counted <= input) return []
    const name = shadow.names.record(shadow.records.ids.at(record))
    const message = (): string =>
      `the counter of ${store} under the key of ${name} stands at ${counted}, and the committed log has ${input} records of it`
    const order = shadow.records.ids.at(record)
    return [{ kind: 'diverged-state', isLasting: counted > input, atUs: lastUs, order, record, message }]
  })
  return { judged: counters.size, divergences }
}
