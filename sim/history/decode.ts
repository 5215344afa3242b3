import { CONTINUATION_KIND, TEXT_KIND } from '../kernel/trace.ts'
import { recordAt, recordsOf, type TraceRecord } from '../kernel/trace-records.ts'
import { M, type MomentField, momentOfKind } from './catalogue.ts'
import { brokersOf } from './ids.ts'

/** A field's value: text interned in the trace is text again, flags are truth values, sets of brokers are lists. */
export type FieldValue = number | string | boolean | readonly number[]

/** A moment as it was emitted, read from a kept trace. */
export interface DecodedMoment {
  /** Index of its record. */
  readonly index: number
  /** Index of the record that caused it. */
  readonly cause: number
  /** Microseconds since the run began. */
  readonly time: number
  readonly node: number
  readonly kind: number
  /** `log.appended` */
  readonly name: string
  /** By the names of the catalogue. */
  readonly fields: Readonly<Record<string, FieldValue>>
}

/** What stands for what in one trace: texts, and the names of nodes, topics and scripted records. */
export interface TraceNames {
  readonly texts: readonly string[]
  readonly nodes: ReadonlyMap<number, string>
  readonly topics: ReadonlyMap<number, string>
  readonly records: ReadonlyMap<number, string>
}

/** Every moment of a kept trace in order. Records that belong to the trace itself are left out. */
export function* decodeMoments(chunks: readonly Uint8Array[]): Generator<DecodedMoment> {
  const texts: string[] = []
  for (const record of recordsOf(chunks)) {
    if (record.kind === TEXT_KIND) texts[record.a] = readText(chunks, record)
    const moment = momentAt(chunks, record, texts)
    if (moment !== null) yield moment
  }
}

/** The moment whose record stands at an index, or null when something else does. */
export function decodeMoment(chunks: readonly Uint8Array[], index: number, names: TraceNames): DecodedMoment | null {
  const record = recordAt(chunks, index)
  return record === null ? null : momentAt(chunks, record, names.texts)
}

/** Reads a trace for the names in it. */
export function namesIn(chunks: readonly Uint8Array[]): TraceNames {
  const texts: string[] = []
  const nodes = new Map<number, string>()
  const topics = new Map<number, string>()
  const records = new Map<number, string>()
  const text = (id: number): string => texts[id] ?? `text ${id}`
  for (const record of recordsOf(chunks)) {
    if (record.kind === TEXT_KIND) texts[record.a] = readText(chunks, record)
    else if (record.kind === M.nodeDefined) nodes.set(record.node, text(record.a))
    else if (record.kind === M.topicCreated) topics.set(record.b, text(record.a))
    else if (record.kind === M.recordDefined) records.set(record.a, text(record.b))
  }
  return { texts, nodes, topics, records }
}

function momentAt(chunks: readonly Uint8Array[], record: TraceRecord, texts: readonly string[]): DecodedMoment | null {
  const definition = momentOfKind(record.kind)
  if (definition === undefined) return null
  const { index, cause, time, node, kind } = record
  const values = [record.a, record.b, record.c, record.d]
  const next = definition.width > 4 ? recordAt(chunks, index + 1) : null
  if (next?.kind === CONTINUATION_KIND) values.push(next.a, next.b, next.c, next.d)
  return { index, cause, time, node, kind, name: definition.name, fields: fieldsOf(definition.fields, values, texts) }
}

function fieldsOf(
  fields: readonly MomentField[],
  values: readonly number[],
  texts: readonly string[],
): Readonly<Record<string, FieldValue>> {
  const decoded: Record<string, FieldValue> = {}
  let at = 0
  for (const field of fields) {
    const value = values[at++] ?? 0
    switch (field.type) {
      case 'text':
        decoded[field.name] = texts[value] ?? `text ${value}`
        break
      case 'flag':
        decoded[field.name] = value !== 0
        break
      case 'nodes':
        decoded[field.name] = brokersOf(value, values[at++] ?? 0)
        break
      case 'tp':
      case 'node':
      case 'record':
      case 'batch':
      case 'offset':
      case 'epoch':
      case 'int':
      case 'api':
      case 'error':
        decoded[field.name] = value
        break
    }
  }
  return decoded
}

/** Eight UTF-16 units a continuation record. */
function readText(chunks: readonly Uint8Array[], header: TraceRecord): string {
  const units: number[] = []
  for (let index = header.index + 1; units.length < header.b; index++) {
    const record = recordAt(chunks, index)
    if (record?.kind !== CONTINUATION_KIND) break
    for (const pair of [record.a, record.b, record.c, record.d]) units.push(pair & 0xffff, pair >>> 16)
  }
  return String.fromCharCode(...units.slice(0, header.b))
}
