import type { ProducerSpec, TopicSpec, WorldSpec } from './spec.ts'

/** What a node is for. */
export type NodeRole = 'controller' | 'broker' | 'producer' | 'consumer' | 'processor' | 'sink' | 'store'

export interface NodeLayout {
  /** `controller-1`, `broker-2`, `checkout#0`, `ledger` */
  readonly name: string
  readonly role: NodeRole
  /** Name of the application for its instances, else null: a store is no application. */
  readonly application: string | null
}

/**
 * The nodes of a world in order: a node's number is its index. Node 0 is the first controller and broker n is node n, so broker
 * ids are node numbers; the other controllers follow, then applications' instances in the order of the spec (producers, consumers,
 * processors, sinks), then the stores.
 */
export function nodesOf(spec: WorldSpec): readonly NodeLayout[] {
  const nodes: NodeLayout[] = [{ name: 'controller-1', role: 'controller', application: null }]
  spec.cluster.brokers.forEach((_, index) =>
    nodes.push({ name: `broker-${index + 1}`, role: 'broker', application: null }),
  )
  for (let number = 2; number <= spec.cluster.controllers; number++) {
    nodes.push({ name: `controller-${number}`, role: 'controller', application: null })
  }
  const groups = [
    ['producer', spec.producers],
    ['consumer', spec.consumers],
    ['processor', spec.processors],
    ['sink', spec.sinks],
  ] as const
  for (const [role, applications] of groups) {
    for (const { name, instances } of applications) {
      for (let instance = 0; instance < instances; instance++)
        nodes.push({ name: `${name}#${instance}`, role, application: name })
    }
  }
  for (const { name } of spec.stores) nodes.push({ name, role: 'store', application: null })
  return nodes
}

/** Whether a role is that of an application that reads: a consumer, a processor or a sink. */
export function reads(role: NodeRole): role is 'consumer' | 'processor' | 'sink' {
  return role === 'consumer' || role === 'processor' || role === 'sink'
}

/** Whether a role is that of an application: not of the cluster, and no store. */
export function isApplication(role: NodeRole): role is 'producer' | 'consumer' | 'processor' | 'sink' {
  return role === 'producer' || reads(role)
}

/** Topic ids count from 1 in the order of the spec. */
export function topicIdNamed(spec: WorldSpec, name: string): number {
  return spec.topics.findIndex((topic) => topic.name === name) + 1
}

export function topicName(spec: WorldSpec, topicId: number): string {
  return spec.topics[topicId - 1]?.name ?? `topic ${topicId}`
}

/** Topics that a producer writes to, each once: those it takes in turn, or those its steps name. */
export function topicsOf(producer: ProducerSpec): readonly string[] {
  const { workload } = producer
  const named = workload.kind === 'steps' ? workload.steps.flatMap((step) => (step.do === 'send' ? [step.to] : [])) : []
  return [...new Set([...producer.to, ...named])]
}

/** As many partitions as a topic ever has. */
export function mostPartitionsOf(topic: TopicSpec): number {
  return topic.mostPartitions ?? topic.partitions
}
