import type { MetadataRecord } from '../protocol/metadata-records.ts'
import type { ClusterControlManager } from './cluster-control.ts'
import { LeaderAcceptor } from './leader-acceptor.ts'
import type { PartitionRegistration } from './partition-registration.ts'
import { reassignmentTo, revertedReassignment } from './reassignment-replicas.ts'
import type { ReplicationControlManager } from './replication-control.ts'
import type { TopicsImage } from './topics-image.ts'

/** What reassignments are made of. */
export interface Reassigns {
  readonly topics: TopicsImage
  readonly cluster: ClusterControlManager
  readonly replication: ReplicationControlManager
}

/**
 * `alterPartitionReassignment` (KIP-455): the record that sets a partition on its way to other brokers, or all the way there if
 * they are in sync; none when Kafka refuses it, or nothing changes.
 *
 * @param target the brokers, the preferred leader first; null = whatever is under way is cancelled.
 */
export function alterPartitionReassignment(
  tp: number,
  target: readonly number[] | null,
  reassigns: Reassigns,
): readonly MetadataRecord[] {
  const partition = reassigns.topics.partition(tp)
  if (partition === undefined) return []
  return target === null ? cancel(partition, reassigns) : change(partition, target, reassigns)
}

/**
 * The same replicas with another one first, as an operator does who wants another leader; nothing when `first` is none of
 * them.
 */
export function preferLeader(tp: number, first: number, reassigns: Reassigns): readonly MetadataRecord[] {
  const partition = reassigns.topics.partition(tp)
  if (partition === undefined || !partition.replicas.includes(first)) return []
  const target = [first, ...partition.replicas.filter((replica) => replica !== first)]
  return change(partition, target, reassigns)
}

/**
 * `changePartitionReassignment`. Brokers must be registered, not alive (`validateManualPartitionAssignment`). It starts from
 * the replicas that are there now, so what an earlier reassignment has added counts as one that was always there.
 */
function change(
  partition: PartitionRegistration,
  target: readonly number[],
  { cluster, replication }: Reassigns,
): readonly MetadataRecord[] {
  const isKnown = target.every((broker) => cluster.registration(broker) !== undefined)
  if (target.length === 0 || !isKnown || new Set(target).size < target.length) return []
  const { replicas, adding, removing } = reassignmentTo(partition.replicas, target)
  return replication.change(partition, new LeaderAcceptor(cluster), 'online', {
    targetReplicas: replicas,
    // What it neither adds nor removes stays as an earlier reassignment has left it.
    ...(adding.length > 0 && { targetAdding: adding }),
    ...(removing.length > 0 && { targetRemoving: removing }),
  })
}

/** `cancelPartitionReassignment`; nothing without one (NO_REASSIGNMENT_IN_PROGRESS), or when it would lose data unasked. */
function cancel(partition: PartitionRegistration, { cluster, replication }: Reassigns): readonly MetadataRecord[] {
  const { addingReplicas, removingReplicas } = partition
  if (addingReplicas.length === 0 && removingReplicas.length === 0) return []
  const { replicas, isr, unclean } = revertedReassignment(partition)
  const election = replication.electionFor(partition)
  if (unclean && election !== 'unclean') return []
  return replication.change(partition, new LeaderAcceptor(cluster), election, {
    targetIsr: isr,
    targetReplicas: replicas,
    targetAdding: [],
    targetRemoving: [],
  })
}
