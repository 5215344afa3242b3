import { ms } from '../kernel/time.ts'
import type { TimerHandle } from '../kernel/kernel.ts'
import { recordOrdinal } from '../history/ids.ts'
import { KafkaProducer, PRODUCER_TIMERS } from '../kafka/client/kafka-producer.ts'
import type { ProducerOwner, ProducerTopic } from '../kafka/client/producer-owner.ts'
import type { Env } from '../kafka/env.ts'
import type { ProducerConfig } from '../kafka/protocol/config/producer.ts'
import type { ClientProfile } from '../kafka/protocol/profile.ts'
import { offsetRecord } from './offset-record.ts'
import type { SourceJournal } from './source-journal.ts'
import { FLUSH_TIMEOUT_MS } from './source-options.ts'

/** Number of timer kinds a writer takes, from its `timerBase` on. */
export const OFFSET_WRITER_TIMERS: number = PRODUCER_TIMERS + 1

export interface OffsetWriterOptions {
  readonly timerBase: number
  readonly topic: ProducerTopic
  readonly config: ProducerConfig
  readonly profile: ClientProfile
  readonly bootstrap: readonly number[]
  /** Who the offsets belong to: their key. */
  readonly key: string
}

/** Hears how a flush ended. */
export interface OffsetWriterOwner {
  onFlushEnded(ok: boolean): void
}

/**
 * `OffsetStorageWriter` on `KafkaOffsetBackingStore`: produces a task's offset to the offsets topic. One flush at a time; one
 * without an answer in offset.flush.timeout.ms is given up, and what it has sent may still arrive.
 */
export class OffsetWriter implements ProducerOwner {
  private readonly env: Env
  private readonly key: string
  private readonly journal: SourceJournal
  private readonly owner: OffsetWriterOwner
  private readonly producer: KafkaProducer
  private readonly timerKind: number
  private timer: TimerHandle = 0
  /** The offset that is being written; -1 = none. */
  private writing = -1
  /** The producer is in a send() that waits. */
  private blocked = false

  constructor(env: Env, options: OffsetWriterOptions, journal: SourceJournal, owner: OffsetWriterOwner) {
    const { timerBase, topic, config, profile, bootstrap, key } = options
    this.env = env
    this.key = key
    this.journal = journal
    this.owner = owner
    this.timerKind = timerBase + PRODUCER_TIMERS
    this.producer = new KafkaProducer(env, { timerBase, topics: [topic], bootstrap, config, profile }, this)
  }

  start(): void {
    this.producer.start()
  }

  /** Begins a flush; {@link OffsetWriterOwner.onFlushEnded} follows. False when the last one's send() still waits. */
  flush(offset: number): boolean {
    if (this.blocked) return false
    const { env, key } = this
    this.writing = offset
    this.timer = env.setTimer(this.timerKind, ms(FLUSH_TIMEOUT_MS))
    const { keyHash, record } = offsetRecord(env, key, offset)
    this.blocked = !this.producer.send(0, -1, keyHash, 0, record)
    return true
  }

  get client(): KafkaProducer {
    return this.producer
  }

  close(): void {
    this.env.cancel(this.timer)
    this.writing = -1
    this.producer.closeNow()
  }

  /** False when the timer is none of its own. */
  onTimer(kind: number, a: number, b: number): boolean {
    if (kind !== this.timerKind) return this.producer.onTimer(kind, a, b)
    this.timer = 0
    this.end(false)
    return true
  }

  nextBatch(): number {
    return (this.env.node << 20) | this.journal.batches++
  }

  onAcked(record: number): void {
    if (recordOrdinal(record) === this.writing) this.end(true)
  }

  onFailed(record: number): void {
    if (recordOrdinal(record) === this.writing) this.end(false)
  }

  onUnknown(record: number): void {
    this.onFailed(record)
  }

  onSendReturned(): void {
    this.blocked = false
  }

  onFlushed(): void {}
  onClosed(): void {}

  private end(ok: boolean): void {
    this.env.cancel(this.timer)
    this.writing = -1
    this.owner.onFlushEnded(ok)
  }
}
