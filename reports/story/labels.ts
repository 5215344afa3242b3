import type { TraceNames } from '../../sim/history/decode.ts'
import { partitionOf, recordNode, recordOf, recordOrdinal, topicIdOf } from '../../sim/history/ids.ts'
import { listed } from '../words.ts'

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
    if (record < -1) return `${this.record(~record)} (damaged)`
    return `${this.node(recordNode(record))}/${this.names.records.get(record) ?? recordOrdinal(record)}`
  }

  /** The record's number, or null when the trace has no such sender. */
  recordNamed(id: string): number | null {
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
