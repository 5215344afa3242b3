import type { DatabaseStore } from './application/database-store.ts'
import type { ReaderProcess } from './application/reader-process.ts'
import { partitionOf, topicIdOf, tpOf } from './history/ids.ts'
import type { Kernel } from './kernel/kernel.ts'
import { type NodeLayout, reads, topicIdNamed, topicName } from './layout.ts'
import type { WorldSpec } from './spec.ts'

/** Where logs end for those who read. */
export interface LogEnds {
  /** -1 = nobody knows now. */
  highWatermark(tp: number): number
}

/** Whether every application that reads has come to rest at the end of what there is to read. */
export class ReaderSettlement {
  private readonly kernel: Kernel
  private readonly spec: WorldSpec
  private readonly nodes: readonly NodeLayout[]
  /** Node numbers of readers and of stores. */
  private readonly readers: readonly number[]
  private readonly stores: readonly number[]

  constructor(kernel: Kernel, spec: WorldSpec, nodes: readonly NodeLayout[]) {
    this.kernel = kernel
    this.spec = spec
    this.nodes = nodes
    this.readers = nodes.flatMap((node, number) => (reads(node.role) ? [number] : []))
    this.stores = nodes.flatMap((node, number) => (node.role === 'store' ? [number] : []))
  }

  /** What is not at rest first, in words; null = everything is. */
  unsettled(ends: LogEnds): string | null {
    if (this.readers.length === 0) return null
    for (const node of this.readers) {
      const why = this.unsettledReader(node, ends)
      if (why !== null) return why
    }
    for (const node of this.stores) {
      const store = this.handler(node) as DatabaseStore | null
      if (store === null) return `${this.name(node)} is down`
      if (!store.isIdle()) return `${this.name(node)} waits for ${store.waiting().join(', ')}`
    }
    return this.unreadPartition()
  }

  /** Everything that is not at rest, in words. */
  waiting(ends: LogEnds): readonly string[] {
    const waiting = this.readers.flatMap((node) => this.unsettledReader(node, ends) ?? [])
    const partition = this.unreadPartition()
    return partition === null ? waiting : [...waiting, partition]
  }

  private unsettledReader(node: number, ends: LogEnds): string | null {
    const reader = this.reader(node)
    if (reader === null) return `${this.name(node)} is down`
    if (!reader.isIdle()) return `${this.name(node)} waits for ${reader.waiting().join(', ') || 'its turn'}`
    if (!reader.readsOn) return null
    for (const tp of reader.assigned()) {
      const end = ends.highWatermark(tp)
      if (end < 0 || reader.position(tp) !== end)
        return `${this.name(node)} waits to read ${this.partition(tp)} to its end`
    }
    return null
  }

  /** A partition that a group wants to read and nobody of it has. */
  private unreadPartition(): string | null {
    for (const node of this.readers) {
      const reader = this.reader(node)
      if (reader === null || !reader.readsOn || !reader.subscribes) continue
      for (const topic of this.topicsOf(node)) {
        const topicId = topicIdNamed(this.spec, topic)
        const count = this.spec.topics[topicId - 1]?.partitions ?? 0
        for (let index = 0; index < count; index++) {
          const tp = tpOf(topicId, index)
          if (!this.isOwned(tp, reader.groupId))
            return `group ${reader.groupId} waits for somebody to read ${topic}-${index}`
        }
      }
    }
    return null
  }

  private isOwned(tp: number, groupId: string): boolean {
    return this.readers.some((node) => {
      const reader = this.reader(node)
      return reader !== null && reader.readsOn && reader.groupId === groupId && reader.owns(tp)
    })
  }

  private topicsOf(node: number): readonly string[] {
    const name = this.nodes[node]?.application
    const specs = [...this.spec.consumers, ...this.spec.processors, ...this.spec.sinks]
    return specs.find((spec) => spec.name === name)?.from ?? []
  }

  private reader(node: number): ReaderProcess | null {
    return this.handler(node) as ReaderProcess | null
  }

  private handler(node: number): object | null {
    return this.kernel.nodes[node]?.handler ?? null
  }

  private name(node: number): string {
    return this.nodes[node]?.name ?? `node ${node}`
  }

  private partition(tp: number): string {
    return `${topicName(this.spec, topicIdOf(tp))}-${partitionOf(tp)}`
  }
}
