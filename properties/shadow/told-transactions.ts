import { M } from '../../sim/history/catalogue.ts'
import type { Ints } from './growable.ts'
import { Outcome, type Records } from './records.ts'
import { TransactionOffsets } from './transaction-offsets.ts'
import { Transactions, TxnEnd } from './transactions.ts'

/** Transactions as clients tell of them, and their offsets as group coordinators do. */
export class ToldTransactions {
  readonly kinds: readonly number[] = [
    M.txnBegan,
    M.txnEnding,
    M.txnCommitted,
    M.txnAborted,
    M.txnUnknown,
    M.txnFailed,
    M.txnOffsetsSent,
    M.offsetPending,
    M.offsetDropped,
    M.offsetCommitted,
  ]
  readonly transactions: Transactions = new Transactions()
  readonly offsets: TransactionOffsets = new TransactionOffsets(this.transactions)
  /** Whether the last `offset.committed` came of a transaction. */
  ofTransaction = false
  private readonly records: Records
  private readonly acknowledged: Ints

  /** @param acknowledged takes the records that the last moment acknowledged. */
  constructor(records: Records, acknowledged: Ints) {
    this.records = records
    this.acknowledged = acknowledged
  }

  onMoment(
    kind: number,
    time: number,
    node: number,
    a: number,
    b: number,
    c: number,
    d: number,
    e: number,
    f: number,
  ): void {
    switch (kind) {
      case M.txnBegan:
        this.transactions.begin(time, node, a, b, c, d)
        return
      case M.txnOffsetsSent:
        return this.offsets.onSent(this.transactions.find(node, b), c, d, e)
      case M.offsetPending:
        return this.offsets.onPending(a, b, c, f)
      case M.offsetDropped:
        return this.offsets.onDropped(time, a, b, c, d)
      case M.offsetCommitted:
        this.ofTransaction = this.offsets.onCommitted(time, a, b, c)
        return
      default:
        return this.onEnd(kind, time, node, b, c)
    }
  }

  private onEnd(kind: number, time: number, node: number, id: number, c: number): void {
    const { transactions, records } = this
    const txn = transactions.find(node, id)
    this.acknowledged.clear()
    if (txn < 0) return
    if (kind === M.txnEnding) {
      transactions.asked.put(txn, c === 1 ? 1 : 2)
      transactions.askedAt.put(txn, time)
      return
    }
    const isError = kind === M.txnUnknown || kind === M.txnFailed
    transactions.finish(time, txn, endOf(kind), isError ? c : 0)
    const outcome = outcomeOf(kind)
    for (let member = transactions.newestMember(txn); member >= 0; member = transactions.before(member)) {
      const record = transactions.record.at(member)
      records.onTransactionEnded(time, record, transactions.attempt.at(member), outcome, this.acknowledged)
    }
  }
}

function endOf(kind: number): number {
  switch (kind) {
    case M.txnCommitted:
      return TxnEnd.committed
    case M.txnAborted:
      return TxnEnd.aborted
    case M.txnFailed:
      return TxnEnd.failed
    default:
      return TxnEnd.unknown
  }
}

/** What the end of its transaction tells of a record: acked = commit returned, failed = it is certainly not committed. */
function outcomeOf(kind: number): number {
  switch (kind) {
    case M.txnCommitted:
      return Outcome.acked
    case M.txnAborted:
    case M.txnFailed:
      return Outcome.failed
    default:
      return Outcome.unknown
  }
}
