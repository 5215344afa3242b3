import type { Consumption } from '../shadow/consumption.ts'
import type { LocalStore } from '../shadow/states.ts'
import type { CommittedView } from './committed-view.ts'
import { Contributions } from './contributions.ts'
import { type Comparison, type Divergence, type StateKeys, visitInput } from './state.ts'

/** A key of the input. */
interface Key {
  readonly partition: number
  readonly text: number
  /** Its newest record there. */
  record: number
  inputs: number
}

/**
 * Counts of a stateful step: the newest of each key in the committed changelog is the number of the inputs of that key, and so is
 * what the local store of its task shows, wherever it is open.
 */
export function countsInStores(
  consumption: Consumption,
  view: CommittedView,
  keys: StateKeys,
  reader: number,
): Comparison {
  const inputs = inputsByKey(consumption, view, keys, reader)
  const newest = new Map(
    new Contributions(consumption, view, reader).keys.map((key) => [nameOf(key.partition, key.key), key.newest]),
  )
  const stores = openStores(consumption, reader)
  const divergences = inputs.flatMap((key) => {
    const logged = newest.get(nameOf(key.partition, key.text)) ?? -1
    const ofLog = differs(consumption, key, logged, 'the changelog has')
    const ofStores = stores
      .filter((store) => isTaskOf(consumption, store, key))
      .flatMap((store) => {
        const who = consumption.shadow.names.node(store.node)
        return differs(consumption, key, store.entries.get(key.text) ?? -1, `the local store of ${who} shows`)
      })
    return [...ofLog, ...ofStores]
  })
  return { judged: inputs.length, divergences }
}

function nameOf(partition: number, text: number): string {
  return `${partition}/${text}`
}

function inputsByKey(consumption: Consumption, view: CommittedView, keys: StateKeys, reader: number): readonly Key[] {
  const found = new Map<string, Key>()
  visitInput(consumption, view, reader, (_place, record, partition, offset) => {
    const text = keys.of(record, partition, offset)
    const name = nameOf(partition, text)
    const key = found.get(name) ?? { partition, text, record, inputs: 0 }
    key.inputs++
    key.record = record
    found.set(name, key)
  })
  return [...found.values()]
}

function differs(
  { shadow, states, lineage }: Consumption,
  { record, inputs }: Key,
  counted: number,
  what: string,
): readonly Divergence[] {
  const count = counted < 0 ? 0 : states.counts.at(counted)
  if (count === inputs) return []
  const order = shadow.records.ids.at(record)
  const isOver = count > inputs
  const message = (): string =>
    `${what} a count of ${count} under the key of ${shadow.names.record(order)}, and the committed log has ${inputs} record${inputs === 1 ? '' : 's'} of it`
  const atUs = isOver ? lineage.derivedAt(counted) : -1
  return [{ kind: 'diverged-state', isLasting: isOver, atUs, order, record, message }]
}

/** Local stores of living tasks of a reader. */
function openStores({ states, applications, shadow }: Consumption, reader: number): readonly LocalStore[] {
  return states.all.filter(({ node, partition, isOpen }) => {
    const isOwn = applications.reader(reader).changelog === shadow.partitions.topicIds[partition]
    return isOpen && isOwn && applications.readerOfNode[node] === reader
  })
}

/** A task's changelog has the partition with the number of its input. */
function isTaskOf({ shadow }: Consumption, store: LocalStore, key: Key): boolean {
  const { tps } = shadow.partitions
  return ((tps[store.partition] ?? 0) & 0xffff) === ((tps[key.partition] ?? 0) & 0xffff)
}
