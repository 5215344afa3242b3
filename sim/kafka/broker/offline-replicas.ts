import { M } from '../../history/catalogue.ts'
import type { Env } from '../env.ts'
import type { LogDirectory } from '../log/log-directory.ts'
import type { PartitionMetadata } from './metadata-cache.ts'
import type { Partition } from './partition.ts'
import { type ReplicaPlaces, resign } from './replica-removal.ts'

/**
 * A log directory has failed (`ReplicaManager.handleLogDirFailure`): nobody fetches for the replicas in it, and they have no
 * role any more and take none (`markPartitionOffline`). Who waits for them is not looked at: that ends with its timeout.
 */
export function takeOffline(env: Env, directory: LogDirectory, places: ReplicaPlaces): void {
  const { partitions, idle, fetchers, alterPartitions } = places
  for (const { tp } of directory.logs) {
    fetchers.remove(tp)
    alterPartitions.forget(tp)
    idle.remove(tp)
    const partition = partitions.get(tp)
    if (partition === undefined) continue
    partition.isOffline = true
    resign(partition)
    env.emit(M.replicaOffline, tp, partition.leaderEpoch)
  }
}

/** A new leadership begins with its epoch written to the disk (`applyLocalLeadersDelta`). */
export function mayLead(partition: Partition, { leaderEpoch }: PartitionMetadata): boolean {
  if (partition.isOffline) return false
  return leaderEpoch <= partition.leaderEpoch || partition.log.io.admitsWrite()
}
