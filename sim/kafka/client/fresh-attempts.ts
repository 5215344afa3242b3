import { M } from '../../history/catalogue.ts'
import type { Env } from '../env.ts'
import type { ClientSwitches } from '../protocol/client-switches.ts'
import type { PartitionState } from './partition-state.ts'
import type { ProducerBatch } from './producer-batch.ts'
import type { RecordAccumulator } from './record-accumulator.ts'
import type { Sequences } from './sequences.ts'

/**
 * Clients that build every attempt anew (kafkajs): what is sent again has whatever sequence and partition it is given then,
 * and nobody asks what the attempt before did to the log. One call of their send() is one round of draining here: its
 * requests, one per broker, leave together.
 */
export class FreshAttempts {
  private readonly env: Env
  private readonly switches: ClientSwitches
  private readonly accumulator: RecordAccumulator
  private readonly sequences: Sequences | null

  constructor(env: Env, switches: ClientSwitches, accumulator: RecordAccumulator, sequences: Sequences | null) {
    this.env = env
    this.switches = switches
    this.accumulator = accumulator
    this.sequences = sequences
  }

  /** The batch that is put back in place of one that failed and may be tried again. */
  next(batch: ProducerBatch): ProducerBatch {
    if (this.switches['sequence.on-error'] === 'give-back' && batch.hasSequence()) {
      this.sequences?.giveBack(batch)
      batch.setProducerState(-1, -1, -1)
    }
    const partition = this.partitionFor(batch)
    return partition === batch.partition ? batch : this.moved(batch, partition)
  }

  /** Sends a batch again whose request is unanswered, because another request of the same send() failed. */
  sendAgain(batch: ProducerBatch): void {
    if (batch.done || !batch.inRequest) return
    const again = this.renewed(batch, this.partitionFor(batch))
    again.inDoubt = true
    batch.successor = again
    batch.partition.muted = false
    this.accumulator.reenqueue(again)
  }

  /** An answer to an attempt that was given up: takes back the one that followed if it has not left. */
  late(batch: ProducerBatch): ProducerBatch | null {
    const { successor } = batch
    if (successor === null || successor.done || !successor.partition.queue.remove(successor)) return null
    return successor
  }

  private moved(batch: ProducerBatch, partition: PartitionState): ProducerBatch {
    if (batch.hasSequence()) {
      // Its sequence is left behind in the partition it was first meant for.
      this.sequences?.release(batch)
      this.sequences?.markUnresolved(batch)
    }
    return this.renewed(batch, partition)
  }

  private renewed(batch: ProducerBatch, partition: PartitionState): ProducerBatch {
    const again = this.accumulator.renew(batch, partition)
    for (let i = 0; i < again.records.length; i++) {
      const { record, attempt } = again.records[i] as ProducerBatch['records'][number]
      this.env.emit(M.recordBatched, record, attempt, again.id, i)
    }
    return again
  }

  /** kafkajs takes partitions in turn for records without a key. */
  private partitionFor(batch: ProducerBatch): PartitionState {
    return this.switches['retry.partition'] === 'choose-again' && batch.sticky
      ? this.accumulator.partitionAfter(batch.partition)
      : batch.partition
  }
}

/** Whether a client builds every attempt anew in any respect. */
export function makesFreshAttempts(switches: ClientSwitches): boolean {
  return (
    switches['sequence.on-error'] === 'give-back' ||
    switches['retry.siblings'] === 'send-again' ||
    switches['retry.partition'] === 'choose-again'
  )
}
