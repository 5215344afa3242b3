import { recordNode, recordOrdinal } from '../../sim/history/ids.ts'
import { nodesOf } from '../../sim/layout.ts'
import type { ProducerSpec, WorldSpec } from '../../sim/spec.ts'
import type { Applications } from './applications.ts'

/** Names of a world's things, for proofs in words. */
export class Names {
  readonly nodes: readonly string[]
  /** Number of its application by node, -1 for brokers, controllers and stores. */
  readonly applicationOf: readonly number[]
  private readonly scripts: readonly (readonly string[])[]

  constructor(spec: WorldSpec, applications: Applications) {
    const layout = nodesOf(spec)
    this.nodes = layout.map((node) => node.name)
    this.applicationOf = layout.map((node) =>
      node.application === null ? -1 : applications.names.indexOf(node.application),
    )
    this.scripts = spec.producers.map(scriptedIds)
  }

  node(node: number): string {
    return this.nodes[node] ?? `node ${node}`
  }

  /** `checkout#0/5`, or `scripted#0/a` for a record with an id of its own. */
  record(record: number): string {
    if (record < -1) return `${this.record(~record)} (damaged)`
    const node = recordNode(record)
    const ordinal = recordOrdinal(record)
    const script = this.scripts[this.applicationOf[node] ?? -1]
    return `${this.node(node)}/${script?.[ordinal] ?? ordinal}`
  }
}

/** Ids of a script's records: its `send` steps number them. */
function scriptedIds(producer: ProducerSpec): readonly string[] {
  if (producer.workload.kind === 'send') return []
  return producer.workload.steps.flatMap((step) => (step.do === 'send' ? [step.id] : []))
}
