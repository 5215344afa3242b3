import { partitionOf } from '../../sim/history/ids.ts'
import { instanceId } from '../../sim/instance-ids.ts'
import { partitionFor } from '../../sim/kafka/group/partition-for.ts'
import type { Coordinated } from '../shadow/coordinated.ts'
import type { Shadow } from '../shadow/shadow.ts'
import { lostMetadata, noWayToLead } from './elections.ts'

/** Why nobody can coordinate the transactions of a process, or those that a partition keeps; null when somebody may. */
export function noCoordinatorOf(shadow: Shadow, coordinated: Coordinated, node: number, tp: number): string | null {
  const { topic } = coordinated
  const template = templateOf(shadow, node)
  if (template === null && !topic.includes(tp)) return null
  const lost = lostMetadata(shadow.cluster)
  if (lost !== null) return lost
  if (!topic.canBe)
    return `__transaction_state cannot be created: transaction.state.log.replication.factor is ${topic.rules.replicationFactors[0]}, and there are ${shadow.spec.cluster.brokers.length} brokers`
  for (const index of topic.includes(tp)
    ? [partitionOf(tp)]
    : partitionsFor(shadow, coordinated, node, template ?? '')) {
    const why = noWay(shadow, coordinated, index)
    if (why !== null) return why
  }
  return null
}

function noWay({ names }: Shadow, { topic }: Coordinated, index: number): string | null {
  const { cluster, rules } = topic
  return cluster === null ? null : noWayToLead(cluster, rules, index, `__transaction_state-${index}`, names)
}

/** The partition that keeps a process's transactional id; any, where the id has something random in it. */
function partitionsFor({ names, records }: Shadow, { topic }: Coordinated, node: number, template: string): number[] {
  const { count } = topic.rules
  if (template.includes('${random}')) return Array.from({ length: count }, (_, index) => index)
  return [partitionFor(instanceId(template, names.node(node), records.incarnationOf(node), ''), count)]
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
