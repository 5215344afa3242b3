import { recordNode, recordOrdinal } from '../../sim/history/ids.ts'
import type { Entries } from './entries.ts'
import { Ints, Times } from './growable.ts'
import { type Column, Table } from './table.ts'

/** Whether the log of the newest leader holds a batch. */
export const Presence = { never: 0, present: 1, gone: 2 } as const

/** The producers' batches, numbered from 0 as they appear, and what became of each. */
export class Batches {
  private readonly table: Table = new Table()
  /** Ids as moments tell them. */
  readonly ids: Column = this.table.column()
  /** First and last placement (see {@link Records}), -1 without. */
  readonly firstPlacement: Column = this.table.column()
  readonly lastPlacement: Column = this.table.column()
  /** The newest entry that holds it plus one: its copies, newest first, by {@link Entries.nextCopy}. */
  readonly newestCopy: Column = this.table.column()
  /** Number of the partition it was first appended to, -1 before. */
  readonly partition: Column = this.table.column()
  readonly presence: Column = this.table.column()
  /** Number of the leadership that began without it, plus one; 0 while none did. */
  readonly goneWith: Column = this.table.column()
  /** When it was first below the high watermark of a newest leader, plus one; 0 = never. */
  readonly committedAt: Times = new Times()
  /** Of a marker: see `Decision`. */
  readonly decision: Column = this.table.column()
  readonly retries: Column = this.table.column()
  /** Error of the last retry. */
  readonly retryError: Column = this.table.column()
  readonly retryAt: Times = new Times()
  /** Scratch for walks over logs: the number of the walk that last met the batch. */
  readonly mark: Column = this.table.column()
  private readonly numbers: Ints[] = []
  private marks = 0

  /** The batch's number, given at its first appearance; -1 for what is no producer's batch. */
  numberOf(id: number): number {
    if (id < 0) return -1
    const node = recordNode(id)
    const numbers = (this.numbers[node] ??= new Ints())
    const known = numbers.at(recordOrdinal(id))
    if (known > 0) return known - 1
    const number = this.table.add()
    numbers.put(recordOrdinal(id), number + 1)
    this.ids.put(number, id)
    this.firstPlacement.put(number, -1)
    this.lastPlacement.put(number, -1)
    this.partition.put(number, -1)
    return number
  }

  isCommitted(batch: number): boolean {
    return this.committedAt.at(batch) > 0
  }

  /** A number that no batch is marked with yet. */
  freshMark(): number {
    return ++this.marks
  }

  addCopy(batch: number, entry: number, entries: Entries): void {
    entries.nextCopy.put(entry, this.newestCopy.at(batch) - 1)
    this.newestCopy.put(batch, entry + 1)
  }
}
