import { List, Times } from './growable.ts'
import { type Column, Table } from './table.ts'

/**
 * Every log entry ever seen, interned: an entry is (partition, base offset, leader epoch, batch, entry before it). As an entry
 * names its predecessor, two logs that hold the same entry agree on everything before it: comparing prefixes is
 * comparing one integer. That is log matching by induction.
 */
export class Entries {
  private readonly table: Table = new Table()
  readonly base: Column = this.table.column()
  readonly last: Column = this.table.column()
  readonly epoch: Column = this.table.column()
  /** The batch's id as moments tell it. */
  readonly batch: Column = this.table.column()
  /** The same batch by its number (see {@link Batches}), -1 for what is no producer's batch. */
  readonly batchNumber: Column = this.table.column()
  /** The entry before it in its log, -1 at the start. */
  readonly before: Column = this.table.column()
  /** Brokers below 31 that ever held it, as a mask; for explanations only. */
  readonly holders: Column = this.table.column()
  /** Who appended it first (its leader), and when. */
  readonly node: Column = this.table.column()
  readonly at: Times = new Times()
  readonly producerId: Column = this.table.column()
  readonly producerEpoch: Column = this.table.column()
  readonly sequence: Column = this.table.column()
  /** 1 = data of a transaction, 2 = a marker that ends one. */
  readonly transactional: Column = this.table.column()
  /** Of data of a transaction: see `Decision`, and when the marker was written. */
  readonly decision: Column = this.table.column()
  readonly decidedAt: Times = new Times()
  /** Next entry with the same batch, -1 at the end; see {@link Batches}. */
  readonly nextCopy: Column = this.table.column()
  /** The entry that {@link intern} found to contradict the one it was given, else -1. */
  conflict = -1
  /** Whether {@link intern} made a new entry. */
  created = false
  private readonly sibling: Column = this.table.column()
  /** 1 for an entry that contradicted another, or follows one that did. */
  private readonly contradicts: Column = this.table.column()
  /** By partition and base offset: the newest entry there plus one. */
  private readonly heads: readonly List[]

  constructor(partitions: number) {
    this.heads = Array.from({ length: partitions }, () => new List())
  }

  get length(): number {
    return this.table.length
  }

  /** The number of an entry; the caller fills in the rest when it is `created`. */
  intern(partition: number, before: number, base: number, last: number, epoch: number, batch: number): number {
    this.conflict = -1
    this.created = false
    const heads = this.heads[partition] as List
    for (let entry = heads.at(base) - 1; entry >= 0; entry = this.sibling.at(entry)) {
      if (this.epoch.at(entry) !== epoch) continue
      if (this.batch.at(entry) === batch && this.before.at(entry) === before && this.last.at(entry) === last)
        return entry
      this.conflict = entry
    }
    return this.create(heads, before, base, last, epoch, batch)
  }

  private create(heads: List, before: number, base: number, last: number, epoch: number, batch: number): number {
    const entry = this.table.add()
    this.base.put(entry, base)
    this.last.put(entry, last)
    this.epoch.put(entry, epoch)
    this.batch.put(entry, batch)
    this.before.put(entry, before)
    this.nextCopy.put(entry, -1)
    this.sibling.put(entry, heads.at(base) - 1)
    heads.put(base, entry + 1)
    const follows = before >= 0 && this.contradicts.at(before) === 1
    if (this.conflict >= 0 || follows) this.contradicts.put(entry, 1)
    // What follows a contradiction contradicts too: telling the first is enough.
    if (follows) this.conflict = -1
    this.created = true
    return entry
  }
}
