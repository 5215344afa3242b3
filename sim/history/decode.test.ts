import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Kernel } from '../kernel/kernel.ts'
import { firstDivergence } from '../kernel/diverge.ts'
import { testKernel } from '../kernel/world.test.support.ts'
import { M, MOMENTS } from './catalogue.ts'
import { type DecodedMoment, decodeMoment, decodeMoments, type FieldValue, namesIn } from './decode.ts'
import { describeMoment } from './describe.ts'
import { maskHigh, maskLow, recordOf, REPLY_FLAG, tpOf } from './ids.ts'
import { type MomentObserver, Recorder } from './recorder.ts'

function recording(): { readonly kernel: Kernel; readonly recorder: Recorder } {
  const kernel = testKernel({ keepTrace: true })
  return { kernel, recorder: new Recorder(kernel) }
}

/** A world's beginning, and a wide moment. */
function small(offset: number): { readonly chunks: readonly Uint8Array[]; readonly moments: readonly DecodedMoment[] } {
  const { kernel, recorder } = recording()
  recorder.emit(M.nodeDefined, 1, recorder.text('broker-1'), recorder.text('broker'), 0, 0)
  recorder.emit(M.nodeDefined, 4, recorder.text('checkout#0'), recorder.text('producer'), 0, 0)
  recorder.emit(M.topicCreated, 0, recorder.text('orders'), 1, 1, 3)
  recorder.emit(M.recordDefined, 4, recordOf(4, 7), recorder.text('a'), 0, 0)
  kernel.now = 1_002_500
  recorder.emitWide(M.logAppended, 1, tpOf(1, 2), offset, offset + 3, 9, 55, 1000, 2, 12)
  recorder.emitWide(M.leaderElected, 0, tpOf(1, 2), -1, 3, 4, maskLow([1, 3, 40]), maskHigh([1, 3, 40]), 1, 0)
  recorder.emit(M.recordSent, 4, recordOf(4, 7), 1, tpOf(1, 0), 0)
  recorder.emit(M.recordSent, 4, recordOf(4, 8), 1, tpOf(2, 0), 0)
  recorder.emit(M.requestSent, 4, 1, 1 | REPLY_FLAG, 3, 4)
  const chunks = kernel.trace.chunks()
  return { chunks, moments: [...decodeMoments(chunks)] }
}

