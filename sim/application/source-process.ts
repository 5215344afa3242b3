import { M } from '../history/catalogue.ts'
import { recordOf, recordOrdinal } from '../history/ids.ts'
import { type Sampler, samplerOf } from '../kernel/sampler.ts'
import type { NodeHandler } from '../kernel/node.ts'
import { WORKLOAD } from '../kernel/site.ts'
import { MILLISECOND, ms } from '../kernel/time.ts'
import { SHUT_DOWN } from '../network/connection.ts'
import type { Envelope } from '../network/envelope.ts'
import { CONSUMER_TIMERS, type ConsumedRecord } from '../kafka/client/consumer/kafka-consumer.ts'
import { KafkaProducer, PRODUCER_TIMERS } from '../kafka/client/kafka-producer.ts'
import { utf8Length } from '../kafka/client/murmur2.ts'
import { keyHash } from '../kafka/client/partitioner.ts'
import type { ProducerOwner, ProducerTopic } from '../kafka/client/producer-owner.ts'
import type { Env } from '../kafka/env.ts'
import { StoreApi } from '../kafka/protocol/api.ts'
import type { ProducerConfig } from '../kafka/protocol/config/producer.ts'
import type { ClientProfile } from '../kafka/protocol/profile.ts'
import type { Database } from './database.ts'
import { OffsetReader } from './offset-reader.ts'
import { OFFSET_WRITER_TIMERS, OffsetWriter } from './offset-writer.ts'
import type { ProcessHost } from './process-host.ts'
import { QuietEnv } from './quiet-env.ts'
import type { SourceJournal } from './source-journal.ts'
import { FLUSH_TIMEOUT_MS, type SourceRules } from './source-options.ts'
import { STORE_CLIENT_TIMERS, StoreClient } from './store-client.ts'
import type { StoreReadRowsResponse } from './store-messages.ts'
import { SubmittedRecords } from './submitted-records.ts'

const PRODUCER = 0
const WRITER: number = PRODUCER + PRODUCER_TIMERS
const READER: number = WRITER + OFFSET_WRITER_TIMERS
const STORE: number = READER + CONSUMER_TIMERS
const START: number = STORE + STORE_CLIENT_TIMERS
const STOP: number = START + 1
const POLL: number = START + 2
const FLUSH: number = START + 3
/** The end of the wait for acknowledgements before the last flush. */
const LAST_FLUSH: number = START + 4
/** A step has been told, and what it comes before is done. */
const STEP: number = START + 5

/** Bytes of a row. */
const ROW_SIZE = 100

/** One source task, with nothing left to resolve. */
export interface SourceProcessOptions {
  /** `import#0` */
  readonly name: string
  readonly node: number
  readonly rules: SourceRules
  /** Topics taken in turn, one row each. */
  readonly topics: readonly ProducerTopic[]
  readonly offsetsTopic: ProducerTopic
  /** Node number of its store. */
  readonly store: number
  readonly config: ProducerConfig
  readonly profile: ClientProfile
  readonly bootstrap: readonly number[]
  readonly startUs: number
  readonly stopUs: number | null
  readonly tellSteps: boolean
}

/**
 * `resting` between polls; `sending` while rows of the last poll are left, whose send() may wait; `failed` is Connect's state of a
 * task that nobody restarts; `ending` waits for acknowledgements and the last flush.
 */
type State = 'waiting' | 'reading-offsets' | 'polling' | 'sending' | 'resting' | 'failed' | 'ending' | 'closed'

/**
 * A source task of Kafka Connect without exactly-once (`AbstractWorkerSourceTask`, `WorkerSourceTask`): poll, send, and every
 * offset.flush.interval.ms the offset of what is acknowledged. A new process goes on where the offsets topic says.
 */
export class SourceProcess implements NodeHandler, ProducerOwner {
  private readonly env: Env
  private readonly options: SourceProcessOptions
  private readonly journal: SourceJournal
  private readonly host: Pick<ProcessHost, 'exited'>
  /** What there is to read, for {@link isIdle} alone: the task sees the table by its polls. */
  private readonly table: Database
  private readonly every: Sampler
  private readonly producer: KafkaProducer
  private readonly writer: OffsetWriter
  private readonly reader: OffsetReader
  private readonly client: StoreClient
  private submitted: SubmittedRecords = new SubmittedRecords(0)
  private state: State = 'waiting'
  /** Keys of rows that were polled and not yet sent. */
  private rows: readonly string[] = []
  private sent = 0
  /** The step of the next row has been told. */
  private told = false
  /** The offset as the offsets topic has it, as far as the task knows. */
  private flushed = 0
  private flushing = -1
  private shuttingDown = false

