import { CHUNK_BYTES, CONTINUATION_KIND, RECORD_BYTES } from './trace.ts'

/** One 32-byte record of a kept trace. */
export interface TraceRecord {
  /** Position in the trace; causes refer to it. */
  readonly index: number
  readonly time: number
  readonly cause: number
  readonly kind: number
  readonly node: number
  readonly a: number
  readonly b: number
  readonly c: number
  readonly d: number
}

const PER_CHUNK: number = CHUNK_BYTES / RECORD_BYTES

/** Number of records in a trace's chunks, all of which are full but the last. */
export function recordCount(chunks: readonly Uint8Array[]): number {
  return chunks.reduce((sum, chunk) => sum + chunk.length, 0) / RECORD_BYTES
}

/** The record at an index, or null past the end. */
export function recordAt(chunks: readonly Uint8Array[], index: number): TraceRecord | null {
  const chunk = chunks[Math.floor(index / PER_CHUNK)]
  const at = (index % PER_CHUNK) * RECORD_BYTES
  if (chunk === undefined || at + RECORD_BYTES > chunk.length) return null
  const view = new DataView(chunk.buffer, chunk.byteOffset + at, RECORD_BYTES)
  return {
    index,
    time: view.getFloat64(0, true),
    cause: view.getUint32(8, true),
    kind: view.getUint16(12, true),
    node: view.getUint16(14, true),
    a: view.getInt32(16, true),
    b: view.getInt32(20, true),
    c: view.getInt32(24, true),
    d: view.getInt32(28, true),
  }
}

/** All records in order. */
export function* recordsOf(chunks: readonly Uint8Array[]): Generator<TraceRecord> {
  const count = recordCount(chunks)
  for (let index = 0; index < count; index++) yield recordAt(chunks, index) as TraceRecord
}

/** Where the moment or text begins that the record at `index` is a part of. */
export function beginningOf(chunks: readonly Uint8Array[], index: number): number {
  let at = index
  while (at > 0 && recordAt(chunks, at)?.kind === CONTINUATION_KIND) at--
  return at
}
