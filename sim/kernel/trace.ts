import type { Hasher } from '../host.ts'
import { grownFloat64 } from './heap.ts'

export const RECORD_BYTES = 32
export const CHUNK_BYTES = 65_536
const RECORDS: number = CHUNK_BYTES / RECORD_BYTES
/** A short run should not pay for 64 KiB: the buffer begins small and doubles until it holds a chunk. */
const FIRST_RECORDS = 32

/** Record kinds that belong to the trace itself; kinds of moments begin at 8. */
export const CONTINUATION_KIND = 0
export const TEXT_KIND = 1
/** The last record: events handled, running hash over their times and names. */
export const END_KIND = 2

/**
 * The trace: 32-byte records (time f64, cause u32, kind u16, node u16, four i32) in chunks of 64 KiB. Every full chunk goes
 * to the hasher; kept chunks can be decoded. Whether chunks are kept never changes the digest. Only logical facts enter it:
 * no slot numbers, handles or object identities.
 */
export class Trace {
  /** Number of records written; the next record's index. Causes refer to these indexes. */
  count = 0
  private readonly hasher: Hasher
  private readonly keep: boolean
  private kept: Uint8Array[] = []
  private f64: Float64Array<ArrayBuffer> = new Float64Array(FIRST_RECORDS << 2)
  private i32: Int32Array<ArrayBuffer> = new Int32Array(this.f64.buffer)
  /** Records that the buffer holds. */
  private capacity: number = FIRST_RECORDS
  private at = 0
  private texts: Map<string, number> = new Map()

  constructor(hasher: Hasher, keep: boolean) {
    this.hasher = hasher
    this.keep = keep
  }

  /** Writes one record and returns its index. */
  write(time: number, cause: number, kind: number, node: number, a: number, b: number, c: number, d: number): number {
    const { at, i32 } = this
    const word = at << 3
    this.f64[at << 2] = time
    i32[word + 2] = cause
    i32[word + 3] = kind | (node << 16)
    i32[word + 4] = a
    i32[word + 5] = b
    i32[word + 6] = c
    i32[word + 7] = d
    this.at = at + 1
    if (at + 1 === this.capacity) this.makeRoom()
    return this.count++
  }

  /** The number that stands for a text in this trace; its first use writes the text into the trace. */
  text(text: string): number {
    const known = this.texts.get(text)
    if (known !== undefined) return known
    const id = this.texts.size
    this.texts.set(text, id)
    this.write(0, 0, TEXT_KIND, 0, id, text.length, 0, 0)
    for (let i = 0; i < text.length; i += 8) {
      this.write(0, 0, CONTINUATION_KIND, 0, pair(text, i), pair(text, i + 2), pair(text, i + 4), pair(text, i + 6))
    }
    return id
  }

  /** All texts by number. */
  textList(): readonly string[] {
    return [...this.texts.keys()]
  }

  /** The digest over every record. The trace is finished afterwards. */
  digest(): string {
    this.flush()
    return this.hasher.digest()
  }

  /** The kept chunks with what is not yet full; empty when nothing is kept. */
  chunks(): readonly Uint8Array[] {
    if (!this.keep) return []
    return this.at === 0 ? this.kept : [...this.kept, this.open().slice()]
  }

  private makeRoom(): void {
    if (this.capacity === RECORDS) {
      this.flush()
      return
    }
    this.capacity *= 2
    this.f64 = grownFloat64(this.f64, this.capacity << 2)
    this.i32 = new Int32Array(this.f64.buffer)
  }

  private flush(): void {
    if (this.at === 0) return
    const bytes = this.open()
    this.hasher.update(bytes)
    if (this.keep) this.kept.push(bytes.slice())
    this.at = 0
  }

  /** What is written and not yet flushed; memory that is used again. */
  private open(): Uint8Array {
    return new Uint8Array(this.f64.buffer, 0, this.at * RECORD_BYTES)
  }
}

function pair(text: string, at: number): number {
  return at < text.length ? text.charCodeAt(at) | ((at + 1 < text.length ? text.charCodeAt(at + 1) : 0) << 16) : 0
}
