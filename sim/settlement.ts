import { partitionOf, topicIdOf, tpOf } from './history/ids.ts'
import type { ProducerProcess } from './application/producer-process.ts'
import type { SourceProcess } from './application/source-process.ts'
import type { Recorder } from './history/recorder.ts'
import type { Broker } from './kafka/broker/broker.ts'
import { OFFSETS_TOPIC, TRANSACTIONS_TOPIC } from './kafka/broker/metadata-cache.ts'
import type { ControllerView } from './kafka/controller/view.ts'
import { partitionFor } from './kafka/group/partition-for.ts'
import type { Kernel } from './kernel/kernel.ts'
import { type NodeLayout, topicName } from './layout.ts'
import { partitionsNow } from './partition-count.ts'
import { ReaderSettlement } from './reader-settlement.ts'
import { ShareSettlement, type ShareWorld } from './share-settlement.ts'
import type { WorldSpec } from './spec.ts'
import { type SettlementWorld, unsettledTransactions } from './transaction-settlement.ts'
import type { Waiting } from './waiting.ts'

/** Whether everything has come to rest, and if not, who waits for what. It looks; it never changes the world. */
export class Settlement implements SettlementWorld, ShareWorld {
  private readonly kernel: Kernel
  private readonly spec: WorldSpec
  private readonly nodes: readonly NodeLayout[]
  readonly view: ControllerView
  private readonly readers: ReaderSettlement
  private readonly shares: ShareSettlement
  private readonly groups: readonly string[]

  /** @param thrown by node, what its processes died of last */
  constructor(
    kernel: Kernel,
    recorder: Recorder,
    spec: WorldSpec,
    nodes: readonly NodeLayout[],
    view: ControllerView,
    thrown: ReadonlyMap<number, string>,
  ) {
    this.kernel = kernel
    this.spec = spec
    this.nodes = nodes
    this.view = view
    this.readers = new ReaderSettlement(kernel, recorder, spec, nodes, view, thrown)
    this.shares = new ShareSettlement(kernel, spec, nodes)
    const readers = [...spec.consumers, ...spec.processors, ...spec.sinks]
    this.groups = [...new Set(readers.map(({ config }) => config['group.id']))].filter((group) => group !== '')
  }

  /** Whether all work is done: everything sent, and everything read that is to be read. */
  workDone(): boolean {
    return this.producersIdle() && this.readers.unsettled(this) === null && this.shares.waiting(this, true).length === 0
  }

  /** Whether every producer has sent what it has to send and knows every outcome. */
  producersIdle(): boolean {
    return this.nodes.every((node, number) => node.role !== 'producer' || this.producer(number)?.isIdle() === true)
  }

  /**
   * Nothing pending: all work done, positions committed, transactions ended, every partition led, every replica equal to its leader and below the
   * high watermark.
   */
  isSettled(): boolean {
    return this.workDone() && this.readers.uncommitted() === null && this.unsettledPartition() === null
  }

  /** How far the leader of a partition lets clients read; -1 = nobody leads. */
  readableEnd(tp: number, readCommitted: boolean): number {
    const led = this.leaderOf(tp)?.replicas.partitions.get(tp)
    if (led === undefined || !led.isLeader) return -1
    return readCommitted ? led.log.lastStableOffset : led.log.highWatermark
  }

  /** The broker that leads a partition by the controller's word; null = nobody. */
  leaderOf(tp: number): Broker | null {
    const leader = this.view.leaderOf(tp)
    return leader < 0 ? null : this.broker(leader)
  }

  /** Everything that is not at rest. */
  waiting(): readonly Waiting[] {
    const producers = this.nodes.flatMap((node, number) =>
      node.role === 'producer' ? this.waitingProducer(number) : [],
    )
    const readers = [...this.readers.waiting(this), ...this.shares.waiting(this, false)]
    return [...producers, ...readers, ...this.unsettledPartitions(), ...this.waitingBrokers()]
  }

  private waitingProducer(node: number): readonly Waiting[] {
    const producer = this.producer(node)
    const who = this.nodes[node]?.name ?? `node ${node}`
    const wait = (waitsFor: string, because: string | null): Waiting => {
      return { kind: 'send', who, waitsFor, because, tp: -1, node }
    }
    if (producer === null) return [wait('a restart', 'it is down')]
    return producer.isIdle() ? [] : producer.waiting().map((what) => wait(what, null))
  }

  private waitingBrokers(): readonly Waiting[] {
    return this.nodes.flatMap((node, number): readonly Waiting[] => {
      if (node.role !== 'broker' && node.role !== 'controller') return []
      const handler = this.kernel.nodes[number]?.handler ?? null
      const place = { kind: 'process', who: node.name, tp: -1, node: number } as const
      if (handler === null) return [{ ...place, waitsFor: 'a restart', because: 'it is down' }]
      return handler.waiting().map((waitsFor) => ({ ...place, waitsFor, because: null }))
    })
  }

