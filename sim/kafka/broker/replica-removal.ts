import type { LogManager } from '../log/log-manager.ts'
import type { AlterPartitionManager } from './alter-partition-manager.ts'
import type { Appends } from './appends.ts'
import type { FetchPurgatory } from './delayed-fetch.ts'
import type { IdleReplicas } from './idle-replicas.ts'
import type { MetadataCache } from './metadata-cache.ts'
import type { Partition } from './partition.ts'
import type { PartitionTable } from './partition-table.ts'
import type { ReplicaFetcherManager } from './replica-fetcher.ts'

/** Where a broker keeps what makes a replica. */
export interface ReplicaPlaces {
  readonly partitions: PartitionTable<Partition>
  readonly idle: IdleReplicas
  readonly fetchers: ReplicaFetcherManager
  readonly alterPartitions: AlterPartitionManager
  readonly appends: Appends
  readonly fetches: FetchPurgatory
  readonly logs: LogManager
}

/**
 * The broker has no replica of the partition any more (`ReplicaManager.stopPartitions` with `deletePartition`): nothing is
 * fetched for it, whatever role it had is over, its log is gone, and who waits for it here is answered. Nothing where it had none.
 */
export function removeReplica(tp: number, places: ReplicaPlaces): void {
  const { partitions, idle, fetchers, alterPartitions, appends, fetches, logs } = places
  const partition = partitions.get(tp)
  if (partition === undefined && !idle.has(tp) && logs.get(tp) === undefined) return
  fetchers.remove(tp)
  alterPartitions.forget(tp)
  idle.remove(tp)
  if (partition !== undefined) {
    resign(partition)
    partitions.remove(tp)
  }
  logs.remove(tp, false)
  appends.produces.check(tp)
  fetches.flush(tp)
}

/** It has no role any more (`Partition.delete`, `Partition.markOffline`); requests that are under way may still hold it. */
export function resign(partition: Partition): void {
  partition.isLeader = false
  partition.leaderId = -1
  partition.isr = []
  partition.maximalIsr = []
  partition.pending = null
  partition.remotes = []
}

/**
 * Logs that a broker finds at its start though it has no such replicas by now: its share of them was given to others, or the
 * topic deleted, while it was down (`BrokerMetadataPublisher.initializeManagers`, KAFKA-14616). They are renamed, never read.
 */
export function removeStrays(broker: number, metadata: MetadataCache, logs: LogManager): void {
  for (const { tp } of [...logs.logs]) {
    if (metadata.partitions.get(tp)?.replicas.includes(broker) !== true) logs.remove(tp, true)
  }
}
