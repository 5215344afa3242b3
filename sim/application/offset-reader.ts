import { MILLISECOND, SECOND } from '../kernel/time.ts'
import { tpOf } from '../history/ids.ts'
import { type ConsumedRecord, KafkaConsumer } from '../kafka/client/consumer/kafka-consumer.ts'
import type { ConsumerOwner } from '../kafka/client/consumer/consumer-owner.ts'
import type { Env } from '../kafka/env.ts'
import type { ConsumerConfig } from '../kafka/protocol/config/consumer.ts'
import type { ClientProfile } from '../kafka/protocol/profile.ts'

/** How long one poll() lasts: while it asks where the partitions end, and while it reads. */
const ASK_US: number = 50 * MILLISECOND
const READ_US: number = SECOND

export interface OffsetReaderOptions {
  readonly timerBase: number
  readonly topic: { readonly name: string; readonly topicId: number; readonly partitions: number }
  readonly config: ConsumerConfig
  readonly profile: ClientProfile
  readonly bootstrap: readonly number[]
}

/** Gets every record of the topic, then its end. */
export interface OffsetReaderOwner {
  onOffsetRecord(record: ConsumedRecord): void
  onOffsetsRead(): void
}

/**
 * `KafkaBasedLog.readToLogEnd()`: asks where every partition of the offsets topic ends now, and reads up to there. Its consumer has
 * no group.
 */
export class OffsetReader implements ConsumerOwner {
  private readonly owner: OffsetReaderOwner
  private readonly tps: readonly number[]
  private readonly consumer: KafkaConsumer
  /** Where each partition ends; null while that is asked. */
  private ends: readonly number[] | null = null
  private over = false

  constructor(env: Env, options: OffsetReaderOptions, owner: OffsetReaderOwner) {
    const { timerBase, topic, config, profile, bootstrap } = options
    const tps = Array.from({ length: topic.partitions }, (_, index) => tpOf(topic.topicId, index))
    this.owner = owner
    this.tps = tps
    const client = { timerBase, topics: [topic], subscribe: null, assign: tps, bootstrap, config, profile }
    this.consumer = new KafkaConsumer(env, { ...client, memberTag: 'its offsets' }, this)
  }

  start(): void {
    this.consumer.start()
    this.consumer.poll(ASK_US)
  }

  get isOver(): boolean {
    return this.over
  }

  /** Drops the consumer. */
  close(): void {
    this.over = true
    this.consumer.closeNow()
  }

  get client(): KafkaConsumer {
    return this.consumer
  }

  onPolled(records: readonly ConsumedRecord[]): void {
    if (this.over) return
    const { ends } = this
    if (ends === null) {
      this.askedForEnds()
      return
    }
    for (const record of records) this.owner.onOffsetRecord(record)
    if (this.endIfRead(ends)) return
    if (records.length === 0) this.again()
    else this.consumer.poll(READ_US)
  }

  private endIfRead(ends: readonly number[]): boolean {
    if (!this.tps.every((tp, index) => this.consumer.position(tp) >= (ends[index] as number))) return false
    this.close()
    this.owner.onOffsetsRead()
    return true
  }

  /** A new consumer stands at the ends, as `auto.offset.reset=latest` has it; then it goes back to the beginning. */
  private askedForEnds(): void {
    const positions = this.tps.map((tp) => this.consumer.position(tp))
    if (positions.some((position) => position < 0)) {
      this.consumer.poll(ASK_US)
      return
    }
    this.ends = positions
    for (const [index, tp] of this.tps.entries()) if ((positions[index] as number) > 0) this.consumer.seek(tp, 0)
    if (!this.endIfRead(positions)) this.consumer.poll(READ_US)
  }

  onPollFailed(): void {
    if (!this.over) this.again()
  }

  /** Nothing came: perhaps a leader changed and a partition ends earlier now. It asks again. */
  private again(): void {
    this.ends = null
    this.consumer.seekToCommitted()
    this.consumer.poll(ASK_US)
  }

  onCommitted(): void {}
  onPartitionsAssigned(): void {}
  onPartitionsRevoked(): void {}
  onPartitionsLost(): void {}
  onClosed(): void {}
}
