import { recordNode, recordOf, recordOrdinal } from '../../sim/history/ids.ts'
import type { Batches } from './batches.ts'
import { Ints, Times } from './growable.ts'
import { type Column, Table } from './table.ts'

/** What an application may conclude about an attempt. */
export const Outcome = { open: 0, acked: 1, failed: 2, unknown: 3 } as const

/** In the place of the offset of an acknowledgement: there was none. */
export const PASSED: number = -2

/**
 * The records that applications wanted published, their attempts, and in which batch each attempt travelled (a
 * *placement*: record, attempt, batch, index in the batch). Records and placements are numbered from 0 as they appear.
 */
export class Records {
  private readonly table: Table = new Table()
  private readonly placementTable: Table = new Table()
  /** Record numbers as moments tell them. */
  readonly ids: Column = this.table.column()
  readonly attempts: Column = this.table.column()
  readonly acked: Column = this.table.column()
  readonly failed: Column = this.table.column()
  readonly unknown: Column = this.table.column()
  /** 1 while the newest attempt has no outcome. */
  readonly isOpen: Column = this.table.column()
  readonly newestAttempt: Column = this.table.column()
  /** Place of the newest attempt in the order of its node's sends. */
  readonly sendOrder: Column = this.table.column()
  /** Incarnation of the producer that made the newest attempt. */
  readonly incarnation: Column = this.table.column()
  /** Partition that the newest attempt was addressed to, by its number; -1 unknown. */
  readonly partition: Column = this.table.column()
  readonly sentAt: Times = new Times()
  /** First acknowledgement: when, where (partition number), at which offset. */
  readonly ackedAt: Times = new Times()
  readonly ackPartition: Column = this.table.column()
  readonly ackOffset: Column = this.table.column()
  /** The transaction of the newest attempt plus one, 0 = outside of any; and what its callback told, until that ends. */
  private readonly transaction: Column = this.table.column()
  private readonly toldPartition: Column = this.table.column()
  private readonly toldOffset: Column = this.table.column()
  /** Newest placement, -1 without; then {@link placementOfRecord}. */
  readonly newestPlacement: Column = this.table.column()

  readonly placementRecord: Column = this.placementTable.column()
  readonly placementAttempt: Column = this.placementTable.column()
  readonly placementBatch: Column = this.placementTable.column()
  readonly placementIndex: Column = this.placementTable.column()
  readonly placementOrder: Column = this.placementTable.column()
  readonly placementIncarnation: Column = this.placementTable.column()
  readonly placementOutcome: Column = this.placementTable.column()
  /** Next placement of the same batch / of the same record, -1 at the end. */
  readonly placementInBatch: Column = this.placementTable.column()
  readonly placementOfRecord: Column = this.placementTable.column()

  private readonly batches: Batches
  private readonly numbers: Ints[] = []
  /** The last answer of {@link numberOf}: moments of a record follow each other. */
  private askedId = -1
  private askedNumber = -1
  private readonly sends: Ints = new Ints()
  private readonly incarnations: Ints = new Ints()
  /** By node: rows that its source has passed. */
  private readonly passed: Ints = new Ints()

  constructor(batches: Batches) {
    this.batches = batches
  }

  get length(): number {
    return this.table.length
  }

  get placements(): number {
    return this.placementTable.length
  }

  /** Incarnation of a producer's node: grows with every start of the process and every producer it makes. */
  incarnationOf(node: number): number {
    return this.incarnations.at(node)
  }

  newIncarnation(node: number): void {
    this.incarnations.put(node, this.incarnations.at(node) + 1)
  }

  /** The record's number, given at its first appearance. */
  numberOf(id: number): number {
    if (id !== this.askedId) {
      this.askedNumber = this.findOrAdd(id)
      this.askedId = id
    }
    return this.askedNumber
  }

  private findOrAdd(id: number): number {
    const node = recordNode(id)
    const numbers = (this.numbers[node] ??= new Ints())
    const known = numbers.at(recordOrdinal(id))
    if (known > 0) return known - 1
    const number = this.table.add()
    numbers.put(recordOrdinal(id), number + 1)
    this.ids.put(number, id)
    this.partition.put(number, -1)
    this.ackPartition.put(number, -1)
    this.ackOffset.put(number, -1)
    this.newestPlacement.put(number, -1)
    return number
  }

  /** `txn` is the number of the open transaction, -1 without. */
  onSent(time: number, node: number, id: number, attempt: number, partition: number, txn: number): void {
    const record = this.numberOf(id)
    const order = this.sends.at(node) + 1
    this.sends.put(node, order)
    if (this.attempts.at(record) === 0) this.sentAt.put(record, time)
    this.attempts.add(record, 1)
    this.isOpen.put(record, 1)
    this.newestAttempt.put(record, attempt)
    this.transaction.put(record, txn + 1)
    if (txn >= 0) {
      this.toldPartition.put(record, -1)
      this.toldOffset.put(record, -1)
    }
    this.sendOrder.put(record, order)
    this.incarnation.put(record, this.incarnations.at(node))
    this.partition.put(record, partition)
  }

