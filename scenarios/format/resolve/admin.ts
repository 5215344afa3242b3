import type { Action } from '../../../sim/faults/plan.ts'
import type { TopicSpec } from '../../../sim/spec.ts'
import type { FaultEntry } from '../../../sim/faults/plan.ts'
import type { Place } from '../place.ts'
import { didYouMean } from '../suggest.ts'
import type { Context } from './context.ts'
import { isStateful } from './stateful.ts'

const OPERATIONS = ['add-partitions'] as const
const LATER = ['elect-leader', 'move-leader', 'reassign', 'alter-config', 'create-topic', 'delete-topic'] as const
/** `tp`s number partitions in sixteen bits. */
const MOST_PARTITIONS = 10_000

/** `admin: { add-partitions: { orders: 6 } }`. Null when it is not understood, which is reported. */
export function resolveAdmin(place: Place, context: Context): Action | null {
  const [operation, second] = place.entries()
  if (place.tree?.kind !== 'map' || operation === undefined) {
    place.wrongType('`admin` must be a map with one operation', 'such as `{ add-partitions: { orders: 6 } }`')
    return null
  }
  if (second !== undefined) {
    second.keyError('TWICESHY_FAULT', '`admin` takes one operation at a time', 'write a fault of its own for it')
    return null
  }
  if (operation.name === 'add-partitions') return addPartitions(operation, context)
  if ((LATER as readonly string[]).includes(operation.name)) {
    operation.notSimulated(`the operation \`${operation.name}\``)
    return null
  }
  const help = didYouMean(operation.name, [...OPERATIONS, ...LATER])
  operation.keyErrorOrValue('TWICESHY_UNKNOWN_KEY', `there is no operation \`${operation.name}\` of \`admin\``, help)
  return null
}

function addPartitions(place: Place, context: Context): Action | null {
  if (place.tree?.kind !== 'map' || place.entries().length === 0) {
    place.wrongType('`add-partitions` must be a map from topics to partitions', 'such as `{ orders: 6 }`')
    return null
  }
  const topics = place.entries().flatMap((entry) => {
    const topic = context.topics.get(entry.name)
    const partitions = entry.integer('the number of partitions', 1, MOST_PARTITIONS, null)
    if (topic === undefined) {
      const help = didYouMean(entry.name, [...context.topics.keys()])
      entry.keyError('TWICESHY_UNKNOWN_TOPIC', `there is no topic \`${entry.name}\` to add partitions to`, help)
      return []
    }
    if (partitions === null) return []
    const counter = [...context.applications.values()].find(
      (each) => isStateful(each) && each.from.includes(entry.name),
    )
    if (counter !== undefined) {
      entry.notSimulated(`giving partitions to \`${entry.name}\`, of which \`${counter.name}\` counts the records,`)
      return []
    }
    if (partitions <= topic.partitions) {
      const has = topic.partitions === 1 ? '1 partition' : `${topic.partitions} partitions`
      const message = `\`${topic.name}\` has ${has} already: Kafka refuses ${partitions} with INVALID_PARTITIONS`
      const help = `write how many it is to have in all, at least ${topic.partitions + 1}; Kafka never takes partitions away`
      entry.error('TWICESHY_IMPOSSIBLE', message, help, topic.place.get('partitions'))
      return []
    }
    return [{ topic: topic.name, partitions }]
  })
  return topics.length === 0 ? null : { kind: 'add-partitions', topics }
}

/** The topics, each with as many partitions as the faults will ever give it. */
export function withMostPartitions(topics: readonly TopicSpec[], faults: readonly FaultEntry[]): readonly TopicSpec[] {
  const wanted = faults.flatMap(({ action }) => (action.kind === 'add-partitions' ? action.topics : []))
  if (wanted.length === 0) return topics
  return topics.map((topic) => {
    const counts = wanted.filter((each) => each.topic === topic.name).map(({ partitions }) => partitions)
    return counts.length === 0 ? topic : { ...topic, mostPartitions: Math.max(topic.partitions, ...counts) }
  })
}
