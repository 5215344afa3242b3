import { tpOf } from './history/ids.ts'
import type { ProducerProcess } from './application/producer-process.ts'
import type { Recorder } from './history/recorder.ts'
import type { Broker } from './kafka/broker/broker.ts'
import { OFFSETS_TOPIC } from './kafka/broker/metadata-cache.ts'
import type { ControllerView } from './kafka/controller/view.ts'
import { partitionFor } from './kafka/group/partition-for.ts'
import type { Kernel } from './kernel/kernel.ts'
import { type NodeLayout, topicName } from './layout.ts'
import { ReaderSettlement } from './reader-settlement.ts'
import type { WorldSpec } from './spec.ts'
import { type SettlementWorld, unsettledTransactions } from './transaction-settlement.ts'

/** Whether everything has come to rest, and if not, who waits for what. It looks; it never changes the world. */
export class Settlement implements SettlementWorld {
  private readonly kernel: Kernel
  private readonly spec: WorldSpec
  private readonly nodes: readonly NodeLayout[]
  readonly view: ControllerView
  private readonly readers: ReaderSettlement
  private readonly groups: readonly string[]

  constructor(kernel: Kernel, recorder: Recorder, spec: WorldSpec, nodes: readonly NodeLayout[], view: ControllerView) {
    this.kernel = kernel
    this.spec = spec
    this.nodes = nodes
    this.view = view
    this.readers = new ReaderSettlement(kernel, recorder, spec, nodes)
    const readers = [...spec.consumers, ...spec.processors, ...spec.sinks]
    this.groups = [...new Set(readers.map(({ config }) => config['group.id']))].filter((group) => group !== '')
  }

  /** Whether all work is done: everything sent, and everything read that is to be read. */
  workDone(): boolean {
    return this.producersIdle() && this.readers.unsettled(this) === null
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
    const leader = this.view.leaderOf(tp)
    const led = leader < 0 ? undefined : this.broker(leader)?.replicas.partitions.get(tp)
    if (led === undefined || !led.isLeader) return -1
    return readCommitted ? led.log.lastStableOffset : led.log.highWatermark
  }

  /** Everything that is not at rest, in words. */
  waiting(): readonly string[] {
    const waiting: string[] = []
    this.nodes.forEach((node, number) => {
      if (node.role !== 'producer') return
      const producer = this.producer(number)
      if (producer === null) waiting.push(`${node.name} is down`)
      else if (!producer.isIdle()) waiting.push(...producer.waiting().map((what) => `${node.name} waits for ${what}`))
    })
    waiting.push(...this.readers.waiting(this))
    const partition = this.unsettledPartition()
    if (partition !== null) waiting.push(partition)
    return waiting
  }

  private producer(node: number): ProducerProcess | null {
    return this.kernel.nodes[node]?.handler as ProducerProcess | null
  }

  broker(node: number): Broker | null {
    return (this.kernel.nodes[node]?.handler ?? null) as Broker | null
  }

  private unsettledPartition(): string | null {
    for (let topicId = 1; topicId <= this.spec.topics.length; topicId++) {
      const partitions = this.spec.topics[topicId - 1]?.partitions ?? 0
      for (let index = 0; index < partitions; index++) {
        const why = this.unsettled(tpOf(topicId, index))
        if (why !== null) return `${topicName(this.spec, topicId)}-${index} ${why}`
      }
    }
    return this.unsettledOffsets() ?? unsettledTransactions(this)
  }

  /** What groups committed is not safe while the replicas of its log differ: a new coordinator may not know it yet. */
  private unsettledOffsets(): string | null {
    const topic = this.groups.length === 0 ? null : this.view.topicNamed(OFFSETS_TOPIC)
    if (topic === null) return null
    for (const group of this.groups) {
      const index = partitionFor(group, topic.partitions)
      const tp = tpOf(topic.topicId, index)
      // Of a partition that nothing was written to, followers keep no log.
      if (this.endOffset(tp) === 0) continue
      const why = this.unsettled(tp)
      if (why !== null) return `${OFFSETS_TOPIC}-${index} ${why}`
    }
    return null
  }

  /** Where the leader's log of a partition ends; -1 = nobody leads. */
  endOffset(tp: number): number {
    const leader = this.view.leaderOf(tp)
    const led = leader < 0 ? undefined : this.broker(leader)?.replicas.partitions.get(tp)
    return led?.isLeader === true ? led.log.logEndOffset : -1
  }

  /** Why the replicas of a partition are not at rest; null = they are. */
  unsettled(tp: number): string | null {
    const leader = this.view.leaderOf(tp)
    if (leader < 0) return 'has no leader'
    const led = this.broker(leader)?.replicas.partitions.get(tp)
    if (led === undefined || !led.isLeader) return `waits for broker-${leader} to lead`
    const end = led.log.logEndOffset
    for (const replica of this.view.replicasOf(tp)) {
      if (replica === leader) continue
      const followed = this.broker(replica)?.replicas.partitions.get(tp)
      if (followed === undefined || followed.isLeader) return `waits for broker-${replica} to follow`
      if (followed.log.logEndOffset !== end) return `waits for broker-${replica} to catch up`
      if (!led.isr.includes(replica)) return `waits for broker-${replica} to be in sync`
    }
    return led.log.highWatermark === end ? null : 'waits for its high watermark'
  }
}
