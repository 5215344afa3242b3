import type { WorldSpec } from './spec.ts'

/** What a node is for. */
export type NodeRole = 'controller' | 'broker' | 'producer'

export interface NodeLayout {
  /** `controller-1`, `broker-2`, `checkout#0` */
  readonly name: string
  readonly role: NodeRole
  /** Name of the application for its instances, else null. */
  readonly application: string | null
}

/**
 * The nodes of a world in order: a node's number is its index. Node 0 is the controller and broker n is node n, so broker
 * ids are node numbers; applications' instances follow in the order of the spec.
 */
export function nodesOf(spec: WorldSpec): readonly NodeLayout[] {
  const nodes: NodeLayout[] = [{ name: 'controller-1', role: 'controller', application: null }]
  spec.cluster.brokers.forEach((_, index) =>
    nodes.push({ name: `broker-${index + 1}`, role: 'broker', application: null }),
  )
  for (const producer of spec.producers) {
    for (let instance = 0; instance < producer.instances; instance++) {
      nodes.push({ name: `${producer.name}#${instance}`, role: 'producer', application: producer.name })
    }
  }
  return nodes
}

/** Topic ids count from 1 in the order of the spec. */
export function topicIdNamed(spec: WorldSpec, name: string): number {
  return spec.topics.findIndex((topic) => topic.name === name) + 1
}

export function topicName(spec: WorldSpec, topicId: number): string {
  return spec.topics[topicId - 1]?.name ?? `topic ${topicId}`
}
