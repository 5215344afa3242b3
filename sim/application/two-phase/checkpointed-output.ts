import type { Envelope } from '../../network/envelope.ts'
import type { Env } from '../../kafka/env.ts'
import { StoreApi } from '../../kafka/protocol/api.ts'
import { nextOffsets } from '../commit-book.ts'
import type { ProcessorJournal } from '../processor-journal.ts'
import { STORE_CLIENT_TIMERS, type StoreCaller, StoreClient } from '../store-client.ts'
import type { TransactionEnd } from '../transaction-runner.ts'
import {
  TransactionalOutput,
  type TransactionalOutputOptions,
  type TransactionalThread,
} from '../transactional-output.ts'
import type {
  Checkpoint,
  StoreReadCheckpointRequest,
  StoreReadCheckpointResponse,
  StoreSaveCheckpointRequest,
} from './checkpoint.ts'

/** Timer kinds behind those of the store's client. */
const RESUMED: number = STORE_CLIENT_TIMERS

/** Tokens of calls to the store. */
const READING = 0
const SAVING = 1

export interface CheckpointedOptions extends TransactionalOutputOptions {
  /** Node of the store that keeps the checkpoints. */
  readonly store: number
  /** First timer kind of its own. */
  readonly storeTimers: number
  readonly group: string
}

export interface CheckpointedThread extends TransactionalThread {
  /** The newest checkpoint is read, what it names is committed or given up, and the work may begin at its positions. */
  onRecovered(): void
}

/**
 * The output of a processor whose positions and transactions are in checkpoints, as Flink's `KafkaSink` commits in two phases with
 * Kafka as the second participant. What is flushed is prepared; the checkpoint with the positions, the producer's id and its epoch is the
 * decision; then the transaction is committed. Whoever begins anew takes the producer's place in the transaction that the newest
 * checkpoint names, and commits it before initTransactions() would abort it.
 *
 * Kafka knows nothing of a transaction that is prepared (KIP-939 is absent), and aborts it when transaction.timeout.ms is over. Then
 * its records are lost, as the checkpoint has passed them: as with Flink, that is noticed and nothing else.
 */
export class CheckpointedOutput extends TransactionalOutput implements StoreCaller {
  private readonly checkpoints: CheckpointedOptions
  private readonly checkpointed: CheckpointedThread
  private readonly client: StoreClient
  private newest: Checkpoint | null = null
  private saving: Checkpoint | null = null
  /** Why commitTransaction() is called: nothing of what ends is to be worked on again. */
  private state: 'working' | 'flushing' | 'decided' | 'resuming' = 'working'
  /** A record of the unit was not written. */
  private hasFailed = false
  private recovered = false

  constructor(env: Env, thread: CheckpointedThread, options: CheckpointedOptions, journal: ProcessorJournal) {
    super(env, thread, options, journal)
    this.checkpoints = options
    this.checkpointed = thread
    this.client = new StoreClient(env, options.storeTimers, options.store, this)
  }

  /** Where the work begins in a partition; -1 = no checkpoint tells. */
  position(tp: number): number {
    return this.newest?.positions.find((position) => position.tp === tp)?.next ?? -1
  }

  get isRecovered(): boolean {
    return this.recovered
  }

  // --- recovery -------------------------------------------------------------------------------------------------------

  override start(): void {
    if (this.recovered) {
      super.start()
      return
    }
    const body: StoreReadCheckpointRequest = { group: this.checkpoints.group }
    this.client.call(StoreApi.StoreReadCheckpoint, body, READING)
  }

  private onRead({ checkpoint }: StoreReadCheckpointResponse): void {
    this.newest = checkpoint
    if (checkpoint === null) {
      this.begin()
      return
    }
    this.state = 'resuming'
    this.producer.start()
    this.runner.resume(this.producer, checkpoint.open)
  }

  /** A new producer, in a transaction of its own; the one before it did nothing but commit. */
  private begin(): void {
    this.recovered = true
    this.state = 'working'
    super.start()
    this.checkpointed.onRecovered()
  }

  private replaceResumed(): void {
    this.producer.closeNow()
    this.runner.forget()
    this.producer = this.newProducer()
    this.begin()
  }

  // --- the two phases -------------------------------------------------------------------------------------------------

  protected override commit(): void {
    this.state = 'flushing'
    this.producer.flush()
  }

  override onFlushed(): void {
    if (this.state !== 'flushing') return
    const open = this.producer.transactions.openTransaction
    if (this.hasFailed || open === null) {
      this.state = 'working'
      this.runner.abort()
      return
    }
    const next = nextOffsets(this.unit).map(({ tp, offset }) => ({ tp, next: offset }))
    const others = this.newest?.positions.filter(({ tp }) => !next.some((own) => own.tp === tp)) ?? []
    this.saving = { positions: [...others, ...next], open }
    this.save()
  }

  private save(): void {
    if (this.saving === null) return
    const body: StoreSaveCheckpointRequest = { group: this.checkpoints.group, checkpoint: this.saving }
    this.client.call(StoreApi.StoreSaveCheckpoint, body, SAVING)
  }

  private onSaved(): void {
    this.newest = this.saving
    this.saving = null
    this.state = 'decided'
    this.runner.commit(null, 'retry')
  }

  /** Behind a decision nothing is worked on again, whatever became of it. */
  override onTransactionEnded(end: TransactionEnd): void {
    const { state } = this
    this.hasFailed = false
    if (state === 'resuming') {
      // Called from within the producer that is to be closed.
      this.env.setTimer(this.checkpoints.storeTimers + RESUMED, 0)
      return
    }
    this.state = 'working'
    super.onTransactionEnded(state === 'decided' ? 'committed' : end)
  }

  override onProducerUnusable(): void {
    if (this.state !== 'resuming') super.onProducerUnusable()
  }

  override onFailed(record: number): void {
    this.hasFailed = true
    super.onFailed(record)
  }

  override onUnknown(record: number): void {
    this.hasFailed = true
    super.onUnknown(record)
  }

  // --- the store ------------------------------------------------------------------------------------------------------

  onStoreAnswer(token: number, body: object): void {
    if (token === READING) this.onRead(body as StoreReadCheckpointResponse)
    else this.onSaved()
  }

  /** Both are asked for until they are answered: again is once. */
  onStoreFailed(token: number): void {
    if (token === READING) this.start()
    else this.save()
  }

  override close(): boolean {
    this.client.close()
    return super.close()
  }

  override onMessage(envelope: Envelope): void {
    if (envelope.source === this.checkpoints.store) this.client.onMessage(envelope)
    else super.onMessage(envelope)
  }

  override onSignal(kind: number, connection: number, peer: number): void {
    if (peer === this.checkpoints.store) this.client.onSignal(kind, connection)
    else super.onSignal(kind, connection, peer)
  }

  override onTimer(kind: number, a: number, b: number): boolean {
    if (kind === this.checkpoints.storeTimers + RESUMED) {
      this.replaceResumed()
      return true
    }
    return this.client.onTimer(kind) || super.onTimer(kind, a, b)
  }

  override waiting(): readonly string[] {
    return [...this.client.waiting(), ...super.waiting()]
  }
}
