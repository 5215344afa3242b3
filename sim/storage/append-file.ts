import { SURVIVORS, TORN } from '../kernel/site.ts'
import type { Decider } from './decider.ts'

/**
 * A file that grows at its end. What is appended lies in the operating system's page cache, where it survives the death of
 * the process but not the loss of power; {@link flush} makes it durable. Entries are kept by reference and must not change.
 */
export class AppendFile<T> {
  private readonly written: T[] = []
  /** Position in bytes behind each entry. */
  private readonly ends: number[] = []
  private durable = 0
  private torn = false
  /** Bytes that were dropped from the file's start: positions count on. */
  private origin = 0

  /** The entries in order; the same array for the file's whole life. A torn entry is not among them. */
  get entries(): readonly T[] {
    return this.written
  }

  /** Number of entries. */
  get length(): number {
    return this.written.length
  }

  /** Size of the file in bytes. */
  get bytes(): number {
    return this.bytesBefore(this.written.length) - this.origin
  }

  /** Number of entries that a loss of power cannot take. */
  get flushed(): number {
    return this.durable
  }

  /** Whether a torn entry lies behind the last whole one; only a scan may look. */
  get hasTornTail(): boolean {
    return this.torn
  }

  /** Position in bytes of the entry with this index: differences are sizes. */
  bytesBefore(index: number): number {
    return index === 0 ? this.origin : (this.ends[index - 1] as number)
  }

  append(entry: T, size: number): void {
    if (this.torn) throw new Error('appended behind a torn entry: the file was not recovered')
    const { ends } = this
    ends.push((ends.length === 0 ? this.origin : (ends[ends.length - 1] as number)) + size)
    this.written.push(entry)
  }

  /** A part of an entry is written, and no more: see {@link cutTornTail}. */
  tear(): void {
    this.torn = true
  }

  /** Makes everything appended so far durable. */
  flush(): void {
    this.durable = this.written.length
  }

  /** Keeps the first `length` entries; durable at once. */
  truncate(length: number): void {
    this.torn = false
    if (length >= this.written.length) return
    this.written.length = length
    this.ends.length = length
    if (this.durable > length) this.durable = length
  }

  /** Other bytes lie where an entry was, of the same size and as durable as that was. */
  overwrite(index: number, entry: T): void {
    this.written[index] = entry
  }

  /** Removes the first entries; durable at once, like a file that is deleted. */
  dropFirst(count: number): void {
    if (count === 0) return
    this.origin = this.bytesBefore(count)
    this.written.splice(0, count)
    this.ends.splice(0, count)
    this.durable = Math.max(0, this.durable - count)
  }

  /** Replaces the first entries by others, as files that are swapped; durable as the ones before were. */
  replaceFirst(count: number, entries: readonly T[], sizeOf: (entry: T) => number): void {
    const rest = this.written.slice(count)
    const sizes = rest.map((_, at) => this.bytesBefore(count + at + 1) - this.bytesBefore(count + at))
    this.written.length = 0
    this.ends.length = 0
    for (const entry of entries) this.append(entry, sizeOf(entry))
    for (const [at, entry] of rest.entries()) this.append(entry, sizes[at] as number)
    this.durable = Math.max(0, this.durable - count) + entries.length
  }

  /** What a scan does that meets a bad entry: cuts it off. Returns whether there was one. */
  cutTornTail(): boolean {
    const { torn } = this
    this.torn = false
    return torn
  }

  /**
   * The host loses power. The flushed prefix stays and so does a decided number of the entries behind it (site
   * `survivors`; 0 = none); the first lost one may be left behind torn (site `torn`). What is left is on the medium, hence
   * durable. Returns the number of lost entries.
   */
  losePower(decider: Decider): number {
    const unflushed = this.written.length - this.durable
    const lost = unflushed - decider.decide(SURVIVORS, unflushed + 1)
    if (lost > 0) {
      this.truncate(this.written.length - lost)
      this.torn = decider.decide(TORN, 2) === 1
    }
    this.durable = this.written.length
    return lost
  }
}