  constructor(
    env: Env,
    options: SourceProcessOptions,
    journal: SourceJournal,
    table: Database,
    host: Pick<ProcessHost, 'exited'>,
  ) {
    const { topics, offsetsTopic, bootstrap, config, profile, rules, name, store } = options
    const quiet = new QuietEnv(env.node, env.kernel, env.network, env.recorder)
    const offsets = { topic: offsetsTopic, profile, bootstrap }
    this.env = env
    this.options = options
    this.journal = journal
    this.table = table
    this.host = host
    this.every = samplerOf(rules.every)
    this.producer = new KafkaProducer(env, { timerBase: PRODUCER, topics, bootstrap, config, profile }, this)
    const writing = { ...offsets, timerBase: WRITER, config: rules.offsetsProducer, key: name }
    this.writer = new OffsetWriter(quiet, writing, journal, this)
    this.reader = new OffsetReader(quiet, { ...offsets, timerBase: READER, config: rules.offsetsConsumer }, this)
    this.client = new StoreClient(env, STORE, store, this)
  }

  // --- what the world asks ------------------------------------------------------------------------------------------

  /** Every row of its table is published, and known to be. */
  isIdle(): boolean {
    if (this.state === 'closed') return true
    if (this.state === 'failed' || this.state === 'ending' || this.state === 'waiting') return false
    return this.submitted.committable >= this.table.rowCount
  }

  /** It reads on to the end of its table, as readers do. */
  stopWork(): void {}

  /** A clean stop: polls no more, waits for acknowledgements, flushes what they allow, then leaves. */
  shutDown(): void {
    this.shuttingDown = true
    if (this.state === 'closed') this.host.exited(this.env.node)
    else this.end()
  }

  waiting(): readonly string[] {
    if (this.state === 'failed') return ['somebody to restart its task, which failed with the send() of a record']
    if (this.state === 'reading-offsets') return ['its offsets']
    return [...this.client.waiting(), ...this.producer.waiting()]
  }

  // --- NodeHandler --------------------------------------------------------------------------------------------------

  onStart(): void {
    const { env, options } = this
    const now = env.monotonic()
    if (options.stopUs !== null && now >= options.stopUs) {
      this.state = 'closed'
      return
    }
    if (options.stopUs !== null) env.setTimer(STOP, options.stopUs - now)
    if (now < options.startUs) env.setTimer(START, options.startUs - now)
    else this.begin()
  }

  onMessage(message: unknown): void {
    const envelope = message as Envelope
    // Every client knows its own connections and ignores the others'.
    this.producer.onMessage(envelope)
    this.writer.client.onMessage(envelope)
    this.reader.client.onMessage(envelope)
    this.client.onMessage(envelope)
    this.tellDone()
  }

  onSignal(kind: number, a: number, b: number): void {
    if (kind === SHUT_DOWN) {
      this.shutDown()
      return
    }
    this.producer.onSignal(kind, a, b)
    this.writer.client.onSignal(kind, a, b)
    this.reader.client.onSignal(kind, a, b)
    this.client.onSignal(kind, a)
  }

  onTimer(kind: number, a: number, b: number): void {
    if (kind < WRITER) this.producer.onTimer(kind, a, b)
    else if (kind < READER) this.writer.onTimer(kind, a, b)
    else if (kind < STORE) this.reader.client.onTimer(kind, a, b)
    else if (kind < START) this.client.onTimer(kind)
    else this.onOwnTimer(kind)
    this.tellDone()
  }

  onDisk(_kind: number, _a: number, _b: number, _payload: unknown): void {}

  private onOwnTimer(kind: number): void {
    switch (kind) {
      case START:
        this.begin()
        break
      case STOP:
        this.end()
        break
      case POLL:
        if (this.state === 'resting') this.poll()
        break
      case STEP:
        this.sendRows()
        break
      case FLUSH:
        this.onFlushDue()
        break
      case LAST_FLUSH:
        if (this.state === 'ending') this.lastFlush()
        break
    }
  }

  // --- the task's thread --------------------------------------------------------------------------------------------

  private begin(): void {
    if (this.state !== 'waiting') return
    this.state = 'reading-offsets'
    this.reader.start()
  }

  onOffsetRecord(record: ConsumedRecord): void {
    const offset = OffsetWriter.offsetIn(record, this.options.name)
    // A compacted topic keeps the last one of each key: so does who reads all of them in order.
    if (offset >= 0) this.flushed = offset
  }

  onOffsetsRead(): void {
    if (this.state !== 'reading-offsets') return
    this.env.emit(M.sourceResumed, this.flushed)
    this.submitted = new SubmittedRecords(this.flushed)
    this.producer.start()
    this.writer.start()
    this.env.setTimer(FLUSH, ms(this.options.rules.flushIntervalMs))
    this.poll()
  }

