import { CLUSTER_PROFILES, type ClusterProfile } from '../protocol/profile.ts'
import { MOMENTS } from '../../history/catalogue.ts'
import { type MomentObserver, Recorder } from '../../history/recorder.ts'
import type { Hasher } from '../../host.ts'
import { Kernel, type NodeSlot, SIGNAL_EVENT, SYSTEM_EVENT } from '../../kernel/kernel.ts'
import type { NodeHandler } from '../../kernel/node.ts'
import { SECOND } from '../../kernel/time.ts'
import { SHUT_DOWN } from '../../network/connection.ts'
import type { Envelope } from '../../network/envelope.ts'
import { Links } from '../../network/links.ts'
import { ARRIVAL, Network } from '../../network/network.ts'
import type { StreamRule } from '../../network/stream-rule.ts'
import { Disk } from '../../storage/disk.ts'
import { formCluster } from '../controller/cluster-formation.ts'
import { Controller } from '../controller/controller.ts'
import { ControllerDisk } from '../controller/metadata-log.ts'
import { Env } from '../env.ts'
import type { GroupCoordinatorOptions } from '../group/options.ts'
import { logDirNames } from '../log/log-dir-names.ts'
import { Api, type ApiKey } from '../protocol/api.ts'
import type { RecordBatch } from '../protocol/batch.ts'
import { BROKER_CONFIG, type BrokerConfig } from '../protocol/config/broker.ts'
import type { ConfigTable } from '../protocol/config/definition.ts'
import { TOPIC_CONFIG, type TopicConfig } from '../protocol/config/topic.ts'
import type { ProduceResponse } from '../protocol/messages.ts'
import type { MetadataRecord } from '../protocol/metadata-records.ts'
import { Broker, type BrokerOptions, type ProcessHost } from './broker.ts'
import type { Materialisation } from './idle-replicas.ts'
import type { PartitionMetadata } from './metadata-cache.ts'
import type { Partition } from './partition.ts'

export const ORDERS_0: number = (1 << 16) | 0

function defaults<T>(table: ConfigTable, overrides: Partial<T>): T {
  return {
    ...Object.fromEntries(Object.entries(table).map(([key, definition]) => [key, definition.default])),
    ...overrides,
  } as T
}

/** A client without a mind of its own: keeps what it is told. */
class ScriptedClient implements NodeHandler {
  readonly replies: Envelope[] = []
  readonly signals: number[] = []
  onStart(): void {}
  onMessage(message: unknown): void {
    this.replies.push(message as Envelope)
  }
  onSignal(kind: number): void {
    this.signals.push(kind)
  }
  onTimer(): void {}
  onDisk(): void {}
  waiting(): readonly string[] {
    return []
  }
}

class Exits implements ProcessHost {
  private readonly list: number[]
  private readonly halts: number[]
  constructor(list: number[], halts: number[]) {
    this.list = list
    this.halts = halts
  }
  exited(node: number): void {
    this.list.push(node)
  }
  halted(node: number): void {
    this.halts.push(node)
  }
}

/** Real brokers and a real controller, one topic with one partition, and a scripted client at the last node. */
export class MiniCluster {
  readonly kernel: Kernel
  readonly recorder: Recorder
  readonly network: Network
  readonly client: ScriptedClient = new ScriptedClient()
  readonly clientNode: number
  readonly disks: Disk[]
  /** Brokers that ended in good order. */
  readonly exited: number[] = []
  /** Brokers that could not go on without their disk. */
  readonly halted: number[] = []
  private readonly env: Env
  private readonly formed: readonly MetadataRecord[]
  private readonly controllerDisk: ControllerDisk = new ControllerDisk()
  private readonly brokerConfig: BrokerConfig
  private readonly racks: readonly string[]
  private readonly topicConfig: TopicConfig
  private readonly materialisation: Materialisation
  private readonly profile: ClusterProfile
  private batches = 0
  private correlation = 0

