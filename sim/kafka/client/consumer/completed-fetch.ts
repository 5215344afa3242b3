import type { KafkaRecord, LogEntry } from '../../protocol/batch.ts'
import type { TopicPartitionState } from './topic-partition-state.ts'

/** A record as poll() hands it out. */
export class ConsumedRecord {
  readonly record: KafkaRecord
  readonly tp: number
  readonly offset: number
  readonly leaderEpoch: number

  constructor(record: KafkaRecord, tp: number, offset: number, leaderEpoch: number) {
    this.record = record
    this.tp = tp
    this.offset = offset
    this.leaderEpoch = leaderEpoch
  }
}

/** `CompletedFetch`: what one fetch brought for one partition, and how much of it is left. */
export class CompletedFetch {
  readonly state: TopicPartitionState
  readonly errorCode: number
  readonly entries: readonly LogEntry[]
  /** The offset that was asked for, then the next one to hand out. */
  nextFetchOffset: number
  /** It was found to continue the position. */
  initialized = false
  private entry = 0

  constructor(state: TopicPartitionState, errorCode: number, entries: readonly LogEntry[], fetchOffset: number) {
    this.state = state
    this.errorCode = errorCode
    this.entries = entries
    this.nextFetchOffset = fetchOffset
  }

  /** Whether every record has been handed out. */
  get isConsumed(): boolean {
    return this.entry >= this.entries.length
  }

  /** Hands out up to `max` records from {@link nextFetchOffset} on; returns the leader epoch of the last one, -1 = none. */
  take(max: number, out: ConsumedRecord[]): number {
    const { entries } = this
    const { tp } = this.state
    const end = out.length + max
    let epoch = -1
    while (this.entry < entries.length && out.length < end) {
      const { batch, baseOffset, lastOffset, leaderEpoch } = entries[this.entry] as LogEntry
      const { records } = batch
      // A batch comes whole: records before the position are passed over.
      let index = this.nextFetchOffset > baseOffset ? this.nextFetchOffset - baseOffset : 0
      for (; index < records.length && out.length < end; index++) {
        out.push(new ConsumedRecord(records[index] as KafkaRecord, tp, baseOffset + index, leaderEpoch))
        epoch = leaderEpoch
      }
      this.nextFetchOffset = Math.max(this.nextFetchOffset, baseOffset + index)
      if (index < records.length) break
      this.nextFetchOffset = Math.max(this.nextFetchOffset, lastOffset + 1)
      this.entry++
    }
    return epoch
  }
}