describe('decoding a trace', () => {
  it('names moments, fields, texts, flags and sets', () => {
    const { moments } = small(5)
    expect(moments.map(({ name, node, fields }) => [name, node, fields]).slice(0, 6)).toEqual([
      ['node.defined', 1, { name: 'broker-1', role: 'broker' }],
      ['node.defined', 4, { name: 'checkout#0', role: 'producer' }],
      ['topic.created', 0, { topic: 'orders', topicId: 1, partitions: 1, replicas: 3 }],
      ['record.defined', 4, { record: recordOf(4, 7), id: 'a' }],
      [
        'log.appended',
        1,
        { tp: tpOf(1, 2), offset: 5, last: 8, epoch: 9, batch: 55, producerId: 1000, producerEpoch: 2, sequence: 12 },
      ],
      [
        'leader.elected',
        0,
        { tp: tpOf(1, 2), leader: -1, epoch: 3, partitionEpoch: 4, isr: [1, 3, 40], unclean: true },
      ],
    ])
    expect([moments[4]?.time, moments[5]?.cause]).toEqual([1_002_500, moments[4]?.index])
  })

  it('says a moment in one line', () => {
    const { chunks, moments } = small(5)
    const names = namesIn(chunks)
    expect(moments.slice(4).map((moment) => describeMoment(moment, names))).toEqual([
      '1.002500 s broker-1 log.appended tp=orders-2 offset=5 last=8 epoch=9 batch=55 producerId=1000 producerEpoch=2 sequence=12',
      '1.002500 s node 0 leader.elected tp=orders-2 leader=none epoch=3 partitionEpoch=4 isr=[broker-1 node 3 node 40] unclean=yes',
      '1.002500 s checkout#0 record.sent record=checkout#0/a attempt=1 tp=orders-0 key=0',
      '1.002500 s checkout#0 record.sent record=checkout#0/8 attempt=1 tp=topic 2-0 key=0',
      '1.002500 s checkout#0 request.sent to=broker-1 api=1 (reply) connection=3 correlation=4',
    ])
  })

  it('gives back what observers were shown, for every kind of moment and any integers', () => {
    const int = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })
    const emitted = fc.record({
      moment: fc.constantFrom(...MOMENTS),
      node: fc.nat(65_535),
      values: fc.array(int, { minLength: 8, maxLength: 8 }),
    })
    const text = fc.string({ maxLength: 30, unit: 'binary' })
    fc.assert(
      fc.property(fc.array(emitted, { maxLength: 40 }), fc.array(text), (all, words) => {
        const { kernel, recorder } = recording()
        const shown: unknown[] = []
        const observer: MomentObserver = {
          kinds: MOMENTS.map((moment) => moment.kind),
          onMoment: (kind, time, node, ...values) => void shown.push([kind, time, node, values]),
        }
        recorder.observe(observer)
        for (const [i, { moment, node, values }] of all.entries()) {
          kernel.now = i
          const ids = words.slice(0, i).map((word) => recorder.text(word))
          const row = rowOf(moment.kind, values, ids)
          const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = row
          if (moment.width > 4) recorder.emitWide(moment.kind, node, a, b, c, d, e, f, g, h)
          else recorder.emit(moment.kind, node, a, b, c, d)
        }
        const chunks = kernel.trace.chunks()
        const { texts } = namesIn(chunks)
        expect(texts).toEqual(kernel.trace.textList())
        const decoded = [...decodeMoments(chunks)]
        expect(decoded.map(({ kind, time, node, fields }) => [kind, time, node, encode(kind, fields, texts)])).toEqual(
          shown,
        )
      }),
      { numRuns: 100 },
    )
  })

  it('names where two runs part, also in the second half of a wide moment', () => {
    const left = small(5).chunks
    const { kernel, recorder } = recording()
    for (const moment of small(5).moments.slice(0, 4)) emitAgain(recorder, moment)
    kernel.now = 1_002_500
    recorder.emitWide(M.logAppended, 1, tpOf(1, 2), 5, 8, 9, 55, 1000, 2, 13)
    const found = firstDivergence(left, kernel.trace.chunks(), (chunks, index) => {
      const names = namesIn(chunks)
      const moment = decodeMoment(chunks, index, names)
      return moment === null ? '' : describeMoment(moment, names)
    })
    expect(found?.leftNamed).toMatch(/^1\.002500 s broker-1 log\.appended .* sequence=12$/)
    expect(found?.rightNamed).toMatch(/^1\.002500 s broker-1 log\.appended .* sequence=13$/)
    expect(found?.left?.index).toBe(found?.index)
  })

  it('is calm about a trace that was cut off', () => {
    const { chunks } = small(5)
    const [chunk = new Uint8Array()] = chunks
    for (let length = 0; length <= chunk.length; length += 32) {
      const cut = [chunk.subarray(0, length)]
      expect(() => [...decodeMoments(cut)].map((moment) => describeMoment(moment, namesIn(cut)))).not.toThrow()
    }
  })
})

/** The integers that a decoded moment stands for. */
function encode(
  kind: number,
  fields: Readonly<Record<string, FieldValue>>,
  texts: readonly string[],
): readonly number[] {
  const definition = MOMENTS.find((moment) => moment.kind === kind)
  const row = (definition?.fields ?? []).flatMap(({ name, type }) => {
    const value = fields[name]
    if (typeof value === 'number') return [value]
    if (typeof value === 'boolean') return [value ? 1 : 0]
    if (typeof value === 'string')
      return [type === 'text' && texts.includes(value) ? texts.indexOf(value) : Number(value.slice(5))]
    return [maskLow(value ?? []), maskHigh(value ?? [])]
  })
  return [...row, ...Array.from({ length: 8 - row.length }, () => 0)]
}

/** Integers that fit the fields: flags are 0 or 1, masks have 31 bits, texts exist. */
function rowOf(kind: number, values: readonly number[], texts: readonly number[]): readonly number[] {
  const definition = MOMENTS.find((moment) => moment.kind === kind)
  return (definition?.fields ?? []).flatMap(({ type }, i) => {
    const value = values[i] ?? 0
    if (type === 'flag') return [value & 1]
    if (type === 'nodes') return [value & 0x7fff_ffff, (value >> 3) & 0x7fff_ffff]
    if (type === 'text') return [texts[(value >>> 0) % Math.max(1, texts.length)] ?? 1_000_000]
    return [value]
  })
}

function emitAgain(recorder: Recorder, { kind, node, fields }: DecodedMoment): void {
  const [a = 0, b = 0, c = 0, d = 0] = Object.values(fields).map((value) =>
    typeof value === 'string' ? recorder.text(value) : Number(value),
  )
  recorder.emit(kind, node, a, b, c, d)
}
