import { Ints, Times } from './growable.ts'
import { type Column, Table } from './table.ts'

/** How a transaction ended, as its application was told; what died with its process is open for ever. */
export const TxnEnd = { open: 0, committed: 1, aborted: 2, unknown: 3, failed: 4 } as const

/**
 * The transactions of applications as their clients tell of them, numbered from 0 as they begin, and the attempts to publish
 * records that were made in each (its *members*).
 */
export class Transactions {
  private readonly table: Table = new Table()
  private readonly memberTable: Table = new Table()
  readonly node: Column = this.table.column()
  /** Number that the moments give it. */
  readonly id: Column = this.table.column()
  /** Text of the transactional id. */
  readonly transactionalId: Column = this.table.column()
  readonly producerId: Column = this.table.column()
  readonly producerEpoch: Column = this.table.column()
  /** See {@link TxnEnd}. */
  readonly end: Column = this.table.column()
  /** Error of an end that is unknown or failed. */
  readonly error: Column = this.table.column()
  /** 1 once the application asked to commit, 2 to abort. */
  readonly asked: Column = this.table.column()
  readonly beganAt: Times = new Times()
  /** When the application asked for its end; 0 before. */
  readonly askedAt: Times = new Times()
  readonly endedAt: Times = new Times()
  /** Newest member plus one; then {@link before}. */
  private readonly newest: Column = this.table.column()

  /** By member. */
  readonly record: Column = this.memberTable.column()
  readonly attempt: Column = this.memberTable.column()
  private readonly beforeMember: Column = this.memberTable.column()
  /** By node: the transaction that is open there plus one. */
  private readonly openOf: Ints = new Ints()
  /** By node: its newest transaction plus one. */
  private readonly newestOf: Ints = new Ints()
  private readonly beforeOnNode: Ints = new Ints()

  get length(): number {
    return this.table.length
  }

  /** The transaction in which a node sends now, -1 without. */
  openAt(node: number): number {
    return this.openOf.at(node) - 1
  }

  begin(time: number, node: number, text: number, id: number, producerId: number, producerEpoch: number): number {
    const txn = this.table.add()
    this.node.put(txn, node)
    this.id.put(txn, id)
    this.transactionalId.put(txn, text)
    this.producerId.put(txn, producerId)
    this.producerEpoch.put(txn, producerEpoch)
    this.beganAt.put(txn, time)
    this.askedAt.put(txn, 0)
    this.endedAt.put(txn, 0)
    this.openOf.put(node, txn + 1)
    this.beforeOnNode.put(txn, this.newestOf.at(node))
    this.newestOf.put(node, txn + 1)
    return txn
  }

  /** The transaction of a node that moments call so, -1 without. */
  find(node: number, id: number): number {
    let txn = this.newestOf.at(node) - 1
    while (txn >= 0 && this.id.at(txn) !== id) txn = this.beforeOnNode.at(txn) - 1
    return txn
  }

  add(txn: number, record: number, attempt: number): void {
    const member = this.memberTable.add()
    this.record.put(member, record)
    this.attempt.put(member, attempt)
    this.beforeMember.put(member, this.newest.at(txn))
    this.newest.put(txn, member + 1)
  }

  /** The newest member of a transaction, -1 without; then {@link before}. */
  newestMember(txn: number): number {
    return this.newest.at(txn) - 1
  }

  before(member: number): number {
    return this.beforeMember.at(member) - 1
  }

  finish(time: number, txn: number, end: number, error: number): void {
    this.end.put(txn, end)
    this.error.put(txn, error)
    this.endedAt.put(txn, time)
    const node = this.node.at(txn)
    // Of unknown end it can still be asked about: the same call again may tell.
    if (end !== TxnEnd.unknown && this.openOf.at(node) === txn + 1) this.openOf.put(node, 0)
  }

  /** The producer, or its process, is gone: nobody will tell how its transaction ended. */
  leave(node: number): void {
    this.openOf.put(node, 0)
  }
}
