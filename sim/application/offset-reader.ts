import { MILLISECOND, SECOND } from '../kernel/time.ts'
import { tpOf } from '../history/ids.ts'
import { type ConsumedRecord, KafkaConsumer } from '../kafka/client/consumer/kafka-consumer.ts'
import type { Envelope } from '../network/envelope.ts'
import type { ConsumerOwner } from '../kafka/client/consumer/consumer-owner.ts'
import type { Env } from '../kafka/env.ts'
import type { ConsumerConfig } from '../kafka/protocol/config/consumer.ts'
import type { ClientProfile } from '../kafka/protocol/profile.ts'

/** How long one poll() lasts: while it asks where the partitions end, and while it reads. */
const ASK_US: number = 50 * MILLISECOND
const READ_US: number = SECOND

export interface OffsetReaderOptions {
  readonly timerBase: number
  /** Of a second client, which `isolation.level=read_committed` needs. */
  readonly endsTimerBase: number
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
 * `KafkaBasedLog.readToLogEnd()`: asks where every partition of the offsets topic ends now, and reads up to there. Its consumers
 * have no group. One that reads committed records only is no judge of where the log ends: an open transaction belongs to it, and
 * its end is waited for.
 */
export class OffsetReader implements ConsumerOwner {
  private readonly owner: OffsetReaderOwner
  private readonly tps: readonly number[]
  private readonly consumer: KafkaConsumer
  /** Asks for the ends; the same client, unless that would not see all. */
  private readonly asker: KafkaConsumer
  /** Where each partition ends; null while that is asked. */
  private ends: readonly number[] | null = null
  private over = false

  constructor(env: Env, options: OffsetReaderOptions, owner: OffsetReaderOwner) {
    const { timerBase, endsTimerBase, topic, config, profile, bootstrap } = options
    const tps = Array.from({ length: topic.partitions }, (_, index) => tpOf(topic.topicId, index))
    this.owner = owner
    this.tps = tps
    const common = { topics: [topic], subscribe: null, assign: tps, bootstrap, profile, memberTag: 'its offsets' }
    const everything: ConsumerConfig = { ...config, 'isolation.level': 'read_uncommitted' }
    this.consumer = new KafkaConsumer(env, { ...common, timerBase, config }, this)
    this.asker =
      config['isolation.level'] === 'read_committed'
        ? new KafkaConsumer(env, { ...common, timerBase: endsTimerBase, config: everything }, this)
        : this.consumer
  }

  start(): void {
    this.consumer.start()
    if (this.hasAsker) this.asker.start()
    this.asker.poll(ASK_US)
  }

  private get hasAsker(): boolean {
    return this.asker !== this.consumer
  }

  get isOver(): boolean {
    return this.over
  }

  /** Drops the consumers. */
  close(): void {
    this.over = true
    this.consumer.closeNow()
    if (this.hasAsker) this.asker.closeNow()
  }

  onMessage(envelope: Envelope): void {
    this.consumer.onMessage(envelope)
    if (this.hasAsker) this.asker.onMessage(envelope)
  }

  onSignal(kind: number, connection: number, peer: number): void {
    this.consumer.onSignal(kind, connection, peer)
    if (this.hasAsker) this.asker.onSignal(kind, connection, peer)
  }

  /** False when the timer is none of its own. */
  onTimer(kind: number, a: number, b: number): boolean {
    return this.consumer.onTimer(kind, a, b) || (this.hasAsker && this.asker.onTimer(kind, a, b))
  }

  // --- ConsumerOwner: the asker's while there are no ends, then the consumer's ------------------------------------------

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
    const positions = this.tps.map((tp) => this.asker.position(tp))
    if (positions.some((position) => position < 0)) {
      this.asker.poll(ASK_US)
      return
    }
    this.ends = positions
    for (const [index, tp] of this.tps.entries())
      if (this.hasAsker || (positions[index] as number) > 0) this.consumer.seek(tp, 0)
    if (!this.endIfRead(positions)) this.consumer.poll(READ_US)
  }

  onPollFailed(): void {
    if (!this.over) this.again()
  }

  /** Nothing came: perhaps a leader changed and a partition ends earlier now. It asks again. */
  private again(): void {
    this.ends = null
    this.asker.seekToCommitted()
    this.asker.poll(ASK_US)
  }

  onCommitted(): void {}
  onPartitionsAssigned(): void {}
  onPartitionsRevoked(): void {}
  onPartitionsLost(): void {}
  onClosed(): void {}
}
