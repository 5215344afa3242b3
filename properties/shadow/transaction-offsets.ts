import { Ints, Times } from './growable.ts'
import type { Transactions } from './transactions.ts'

/** What is known of an offset that a transaction commits. */
export const OffsetFate = { sent: 0, pending: 1, committed: 2, dropped: 3 } as const

/**
 * Offsets that applications commit within transactions, from sendOffsetsToTransaction() to what the marker made of them, in
 * the order in which they were sent.
 */
export class TransactionOffsets {
  /** By offset: transaction, text of the group, topic and partition as moments tell them, the offset itself. */
  readonly transaction: Ints = new Ints()
  readonly group: Ints = new Ints()
  readonly tp: Ints = new Ints()
  readonly offset: Ints = new Ints()
  /** See {@link OffsetFate}. */
  readonly fate: Ints = new Ints()
  readonly decidedAt: Times = new Times()
  private readonly producerId: Ints = new Ints()
  private readonly transactions: Transactions

  constructor(transactions: Transactions) {
    this.transactions = transactions
  }

  get length(): number {
    return this.transaction.length
  }

  /** `txn.offsets-sent` */
  onSent(txn: number, group: number, tp: number, offset: number): void {
    this.transaction.push(txn)
    this.group.push(group)
    this.tp.push(tp)
    this.offset.push(offset)
    this.fate.push(OffsetFate.sent)
    this.decidedAt.push(0)
    this.producerId.push(this.transactions.producerId.at(txn))
  }

  /** `offset.pending`; the same may be told again, for a client may send it again. */
  onPending(group: number, tp: number, offset: number, producerId: number): void {
    const at = this.find(group, tp, offset, producerId, OffsetFate.sent)
    if (at >= 0) this.fate.put(at, OffsetFate.pending)
  }

  /** `offset.committed`: whether it came of a transaction. */
  onCommitted(time: number, group: number, tp: number, offset: number): boolean {
    for (let at = this.length - 1; at >= 0; at--) {
      if (this.group.at(at) !== group || this.tp.at(at) !== tp || this.offset.at(at) !== offset) continue
      if (this.fate.at(at) !== OffsetFate.pending) continue
      this.decide(time, at, OffsetFate.committed)
      return true
    }
    return false
  }

  /** `offset.dropped` */
  onDropped(time: number, group: number, tp: number, offset: number, producerId: number): void {
    const at = this.find(group, tp, offset, producerId, OffsetFate.pending)
    if (at >= 0) this.decide(time, at, OffsetFate.dropped)
  }

  private decide(time: number, at: number, fate: number): void {
    this.fate.put(at, fate)
    this.decidedAt.put(at, time)
  }

  /** The newest such offset of a producer. */
  private find(group: number, tp: number, offset: number, producerId: number, fate: number): number {
    for (let at = this.length - 1; at >= 0; at--) {
      const isSame = this.group.at(at) === group && this.tp.at(at) === tp && this.offset.at(at) === offset
      if (isSame && this.producerId.at(at) === producerId && this.fate.at(at) === fate) return at
    }
    return -1
  }
}
