import { CHOICE } from '../../kernel/site.ts'
import type { Env } from '../env.ts'
import { murmur2 } from './murmur2.ts'
import type { PartitionState } from './partition-state.ts'

/** The positive hash that a key's partition is taken from; the same key always gives the same. */
export function keyHash(key: string): number {
  return murmur2(key) & 0x7fffffff
}

/** `BuiltInPartitioner.partitionForKey` */
export function partitionForKey(key: string, partitions: number): number {
  return keyHash(key) % partitions
}

/**
 * `BuiltInPartitioner` (KIP-794) for records without a key: stays with a partition until `batch.size` bytes went there and
 * its batches are full, twice that at most, then draws another among those that have a leader.
 */
export class BuiltInPartitioner {
  private readonly stickyBatchSize: number
  private current = -1
  private producedBytes = 0

  constructor(stickyBatchSize: number) {
    this.stickyBatchSize = stickyBatchSize
  }

  /** The partition the next record goes to. */
  peek(env: Env, partitions: readonly PartitionState[]): PartitionState {
    if (this.current < 0) this.current = draw(env, partitions)
    const partition = partitions[this.current] as PartitionState
    // A switch that was put off because a batch was still open is made up for.
    if (this.producedBytes >= this.stickyBatchSize && allBatchesFull(partition)) this.moveOn(env, partitions)
    return partitions[this.current] as PartitionState
  }

  /** Counts bytes appended to the current partition and perhaps moves on. */
  appended(env: Env, partitions: readonly PartitionState[], partition: PartitionState, bytes: number): void {
    if (partition.index !== this.current) return
    this.producedBytes += bytes
    const enough = this.producedBytes >= this.stickyBatchSize && allBatchesFull(partition)
    if (enough || this.producedBytes >= this.stickyBatchSize * 2) this.moveOn(env, partitions)
  }

  private moveOn(env: Env, partitions: readonly PartitionState[]): void {
    this.current = draw(env, partitions)
    this.producedBytes = 0
  }
}

function allBatchesFull(partition: PartitionState): boolean {
  const last = partition.queue.last
  return last === undefined || last.isFull()
}

function draw(env: Env, partitions: readonly PartitionState[]): number {
  let available = 0
  for (const partition of partitions) if (partition.leader >= 0) available++
  if (available === 0) return env.decide(CHOICE, partitions.length)
  let left = env.decide(CHOICE, available)
  for (const partition of partitions) {
    if (partition.leader >= 0 && left-- === 0) return partition.index
  }
  return 0
}