  private producer(node: number): ProducerProcess | SourceProcess | null {
    return this.kernel.nodes[node]?.handler as ProducerProcess | SourceProcess | null
  }

  broker(node: number): Broker | null {
    return (this.kernel.nodes[node]?.handler ?? null) as Broker | null
  }

  /** Every partition that is to settle is asked, until one gives an answer. */
  private unsettledPartition(): Waiting | null {
    for (let topicId = 1; topicId <= this.spec.topics.length; topicId++) {
      const partitions = partitionsNow(this.spec, this.view, topicId)
      for (let index = 0; index < partitions; index++) {
        const why = this.unsettled(tpOf(topicId, index))
        if (why !== null) return why
      }
      const kept = this.keptReplica(topicId, partitions)
      if (kept !== null) return kept
    }
    return this.unsettledOffsets()[0] ?? unsettledTransactions(this)[0] ?? null
  }

  /** A replica of a deleted topic that its broker has not let go of yet; null = there is none. */
  private keptReplica(topicId: number, partitions: number): Waiting | null {
    if (partitions > 0 || this.spec.topics[topicId - 1]?.mayGo !== true) return null
    for (const [node, { role, name }] of this.nodes.entries()) {
      const log =
        role === 'broker' ? this.broker(node)?.logs.logs.find(({ tp }) => topicIdOf(tp) === topicId) : undefined
      if (log === undefined) continue
      const [who, waitsFor] = [this.partitionName(log.tp), `${name} to let go of it`]
      return { kind: 'replication', who, waitsFor, because: null, tp: log.tp, node: -1 }
    }
    return null
  }

  private unsettledPartitions(): readonly Waiting[] {
    const data = this.spec.topics.flatMap((_topic, at) =>
      Array.from(
        { length: partitionsNow(this.spec, this.view, at + 1) },
        (_, index) => this.unsettled(tpOf(at + 1, index)) ?? [],
      ),
    )
    return [...data.flat(), ...this.unsettledOffsets(), ...unsettledTransactions(this)]
  }

  /** What groups committed is not safe while the replicas of its log differ: a new coordinator may not know it yet. */
  private unsettledOffsets(): readonly Waiting[] {
    const topic = this.groups.length === 0 ? null : this.view.topicNamed(OFFSETS_TOPIC)
    if (topic === null) return []
    const indexes = new Set(this.groups.map((group) => partitionFor(group, topic.partitions)))
    return [...indexes].flatMap((index) => {
      const tp = tpOf(topic.topicId, index)
      // Of a partition that nothing was written to, followers keep no log.
      return this.endOffset(tp) === 0 ? [] : (this.unsettled(tp) ?? [])
    })
  }

  /** Where the leader's log of a partition ends; -1 = nobody leads. */
  endOffset(tp: number): number {
    const leader = this.view.leaderOf(tp)
    const broker = leader < 0 ? null : this.broker(leader)
    if (broker === null) return -1
    const led = broker.replicas.partitions.get(tp)
    if (led !== undefined) return led.isLeader ? led.log.logEndOffset : -1
    // Of internal partitions that nothing was ever written to, brokers make no replica.
    return (broker.logs.get(tp)?.logEndOffset ?? 0) === 0 ? 0 : -1
  }

  /** What the replicas of a partition wait for; null = nothing. */
  unsettled(tp: number): Waiting | null {
    const waitsFor = this.waitsFor(tp)
    if (waitsFor === null) return null
    return { kind: 'replication', who: this.partitionName(tp), waitsFor, because: null, tp, node: -1 }
  }

  private partitionName(tp: number): string {
    const topicId = topicIdOf(tp)
    const internal = topicId === this.view.topicNamed(OFFSETS_TOPIC)?.topicId ? OFFSETS_TOPIC : TRANSACTIONS_TOPIC
    return `${topicId <= this.spec.topics.length ? topicName(this.spec, topicId) : internal}-${partitionOf(tp)}`
  }

  /** What a partition waits for, in words; null = nothing. */
  private waitsFor(tp: number): string | null {
    const leader = this.view.leaderOf(tp)
    if (leader < 0) return 'a leader'
    const led = this.broker(leader)?.replicas.partitions.get(tp)
    if (led === undefined || !led.isLeader) return `broker-${leader} to lead`
    const end = led.log.logEndOffset
    for (const replica of this.view.replicasOf(tp)) {
      if (replica === leader) continue
      const followed = this.broker(replica)?.replicas.partitions.get(tp)
      if (followed === undefined || followed.isLeader) return `broker-${replica} to follow`
      if (followed.log.logEndOffset !== end) return `broker-${replica} to catch up`
      if (!led.isr.includes(replica)) return `broker-${replica} to be in sync`
    }
    return led.log.highWatermark === end ? null : 'its high watermark'
  }
}