  private poll(): void {
    this.state = 'polling'
    this.client.call(StoreApi.StoreReadRows, { from: this.submitted.end, most: this.options.rules.batch }, 0)
  }

  onStoreAnswer(_token: number, body: object): void {
    if (this.state !== 'polling') return
    this.rows = (body as StoreReadRowsResponse).keys
    this.sent = 0
    this.state = 'sending'
    this.sendRows()
  }

  /** The poll failed: it is a reading, so it is done again. */
  onStoreFailed(): void {
    if (this.state === 'polling') this.poll()
  }

  /** `sendRecords`: until send() must wait, or all is sent. */
  private sendRows(): void {
    while (this.state === 'sending' && this.sent < this.rows.length) {
      if (this.options.tellSteps && !this.told) {
        this.tellStep()
        return
      }
      this.told = false
      if (!this.send(this.rows[this.sent++] as string)) return
    }
    if (this.state !== 'sending') return
    this.state = 'resting'
    this.env.setTimer(POLL, this.every.length(this.env.decide(WORKLOAD, this.every.bound)))
  }

  /** The step is an event of its own: what waits for it happens before anything is sent. */
  private tellStep(): void {
    const row = this.submitted.end
    this.told = true
    this.env.emit(M.stepBeforeOutput, recordOf(this.env.node, row), this.journal.attempts[row] ?? 0)
    this.env.setTimer(STEP, 0)
  }

  private send(key: string): boolean {
    const { env, options, submitted } = this
    const row = submitted.end
    submitted.submit(row)
    const record = {
      record: recordOf(env.node, row),
      attempt: this.journal.attempt(row),
      key,
      size: ROW_SIZE + utf8Length(key),
      timestamp: Math.floor(env.wallClock() / MILLISECOND),
    }
    return this.producer.send(row % options.topics.length, -1, keyHash(key), this.table.keyNumber(row), record)
  }

  /** The producer gave a record up: the task fails. It flushes once more what it may, and polls no more. */
  private fail(): void {
    if (this.state === 'failed' || this.state === 'ending' || this.state === 'closed') return
    this.state = 'failed'
    this.flush()
  }

  // --- ProducerOwner ------------------------------------------------------------------------------------------------

  nextBatch(): number {
    return (this.env.node << 20) | this.journal.batches++
  }

  onAcked(record: number, attempt: number): void {
    if (this.options.tellSteps) this.env.emit(M.stepAfterOutput, record, attempt)
    this.submitted.ack(recordOrdinal(record))
    if (this.state === 'ending' && this.submitted.pending === 0) this.lastFlush()
  }

  onFailed(): void {
    this.fail()
  }

  onUnknown(): void {
    this.fail()
  }

  onSendReturned(): void {
    this.sendRows()
  }

  onFlushed(): void {}

  onClosed(): void {}

  // --- offsets ------------------------------------------------------------------------------------------------------

  private onFlushDue(): void {
    if (this.state === 'failed' || this.state === 'ending' || this.state === 'closed') return
    if (!this.flush()) this.env.setTimer(FLUSH, ms(this.options.rules.flushIntervalMs))
  }

  /** Writes what may be committed; false when there is nothing new, or no way to. */
  private flush(): boolean {
    const offset = this.submitted.committable
    if (offset === this.flushed || this.flushing >= 0 || !this.writer.flush(offset)) return false
    this.flushing = offset
    return true
  }

  onFlushEnded(ok: boolean): void {
    if (ok) {
      this.flushed = this.flushing
      this.env.emit(M.sourceFlushed, this.flushed)
    }
    this.flushing = -1
    if (this.state === 'ending') this.leave()
    else if (this.state !== 'failed') this.env.setTimer(FLUSH, ms(this.options.rules.flushIntervalMs))
  }

  // --- the end ------------------------------------------------------------------------------------------------------

  private end(): void {
    if (this.state === 'ending' || this.state === 'closed') return
    const hasBegun = this.state !== 'waiting' && this.state !== 'reading-offsets'
    this.state = 'ending'
    this.reader.close()
    this.client.close()
    if (!hasBegun) this.leave()
    else if (this.submitted.pending === 0) this.lastFlush()
    else this.env.setTimer(LAST_FLUSH, ms(FLUSH_TIMEOUT_MS))
  }

  /** `finalOffsetCommit`; a flush that is under way comes first. */
  private lastFlush(): void {
    if (this.flushing < 0 && !this.flush()) this.leave()
  }

  private leave(): void {
    this.state = 'closed'
    this.producer.closeNow()
    this.writer.close()
    if (this.shuttingDown) this.host.exited(this.env.node)
  }

  private tellDone(): void {
    if (this.journal.done || !this.isIdle()) return
    this.journal.done = true
    this.env.emit(M.workloadDone)
  }
}
