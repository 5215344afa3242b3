import type { Consumption } from '../shadow/consumption.ts'
import { noWayToLead } from './elections.ts'

/** Why the configuration never lets a group come to the end of what it reads; null when it may. */
export function noWayToRead(consumption: Consumption, reader: number): string | null {
  return noCoordinator(consumption, reader) ?? noPosition(consumption, reader) ?? noOutput(consumption, reader)
}

/** The partition that keeps the group can have no leader, or cannot be at all. */
export function noCoordinator(consumption: Consumption, reader: number): string | null {
  const { offsetsTopic, coordinators, applications, shadow } = consumption
  const { group, groupId } = applications.reader(reader)
  if (groupId === '') return null
  if (!offsetsTopic.canBe) {
    const brokers = shadow.spec.cluster.brokers.length
    return `${group} has no coordinator: offsets.topic.replication.factor is ${offsetsTopic.rules.replicationFactors[0]}, and there are ${brokers} brokers`
  }
  const why = noOffsetsLeader(consumption, coordinators.keptIn[reader] as number)
  return why === null ? null : `${group} has no coordinator: ${why}`
}

/** Why a partition of `__consumer_offsets` can have no leader; null when it may. */
export function noOffsetsLeader({ offsetsTopic, shadow }: Consumption, index: number): string | null {
  const { cluster, rules } = offsetsTopic
  if (cluster === null) return null
  return noWayToLead(cluster, rules, index, `__consumer_offsets-${index}`, shadow.names)
}

/** What a processor writes to was deleted: it fails, and begins again, for ever. */
function noOutput({ applications, shadow }: Consumption, reader: number): string | null {
  const { writes } = applications.reader(reader)
  const { topicIds } = shadow.partitions
  const gone = topicIds.findIndex(
    (topicId, partition) => writes[topicId] === true && shadow.partitions.isGone(partition),
  )
  return shadow.partitions.tellGone(gone)
}

/** Without a reset policy poll() throws where there is no position, and the application is over: one instance after the other. */
function noPosition(consumption: Consumption, reader: number): string | null {
  const { group, reads, resetsNothing } = consumption.applications.reader(reader)
  if (!resetsNothing) return null
  for (const [partition, name] of consumption.shadow.partitions.names.entries()) {
    const why = reads[partition] === true ? noPositionIn(consumption, reader, partition) : null
    if (why !== null) return `auto.offset.reset is none and ${group} ${why[0]} ${name}${why[1]}`
  }
  return null
}

function noPositionIn(
  { commits, shadow }: Consumption,
  reader: number,
  partition: number,
): readonly [string, string] | null {
  const leader = shadow.leaderships.newestNode(partition)
  const committed = commits.committed(reader, partition)
  if (committed < 0) return ['has no committed offset of', ': poll() throws NoOffsetForPartitionException']
  if (leader < 0) return null
  const { end } = shadow.logs.of(leader, partition)
  if (committed <= end) return null
  return [`stands at offset ${committed} of`, `, which ends at ${end}: poll() throws OffsetOutOfRangeException`]
}
