import { momentOfKind } from './catalogue.ts'
import type { DecodedMoment, FieldValue, TraceNames } from './decode.ts'
import { partitionOf, recordNode, recordOrdinal, REPLY_FLAG, topicIdOf } from './ids.ts'

/** One line for a decoded moment: `1.002500 s broker-1 log.appended tp=orders-0 offset=5 ...`. */
export function describeMoment(moment: DecodedMoment, names: TraceNames): string {
  const fields = momentOfKind(moment.kind)?.fields ?? []
  const words = fields.map(({ name, type }) => {
    const value = moment.fields[name] ?? 0
    return `${name}=${typeof value === 'number' ? numberIn(names, type, value) : plain(value, names)}`
  })
  return [`${seconds(moment.time)} s`, nodeName(names, moment.node), moment.name, ...words].join(' ')
}

function numberIn(names: TraceNames, type: string, value: number): string {
  switch (type) {
    case 'tp':
      return `${names.topics.get(topicIdOf(value)) ?? `topic ${topicIdOf(value)}`}-${partitionOf(value)}`
    case 'node':
      return nodeName(names, value)
    case 'record':
      if (value < -1) return `${numberIn(names, type, ~value)} (damaged)`
      return `${nodeName(names, recordNode(value))}/${names.records.get(value) ?? recordOrdinal(value)}`
    case 'api':
      return `${value & ~REPLY_FLAG}${(value & REPLY_FLAG) === 0 ? '' : ' (reply)'}`
    default:
      return String(value)
  }
}

function plain(value: FieldValue, names: TraceNames): string {
  if (typeof value === 'object') return `[${value.map((node) => nodeName(names, node)).join(' ')}]`
  return typeof value === 'boolean' ? (value ? 'yes' : 'no') : String(value)
}

function nodeName(names: TraceNames, node: number): string {
  return node < 0 ? 'none' : (names.nodes.get(node) ?? `node ${node}`)
}

/** Microseconds as seconds with six decimals, without rounding. */
function seconds(us: number): string {
  return `${Math.floor(us / 1_000_000)}.${String(us % 1_000_000).padStart(6, '0')}`
}
