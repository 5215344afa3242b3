import { M } from '../history/catalogue.ts'
import { recordOf } from '../history/ids.ts'
import { type Sampler, samplerOf } from '../kernel/sampler.ts'
import type { NodeHandler } from '../kernel/node.ts'
import { WORKLOAD } from '../kernel/site.ts'
import { MILLISECOND } from '../kernel/time.ts'
import { SHUT_DOWN } from '../network/connection.ts'
import type { Envelope } from '../network/envelope.ts'
import type { ConsumedRecord } from '../kafka/client/consumer/kafka-consumer.ts'
import { utf8Length } from '../kafka/client/murmur2.ts'
import { keyHash } from '../kafka/client/partitioner.ts'
import type { Env } from '../kafka/env.ts'
import { StoreApi } from '../kafka/protocol/api.ts'
import type { Database } from './database.ts'
import { OffsetReader } from './offset-reader.ts'
import { offsetIn } from './offset-record.ts'
import type { ProcessHost } from './process-host.ts'
import { QuietEnv } from './quiet-env.ts'
import type { SourceJournal } from './source-journal.ts'
import type { SourceProcessOptions } from './source-process-options.ts'
import { publishingOf } from './publishing-of.ts'
import type { SourcePublishing, SourcePublishingOwner } from './source-publishing.ts'
import { SOURCE_TIMERS as T } from './source-timers.ts'
import { StoreClient } from './store-client.ts'
import type { StoreReadRowsResponse } from './store-messages.ts'

/** Bytes of a row. */
const ROW_SIZE = 100

/**
 * `resting` between polls; `sending` while rows of the last poll are left, whose send() may wait; `dispatching` while their
 * transaction is committed; `failed` is Connect's state of a task that nobody restarts.
 */
type State =
  | 'waiting'
  | 'preparing'
  | 'reading-offsets'
  | 'polling'
  | 'sending'
  | 'dispatching'
  | 'resting'
  | 'failed'
  | 'ending'
  | 'closed'

/**
 * A source task of Kafka Connect (`AbstractWorkerSourceTask`): it reads how far it is from the offsets topic, then polls and
 * sends. How rows are published, and when their offset is kept, is the work of its {@link SourcePublishing}.
 */
export class SourceProcess implements NodeHandler, SourcePublishingOwner {
  private readonly env: Env
  private readonly options: SourceProcessOptions
  private readonly journal: SourceJournal
  private readonly host: Pick<ProcessHost, 'exited'>
  /** What there is to read, for {@link isIdle} alone: the task sees the table by its polls. */
  private readonly table: Database
  private readonly every: Sampler
  private readonly publishing: SourcePublishing
  private readonly reader: OffsetReader
  private readonly client: StoreClient
  private state: State = 'waiting'
  /** The offset as the offsets topic has it. */
  private offset = 0
  /** Keys of rows that were polled and not yet sent. */
  private rows: readonly string[] = []
  private sent = 0
  /** The step of the next row has been told. */
  private told = false
  private shuttingDown = false

  constructor(
    env: Env,
    options: SourceProcessOptions,
    journal: SourceJournal,
    table: Database,
    host: Pick<ProcessHost, 'exited'>,
  ) {
    const { offsetsTopic: topic, bootstrap, profile, rules, store } = options
    const quiet = new QuietEnv(env.node, env.kernel, env.network, env.recorder)
    const reading = {
      timerBase: T.reader,
      endsTimerBase: T.ends,
      topic,
      profile,
      bootstrap,
      config: rules.offsetsConsumer,
    }
    this.env = env
    this.options = options
    this.journal = journal
    this.table = table
    this.host = host
    this.every = samplerOf(rules.every)
    this.publishing = publishingOf(env, quiet, this, options, journal)
    this.reader = new OffsetReader(quiet, reading, this)
    this.client = new StoreClient(env, T.store, store, this)
  }

  // --- what the world asks ------------------------------------------------------------------------------------------

  /** Every row of its table is published, and known to be. */
  isIdle(): boolean {
    if (this.state === 'closed') return true
    if (this.state === 'failed' || this.state === 'ending' || this.state === 'waiting') return false
    return this.publishing.published >= this.table.rowCount
  }

  /** It reads on to the end of its table, as readers do. */
  stopWork(): void {}

  /** A clean stop: polls no more, commits what may be, then leaves. */
  shutDown(): void {
    this.shuttingDown = true
    if (this.state === 'closed') this.host.exited(this.env.node)
    else this.end()
  }

  waiting(): readonly string[] {
    if (this.state === 'failed') return [`somebody to restart its task, which failed with ${this.publishing.failure}`]
    if (this.state === 'reading-offsets') return ['its offsets']
    return [...this.client.waiting(), ...this.publishing.waiting()]
  }

