import type { CoordinatorRecord } from '../protocol/coordinator-records.ts'
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
  done = false

  constructor(reply: PendingReply | null, response: object | null, afterwards: Afterwards | null, deadline: number) {
    this.reply = reply
    this.response = response
    this.afterwards = afterwards
    this.deadline = deadline
  }
}

/** Records that will be written together (`CoordinatorBatch`). */
export class CoordinatorBatch {
  /** Offset that its first record will have. */
  readonly baseOffset: number
  readonly records: CoordinatorRecord[] = []
  readonly events: WriteEvent[] = []
  size: number

  constructor(baseOffset: number, size: number) {
    this.baseOffset = baseOffset
    this.size = size
  }
}
