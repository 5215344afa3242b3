import type { TransactionLogValue, TransactionStateName } from '../protocol/transaction-records.ts'

/** `RecordBatch.NO_PRODUCER_ID` and `NO_PRODUCER_EPOCH` */
export const NO_PRODUCER_ID: number = -1
export const NO_PRODUCER_EPOCH: number = -1
/** Epochs are 16 bits. The last one is for the coordinator's own fencing, never for a producer. */
export const MAX_EPOCH = 32_767

/** States a transactional id can be in; the other two are only ever pending. */
export type TransactionState = Exclude<TransactionStateName, 'Dead' | 'PrepareEpochFence'>

/** From which states a transition may set out (`TransactionState.validPreviousStates`). */
export const VALID_PREVIOUS_STATES: Readonly<Record<TransactionStateName, readonly TransactionState[]>> = {
  Empty: ['Empty', 'CompleteCommit', 'CompleteAbort'],
  Ongoing: ['Ongoing', 'Empty', 'CompleteCommit', 'CompleteAbort'],
  PrepareCommit: ['Ongoing'],
  // Without a transaction by version 2 only, where an abort raises the epoch and nothing else.
  PrepareAbort: ['Ongoing', 'Empty', 'CompleteCommit', 'CompleteAbort'],
  CompleteCommit: ['PrepareCommit'],
  CompleteAbort: ['PrepareAbort'],
  Dead: ['Empty', 'CompleteCommit', 'CompleteAbort'],
  PrepareEpochFence: ['Ongoing'],
}

/** What a transactional id is to become once that is replicated (`TxnTransitMetadata`): what is written, and the last epoch. */
export interface TxnTransitMetadata extends TransactionLogValue {
  readonly lastProducerEpoch: number
}

/** "We do not allow the client to use an epoch equal to Short.MaxValue" (`TransactionMetadata.isEpochExhausted`). */
export function isEpochExhausted(producerEpoch: number): boolean {
  return producerEpoch >= MAX_EPOCH - 1
}

/** Whether a transaction of this version raises the epoch when it ends (`TransactionVersion.supportsEpochBump`). */
export function bumpsEpoch(transactionVersion: number): boolean {
  return transactionVersion >= 2
}

/**
 * What the coordinator knows of a transactional id (`TransactionMetadata`). A change is prepared, which blocks others; written;
 * and made when it is replicated.
 */
export class TransactionMetadata {
  readonly transactionalId: string
  producerId: number
  previousProducerId: number = NO_PRODUCER_ID
  nextProducerId: number = NO_PRODUCER_ID
  producerEpoch: number = NO_PRODUCER_EPOCH
  lastProducerEpoch: number = NO_PRODUCER_EPOCH
  transactionTimeoutMs: number
  state: TransactionState = 'Empty'
  /** Partitions of the transaction, as `tpOf` numbers them; while it ends, those whose marker is not written yet. */
  partitions: readonly number[] = []
  /** Wall clock in milliseconds; -1 = none. */
  startTimestampMs = -1
  lastUpdateTimestampMs: number
  clientTransactionVersion = 0
  /** Being written; everything else must wait until it is decided. */
  pendingState: TransactionStateName | null = null
  /** An epoch was raised in memory and could not be written: it is not raised a second time (KAFKA-9666). */
  hasFailedEpochFence = false

  constructor(transactionalId: string, producerId: number, transactionTimeoutMs: number, nowMs: number) {
    this.transactionalId = transactionalId
    this.producerId = producerId
    this.transactionTimeoutMs = transactionTimeoutMs
    this.lastUpdateTimestampMs = nowMs
  }

  // --- preparing a change -------------------------------------------------------------------------------------------

  /** The epoch that fences whoever has the present one; it is never given to a producer. */
  prepareFenceProducerEpoch(): TxnTransitMetadata {
    const producerEpoch = this.hasFailedEpochFence ? this.producerEpoch : this.producerEpoch + 1
    return this.prepareTransitionTo('PrepareEpochFence', { producerEpoch })
  }

  /** A producer begins, or goes on: with this epoch and remembering that one. */
  prepareInit(
    identity: Pick<TxnTransitMetadata, 'producerId' | 'producerEpoch' | 'lastProducerEpoch'>,
    transactionTimeoutMs: number,
    nowMs: number,
  ): TxnTransitMetadata {
    return this.prepareTransitionTo('Empty', {
      ...identity,
      transactionTimeoutMs,
      transactionPartitions: [],
      transactionStartTimestampMs: -1,
      transactionLastUpdateTimestampMs: nowMs,
    })
  }

  prepareAddPartitions(added: readonly number[], clientTransactionVersion: number, nowMs: number): TxnTransitMetadata {
    return this.prepareTransitionTo('Ongoing', {
      transactionPartitions: [...new Set([...this.partitions, ...added])],
      transactionStartTimestampMs: this.state === 'Ongoing' ? this.startTimestampMs : nowMs,
      transactionLastUpdateTimestampMs: nowMs,
      clientTransactionVersion,
    })
  }

