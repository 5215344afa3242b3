import { decodeMoment, namesIn, type TraceNames } from '../sim/history/decode.ts'
import { describeMoment } from '../sim/history/describe.ts'
import { firstDivergence } from '../sim/kernel/diverge.ts'
import { TEXT_KIND } from '../sim/kernel/trace.ts'
import { beginningOf, recordAt, recordCount } from '../sim/kernel/trace-records.ts'
import { grouped } from './words.ts'

/** Where two kept traces of one run part, with both sides in words and what came last before; null when they are equal. */
export function divergenceLines(left: readonly Uint8Array[], right: readonly Uint8Array[]): readonly string[] | null {
  const names = new Map([left, right].map((chunks) => [chunks, namesIn(chunks)]))
  const say = (chunks: readonly Uint8Array[], index: number): string => inWords(chunks, index, names.get(chunks))
  const found = firstDivergence(left, right, say)
  if (found === null) return null
  const parted = Math.min(
    ...[left, right]
      .filter((chunks) => found.index < recordCount(chunks))
      .map((chunks) => beginningOf(chunks, found.index)),
  )
  const before = parted > 0 ? [`before  ${say(left, beginningOf(left, parted - 1))}`] : []
  return [
    `the traces part at record ${grouped(found.index)}:`,
    ...before,
    `first   ${found.leftNamed ?? 'the trace has ended'}`,
    `second  ${found.rightNamed ?? 'the trace has ended'}`,
  ]
}

function inWords(chunks: readonly Uint8Array[], index: number, names: TraceNames | undefined): string {
  const record = recordAt(chunks, index)
  if (record === null || names === undefined) return 'the trace has ended'
  const moment = decodeMoment(chunks, index, names)
  if (moment !== null) return describeMoment(moment, names)
  if (record.kind === TEXT_KIND) return `the word ${JSON.stringify(names.texts[record.a] ?? '')}`
  return `the end: ${[record.a, record.b, record.c, record.d].join(' ')}`
}
