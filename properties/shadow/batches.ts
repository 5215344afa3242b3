import { recordNode, recordOrdinal } from '../../sim/history/ids.ts'
import type { Entries } from './entries.ts'
import { Ints, Times } from './growable.ts'

/** Whether the log of the newest leader holds a batch. */
export const Presence = { never: 0, present: 1, gone: 2 } as const

/** The producers' batches, numbered from 0 as they appear, and what became of each. */
export class Batches {
  /** Ids as moments tell them. */
  readonly ids: Ints = new Ints()
  /** First and last placement (see {@link Records}), -1 without. */
  readonly firstPlacement: Ints = new Ints()
  readonly lastPlacement: Ints = new Ints()
  /** The newest entry that holds it plus one: its copies, newest first, by {@link Entries.nextCopy}. */
  readonly newestCopy: Ints = new Ints()
  /** Number of the partition it was first appended to, -1 before. */
  readonly partition: Ints = new Ints()
  readonly presence: Ints = new Ints()
  /** Number of the leadership that began without it, plus one; 0 while none did. */
  readonly goneWith: Ints = new Ints()
  /** When it was first below the high watermark of a newest leader, plus one; 0 = never. */
  readonly committedAt: Times = new Times()
  readonly retries: Ints = new Ints()
  /** Error of the last retry. */
  readonly retryError: Ints = new Ints()
  readonly retryAt: Times = new Times()
  /** Scratch for walks over logs: the number of the walk that last met the batch. */
  readonly mark: Ints = new Ints()
  private readonly numbers: Ints[] = []
  private marks = 0

  /** The batch's number, given at its first appearance; -1 for what is no producer's batch. */
  numberOf(id: number): number {
    if (id < 0) return -1
    const node = recordNode(id)
    const numbers = (this.numbers[node] ??= new Ints())
    const known = numbers.at(recordOrdinal(id))
    if (known > 0) return known - 1
    const number = this.ids.push(id)
    numbers.put(recordOrdinal(id), number + 1)
    this.firstPlacement.push(-1)
    this.lastPlacement.push(-1)
    // What begins at 0 needs no place yet.
    this.partition.push(-1)
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
