import { tpOf } from '../../history/ids.ts'
import { BatchQueue } from './batch-queue.ts'
import type { BuiltInPartitioner } from './partitioner.ts'
import type { ProducerBatch } from './producer-batch.ts'
import { TxnPartitionEntry } from './txn-partition-entry.ts'

/** All that a producer knows of one partition: its leader, its queue, what is out, its sequences. */
export class PartitionState {
  readonly tp: number
  readonly topicId: number
  readonly index: number
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
  readonly topicId: number
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

  /** Metadata tells of so many partitions: returns those that are new here. */
  grow(count: number): readonly PartitionState[] {
    const added: PartitionState[] = []
    for (let index = this.partitions.length; index < count; index++) added.push(new PartitionState(this.topicId, index))
    this.partitions.push(...added)
    return added
  }
}
