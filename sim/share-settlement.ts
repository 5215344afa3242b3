import { partitionOf, topicIdOf, tpOf } from './history/ids.ts'
import type { ShareProcess } from './application/share-process.ts'
import type { Broker } from './kafka/broker/broker.ts'
import type { Kernel } from './kernel/kernel.ts'
import { type NodeLayout, topicIdNamed, topicName } from './layout.ts'
import type { ConsumerSpec, WorldSpec } from './spec.ts'
import type { Waiting } from './waiting.ts'

/** What share groups are looked at through. */
export interface ShareWorld {
  readableEnd(tp: number, readCommitted: boolean): number
  /** The broker that leads a partition; null = nobody. */
  leaderOf(tp: number): Broker | null
}

/** Whether share groups are done with everything that their partitions hold: acknowledged or archived. */
export class ShareSettlement {
  private readonly kernel: Kernel
  private readonly spec: WorldSpec
  private readonly nodes: readonly NodeLayout[]
  private readonly members: readonly ConsumerSpec[]

  constructor(kernel: Kernel, spec: WorldSpec, nodes: readonly NodeLayout[]) {
    this.kernel = kernel
    this.spec = spec
    this.nodes = nodes
    this.members = spec.consumers.filter(({ share }) => share !== undefined)
  }

  /** What is not done with, by group and partition; `first` = one is enough. */
  waiting(world: ShareWorld, first: boolean): readonly Waiting[] {
    const all: Waiting[] = []
    for (const member of this.members) {
      if (!this.readsOn(member)) continue
      for (const tp of this.partitionsOf(member)) {
        const why = this.unsettled(member, tp, world)
        if (why !== null) all.push(why)
        if (why !== null && first) return all
      }
    }
    return all
  }

  private readsOn({ name }: ConsumerSpec): boolean {
    return this.nodes.some((node, number) => {
      const handler = node.application === name ? (this.kernel.nodes[number]?.handler as ShareProcess | null) : null
      return handler?.readsOn === true
    })
  }

  private partitionsOf({ from }: ConsumerSpec): readonly number[] {
    return from.flatMap((topic) => {
      const topicId = topicIdNamed(this.spec, topic)
      const count = this.spec.topics[topicId - 1]?.partitions ?? 0
      return Array.from({ length: count }, (_, index) => tpOf(topicId, index))
    })
  }

  private unsettled({ name, config }: ConsumerSpec, tp: number, world: ShareWorld): Waiting | null {
    const groupId = config['group.id']
    const partition = `${topicName(this.spec, topicIdOf(tp))}-${partitionOf(tp)}`
    const wait = (waitsFor: string): Waiting => {
      const node = this.nodes.findIndex(({ application }) => application === name)
      return { kind: 'group', who: `share group ${groupId}`, waitsFor, because: null, tp, node }
    }
    const end = world.readableEnd(tp, config['share.isolation.level'] === 'read_committed')
    if (end === 0) return null
    const states = world.leaderOf(tp)?.shares.partition(groupId, tp)?.states ?? null
    if (end < 0 || states === null) return wait(`its state of ${partition}`)
    return states.isDoneUpTo(end) ? null : wait(`what is left of ${partition} to be acknowledged`)
  }
}
