import { describe, expect, it } from 'vitest'
import { CHUNK_BYTES, RECORD_BYTES, TEXT_KIND, Trace } from './trace.ts'
import { TestHasher } from './world.test.support.ts'

const PER_CHUNK = CHUNK_BYTES / RECORD_BYTES

function filled(count: number, keep: boolean): Trace {
  const trace = new Trace(new TestHasher(), keep)
  for (let i = 0; i < count; i++) expect(trace.write(i * 3, i, 8 + (i % 5), i % 7, i, -i, i * i, 1)).toBe(i)
  return trace
}

describe('Trace', () => {
  it.each([0, 1, 31, 32, 33, 1000, PER_CHUNK - 1, PER_CHUNK, PER_CHUNK + 1, 2 * PER_CHUNK, 3 * PER_CHUNK - 1])(
    '%d records: keeping changes nothing, chunks are full but the last, and hold every record',
    (count) => {
      const kept = filled(count, true)
      const discarded = filled(count, false)
      const before = kept.chunks()
      expect(discarded.chunks()).toEqual([])
      expect(kept.digest()).toBe(discarded.digest())
      const chunks = kept.chunks()
      expect(chunks).toEqual(before)
      expect(chunks.map((chunk) => chunk.length)).toEqual([
        ...Array.from({ length: Math.floor(count / PER_CHUNK) }, () => CHUNK_BYTES),
        ...(count % PER_CHUNK === 0 ? [] : [(count % PER_CHUNK) * RECORD_BYTES]),
      ])
      if (count > 0) {
        const last = chunks.at(-1) ?? new Uint8Array()
        const view = new DataView(last.buffer, last.byteOffset + last.length - RECORD_BYTES)
        const i = count - 1
        expect([
          view.getFloat64(0, true),
          view.getUint32(8, true),
          view.getUint16(12, true),
          view.getUint16(14, true),
        ]).toEqual([i * 3, i, 8 + (i % 5), i % 7])
        expect([16, 20, 24, 28].map((at) => view.getInt32(at, true))).toEqual([i, 0 - i, (i * i) | 0, 1])
      }
    },
  )

  it('the digest does not depend on how the bytes were cut: every byte reaches the hasher once', () => {
    const hasher = new TestHasher()
    const trace = new Trace(hasher, false)
    const all: number[] = []
    const direct = new TestHasher()
    for (let i = 0; i < PER_CHUNK + 100; i++) {
      trace.write(i, 0, 9, 0, i, 0, 0, 0)
      const record = new Int32Array(8)
      new Float64Array(record.buffer)[0] = i
      record[3] = 9
      record[4] = i
      all.push(...new Uint8Array(record.buffer))
    }
    direct.update(Uint8Array.from(all))
    expect(trace.digest()).toBe(direct.digest())
    expect(hasher.bytes).toBe((PER_CHUNK + 100) * RECORD_BYTES)
  })

  it('a later change of the buffer does not reach what was handed out', () => {
    const trace = filled(10, true)
    const [early] = trace.chunks()
    const copy = early?.slice()
    for (let i = 0; i < PER_CHUNK * 2; i++) trace.write(1, 2, 3, 4, 5, 6, 7, 8)
    expect(early).toEqual(copy)
  })

  it.each([
    [0x7fff_ffff, 65_535],
    [0xffff_ffff, 1],
  ])('cause %d and node %d keep all their bits', (cause, node) => {
    const trace = new Trace(new TestHasher(), true)
    trace.write(2 ** 49 + 1, cause, 100, node, 0, 0, 0, 0)
    const [chunk = new Uint8Array()] = trace.chunks()
    const view = new DataView(chunk.buffer, chunk.byteOffset)
    expect([
      view.getFloat64(0, true),
      view.getUint32(8, true),
      view.getUint16(12, true),
      view.getUint16(14, true),
    ]).toEqual([2 ** 49 + 1, cause, 100, node])
  })

  it('a text is written once and has one number', () => {
    const trace = new Trace(new TestHasher(), true)
    expect(['orders', 'payments', 'orders', ''].map((text) => trace.text(text))).toEqual([0, 1, 0, 2])
    expect(trace.textList()).toEqual(['orders', 'payments', ''])
    const [chunk = new Uint8Array()] = trace.chunks()
    const view = new DataView(chunk.buffer, chunk.byteOffset)
    const kinds = Array.from({ length: trace.count }, (_, i) => view.getUint16(i * RECORD_BYTES + 12, true))
    expect(kinds.filter((kind) => kind === TEXT_KIND).length).toBe(3)
    expect(trace.count).toBe(5)
  })
})
