import type { Metadata } from '../metadata.ts'
import type { TopicPartitionState } from './topic-partition-state.ts'

/**
 * `AbstractFetch.selectReadReplica`: the node that a partition with a leader is fetched from, which is the one that the leader sent
 * the reader to for as long as that holds and metadata knows it to be there (KIP-392).
 */
export function readReplicaOf(state: TopicPartitionState, metadata: Metadata, now: number): number {
  const preferred = state.preferredAt(now)
  if (preferred < 0) return state.leader
  if (metadata.isOnline(state.leadership, preferred)) return preferred
  // Perhaps it is the metadata that is old.
  metadata.requestUpdate()
  state.clearPreferred()
  return state.leader
}
