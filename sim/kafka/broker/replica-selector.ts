import { MILLISECOND } from '../../kernel/time.ts'
import { isAmong } from '../small-list.ts'
import type { MetadataCache } from './metadata-cache.ts'
import type { Partition } from './partition.ts'
import type { RemoteReplica } from './remote-replica.ts'

/**
 * `ReplicaManager.findPreferredReadReplica` with the `RackAwareReplicaSelector` (KIP-392): the replica in the consumer's rack that
 * it should read from `fetchOffset` on; -1 = the leader. Only a member of the in-sync set that holds the offset is chosen: an
 * outsider may lag for good, and the consumer would go to it again and again.
 */
export function preferredReadReplica(
  partition: Partition,
  metadata: MetadataCache,
  rack: string,
  fetchOffset: number,
): number {
  if (!partition.isLeader || rack === '' || metadata.aliveRack(partition.leaderId) === rack) return -1
  let best: RemoteReplica | null = null
  for (const remote of partition.remotes) {
    if (!isAmong(partition.isr, remote.broker) || metadata.aliveRack(remote.broker) !== rack) continue
    if (remote.logEndOffset < fetchOffset || remote.logStartOffset > fetchOffset) continue
    if (best === null || isMoreCaughtUp(remote, best)) best = remote
  }
  return best === null ? -1 : best.broker
}

/** `ReplicaView.comparator`: by log end, then by when it was caught up last, in milliseconds, then by id. */
function isMoreCaughtUp(one: RemoteReplica, other: RemoteReplica): boolean {
  if (one.logEndOffset !== other.logEndOffset) return one.logEndOffset > other.logEndOffset
  const since = millis(one.lastCaughtUpTime) - millis(other.lastCaughtUpTime)
  return since === 0 ? one.broker > other.broker : since > 0
}

function millis(us: number): number {
  return Math.floor(us / MILLISECOND)
}