  // --- NodeHandler --------------------------------------------------------------------------------------------------

  onStart(): void {
    const { env, options } = this
    const now = env.monotonic()
    if (options.stopUs !== null && now >= options.stopUs) {
      this.state = 'closed'
      return
    }
    if (options.stopUs !== null) env.setTimer(T.stop, options.stopUs - now)
    if (now < options.startUs) env.setTimer(T.start, options.startUs - now)
    else this.begin()
  }

  onMessage(message: unknown): void {
    const envelope = message as Envelope
    // Every client knows its own connections and ignores the others'.
    this.publishing.onMessage(envelope)
    this.reader.onMessage(envelope)
    this.client.onMessage(envelope)
    this.tellDone()
  }

  onSignal(kind: number, a: number, b: number): void {
    if (kind === SHUT_DOWN) {
      this.shutDown()
      return
    }
    this.publishing.onSignal(kind, a, b)
    this.reader.onSignal(kind, a, b)
    this.client.onSignal(kind, a)
  }

  onTimer(kind: number, a: number, b: number): void {
    const isTaken = this.publishing.onTimer(kind, a, b) || this.reader.onTimer(kind, a, b) || this.client.onTimer(kind)
    if (!isTaken) this.onOwnTimer(kind)
    this.tellDone()
  }

  onDisk(_kind: number, _a: number, _b: number, _payload: unknown): void {}

  private onOwnTimer(kind: number): void {
    switch (kind) {
      case T.start:
        this.begin()
        break
      case T.stop:
        this.end()
        break
      case T.poll:
        if (this.state === 'resting') this.poll()
        break
      case T.step:
        this.sendRows()
        break
    }
  }

  // --- the task's thread --------------------------------------------------------------------------------------------

  private begin(): void {
    if (this.state !== 'waiting') return
    this.state = 'preparing'
    this.publishing.prepare()
  }

  onPrepared(): void {
    if (this.state !== 'preparing') return
    this.state = 'reading-offsets'
    this.reader.start()
  }

  onOffsetRecord({ record }: ConsumedRecord): void {
    const offset = offsetIn(record, this.options.name)
    // A compacted topic keeps the last one of each key: so does who reads all of them in order.
    if (offset >= 0) this.offset = offset
  }

  onOffsetsRead(): void {
    if (this.state !== 'reading-offsets') return
    this.env.emit(M.sourceResumed, this.offset)
    this.publishing.begin(this.offset)
    this.poll()
  }

  private poll(): void {
    this.state = 'polling'
    this.client.call(StoreApi.StoreReadRows, { from: this.publishing.next, most: this.options.rules.batch }, 0)
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
    this.state = 'dispatching'
    if (this.publishing.batchDispatched()) this.onBatchOver()
  }

  onBatchOver(): void {
    if (this.state !== 'dispatching') return
    this.state = 'resting'
    this.env.setTimer(T.poll, this.every.length(this.env.decide(WORKLOAD, this.every.bound)))
  }

  /** The step is an event of its own: what waits for it happens before anything is sent. */
  private tellStep(): void {
    const row = this.publishing.next
    this.told = true
    this.env.emit(M.stepBeforeOutput, recordOf(this.env.node, row), this.journal.attempts[row] ?? 0)
    this.env.setTimer(T.step, 0)
  }

  private send(key: string): boolean {
    const { env, options } = this
    const row = this.publishing.next
    const record = {
      record: recordOf(env.node, row),
      attempt: this.journal.attempt(row),
      key,
      size: ROW_SIZE + utf8Length(key),
      timestamp: Math.floor(env.wallClock() / MILLISECOND),
    }
    const topic = row % options.topics.length
    return this.publishing.send({ topic, keyHash: keyHash(key), keyId: this.table.keyNumber(row), record })
  }

  onSendReturned(): void {
    this.sendRows()
  }

  onPublishingFailed(): void {
    if (this.state !== 'ending' && this.state !== 'closed') this.state = 'failed'
  }

  // --- the end ------------------------------------------------------------------------------------------------------

  private end(): void {
    if (this.state === 'ending' || this.state === 'closed') return
    this.state = 'ending'
    this.reader.close()
    this.client.close()
    this.publishing.end()
  }

  onEnded(): void {
    this.state = 'closed'
    if (this.shuttingDown) this.host.exited(this.env.node)
  }

  private tellDone(): void {
    if (this.journal.done || !this.isIdle()) return
    this.journal.done = true
    this.env.emit(M.workloadDone)
  }
}