  /** With version 2 every end has an epoch of its own, and the producer goes on with that. */
  prepareAbortOrCommit(
    state: 'PrepareAbort' | 'PrepareCommit',
    clientTransactionVersion: number,
    nextProducerId: number,
    nowMs: number,
  ): TxnTransitMetadata {
    const bumps = bumpsEpoch(clientTransactionVersion)
    return this.prepareTransitionTo(state, {
      producerEpoch: bumps ? this.producerEpoch + 1 : this.producerEpoch,
      lastProducerEpoch: bumps ? this.producerEpoch : this.lastProducerEpoch,
      nextProducerId,
      // An abort without a transaction has no begin but needs one.
      transactionStartTimestampMs: this.state === 'Ongoing' ? this.startTimestampMs : nowMs,
      transactionLastUpdateTimestampMs: nowMs,
      clientTransactionVersion,
    })
  }

  /** All markers are written. When epochs have run out, now the next producer id takes over. */
  prepareComplete(nowMs: number): TxnTransitMetadata {
    // What was pending is written now.
    this.hasFailedEpochFence = false
    const rotates = bumpsEpoch(this.clientTransactionVersion) && this.nextProducerId !== NO_PRODUCER_ID
    return this.prepareTransitionTo(this.state === 'PrepareCommit' ? 'CompleteCommit' : 'CompleteAbort', {
      producerId: rotates ? this.nextProducerId : this.producerId,
      producerEpoch: rotates ? 0 : this.producerEpoch,
      nextProducerId: NO_PRODUCER_ID,
      transactionPartitions: [],
      transactionLastUpdateTimestampMs: nowMs,
    })
  }

  prepareDead(): TxnTransitMetadata {
    return this.prepareTransitionTo('Dead', { transactionPartitions: [] })
  }

  private prepareTransitionTo(to: TransactionStateName, changes: Partial<TxnTransitMetadata>): TxnTransitMetadata {
    if (this.pendingState !== null)
      throw new Error(`${this.transactionalId} is to be ${to} and already ${this.pendingState}`)
    if (!VALID_PREVIOUS_STATES[to].includes(this.state)) {
      throw new Error(`${this.transactionalId} cannot become ${to} from ${this.state}`)
    }
    this.pendingState = to
    return {
      producerId: this.producerId,
      nextProducerId: this.nextProducerId,
      producerEpoch: this.producerEpoch,
      lastProducerEpoch: this.lastProducerEpoch,
      transactionTimeoutMs: this.transactionTimeoutMs,
      transactionPartitions: this.partitions,
      transactionStartTimestampMs: this.startTimestampMs,
      transactionLastUpdateTimestampMs: this.lastUpdateTimestampMs,
      clientTransactionVersion: this.clientTransactionVersion,
      ...changes,
      transactionStatus: to,
      previousProducerId: this.producerId,
    }
  }

  // --- making it ----------------------------------------------------------------------------------------------------

  /** The change is replicated (`completeTransitionTo`). */
  completeTransitionTo(transit: TxnTransitMetadata): void {
    const { transactionStatus } = transit
    if (this.pendingState !== transactionStatus) {
      throw new Error(`${this.transactionalId} became ${transactionStatus} while ${this.pendingState} was pending`)
    }
    this.adopt(transit)
    this.lastProducerEpoch = transit.lastProducerEpoch
    this.pendingState = null
  }

  /** Whether a transaction that is to begin, or to grow, says that it began before what is known. */
  beganLater({ transactionStatus, transactionStartTimestampMs }: TxnTransitMetadata): boolean {
    return transactionStatus === 'Ongoing' && this.startTimestampMs > transactionStartTimestampMs
  }

  /** Takes over what was written. */
  adopt(value: TransactionLogValue): void {
    const { transactionStatus } = value
    if (transactionStatus === 'Dead' || transactionStatus === 'PrepareEpochFence') {
      throw new Error(`${transactionStatus} is never written`)
    }
    this.state = transactionStatus
    this.producerId = value.producerId
    this.previousProducerId = value.previousProducerId
    this.nextProducerId = value.nextProducerId
    this.producerEpoch = value.producerEpoch
    this.transactionTimeoutMs = value.transactionTimeoutMs
    this.partitions = value.transactionPartitions
    this.startTimestampMs = value.transactionStartTimestampMs
    this.lastUpdateTimestampMs = value.transactionLastUpdateTimestampMs
    this.clientTransactionVersion = value.clientTransactionVersion
  }

  /** A partition's marker is written. */
  removePartition(tp: number): void {
    if (this.state !== 'PrepareCommit' && this.state !== 'PrepareAbort') {
      throw new Error(`${this.transactionalId} loses a partition while ${this.state}`)
    }
    this.partitions = this.partitions.filter((each) => each !== tp)
  }
}

/** What the log holds of a transactional id. Before `transaction.version` 1 the record has no room for the newer fields. */
export function logValueOf(transit: TxnTransitMetadata, transactionVersion: number): TransactionLogValue {
  const { lastProducerEpoch: _forgotten, ...value } = transit
  if (transactionVersion >= 1) return value
  return { ...value, previousProducerId: NO_PRODUCER_ID, nextProducerId: NO_PRODUCER_ID, clientTransactionVersion: 0 }
}

/** A transactional id as the log tells it; the last epoch is not in it. */
export function metadataOf(transactionalId: string, value: TransactionLogValue): TransactionMetadata {
  const metadata = new TransactionMetadata(transactionalId, value.producerId, value.transactionTimeoutMs, 0)
  metadata.adopt(value)
  return metadata
}
