import { tpOf } from '../../history/ids.ts'
import { BatchQueue } from './batch-queue.ts'
import type { BuiltInPartitioner } from './partitioner.ts'
import type { ProducerBatch } from './producer-batch.ts'
import { TxnPartitionEntry } from './txn-partition-entry.ts'

/** All that a producer knows of one partition: its leader, its queue, what is out, its sequences. */
export class PartitionState {
  readonly index: number
  topicId: number
  tp: number
  /** Among all partitions of its producer, in the order in which its accumulator took them; -1 before. */
  place = -1
  /** -1 = unknown or none. */
  leader = -1
  /** Highest leader epoch seen; metadata of an older one is ignored. */
  leaderEpoch = -1
  /** Waiting batches; the last takes records. */
  readonly queue: BatchQueue = new BatchQueue()
  /** Batches in requests, by time of draining (`Sender.inFlightBatches`). */
  inFlight: ProducerBatch[] = []
  /** With one request in flight: a batch is out, nothing else leaves. */
  muted = false
  /** It belongs to its producer's transaction, so that its batches may leave. */
  inTransaction = false
  readonly txn: TxnPartitionEntry = new TxnPartitionEntry()

  constructor(topicId: number, index: number) {
    this.tp = tpOf(topicId, index)
    this.topicId = topicId
    this.index = index
  }

  /** The partition of this number in another topic of the same name takes its place, with all that waits here. */
  adopt(topicId: number): void {
    this.topicId = topicId
    this.tp = tpOf(topicId, this.index)
  }

  /** A batch is no longer in a request, or finished. */
  dropInFlight(batch: ProducerBatch): void {
    const at = this.inFlight.indexOf(batch)
    if (at === 0) this.inFlight.shift()
    else if (at > 0) this.inFlight.splice(at, 1)
  }
}

/** A topic as a producer sees it. */
export class TopicState {
  readonly name: string
  /** As metadata told it last: one that is made again under the name has another. */
  topicId: number
  readonly partitions: PartitionState[]
  readonly partitioner: BuiltInPartitioner
  /** The application has sent to it, so metadata requests ask for it. */
  wanted = false
  /** Metadata has told its partitions: until then send() blocks. */
  known = false

  constructor(name: string, topicId: number, partitions: PartitionState[], partitioner: BuiltInPartitioner) {
    this.name = name
    this.topicId = topicId
    this.partitions = partitions
    this.partitioner = partitioner
  }

  /** Metadata tells the topic's id; returns whether it is another topic than before. */
  adopt(topicId: number): boolean {
    if (topicId === this.topicId) return false
    this.topicId = topicId
    for (const partition of this.partitions) partition.adopt(topicId)
    return true
  }

  /** Metadata tells of so many partitions: returns those that are new here. */
  grow(count: number): readonly PartitionState[] {
    const added: PartitionState[] = []
    for (let index = this.partitions.length; index < count; index++) added.push(new PartitionState(this.topicId, index))
    this.partitions.push(...added)
    return added
  }
}