  onBatched(id: number, attempt: number, batchId: number, index: number): void {
    const record = this.numberOf(id)
    const batch = this.batches.numberOf(batchId)
    if (batch < 0) return
    // A split moves records of an attempt into new batches: it stays the same send.
    const sibling = attempt === this.newestAttempt.at(record) ? -1 : this.placementFor(record, attempt)
    const newest = sibling < 0
    const placement = this.placementTable.add()
    this.placementRecord.put(placement, record)
    this.placementAttempt.put(placement, attempt)
    this.placementBatch.put(placement, batch)
    this.placementIndex.put(placement, index)
    this.placementOrder.put(placement, newest ? this.sendOrder.at(record) : this.placementOrder.at(sibling))
    this.placementIncarnation.put(
      placement,
      newest ? this.incarnation.at(record) : this.placementIncarnation.at(sibling),
    )
    this.placementInBatch.put(placement, -1)
    this.placementOfRecord.put(placement, this.newestPlacement.at(record))
    this.newestPlacement.put(record, placement)
    const last = this.batches.lastPlacement.at(batch)
    if (last < 0) this.batches.firstPlacement.put(batch, placement)
    else this.placementInBatch.put(last, placement)
    this.batches.lastPlacement.put(batch, placement)
  }

  /** The newest placement of an attempt, or -1. */
  placementFor(record: number, attempt: number): number {
    let placement = this.newestPlacement.at(record)
    while (placement >= 0 && this.placementAttempt.at(placement) !== attempt)
      placement = this.placementOfRecord.at(placement)
    return placement
  }

  /** Records that are acknowledged by this, which those in transactions are with the end of theirs, go to `acknowledged`. */
  onAcked(time: number, id: number, attempt: number, partition: number, offset: number, acknowledged: Ints): void {
    const record = this.numberOf(id)
    if (this.inTransaction(record, attempt)) {
      this.isOpen.put(record, 0)
      this.toldPartition.put(record, partition)
      this.toldOffset.put(record, offset)
      return
    }
    this.resolve(record, attempt, Outcome.acked)
    this.acknowledge(time, record, partition, offset, acknowledged)
  }

  private acknowledge(time: number, record: number, partition: number, offset: number, acknowledged: Ints): void {
    if (this.acked.at(record) === 0) {
      this.ackedAt.put(record, time)
      this.ackPartition.put(record, partition)
      this.ackOffset.put(record, offset)
    }
    this.acked.add(record, 1)
    acknowledged.push(record)
  }

  /**
   * A source is behind all rows before one, and will not send them again: to it they are published. The rows that it never had
   * an acknowledgement for have {@link PASSED} as its offset.
   */
  onPassed(time: number, node: number, row: number): void {
    for (let ordinal = this.passed.at(node); ordinal < row; ordinal++) {
      const record = this.numberOf(recordOf(node, ordinal))
      if (this.acked.at(record) > 0) continue
      this.acked.put(record, 1)
      this.ackedAt.put(record, time)
      this.ackOffset.put(record, PASSED)
    }
    this.passed.put(node, Math.max(row, this.passed.at(node)))
  }

  onFailed(id: number, attempt: number): void {
    const record = this.numberOf(id)
    if (this.inTransaction(record, attempt)) {
      this.isOpen.put(record, 0)
      return
    }
    this.resolve(record, attempt, Outcome.failed)
    this.failed.add(record, 1)
  }

  onUnknown(id: number, attempt: number): void {
    const record = this.numberOf(id)
    if (this.inTransaction(record, attempt)) {
      this.isOpen.put(record, 0)
      return
    }
    this.resolve(record, attempt, Outcome.unknown)
    this.unknown.add(record, 1)
  }

  private inTransaction(record: number, attempt: number): boolean {
    return this.transaction.at(record) > 0 && attempt === this.newestAttempt.at(record)
  }

  /** The transaction of an attempt ended: that is what its application may conclude. */
  onTransactionEnded(time: number, record: number, attempt: number, outcome: number, acknowledged: Ints): void {
    this.resolve(record, attempt, outcome)
    switch (outcome) {
      case Outcome.acked:
        return this.acknowledge(time, record, this.toldPartition.at(record), this.toldOffset.at(record), acknowledged)
      case Outcome.failed:
        this.failed.add(record, 1)
        return
      default:
        this.unknown.add(record, 1)
    }
  }

  private resolve(record: number, attempt: number, outcome: number): void {
    if (attempt === this.newestAttempt.at(record)) this.isOpen.put(record, 0)
    for (
      let placement = this.newestPlacement.at(record);
      placement >= 0;
      placement = this.placementOfRecord.at(placement)
    ) {
      if (this.placementAttempt.at(placement) === attempt) this.placementOutcome.put(placement, outcome)
    }
  }

  /** Acked if any attempt is, failed if all are, else unknown; an attempt that died with its client is unknown. */
  outcomeOf(record: number): number {
    if (this.acked.at(record) > 0) return Outcome.acked
    return this.failed.at(record) === this.attempts.at(record) ? Outcome.failed : Outcome.unknown
  }

  nodeOf(record: number): number {
    return recordNode(this.ids.at(record))
  }
}
