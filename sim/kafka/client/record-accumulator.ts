import { MILLISECOND } from '../../kernel/time.ts'
import type { Env } from '../env.ts'
import type { KafkaRecord } from '../protocol/batch.ts'
import { exponentialBackoff } from './exponential-backoff.ts'
import type { PartitionState } from './partition-state.ts'
import { PlaceSet } from './place-set.ts'
import { ProducerBatch, sizeAlone } from './producer-batch.ts'
import { NEVER_US, type ProducerSettings } from './producer-settings.ts'
import type { Sequences } from './sequences.ts'

/** What appending a record did. */
export type AppendResult = 'no-memory' | 'appended' | 'new-batch' | 'ready'

/** Gives batches numbers that are never used twice, also across crashes of the process. */
export interface BatchNumbers {
  nextBatch(): number
}

/**
 * `RecordAccumulator`: a queue of batches per partition, the memory they take, and the rules for what may be drained when.
 */
export class RecordAccumulator {
  private readonly env: Env
  private readonly settings: ProducerSettings
  private readonly numbers: BatchNumbers
  private readonly sequences: Sequences | null
  /** Of all topics; metadata may add some. */
  readonly partitions: PartitionState[]
  /** Where batches wait: of a thousand partitions few have any, and every turn of the thread looks for those. */
  private readonly waiting: PlaceSet = new PlaceSet()
  /** Bytes of `buffer.memory` that are free. */
  available: number
  /** Batches whose callbacks are open. */
  incomplete = 0
  /** A send() waits for memory: everything may leave at once. */
  exhausted = false
  flushing = false
  closed = false
  /** The transaction is being ended: what is left of it leaves at once. */
  completing = false
  /** Where draining a node goes on, so that none of its partitions starves; by node number. */
  private readonly drainIndex: number[] = []

  constructor(
    env: Env,
    settings: ProducerSettings,
    numbers: BatchNumbers,
    sequences: Sequences | null,
    partitions: PartitionState[],
  ) {
    this.env = env
    this.settings = settings
    this.numbers = numbers
    this.sequences = sequences
    this.partitions = partitions
    this.available = settings.bufferMemory
    partitions.forEach((partition, place) => (partition.place = place))
  }

  /** Takes partitions that nobody knew of before. */
  adopt(partitions: readonly PartitionState[]): void {
    for (const partition of partitions) partition.place = this.partitions.push(partition) - 1
  }

  /** The first partition from a place on whose queue is not empty. */
  nextWaiting(from: number): PartitionState | undefined {
    for (let place = this.waiting.next(from); place >= 0; place = this.waiting.next(place + 1)) {
      const partition = this.partitions[place] as PartitionState
      if (partition.queue.length > 0) return partition
      this.waiting.delete(place)
    }
    return undefined
  }

  // --- appending ----------------------------------------------------------------------------------------------------

  /** Adds a record to the partition's last batch, or to a new one if there is memory for it. */
  append(partition: PartitionState, record: KafkaRecord): AppendResult {
    const { queue } = partition
    const last = queue.last
    if (last !== undefined) {
      const wasFull = last.isFull()
      if (last.tryAppend(record)) return !wasFull && last.isFull() ? 'ready' : 'appended'
      last.closed = true
    }
    const memory = Math.max(this.settings.batchSize, sizeAlone(record))
    if (memory > this.available) return 'no-memory'
    this.available -= memory
    const batch = this.newBatch(partition, this.env.monotonic(), memory, record)
    queue.push(batch)
    this.waiting.add(partition.place)
    return queue.length > 1 || batch.isFull() ? 'ready' : 'new-batch'
  }

  /** `splitAndReenqueue`: batches of `batch.size` at most in place of one that was too large; nothing new takes memory. */
  split(big: ProducerBatch): readonly ProducerBatch[] {
    const { partition } = big
    const parts: ProducerBatch[] = []
    let part: ProducerBatch | null = null
    for (const record of big.records) {
      if (part === null || !part.tryAppend(record)) {
        part = this.newBatch(partition, big.createdAt, 0, record)
        parts.push(part)
      }
    }
    for (const each of parts) each.closed = true
    // What batch.size cannot make smaller is refused again and again: Kafka spins, and even that takes some time a turn.
    if (parts.length === 1 && part !== null) part.retryAt = this.env.monotonic() + MILLISECOND
    if (big.hasSequence()) this.giveSequences(big, parts)
    for (let i = parts.length - 1; i >= 0; i--) this.putBack(parts[i] as ProducerBatch)
    return parts
  }

  /** The records of a batch in a new one, which takes its place; the caller queues it. */
  renew(old: ProducerBatch, partition: PartitionState): ProducerBatch {
    const again = old.again(this.numbers.nextBatch(), partition)
    this.incomplete++
    old.done = true
    old.partition.dropInFlight(old)
    this.deallocate(old)
    return again
  }

  /** The next partition of the same topic, the first after the last. */
  partitionAfter({ topicId, index }: PartitionState): PartitionState {
    const ofTopic = this.partitions.filter((partition) => partition.topicId === topicId)
    return ofTopic[(index + 1) % ofTopic.length] as PartitionState
  }

