import { placeReplicas } from '../../../sim/kafka/controller/cluster-formation.ts'
import type { Action } from '../../../sim/faults/plan.ts'
import type { TopicSpec } from '../../../sim/spec.ts'
import type { FaultEntry } from '../../../sim/faults/plan.ts'
import type { Place } from '../place.ts'
import { didYouMean, listOf } from '../suggest.ts'
import { mayBeReassigned, reassign } from './admin-reassign.ts'
import { alterConfig, createTopic, deleteTopic } from './admin-topics.ts'
import type { Context } from './context.ts'
import { partitionNamed, type TopicPartitionName } from './partitions.ts'
import { isStateful } from './stateful.ts'

const OPERATIONS = [
  'add-partitions',
  'elect-leader',
  'move-leader',
  'alter-config',
  'create-topic',
  'reassign',
  'delete-topic',
] as const
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
  if (operation.name === 'elect-leader') return electLeader(operation, context)
  if (operation.name === 'move-leader') return moveLeader(operation, context)
  if (operation.name === 'alter-config') return alterConfig(operation, context)
  if (operation.name === 'create-topic') return createTopic(operation, context)
  if (operation.name === 'reassign') return reassign(operation, context)
  if (operation.name === 'delete-topic') return deleteTopic(operation, context)
  const help = didYouMean(operation.name, OPERATIONS)
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

const ELECTIONS = ['preferred', 'unclean'] as const

/** `{ elect-leader: orders-0 }`, or `{ elect-leader: { orders-0: unclean } }`. */
function electLeader(place: Place, context: Context): Action | null {
  if (place.tree?.kind !== 'map') {
    const text = place.text()
    if (text === null) {
      place.wrongType('`elect-leader` takes partitions', 'such as `orders-0`, or `{ orders-0: unclean }`')
      return null
    }
    const named = partitionNamed(place, text, '`elect-leader`', (each) => `elect-leader: ${each}`, context)
    return named === null ? null : { kind: 'elect-leader', partitions: [{ ...named, election: 'preferred' }] }
  }
  const partitions = place.entries().flatMap((entry) => {
    const named = partitionOfKey(entry, '`elect-leader`', context)
    const election = entry.word(ELECTIONS, 'the election')
    return named === null || election === null ? [] : [{ ...named, election }]
  })
  return partitions.length === 0 ? null : { kind: 'elect-leader', partitions }
}

/** `{ move-leader: { orders-0: broker-2 } }` */
function moveLeader(place: Place, context: Context): Action | null {
  if (place.tree?.kind !== 'map' || place.entries().length === 0) {
    place.wrongType('`move-leader` must be a map from partitions to brokers', 'such as `{ orders-0: broker-2 }`')
    return null
  }
  const partitions = place.entries().flatMap((entry) => {
    const named = partitionOfKey(entry, '`move-leader`', context)
    const to = named === null ? null : replicaAt(entry, named, context)
    return named === null || to === null ? [] : [{ ...named, to }]
  })
  return partitions.length === 0 ? null : { kind: 'move-leader', partitions }
}

function partitionOfKey(entry: Place, who: string, context: Context): TopicPartitionName | null {
  return partitionNamed(entry.atKey(), entry.name, who, (each) => `${each}: …`, context)
}

/** The broker that is named, if it has a replica of the partition or may come to: Kafka moves leadership among replicas only. */
function replicaAt(entry: Place, { topic, partition }: TopicPartitionName, context: Context): string | null {
  const { brokers } = context.cluster
  const all = Array.from({ length: brokers }, (_, index) => index + 1)
  // Too many are reported where they are written.
  const count = Math.min(brokers, context.topics.get(topic)?.replicationFactor ?? 1)
  const replicas = placeReplicas(all, partition, count)
  const names = replicas.map((broker) => `broker-${broker}`)
  const written = entry.text()
  if (written !== null && names.includes(written)) return written
  const isBroker = all.some((broker) => written === `broker-${broker}`)
  if (written !== null && isBroker && mayBeReassigned(topic, partition, written, context)) return written
  const what = written ?? entry.describe()
  const message = isBroker
    ? `\`${what}\` has no replica of \`${topic}-${partition}\`, so it cannot lead it`
    : `\`move-leader\` takes a broker, not \`${what}\``
  entry.error(isBroker ? 'TWICESHY_IMPOSSIBLE' : 'TWICESHY_TARGET', message, `its replicas are at ${listOf(names)}`)
  return null
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
