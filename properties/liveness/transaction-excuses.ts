import { partitionOf } from '../../sim/history/ids.ts'
import { instanceId } from '../../sim/instance-ids.ts'
import { partitionFor } from '../../sim/kafka/group/partition-for.ts'
import type { Coordinated, Life } from '../shadow/coordinated.ts'
import type { Shadow } from '../shadow/shadow.ts'
import { lostMetadata, noWayToLead } from './elections.ts'

/**
 * Why nobody can coordinate the transactions of a process, or those that a partition of `__transaction_state` keeps; null when
 * somebody may. `seed`: of the run, for ids that have something random in them.
 */
export function noCoordinatorOf(
  shadow: Shadow,
  coordinated: Coordinated,
  life: Life,
  tp: number,
  seed: string,
): string | null {
  const { topic } = coordinated
  const template = templateOf(shadow, life.node)
  if (template === null && !topic.includes(tp)) return null
  const lost = lostMetadata(shadow.cluster)
  if (lost !== null) return lost
  if (!topic.canBe)
    return `__transaction_state cannot be created: transaction.state.log.replication.factor is ${topic.rules.replicationFactors[0]}, and there are ${shadow.spec.cluster.brokers.length} brokers`
  if (topic.includes(tp)) return noWay(shadow, coordinated, partitionOf(tp))
  const id = instanceId(template ?? '', shadow.names.node(life.node), life.incarnation, seed)
  return noWay(shadow, coordinated, partitionFor(id, topic.rules.count))
}

function noWay({ names }: Shadow, { topic }: Coordinated, index: number): string | null {
  const { cluster, rules } = topic
  return cluster === null ? null : noWayToLead(cluster, rules, index, `__transaction_state-${index}`, names)
}

/** `transactional.id` of the application that a process is of, as its file has it; null without. */
function templateOf({ spec, names, applications }: Shadow, node: number): string | null {
  const name = applications.names[names.applicationOf[node] ?? -1]
  const config =
    spec.producers.find((producer) => producer.name === name)?.config ??
    spec.processors.find((processor) => processor.name === name)?.producerConfig
  const template = config?.['transactional.id'] ?? ''
  return template === '' ? null : template
}
