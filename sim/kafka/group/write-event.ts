import type { CoordinatorRecord } from '../protocol/coordinator-records.ts'
import type { ProducerIdentity } from '../protocol/coordinator-records.ts'
import type { EndTransactionMarker } from '../protocol/batch.ts'
import type { Afterwards } from './outcome.ts'
import type { PendingReply } from './pending-reply.ts'

/** An operation that waits until what it wrote, or saw, is replicated (`CoordinatorWriteEvent`). */
export class WriteEvent {
  /** Who asked; null for a timer. */
  readonly reply: PendingReply | null
  /** What to answer; null when the answer comes another way. */
  readonly response: object | null
  readonly afterwards: Afterwards | null
  /** When it has failed, whatever becomes of its records. */
  readonly deadline: number
  /** Of a marker: what the one who wrote it is told by; -1 = it is none. */
  readonly markerToken: number
  done = false

  constructor(
    reply: PendingReply | null,
    response: object | null,
    afterwards: Afterwards | null,
    deadline: number,
    markerToken = -1,
  ) {
    this.reply = reply
    this.response = response
    this.afterwards = afterwards
    this.deadline = deadline
    this.markerToken = markerToken
  }
}

/** What a batch has to do with a transaction: it is written within one, or it is the marker that ends one. */
export interface BatchTransaction extends ProducerIdentity {
  /** What the verification gave. */
  readonly guard: number
  readonly marker?: EndTransactionMarker
  /** Of a marker, see `EndedTransaction`. */
  readonly transactionVersion?: number
}

/** Records that will be written together (`CoordinatorBatch`). */
export class CoordinatorBatch {
  /** Offset that its first record will have. */
  readonly baseOffset: number
  readonly records: CoordinatorRecord[] = []
  readonly events: WriteEvent[] = []
  size: number
  /** Whose transaction it is part of, or ends; null = nobody's. */
  readonly transaction: BatchTransaction | null

  constructor(baseOffset: number, size: number, transaction: BatchTransaction | null) {
    this.baseOffset = baseOffset
    this.size = size
    this.transaction = transaction
  }

  /** Offset behind the batch. */
  get nextOffset(): number {
    return this.baseOffset + (this.transaction?.marker === undefined ? this.records.length : 1)
  }
}
