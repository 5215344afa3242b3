import type { StoreProcess } from './application/store-process.ts'
import type { ReaderProcess } from './application/reader-process.ts'
import { M } from './history/catalogue.ts'
import { partitionOf, topicIdOf, tpOf } from './history/ids.ts'
import type { MomentObserver, Recorder } from './history/recorder.ts'
import type { ControllerView } from './kafka/controller/view.ts'
import type { Kernel } from './kernel/kernel.ts'
import { type NodeLayout, reads, topicIdNamed, topicName } from './layout.ts'
import { partitionsNow } from './partition-count.ts'
import type { ReaderSpec, WorldSpec } from './spec.ts'
import type { Waiting } from './waiting.ts'

/** Where logs end for those who read. */
export interface LogEnds {
  /** The high watermark, or for readers of committed records the last stable offset; -1 = nobody knows now. */
  readableEnd(tp: number, readCommitted: boolean): number
}

/** What the coordinators have committed, as the history tells it. */
class CommittedOffsets implements MomentObserver {
  readonly kinds: readonly number[] = [M.offsetCommitted, M.offsetExpired]
  /** By the group's number in the trace. */
  private readonly groups: Map<number, Map<number, number>> = new Map()

  onMoment(kind: number, _time: number, _node: number, group: number, tp: number, offset: number): void {
    let offsets = this.groups.get(group)
    if (offsets === undefined) {
      offsets = new Map()
      this.groups.set(group, offsets)
    }
    offsets.set(tp, kind === M.offsetExpired ? -1 : offset)
  }

  /** -1 = none. */
  of(group: number, tp: number): number {
    return this.groups.get(group)?.get(tp) ?? -1
  }
}

/** Whether every application that reads has come to rest at the end of what there is to read. */
export class ReaderSettlement {
  private readonly kernel: Kernel
  private readonly recorder: Recorder
  private readonly committed: CommittedOffsets = new CommittedOffsets()
  private readonly spec: WorldSpec
  private readonly nodes: readonly NodeLayout[]
  private readonly view: ControllerView
  private readonly thrown: ReadonlyMap<number, string>
  /** Node numbers of readers and of stores. */
  private readonly readers: readonly number[]
  private readonly stores: readonly number[]

  constructor(
    kernel: Kernel,
    recorder: Recorder,
    spec: WorldSpec,
    nodes: readonly NodeLayout[],
    view: ControllerView,
    thrown: ReadonlyMap<number, string>,
  ) {
    this.thrown = thrown
    this.view = view
    this.kernel = kernel
    this.recorder = recorder
    recorder.observe(this.committed)
    this.spec = spec
    this.nodes = nodes
    this.readers = nodes.flatMap((node, number) => (reads(node.role) ? [number] : []))
    this.stores = nodes.flatMap((node, number) => (node.role === 'store' ? [number] : []))
  }

  /** A position that a client is still to commit by itself; null = there is none. */
  uncommitted(): Waiting | null {
    for (const node of this.readers) {
      const reader = this.reader(node)
      if (reader === null || !reader.autoCommits || !reader.readsOn) continue
      const group = this.recorder.text(reader.groupId)
      for (const tp of reader.assigned()) {
        if (!this.isThere(tp)) continue
        // Nobody has read anything of an empty partition.
        if (reader.position(tp) > 0 && this.committed.of(group, tp) !== reader.position(tp))
          return this.wait(node, `its position in ${this.partition(tp)} to be committed`, null, tp)
      }
    }
    return null
  }

  /** What is not at rest first; null = everything is. */
  unsettled(ends: LogEnds): Waiting | null {
    if (this.readers.length === 0) return null
    for (const node of this.readers) {
      const why = this.unsettledReader(node, ends)
      if (why !== null) return why
    }
    for (const node of this.stores) {
      const why = this.unsettledStore(node)
      if (why !== null) return why
    }
    return this.unreadPartition()
  }

  /** Everything that is not at rest. */
  waiting(ends: LogEnds): readonly Waiting[] {
    const readers = this.readers.flatMap((node) => {
      const died = this.reader(node)?.died ?? this.threwText(node)
      return died === null ? (this.unsettledReader(node, ends) ?? []) : [this.wait(node, 'a restart', died)]
    })
    const stores = this.stores.flatMap((node) => this.unsettledStore(node) ?? [])
    return [...readers, ...stores, this.unreadPartition() ?? [], this.uncommitted() ?? []].flat()
  }

  private unsettledReader(node: number, ends: LogEnds): Waiting | null {
    const reader = this.reader(node)
    if (reader === null) return this.wait(node, 'a restart', this.whyDown(node))
    if (!reader.isIdle()) return this.wait(node, reader.waiting().join(', ') || 'its turn', null)
    if (!reader.readsOn) return null
    const readsCommitted = this.readsCommitted(node)
    for (const tp of reader.assigned()) {
      if (!this.isThere(tp)) continue
      const end = ends.readableEnd(tp, readsCommitted)
      if (end < 0 || reader.position(tp) !== end)
        return this.wait(node, `the end of ${this.partition(tp)}, which it reads`, null, tp)
    }
    return null
  }

  private whyDown(node: number): string {
    return this.threwText(node) ?? 'it is down'
  }

  private threwText(node: number): string | null {
    const message = this.thrown.get(node)
    return message === undefined ? null : `its handler threw ${message}`
  }

  private unsettledStore(node: number): Waiting | null {
    const store = this.handler(node) as StoreProcess | null
    if (store === null) return this.wait(node, 'a restart', 'it is down')
    if (!store.isIdle()) return this.wait(node, store.waiting().join(', '), null)
    if (store.inDoubt === 0) return null
    const waitsFor = `the end of ${store.inDoubt} prepared transactions`
    return { kind: 'transaction', who: this.name(node), waitsFor, because: null, tp: -1, node }
  }

  /** A partition that a group wants to read and nobody of it has. */
  private unreadPartition(): Waiting | null {
    for (const node of this.readers) {
      const reader = this.reader(node)
      if (reader === null || !reader.readsOn || !reader.subscribes) continue
      for (const topic of this.topicsOf(node)) {
        const topicId = topicIdNamed(this.spec, topic)
        const count = partitionsNow(this.spec, this.view, topicId)
        for (let index = 0; index < count; index++) {
          const tp = tpOf(topicId, index)
          if (!this.isOwned(tp, reader.groupId))
            return this.wait(node, `somebody of group ${reader.groupId} to read ${topic}-${index}`, null, tp)
        }
      }
    }
    return null
  }

  private wait(node: number, waitsFor: string, because: string | null, tp = -1): Waiting {
    return { kind: 'group', who: this.name(node), waitsFor, because, tp, node }
  }

  /** Of a topic that is deleted, or not made yet, nothing is to be read or committed. */
  private isThere(tp: number): boolean {
    return partitionOf(tp) < partitionsNow(this.spec, this.view, topicIdOf(tp))
  }

  private isOwned(tp: number, groupId: string): boolean {
    return this.readers.some((node) => {
      const reader = this.reader(node)
      return reader !== null && reader.readsOn && reader.groupId === groupId && reader.owns(tp)
    })
  }

  private topicsOf(node: number): readonly string[] {
    return this.specOf(node)?.from ?? []
  }

  private readsCommitted(node: number): boolean {
    return this.specOf(node)?.config['isolation.level'] === 'read_committed'
  }

  private specOf(node: number): ReaderSpec | undefined {
    const name = this.nodes[node]?.application
    const readers: readonly ReaderSpec[] = [...this.spec.consumers, ...this.spec.processors, ...this.spec.sinks]
    return readers.find((spec) => spec.name === name)
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
