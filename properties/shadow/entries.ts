import { Ints, Times } from './growable.ts'

/**
 * Every log entry ever seen, interned: an entry is (partition, base offset, leader epoch, batch, entry before it). As an entry
 * names its predecessor, two logs that hold the same entry agree on everything before it: comparing prefixes is
 * comparing one integer. That is log matching by induction.
 */
export class Entries {
  readonly base: Ints = new Ints()
  readonly last: Ints = new Ints()
  readonly epoch: Ints = new Ints()
  /** The batch's id as moments tell it. */
  readonly batch: Ints = new Ints()
  /** The entry before it in its log, -1 at the start. */
  readonly before: Ints = new Ints()
  /** Brokers below 31 that ever held it, as a mask; for explanations only. */
  readonly holders: Ints = new Ints()
  /** Who appended it first (its leader), and when. */
  readonly node: Ints = new Ints()
  readonly at: Times = new Times()
  readonly producerId: Ints = new Ints()
  readonly producerEpoch: Ints = new Ints()
  readonly sequence: Ints = new Ints()
  /** Next entry with the same batch, -1 at the end; see {@link Batches}. */
  readonly nextCopy: Ints = new Ints()
  /** The entry that {@link intern} found to contradict the one it was given, else -1. */
  conflict = -1
  /** Whether {@link intern} made a new entry. */
  created = false
  private readonly sibling: Ints = new Ints()
  /** 1 for an entry that contradicted another, or follows one that did. */
  private readonly contradicts: Ints = new Ints()
  /** By partition and base offset: the newest entry there plus one. */
  private readonly heads: readonly Ints[]

  constructor(partitions: number) {
    this.heads = Array.from({ length: partitions }, () => new Ints())
  }

  get length(): number {
    return this.base.length
  }

  /** The number of an entry; the caller fills in the rest when it is `created`. */
  intern(partition: number, before: number, base: number, last: number, epoch: number, batch: number): number {
    this.conflict = -1
    this.created = false
    const heads = this.heads[partition] as Ints
    for (let entry = heads.at(base) - 1; entry >= 0; entry = this.sibling.at(entry)) {
      if (this.epoch.at(entry) !== epoch) continue
      if (this.batch.at(entry) === batch && this.before.at(entry) === before && this.last.at(entry) === last)
        return entry
      this.conflict = entry
    }
    return this.create(heads, before, base, last, epoch, batch)
  }

  private create(heads: Ints, before: number, base: number, last: number, epoch: number, batch: number): number {
    const entry = this.base.push(base)
    this.last.push(last)
    this.epoch.push(epoch)
    this.batch.push(batch)
    this.before.push(before)
    this.nextCopy.push(-1)
    this.sibling.push(heads.at(base) - 1)
    heads.put(base, entry + 1)
    const follows = before >= 0 && this.contradicts.at(before) === 1
    if (this.conflict >= 0 || follows) this.contradicts.put(entry, 1)
    // What follows a contradiction contradicts too: telling the first is enough.
    if (follows) this.conflict = -1
    this.created = true
    return entry
  }
}
