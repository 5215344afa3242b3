import type { Action, ReassignedPartition } from '../../../sim/faults/plan.ts'
import { OFFSETS_TOPIC, TRANSACTIONS_TOPIC } from '../../../sim/kafka/broker/metadata-cache.ts'
import type { Place } from '../place.ts'
import { didYouMean } from '../suggest.ts'
import type { Context } from './context.ts'
import { partitionNamed, splitPartition, type TopicPartitionName } from './partitions.ts'

const CANCEL = 'cancel'

/** `{ reassign: { orders-0: [broker-4, broker-2] } }`, or `{ reassign: { orders-0: cancel } }`. */
export function reassign(place: Place, context: Context): Action | null {
  if (place.tree?.kind !== 'map' || place.entries().length === 0) {
    place.wrongType(
      '`reassign` must be a map from partitions to lists of brokers',
      'such as `{ orders-0: [broker-2] }`',
    )
    return null
  }
  const partitions = place.entries().flatMap((entry) => reassigned(entry, context))
  return partitions.length === 0 ? null : { kind: 'reassign', partitions }
}

function reassigned(entry: Place, context: Context): readonly ReassignedPartition[] {
  const named = internalNamed(entry, context) ?? partitionOf(entry, context)
  if (named === null) return []
  if (entry.text() === CANCEL) return [{ ...named, to: null }]
  if (entry.tree?.kind !== 'list') {
    const help = `such as \`[broker-1]\`, the preferred leader first; \`${CANCEL}\` takes back what is under way`
    entry.wrongType('a partition is reassigned to a list of brokers', help)
    return []
  }
  if (entry.items().length === 0) {
    entry.error('TWICESHY_IMPOSSIBLE', 'a partition cannot be without replicas: Kafka refuses an empty list')
    return []
  }
  const to = brokersAt(entry, context)
  return to === null ? [] : [{ ...named, to }]
}

function partitionOf(entry: Place, context: Context): TopicPartitionName | null {
  return partitionNamed(entry.atKey(), entry.name, '`reassign`', (each) => `${each}: …`, context)
}

/** How many partitions the topics of coordinators get, which brokers make when they need them. */
const INTERNAL = {
  [OFFSETS_TOPIC]: 'offsets.topic.num.partitions',
  [TRANSACTIONS_TOPIC]: 'transaction.state.log.num.partitions',
} as const

/** A partition in which a coordinator keeps what it knows; null when another one is meant. */
function internalNamed(entry: Place, { cluster }: Context): TopicPartitionName | null {
  const named = splitPartition(entry.name)
  if (named?.topic !== OFFSETS_TOPIC && named?.topic !== TRANSACTIONS_TOPIC) return null
  const count = cluster.configs[0]?.[INTERNAL[named.topic]] ?? 0
  return named.partition < count ? named : null
}

/** The brokers of a list, each there and named once. Null when one is not, which is reported. */
function brokersAt(entry: Place, context: Context): readonly string[] | null {
  const all = Array.from({ length: context.cluster.brokers }, (_, index) => `broker-${index + 1}`)
  const names: string[] = []
  for (const item of entry.items()) {
    const name = item.text()
    if (name === null || !all.includes(name)) {
      const help = name === null || context.root.report.full ? null : didYouMean(name, all)
      const usual =
        all.length === 1 ? 'there is `broker-1` only' : `brokers are \`broker-1\` to \`broker-${all.length}\``
      item.error('TWICESHY_TARGET', `\`reassign\` takes brokers, not ${item.describe()}`, help ?? usual)
      return null
    }
    if (names.includes(name)) {
      item.error('TWICESHY_IMPOSSIBLE', `\`${name}\` stands twice in the list: a broker has one replica of a partition`)
      return null
    }
    names.push(name)
  }
  return names
}

/** Whether a reassignment of the file may give a broker a replica of the partition. */
export function mayBeReassigned(topic: string, partition: number, broker: string, context: Context): boolean {
  const faults = context.root.get('faults').items()
  return faults.some((fault) =>
    fault
      .get('admin')
      .get('reassign')
      .entries()
      .some((entry) => {
        const named = splitPartition(entry.name)
        if (named?.topic !== topic || named.partition !== partition) return false
        return entry.items().some((item) => item.text() === broker)
      }),
  )
}
