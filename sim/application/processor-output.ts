import { M } from '../history/catalogue.ts'
import { recordOf } from '../history/ids.ts'
import { MILLISECOND } from '../kernel/time.ts'
import type { Envelope } from '../network/envelope.ts'
import type { ConsumedRecord } from '../kafka/client/consumer/completed-fetch.ts'
import { KafkaProducer } from '../kafka/client/kafka-producer.ts'
import type { KafkaProducerOptions, ProducerOwner } from '../kafka/client/producer-owner.ts'
import { keyHash } from '../kafka/client/partitioner.ts'
import type { Env } from '../kafka/env.ts'
import type { Transform } from './applications.ts'
import type { Output, OutputOwner } from './output.ts'
import type { ProcessorJournal } from './processor-journal.ts'

/** What came of one record that was read. */
interface Outputs {
  readonly polled: ConsumedRecord
  /** How many are not acknowledged. */
  left: number
}

/** A record that is to be sent: output number `index` of one that was read. */
interface Pending {
  readonly worker: number
  readonly polled: ConsumedRecord
  readonly index: number
  readonly last: boolean
  readonly outputs: Outputs
}

/**
 * A processor's output: what it makes of a record goes to its topics, with the record's key. Every copy is a new record,
 * also when the same input is worked on again; `record.derived` tells what it was made of.
 */
export class ProcessorOutput implements Output, ProducerOwner {
  readonly writesUnits = false
  readonly immediate = false
  private readonly env: Env
  private readonly owner: OutputOwner
  private readonly producer: KafkaProducer
  private readonly topics: number
  private readonly copies: number
  private readonly journal: ProcessorJournal
  private readonly tellSteps: boolean
  private queue: Pending[] = []
  /** Its send() has not returned. */
  private sending: Pending | null = null
  /** A put() whose sends are made within the call: nobody waits. */
  private putting = false
  /** By number of the record that was sent. */
  private readonly unacked: Map<number, Outputs> = new Map()
  /** A send failed since the last settling. */
  private failed = false
  private settling = false
  private readonly keyHashes: Map<string, number> = new Map()

  constructor(
    env: Env,
    owner: OutputOwner,
    producer: KafkaProducerOptions,
    transform: Transform,
    journal: ProcessorJournal,
    tellSteps: boolean,
  ) {
    this.env = env
    this.owner = owner
    this.producer = new KafkaProducer(env, producer, this)
    this.topics = producer.topics.length
    this.copies = transform.kind === 'copy' ? 1 : transform.count
    this.journal = journal
    this.tellSteps = tellSteps
  }

  start(): void {
    this.producer.start()
  }

  put(worker: number, polled: ConsumedRecord): boolean {
    if (this.copies === 0) return true
    const outputs = { polled, left: this.copies }
    for (let index = 0; index < this.copies; index++)
      this.queue.push({ worker, polled, index, last: index === this.copies - 1, outputs })
    this.putting = true
    this.pump()
    this.putting = false
    return this.queue.length === 0 && this.sending === null
  }

  /** `flush()`, then all callbacks have been made. */
  settle(): boolean {
    this.settling = true
    this.producer.flush()
    return false
  }

  discard(): void {
    this.failed = false
  }

  isIdle(): boolean {
    return this.unacked.size === 0 && this.queue.length === 0 && this.sending === null
  }

  close(): boolean {
    this.producer.close()
    return false
  }

  onMessage(envelope: Envelope): void {
    this.producer.onMessage(envelope)
  }

  onSignal(kind: number, connection: number, peer: number): void {
    this.producer.onSignal(kind, connection, peer)
  }

  onTimer(kind: number, a: number, b: number): boolean {
    return this.producer.onTimer(kind, a, b)
  }

  waiting(): readonly string[] {
    return this.producer.waiting()
  }

  // --- ProducerOwner ------------------------------------------------------------------------------------------------

  nextBatch(): number {
    return (this.env.node << 20) | this.journal.batches++
  }

  onAcked(record: number): void {
    const outputs = this.unacked.get(record) as Outputs
    this.unacked.delete(record)
    if (--outputs.left > 0 || !this.tellSteps) return
    const { record: input, attempt } = outputs.polled.record
    this.env.emit(M.stepAfterOutput, input, attempt)
  }

  onFailed(record: number): void {
    this.unacked.delete(record)
    this.failed = true
  }

  onUnknown(record: number): void {
    this.unacked.delete(record)
    this.failed = true
  }

  onSendReturned(): void {
    const sent = this.sending
    this.sending = null
    if (sent?.last === true) this.owner.onPut(sent.worker)
    this.pump()
  }

  onFlushed(): void {
    if (!this.settling) return
    this.settling = false
    const ok = !this.failed
    this.failed = false
    this.owner.onSettled(0, ok)
  }

  onClosed(): void {
    this.owner.onOutputClosed()
  }

  // --- sending ------------------------------------------------------------------------------------------------------

  /** Sends in order, one call at a time: a send() that must wait for room holds up those behind it. */
  private pump(): void {
    while (this.sending === null) {
      const pending = this.queue.shift()
      if (pending === undefined) return
      if (!this.send(pending)) this.sending = pending
      else if (pending.last && !this.putting) this.owner.onPut(pending.worker)
    }
  }

  private send(pending: Pending): boolean {
    const { env, journal } = this
    const { polled, index, outputs } = pending
    const { record: input, key, size } = polled.record
    const record = recordOf(env.node, journal.records++)
    this.unacked.set(record, outputs)
    env.emit(M.recordDerived, record, input, index)
    // The topic follows from the input, so that working on it again has the same result.
    const topic = (polled.offset + index) % this.topics
    const timestamp = Math.floor(env.wallClock() / MILLISECOND)
    const keyNumber = key === null ? -1 : env.recorder.text(key)
    return this.producer.send(topic, -1, this.hashOf(key), keyNumber, { record, attempt: 0, key, size, timestamp })
  }

  private hashOf(key: string | null): number {
    if (key === null) return -1
    const known = this.keyHashes.get(key)
    if (known !== undefined) return known
    const hash = keyHash(key)
    this.keyHashes.set(key, hash)
    return hash
  }
}
