import type { TraceNames } from '../../sim/history/decode.ts'
import { partitionOf, recordNode, recordOf, recordOrdinal, topicIdOf } from '../../sim/history/ids.ts'
import { listed } from '../words.ts'

/** Behind the name of a record whose bytes had changed where it was read. */
const DAMAGED = ' (damaged)'

/** Names of the things in one trace. */
export class Labels {
  private readonly names: TraceNames

  constructor(names: TraceNames) {
    this.names = names
  }

  node(node: number): string {
    return this.names.nodes.get(node) ?? `node ${node}`
  }

  nodes(nodes: readonly number[]): string {
    return nodes.length === 0 ? 'nobody' : listed(nodes.map((node) => this.node(node)))
  }

  /** `orders-0` */
  partition(tp: number): string {
    return `${this.names.topics.get(topicIdOf(tp)) ?? `topic ${topicIdOf(tp)}`}-${partitionOf(tp)}`
  }

  /** `checkout#0/5`, or `scripted#0/a` for a record of a script. */
  record(record: number): string {
    if (record < -1) return `${this.record(~record)}${DAMAGED}`
    return `${this.node(recordNode(record))}/${this.names.records.get(record) ?? recordOrdinal(record)}`
  }

  /** Numbers of the record of a name, none when the trace has no such sender: of a damaged one also what it was. */
  recordsNamed(id: string): readonly number[] {
    const record = this.recordNamed(id.replace(DAMAGED, ''))
    if (record === null) return []
    return id.endsWith(DAMAGED) ? [record, ~record] : [record]
  }

  private recordNamed(id: string): number | null {
    const slash = id.lastIndexOf('/')
    const owner = id.slice(0, slash)
    const name = id.slice(slash + 1)
    for (const [record, scripted] of this.names.records) {
      if (scripted === name && this.node(recordNode(record)) === owner) return record
    }
    for (const [node, known] of this.names.nodes) {
      if (known === owner && /^\d+$/.test(name)) return recordOf(node, Number(name))
    }
    return null
  }
}