  constructor(
    options: {
      readonly brokers?: number
      readonly partitions?: number
      /** Nodes behind the scripted client, for programs of a test's own. */
      readonly programs?: number
      readonly topic?: Partial<TopicConfig>
      readonly broker?: Partial<BrokerConfig>
      /** eligible.leader.replicas.version = 1 */
      readonly elr?: boolean
      readonly groups?: Partial<GroupCoordinatorOptions>
      readonly materialisation?: Materialisation
      readonly hasher?: Hasher
      readonly profile?: Partial<ClusterProfile>
      /** Racks of brokers 1, 2, ... */
      readonly racks?: readonly string[]
    } = {},
  ) {
    const { brokers = 3, partitions = 1, programs = 0, topic = {}, broker = {}, elr = true, groups = {} } = options
    this.materialisation = options.materialisation ?? 'when-touched'
    this.profile = { ...CLUSTER_PROFILES['kafka-4.1'], ...options.profile }
    this.kernel = new Kernel({
      seed: 'mini',
      hasher: options.hasher ?? {
        update: () => {},
        copy: () => {
          throw new Error('no copy')
        },
        digest: () => '',
      },
    })
    this.recorder = new Recorder(this.kernel)
    const links = new Links(brokers + 2 + programs, { kind: 'constant', us: 1000 })
    this.network = new Network(this.kernel, this.recorder, links, true)
    this.kernel.system = this
    this.brokerConfig = defaults<BrokerConfig>(BROKER_CONFIG, { ...broker, ...groups })
    this.racks = options.racks ?? []
    this.topicConfig = defaults<TopicConfig>(TOPIC_CONFIG, topic)
    const ids = Array.from({ length: brokers }, (_, index) => index + 1)
    this.disks = [new Disk(), ...ids.map(() => new Disk(logDirNames(this.brokerConfig).length))]
    this.clientNode = brokers + 1
    for (let node = 0; node <= this.clientNode + programs; node++) this.kernel.addNode(`node-${node}`)
    this.formed = formCluster({
      brokers: ids,
      racks: new Map(this.racks.map((rack, at) => [at + 1, rack])),
      topics: [{ name: 'orders', topicId: 1, partitions, replicationFactor: brokers, config: this.topicConfig }],
    })
    this.controllerDisk.append(this.formed)
    this.env = this.envOf(this.clientNode)
    this.kernel.start(
      0,
      new Controller(
        this.envOf(0),
        { config: this.brokerConfig, elr, futureEpochs: 'not-controller' },
        this.controllerDisk,
      ),
    )
    for (const id of ids) this.startBroker(id, this.formed)
    this.kernel.start(this.clientNode, this.client)
    this.runFor(0.1)
  }

  onSystemEvent(kind: number, a: number, b: number, payload: unknown): void {
    if (kind === ARRIVAL) this.network.onArrival(a, b, payload)
  }

  startBroker(id: number, formed: readonly MetadataRecord[] | null = null): void {
    const incarnationId = (this.kernel.nodes[id] as NodeSlot).incarnation + 1
    this.network.hostUp(id)
    const standing = formed === null ? null : { records: formed, brokerEpoch: id - 1 }
    const topicConfigs = new Map([[1, this.topicConfig]])
    const rack = this.racks[id - 1]
    const options = {
      broker: id,
      controllers: [0],
      config: { ...this.brokerConfig, ...(rack !== undefined && { 'broker.rack': rack }) },
      profile: this.profile,
      topicConfigs,
      incarnationId,
      formed: standing,
      materialisation: this.materialisation,
    }
    this.kernel.start(
      id,
      this.makeBroker(this.envOf(id), options, this.disks[id] as Disk, new Exits(this.exited, this.halted)),
    )
  }

  /** The metadata that the cluster began with, changed. */
  formedWith(change: (record: MetadataRecord) => MetadataRecord): readonly MetadataRecord[] {
    return this.formed.map(change)
  }

  /** Tests may want brokers of their own. */
  protected makeBroker(env: Env, options: BrokerOptions, disk: Disk, host: ProcessHost): Broker {
    return new Broker(env, options, disk, host)
  }

  crash(id: number): void {
    this.network.nodeDied(id, false)
    this.kernel.kill(id)
  }

  /** The host loses power: what was not flushed is gone, and nobody is told. */
  losePower(id: number): void {
    this.network.nodeDied(id, true)
    this.kernel.kill(id)
    this.disks[id]?.losePower({ decide: () => 0 })
  }

  /** Asks a broker to end in good order and lets it, up to some seconds; returns how long it took, or -1. */
  stop(id: number, withinSeconds: number): number {
    const began = this.kernel.now
    this.exited.length = 0
    this.kernel.deliver(id, SIGNAL_EVENT, SHUT_DOWN, 0, 0, null)
    while (!this.exited.includes(id)) {
      if (this.kernel.now - began > withinSeconds * SECOND) return -1
      this.kernel.step()
    }
    this.network.closeAll(id)
    this.kernel.kill(id)
    return (this.kernel.now - began) / SECOND
  }

