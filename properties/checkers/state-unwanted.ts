import type { Consumption } from '../shadow/consumption.ts'
import { type Divergence, type StateKeys, tellRecord, visitState } from './state.ts'

/** What a store was given that the sink's handler never wanted: of a record that it left out, or under another key. */
export function unwanted(consumption: Consumption, keys: StateKeys, reader: number): readonly Divergence[] {
  const { applications, effects, lineage, shadow } = consumption
  const { store, asksItsHandler } = applications.reader(reader)
  if (!asksItsHandler) return []
  const found: Divergence[] = []
  visitState(consumption, reader, (effect, record, partition, offset) => {
    const item = lineage.itemOf(record)
    const told = lineage.toldKeys(item, reader)
    // Another application of the group may have no handler.
    if (told.includes(keys.textOf(effect)) || lineage.toldOutputs(item, reader) < 0) return
    const message = (): string => {
      const given = `${store} was given ${tellRecord(consumption, record, partition, offset)}`
      return told.length === 0
        ? `${given}, which the sink's handler left out`
        : `${given} under another key than the sink's handler named`
    }
    const [atUs, order] = [effects.at.at(effect), shadow.records.ids.at(record)]
    found.push({ kind: 'diverged-state', isLasting: true, atUs, order, record, message })
  })
  return found
}
