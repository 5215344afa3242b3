import { CHUNK_BYTES, RECORD_BYTES } from './trace.ts'
import { beginningOf, recordAt, recordCount, type TraceRecord } from './trace-records.ts'

/** Where two traces part. A side is null where its trace has ended. */
export interface Divergence<Named> {
  /** First record that differs. */
  readonly index: number
  readonly left: TraceRecord | null
  readonly right: TraceRecord | null
  /** What the records belong to, in the words of the caller's decoder. */
  readonly leftNamed: Named | null
  readonly rightNamed: Named | null
}

/**
 * The first difference of two kept traces: of their chunks, then of the records within the first that differs. Null when
 * they are equal. `name` tells what begins at an index of a trace: a difference in the middle of a wide moment is shown
 * from its beginning.
 */
export function firstDivergence<Named>(
  left: readonly Uint8Array[],
  right: readonly Uint8Array[],
  name: (chunks: readonly Uint8Array[], index: number) => Named,
): Divergence<Named> | null {
  const index = firstDifference(left, right)
  if (index < 0) return null
  const named = (chunks: readonly Uint8Array[]): Named | null =>
    index < recordCount(chunks) ? name(chunks, beginningOf(chunks, index)) : null
  return {
    index,
    left: recordAt(left, index),
    right: recordAt(right, index),
    leftNamed: named(left),
    rightNamed: named(right),
  }
}

/** Index of the first record that differs, or -1. */
function firstDifference(left: readonly Uint8Array[], right: readonly Uint8Array[]): number {
  const none = new Uint8Array()
  const chunks = Math.max(left.length, right.length)
  for (let i = 0; i < chunks; i++) {
    const a = left[i] ?? none
    const b = right[i] ?? none
    const byte = firstDifferentByte(a, b)
    if (byte >= 0) return (i * CHUNK_BYTES) / RECORD_BYTES + Math.floor(byte / RECORD_BYTES)
  }
  return -1
}

function firstDifferentByte(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) if (a[i] !== b[i]) return i
  return a.length === b.length ? -1 : length
}