  /** Runs for some seconds of simulated time. */
  runFor(seconds: number): void {
    const until = this.kernel.now + seconds * SECOND
    this.kernel.schedule(seconds * SECOND, SYSTEM_EVENT, 0, 99, 0, 0, null, 0x777, 0)
    while (this.kernel.now < until) this.kernel.step()
  }

  broker(id: number): Broker {
    return (this.kernel.nodes[id] as NodeSlot).handler as Broker
  }

  partition(broker: number, tp: number = ORDERS_0): Partition {
    return this.broker(broker).replicas.partitions.get(tp) as Partition
  }

  /** The broker that leads, by its own account; of several the one with the highest epoch. -1 = none. */
  leader(): number {
    let leader = -1
    for (let id = 1; id < this.clientNode; id++) {
      const partition = this.broker(id)?.replicas.partitions.get(ORDERS_0)
      if (partition?.isLeader !== true) continue
      if (leader < 0 || partition.leaderEpoch > this.partition(leader).leaderEpoch) leader = id
    }
    return leader
  }

  /**
   * Plays the controller: one broker hears that orders-0 has a new leader (-1: none). Cut it off from the real one first, which
   * does not know.
   */
  tell(broker: number, leader: number, leaderEpoch: number, isr: readonly number[]): void {
    const { metadata, replicas } = this.broker(broker)
    const known = metadata.partitions.get(ORDERS_0) as PartitionMetadata
    metadata.partitions.set(ORDERS_0, { ...known, leader, leaderEpoch, isr, partitionEpoch: known.partitionEpoch + 1 })
    replicas.applyDelta([ORDERS_0])
  }

  open(broker: number): number {
    const connection = this.env.connect(broker)
    this.runFor(0.01)
    return connection
  }

  /** Sends a batch of one record; returns its id. */
  produce(connection: number, broker: number, acks: -1 | 0 | 1, timeoutMs = 30_000): number {
    const batch = this.batch()
    this.send(connection, broker, Api.Produce, {
      acks,
      timeoutMs,
      transactionalId: null,
      partitionData: [{ topicId: 1, index: 0, records: batch }],
    })
    return batch.id
  }

  /** Sends a batch of one record to each of some partitions. */
  produceTo(
    connection: number,
    broker: number,
    acks: -1 | 0 | 1,
    indices: readonly number[],
    timeoutMs = 30_000,
  ): void {
    const partitionData = indices.map((index) => ({ topicId: 1, index, records: this.batch() }))
    this.send(connection, broker, Api.Produce, { acks, timeoutMs, transactionalId: null, partitionData })
  }

  /** Returns the correlation id, which the answer carries. */
  send(connection: number, broker: number, api: ApiKey, body: object, apiVersion = 13): number {
    this.env.request(connection, broker, api, apiVersion, this.correlation, body)
    return this.correlation++
  }

  /** Adds a rule for what the network does to messages. */
  rule(rule: StreamRule): void {
    this.network.addRule(rule)
  }

  /** Error codes of the produce answers so far. */
  errors(): readonly number[] {
    return this.client.replies.map((reply) => (reply.body as ProduceResponse).partitionResponses[0]?.errorCode ?? -99)
  }

  /** Batch ids in a broker's log. */
  log(broker: number): readonly number[] {
    const { log } = this.partition(broker)
    return log.read(0, Number.MAX_SAFE_INTEGER, log.logEndOffset).map((entry) => entry.batch.id)
  }

  /** How often a moment occurred. */
  count(name: string): number {
    const moment = MOMENTS.find((candidate) => candidate.name === name)
    return moment === undefined ? -1 : (this.recorder.counts[moment.kind] as number)
  }

  observe(observer: MomentObserver): void {
    this.recorder.observe(observer)
  }

  /** Cuts a node off from others, both ways. */
  isolate(node: number, from: readonly number[]): void {
    for (const other of from) {
      this.network.cut(node, other)
      this.network.cut(other, node)
    }
  }

  heal(node: number, from: readonly number[]): void {
    for (const other of from) {
      this.network.heal(node, other)
      this.network.heal(other, node)
    }
  }

  batch(): RecordBatch {
    const id = ++this.batches
    return {
      id,
      producerId: -1,
      producerEpoch: -1,
      baseSequence: -1,
      isTransactional: false,
      marker: null,
      size: 100,
      maxTimestamp: 0,
      records: [{ record: id, attempt: 1, key: null, size: 10, timestamp: 0 }],
    }
  }

  private envOf(node: number): Env {
    return new Env(node, this.kernel, this.network, this.recorder)
  }
}
