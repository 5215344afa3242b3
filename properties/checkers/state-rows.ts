import type { Consumption } from '../shadow/consumption.ts'
import { seconds } from '../words.ts'
import type { CommittedView } from './committed-view.ts'
import { Pairs } from './pairs.ts'
import { type Comparison, type Divergence, tellRecord, visitInput, visitState } from './state.ts'

/**
 * Rows and records in files: each place of the log once. A store that remembers records may leave out further places of a
 * record, and takes them when it has forgotten it.
 */
export function placesOnce(consumption: Consumption, view: CommittedView, reader: number): Comparison {
  const { applications, effects, shadow } = consumption
  const { store, deduplicates } = applications.reader(reader)
  const pairs = new Pairs()
  const firsts = new Map<number, number>()
  const records = new Set<number>()
  const divergences: Divergence[] = []
  visitState(consumption, reader, (effect, record, partition, offset) => {
    const number = pairs.of(partition, offset)
    const first = firsts.get(number)
    records.add(record)
    if (first === undefined) {
      firsts.set(number, effect)
      return
    }
    const [atUs, firstUs] = [effects.at.at(effect), effects.at.at(first)]
    const message = (): string =>
      `${store} holds ${tellRecord(consumption, record, partition, offset)} twice, since ${seconds(firstUs)} and ${seconds(atUs)}`
    divergences.push({
      kind: 'diverged-state',
      isLasting: true,
      atUs,
      order: shadow.records.ids.at(record),
      record,
      message,
    })
  })
  const input = new Set<number>()
  visitInput(consumption, view, reader, (_place, record, partition, offset) => {
    const number = pairs.of(partition, offset)
    input.add(number)
    if (firsts.has(number) || (deduplicates && records.has(record))) return
    const message = (): string => `${store} does not hold ${tellRecord(consumption, record, partition, offset)}`
    divergences.push({
      kind: 'diverged-state',
      isLasting: false,
      atUs: -1,
      order: shadow.records.ids.at(record),
      record,
      message,
    })
  })
  return { judged: input.size, divergences }
}