  /** `reenqueue`: back for another try, after a back-off. */
  reenqueue(batch: ProducerBatch): void {
    const { settings } = this
    const now = this.env.monotonic()
    const backoff = exponentialBackoff(this.env, settings.retryBackoffUs, settings.retryBackoffMaxUs, batch.attempts)
    batch.reenqueued(now, now + backoff)
    this.putBack(batch)
  }

  /** `deallocate`: the batch is finished, its memory free. */
  deallocate(batch: ProducerBatch): void {
    this.incomplete--
    this.available += batch.memory
  }

  // --- draining -----------------------------------------------------------------------------------------------------

  /** Whether the head of the partition's queue may leave, memory, flush and close letting everything leave. */
  isReady(partition: PartitionState, now: number): boolean {
    const first = partition.queue.first
    if (first === undefined || partition.muted || this.isBackingOff(partition, first, now)) return false
    return (
      partition.queue.length > 1 ||
      first.isFull() ||
      now - first.lastAttemptAt >= this.settings.lingerUs ||
      this.exhausted ||
      this.flushing ||
      this.completing ||
      this.closed
    )
  }

  /** When the partition will be ready by the passing of time alone. */
  readyAt(partition: PartitionState, now: number): number {
    const first = partition.queue.first
    if (first === undefined || partition.muted) return NEVER_US
    return this.isBackingOff(partition, first, now) ? first.retryAt : first.lastAttemptAt + this.settings.lingerUs
  }

  /**
   * `drainBatchesForOneNode`: at most one batch per partition, `max.request.size` bytes in all. As in Kafka, a node that is
   * ready gets the head of every queue it leads, and a partition that must wait ends the round for the whole node.
   */
  drain(node: number, now: number): readonly ProducerBatch[] {
    const drained: ProducerBatch[] = []
    const start = this.drainIndex[node] ?? 0
    let size = 0
    for (let turn = 0; turn < 2; turn++) {
      // Once around: from where the last round ended, and from the first partition up to there.
      const end = turn === 0 ? this.partitions.length : start
      let partition = this.nextWaiting(turn === 0 ? start : 0)
      for (; partition !== undefined && partition.place < end; partition = this.nextWaiting(partition.place + 1)) {
        if (partition.leader !== node) continue
        const first = partition.queue.first as ProducerBatch
        if (partition.muted || this.isBackingOff(partition, first, now)) continue
        const isFull = drained.length > 0 && size + first.size > this.settings.maxRequestSize
        if (isFull || this.mustWait(partition, first)) {
          this.setDrainIndex(node, partition.place)
          return drained
        }
        this.sequences?.assign(first)
        partition.queue.shift()
        first.closed = true
        size += first.size
        drained.push(first)
      }
    }
    this.setDrainIndex(node, this.lastLedBefore(node, start))
    return drained
  }

  /** Whether the head of a queue may not leave, and with it nothing else of its node. */
  private mustWait(partition: PartitionState, first: ProducerBatch): boolean {
    if (this.sequences === null) return false
    if (this.settings.transactionalId !== null && !partition.inTransaction) return true
    return this.sequences.shouldStopDrain(partition, first)
  }

  /** The last partition of a node that a whole round comes by; where the round begins when there is none. */
  private lastLedBefore(node: number, start: number): number {
    const count = this.partitions.length
    for (let back = 1; back <= count; back++) {
      const place = (start + count - back) % count
      if ((this.partitions[place] as PartitionState).leader === node) return place
    }
    return start
  }

  /** Whether a batch waits to be sent. */
  hasUndrained(): boolean {
    return this.partitions.some(({ queue }) => queue.length > 0)
  }

  // --- inner workings -----------------------------------------------------------------------------------------------

  private newBatch(partition: PartitionState, createdAt: number, memory: number, first: KafkaRecord): ProducerBatch {
    this.incomplete++
    return new ProducerBatch(
      this.numbers.nextBatch(),
      partition,
      createdAt,
      Math.max(this.settings.batchSize, sizeAlone(first)),
      memory,
      first,
    )
  }

  private giveSequences(big: ProducerBatch, parts: readonly ProducerBatch[]): void {
    let sequence = big.baseSequence
    for (const part of parts) {
      part.setProducerState(big.producerId, big.producerEpoch, sequence)
      sequence += part.records.length
      part.partition.txn.add(part)
    }
  }

  /**
   * With idempotence by sequence, and one that gave its sequence back at the end; without always at the head, so that what
   * failed together comes back in reverse.
   */
  private putBack(batch: ProducerBatch): void {
    const { queue } = batch.partition
    let at = 0
    if (this.sequences !== null && !batch.hasSequence()) at = queue.length
    else if (this.sequences !== null) {
      for (; at < queue.length; at++) {
        const other = queue.at(at) as ProducerBatch
        if (!other.hasSequence() || other.baseSequence >= batch.baseSequence) break
      }
    }
    queue.insert(at, batch)
    this.waiting.add(batch.partition.place)
  }

  private isBackingOff(partition: PartitionState, first: ProducerBatch, now: number): boolean {
    first.updateLeaderEpoch(partition.leaderEpoch)
    if (now >= first.retryAt) return false
    return !(this.settings.leaderHints && first.leaderChangedForRetry())
  }

  private setDrainIndex(node: number, at: number): void {
    while (this.drainIndex.length <= node) this.drainIndex.push(0)
    this.drainIndex[node] = at
  }
}
