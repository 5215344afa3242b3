import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { firstDivergence } from './diverge.ts'
import { CHUNK_BYTES, CONTINUATION_KIND, RECORD_BYTES, Trace } from './trace.ts'
import { beginningOf, recordAt, recordCount, recordsOf } from './trace-records.ts'
import { TestHasher } from './world.test.support.ts'

const PER_CHUNK = CHUNK_BYTES / RECORD_BYTES

/** A trace of single records of which the last integer is given. */
function traceOf(values: readonly number[]): readonly Uint8Array[] {
  const trace = new Trace(new TestHasher(), true)
  values.forEach((value, i) => trace.write(i, i, 9, 1, 2, 3, 4, value))
  return trace.chunks()
}
const index = (_: readonly Uint8Array[], at: number): number => at
const numbers = (count: number): readonly number[] => Array.from({ length: count }, (_, i) => i)

describe('firstDivergence', () => {
  it.each([0, 1, PER_CHUNK - 1, PER_CHUNK, PER_CHUNK + 1, 2 * PER_CHUNK + 5])(
    'finds the change of record %d',
    (changed) => {
      const left = numbers(3 * PER_CHUNK)
      const right = left.map((value, i) => (i >= changed ? -1 - value : value))
      const found = firstDivergence(traceOf(left), traceOf(right), index)
      expect(found?.index).toBe(changed)
      expect([found?.left?.d, found?.right?.d]).toEqual([changed, -1 - changed])
      expect([found?.leftNamed, found?.rightNamed]).toEqual([changed, changed])
    },
  )

  it('equal traces do not part, empty ones neither', () => {
    expect(firstDivergence(traceOf(numbers(5000)), traceOf(numbers(5000)), index)).toBeNull()
    expect(firstDivergence([], [], index)).toBeNull()
  })

  it.each([0, 7, PER_CHUNK, PER_CHUNK + 3])(
    'a trace that is the beginning of the other parts at its end (%d records)',
    (count) => {
      const found = firstDivergence(traceOf(numbers(count)), traceOf(numbers(PER_CHUNK * 2)), index)
      expect([found?.index, found?.left, found?.leftNamed]).toEqual([count, null, null])
      expect([found?.right?.d, found?.rightNamed]).toEqual([count, count])
    },
  )

  it('agrees with comparing record by record', () => {
    const values = fc.array(fc.nat(2), { maxLength: 50 })
    fc.assert(
      fc.property(values, values, (left, right) => {
        const expected = numbers(Math.max(left.length, right.length)).find((i) => left[i] !== right[i])
        expect(firstDivergence(traceOf(left), traceOf(right), index)?.index).toBe(expected)
      }),
    )
  })

  it('names the beginning of what a continuation belongs to', () => {
    const wide = (last: number): readonly Uint8Array[] => {
      const trace = new Trace(new TestHasher(), true)
      trace.write(1, 0, 9, 1, 0, 0, 0, 0)
      trace.write(2, 0, 26, 1, 0, 0, 0, 0)
      trace.write(2, 0, CONTINUATION_KIND, 1, 0, 0, 0, last)
      return trace.chunks()
    }
    const found = firstDivergence(wide(1), wide(2), (chunks, at) => recordAt(chunks, at)?.kind)
    expect([found?.index, found?.leftNamed, found?.rightNamed]).toEqual([2, 26, 26])
    expect(beginningOf(wide(1), 0)).toBe(0)
  })

  it('reads records back as they were written', () => {
    const chunks = traceOf(numbers(PER_CHUNK + 2))
    const records = [...recordsOf(chunks)]
    expect(records.length).toBe(recordCount(chunks))
    expect(records.at(-1)).toEqual({
      index: PER_CHUNK + 1,
      time: PER_CHUNK + 1,
      cause: PER_CHUNK + 1,
      kind: 9,
      node: 1,
      a: 2,
      b: 3,
      c: 4,
      d: PER_CHUNK + 1,
    })
    expect(recordAt(chunks, PER_CHUNK + 2)).toBeNull()
  })
})
