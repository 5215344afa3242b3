import { brokersOf } from '../../sim/history/ids.ts'
import type { Cluster } from '../shadow/cluster.ts'
import type { Names } from '../shadow/names.ts'
import type { PartitionRules } from '../shadow/partitions.ts'
import { listed, seconds } from '../words.ts'

/** Whoever may lead a partition under the rules, by name. */
export function candidatesOf(cluster: Cluster, partition: number, names: Names): readonly string[] {
  return names.nodes.filter((_, node) => cluster.isCandidate(partition, node))
}

/** Why the configuration leaves a partition without a leader for good; null when somebody may lead it. */
export function noWayToLead(
  cluster: Cluster,
  rules: PartitionRules,
  partition: number,
  name: string,
  names: Names,
): string | null {
  if (cluster.leader[partition] !== -1 || candidatesOf(cluster, partition, names).length > 0) return null
  const unclean = rules.unclean[partition] === true ? '' : ', and unclean.leader.election.enable is false'
  return `nobody may lead ${name}: no replica that certainly holds all committed records is left${unclean}`
}

/** The rule by which a partition has no leader: who may be elected, and what is known of them. */
export function electionRule(
  cluster: Cluster,
  rules: PartitionRules,
  partition: number,
  names: Names,
  isDown: (node: number) => boolean,
): string {
  const candidates = candidatesOf(cluster, partition, names)
  if (candidates.length > 0) {
    const down = names.nodes.filter((_, node) => cluster.isCandidate(partition, node) && isDown(node))
    const state = down.length > 0 ? `${listed(down)} ${down.length === 1 ? 'is' : 'are'} down` : 'none of them is down'
    return `the controller elects ${listed(candidates)} once registered and unfenced; ${state}`
  }
  const unclean = rules.unclean[partition] === true
  return `no electable leader: ISR=${setOf(cluster.isrLow, cluster.isrHigh, partition, names)}, ELR=${setOf(cluster.elrLow, cluster.elrHigh, partition, names)}, and unclean.leader.election.enable is ${unclean}`
}

/** `{broker-1, broker-2}` */
export function isrOf(cluster: Cluster, partition: number, names: Names): string {
  return setOf(cluster.isrLow, cluster.isrHigh, partition, names)
}

function setOf(low: Int32Array, high: Int32Array, partition: number, names: Names): string {
  const members = brokersOf(low[partition] as number, high[partition] as number)
  return `{${members.map((broker) => names.node(broker)).join(', ')}}`
}

/** `the controller lost its disk, ...`: without its log there is no cluster to come back to; null while it has it. */
export function lostMetadata(cluster: Cluster): string | null {
  if (cluster.metadataLostAt < 0) return null
  return `the controller lost its disk, and with it all metadata, at ${seconds(cluster.metadataLostAt)}`
}
