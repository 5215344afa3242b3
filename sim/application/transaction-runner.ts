import type { KafkaProducer } from '../kafka/client/kafka-producer.ts'
import type { TransactionCall } from '../kafka/client/transaction/transaction-core.ts'
import type { TransactionError } from '../kafka/client/transaction/transaction-error.ts'
import type { OpenTransaction } from '../kafka/client/transaction/open-transaction.ts'
import type { TransactionOwner } from '../kafka/client/transaction/transactional-producer.ts'
import type { ConsumerGroupMetadata, TxnOffset } from '../kafka/client/transaction/txn-request.ts'
import type { OnUnknownCommit } from './workload.ts'

/**
 * How a transaction ended for its application: committed; aborted because it wanted that; aborted, or certainly not
 * committed, because of an error; or it cannot know.
 */
export type TransactionEnd = 'committed' | 'aborted' | 'failed' | 'unknown'

/** The application whose transactions these are. */
export interface TransactionRunnerOwner {
  /** initTransactions() returned: older producers with the id are fenced, and transactions can begin. */
  onTransactionsReady(): void
  onTransactionEnded(end: TransactionEnd): void
  /** A fatal error: the producer can only be closed, and another one made. */
  onProducerUnusable(): void
}

/** Offsets that are committed with a transaction. */
export interface TransactionOffsets {
  readonly offsets: readonly TxnOffset[]
  readonly group: ConsumerGroupMetadata
}

type State = 'idle' | 'initializing' | 'ready' | 'open' | 'sending-offsets' | 'committing' | 'aborting' | 'unusable'

/**
 * What a careful application does around Kafka's transactional calls: it initialises once, calls again what timed out (the
 * only call that is legal then), aborts after an abortable error, and gives a producer up after a fatal one.
 */
export class TransactionRunner implements TransactionOwner {
  private readonly owner: TransactionRunnerOwner
  private producer: KafkaProducer | null = null
  private state: State = 'idle'
  private offsets: TransactionOffsets | null = null
  private onUnknown: OnUnknownCommit = 'retry'
  /** The application wants the abort that is under way. */
  private deliberate = false

  constructor(owner: TransactionRunnerOwner) {
    this.owner = owner
  }

  get isReady(): boolean {
    return this.state === 'ready'
  }

  get isOpen(): boolean {
    return this.state === 'open'
  }

  /** A new producer has been started. */
  initialize(producer: KafkaProducer): void {
    this.producer = producer
    this.state = 'initializing'
    this.call(producer.transactions.initTransactions())
  }

  /** Commits what a producer that is gone has left open, in its place; {@link TransactionRunnerOwner.onTransactionEnded} follows. */
  resume(producer: KafkaProducer, open: OpenTransaction): void {
    this.producer = producer
    this.offsets = null
    this.onUnknown = 'retry'
    producer.transactions.resumeTransaction(open)
    this.commitNow()
  }

  /** The producer is gone. */
  forget(): void {
    this.producer = null
    this.state = 'idle'
  }

  /** beginTransaction(); false when the producer refuses, and then it is of no use any more. */
  begin(transaction: number): boolean {
    const refusal = this.producer?.transactions.beginTransaction(transaction)
    if (refusal === undefined) return false
    if (refusal !== null) {
      this.giveUp(null)
      return false
    }
    this.state = 'open'
    return true
  }

  /** Commits, after offsets when there are any; `onUnknown` says what is done when that times out. */
  commit(offsets: TransactionOffsets | null, onUnknown: OnUnknownCommit): void {
    this.offsets = offsets
    this.onUnknown = onUnknown
    if (offsets === null) this.commitNow()
    else this.sendOffsets(offsets)
  }

  /** Aborts, because the application wants to. */
  abort(): void {
    this.abortNow(true)
  }

  private sendOffsets({ offsets, group }: TransactionOffsets): void {
    this.state = 'sending-offsets'
    this.call(this.producer?.transactions.sendOffsetsToTransaction(offsets, group))
  }

  private commitNow(): void {
    this.state = 'committing'
    this.call(this.producer?.transactions.commitTransaction())
  }

  private abortNow(deliberate: boolean): void {
    this.deliberate = deliberate
    this.state = 'aborting'
    this.call(this.producer?.transactions.abortTransaction())
  }

  /** A call was refused at once, or is under way. */
  private call(refusal: TransactionError | null | undefined): void {
    if (refusal !== null && refusal !== undefined) this.onError(refusal)
  }

  // --- TransactionOwner ---------------------------------------------------------------------------------------------

  onTransactionReturned(_call: TransactionCall, error: TransactionError | null): void {
    if (error === null) this.onSuccess()
    else this.onError(error)
  }

  /** The record has failed; what has to be done about it, the end of the transaction tells. */
  onSendThrew(): void {}

  private onSuccess(): void {
    switch (this.state) {
      case 'initializing':
        this.state = 'ready'
        this.owner.onTransactionsReady()
        return
      case 'sending-offsets':
        return this.commitNow()
      case 'committing':
        return this.end('committed')
      case 'aborting':
        return this.end(this.deliberate ? 'aborted' : 'failed')
      case 'idle':
      case 'ready':
      case 'open':
      case 'unusable':
    }
  }

  private onError(error: TransactionError): void {
    switch (this.state) {
      case 'initializing':
        if (error.kind === 'timeout' && this.producer !== null) this.initialize(this.producer)
        else this.giveUp(null)
        return
      case 'sending-offsets':
        if (error.kind === 'timeout' && this.offsets !== null) this.sendOffsets(this.offsets)
        else this.recover(error, 'failed')
        return
      case 'committing':
        if (error.kind === 'timeout') this.onCommitTimeout()
        else this.recover(error, 'unknown')
        return
      case 'aborting':
        if (error.kind === 'timeout') this.abortNow(this.deliberate)
        // Only after a commit of unknown outcome: the client insists on that call.
        else if (error.kind === 'illegal') this.end('unknown')
        else this.giveUp('failed')
        return
      case 'idle':
      case 'ready':
      case 'open':
      case 'unusable':
    }
  }

  private onCommitTimeout(): void {
    switch (this.onUnknown) {
      case 'retry':
        return this.commitNow()
      case 'abort':
        return this.abortNow(false)
      case 'give-up':
        return this.end('unknown')
    }
  }

  private recover(error: TransactionError, end: TransactionEnd): void {
    if (error.kind === 'fatal') this.giveUp(end)
    else this.abortNow(false)
  }

  private end(end: TransactionEnd): void {
    this.state = 'ready'
    this.offsets = null
    this.owner.onTransactionEnded(end)
  }

  private giveUp(end: TransactionEnd | null): void {
    this.state = 'unusable'
    if (end !== null) this.owner.onTransactionEnded(end)
    this.owner.onProducerUnusable()
  }
}
