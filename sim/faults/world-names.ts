import { recordOf, tpOf } from '../history/ids.ts'
import { mostPartitionsOf, nodesOf, type NodeLayout, topicIdNamed } from '../layout.ts'
import type { WorldSpec } from '../spec.ts'

/** Numbers of everything that a scenario calls by name: nodes, applications, topics, records. */
export class WorldNames {
  readonly spec: WorldSpec
  readonly nodes: readonly NodeLayout[]

  constructor(spec: WorldSpec) {
    this.spec = spec
    this.nodes = nodesOf(spec)
  }

  /** The node of that name, or -1. */
  node(name: string): number {
    return this.nodes.findIndex((node) => node.name === name)
  }

  /** All instances of an application, ascending and without gaps, or a store; none when there is nothing of that name. */
  application(name: string): readonly number[] {
    return this.where((node) => node.application === name || (node.role === 'store' && node.name === name))
  }

  get brokers(): readonly number[] {
    return this.where((node) => node.role === 'broker')
  }

  get controllers(): readonly number[] {
    return this.where((node) => node.role === 'controller')
  }

  /** All instances of all applications. */
  get clients(): readonly number[] {
    return this.where((node) => node.application !== null)
  }

  get stores(): readonly number[] {
    return this.where((node) => node.role === 'store')
  }

  /** Id of a topic, or 0 when there is none of that name. */
  topic(name: string): number {
    return topicIdNamed(this.spec, name)
  }

  /** Topic and partition as one number, or -1 when the scenario has no such partition. */
  partition(topic: string, partition: number): number {
    const id = this.topic(topic)
    return id > 0 && partition < this.mostPartitions(id) ? tpOf(id, partition) : -1
  }

  private mostPartitions(topicId: number): number {
    const topic = this.spec.topics[topicId - 1]
    return topic === undefined ? 0 : mostPartitionsOf(topic)
  }

  /**
   * The number of a record written as `checkout#0/5`, or `scripted#0/a` with the id of a `send` step: a script's records
   * are counted in the order of its `send` steps; a processor's in the order in which it makes them. -1 when there is no such
   * record.
   */
  record(text: string): number {
    const slash = text.indexOf('/')
    const node = this.node(text.slice(0, Math.max(0, slash)))
    const application = this.nodes[node]?.application
    const producer = this.spec.producers.find((candidate) => candidate.name === application)
    const processes = this.nodes[node]?.role === 'processor'
    if (producer === undefined && !processes) return -1
    const id = text.slice(slash + 1)
    const workload = producer?.workload
    if (workload?.kind === 'steps') {
      const scripted = workload.steps.filter((step) => step.do === 'send').findIndex((step) => step.id === id)
      if (scripted >= 0) return recordOf(node, scripted)
    }
    return /^\d{1,7}$/.test(id) && Number(id) < 1_048_576 ? recordOf(node, Number(id)) : -1
  }

  private where(matches: (node: NodeLayout) => boolean): readonly number[] {
    return this.nodes.flatMap((node, index) => (matches(node) ? [index] : []))
  }
}
