import { drawWorkload } from './application/draw-workload.ts'
import { ProducerJournal, recordCount } from './application/producer-journal.ts'
import { ProducerProcess } from './application/producer-process.ts'
import type { SourceProcess } from './application/source-process.ts'
import type { DrawnWorkload } from './application/workload.ts'
import { M } from './history/catalogue.ts'
import { partitionOf, topicIdOf, tpOf } from './history/ids.ts'
import type { UserCode } from './host.ts'
import type { MomentMatch } from './history/match.ts'
import type { Recorder } from './history/recorder.ts'
import { Broker } from './kafka/broker/broker.ts'
import { formCluster, racksOf } from './kafka/controller/cluster-formation.ts'
import { Controller } from './kafka/controller/controller.ts'
import type { TopicToCreate } from './kafka/controller/topic-creation.ts'
import { CommittedLog } from './kafka/controller/committed-log.ts'
import { QuorumController } from './kafka/controller/quorum-controller.ts'
import { formQuorum } from './kafka/controller/quorum-formation.ts'
import { ControllerView } from './kafka/controller/view.ts'
import { Env } from './kafka/env.ts'
import { logDirNames } from './kafka/log/log-dir-names.ts'
import type { TopicConfig } from './kafka/protocol/config/topic.ts'
import { quorumRules, quorumTimes, type VoterOptions } from './kafka/quorum/voter-options.ts'
import type { ShareGroupConfig } from './kafka/share/share-group-config.ts'
import type { MetadataRecord } from './kafka/protocol/metadata-records.ts'
import { clientProfile } from './kafka/protocol/profile.ts'
import { type Kernel, SYSTEM_EVENT } from './kernel/kernel.ts'
import type { NodeHandler } from './kernel/node.ts'
import { instanceId } from './instance-ids.ts'
import { Stream } from './kernel/stream.ts'
import { type NodeLayout, topicIdNamed, topicsOf } from './layout.ts'
import { partitionCount } from './partition-count.ts'
import type { Network } from './network/network.ts'
import { ReaderNodes } from './reader-nodes.ts'
import { SourceNodes } from './source-nodes.ts'
import type { ProducerSpec, WorldSpec } from './spec.ts'
import { Disk } from './storage/disk.ts'
import type { IoFailures } from './storage/io-failures.ts'

/** A node's process ended in good order; `a` = node. */
export const PROCESS_EXITED = 32
/** A node's process died of what its own code threw; `a` = node. */
export const PROCESS_THREW = 36
/** A node's process cannot go on without its disk; `a` = node. */
export const PROCESS_HALTED = 38
/** A node has something to write to its copy of the metadata log; `a` = node. */
export const METADATA_LOG_GREW = 39

/** Looks out for moments that processes wait for. */
export interface MomentWatch {
  await(match: MomentMatch, node: number): boolean
}

/** Builds the programs of a world's nodes, one per incarnation, from what survives: disks and journals. */
export class WorldNodes {
  /** What controllers have committed: of a single one its disk, of several what their quorum agreed on. */
  private readonly committed: CommittedLog = new CommittedLog()
  readonly view: ControllerView = new ControllerView(this.committed.disk)
  readonly disks: Map<number, Disk> = new Map()
  /** Programs of the applications that read, and of stores. */
  readonly readers: ReaderNodes
  /** By node: what its processes died of last. */
  readonly thrown: Map<number, string> = new Map()
  private readonly sources: SourceNodes
  /** Watches out for moments; the world sets it once it is formed. */
  moments: MomentWatch | null = null
  private readonly seed: string
  private readonly kernel: Kernel
  private readonly network: Network
  private readonly recorder: Recorder
  private readonly spec: WorldSpec
  private readonly layout: readonly NodeLayout[]
  private readonly tellSteps: boolean
  private readonly topicConfigs: ReadonlyMap<number, TopicConfig>
  private readonly shareGroups: ReadonlyMap<string, ShareGroupConfig>
  private readonly journals: Map<number, ProducerJournal> = new Map()
  private readonly workloads: Map<number, DrawnWorkload> = new Map()

  constructor(
    kernel: Kernel,
    network: Network,
    recorder: Recorder,
    spec: WorldSpec,
    layout: readonly NodeLayout[],
    seed: string,
    tellSteps: boolean,
    code: UserCode | null,
  ) {
    this.kernel = kernel
    this.network = network
    this.recorder = recorder
    this.spec = spec
    this.layout = layout
    this.tellSteps = tellSteps
    this.seed = seed
    this.readers = new ReaderNodes(spec, layout, this.view, seed, tellSteps, this, code)
    this.sources = new SourceNodes(spec, layout, this.view, this.readers.stores, this)
    this.shareGroups = new Map(
      spec.consumers.flatMap(({ share, config }) =>
        share === undefined ? [] : [[config['group.id'], config] as const],
      ),
    )
    this.topicConfigs = new Map(spec.topics.map((topic, index) => [index + 1, topic.config]))
    layout.forEach((node, number) => {
      if (node.role === 'broker' || this.isVoter(node)) this.disks.set(number, new Disk(this.directoryCount(number)))
      if (node.role === 'producer' && this.producerSpec(number).source === undefined) {
        const workload = drawWorkload(this.producerSpec(number).workload, new Stream(seed, 'workload', node.name))
        this.workloads.set(number, workload)
        this.journals.set(number, new ProducerJournal(recordCount(workload)))
      }
    })
  }

  /** The cluster as it stands at time 0: its metadata log, written to the controllers' disks. */
  form(): readonly MetadataRecord[] {
    const brokers = this.spec.cluster.brokers.map((_, index) => index + 1)
    const topics = this.spec.topics
      .map((topic, index) => ({ ...topic, topicId: index + 1 }))
      .filter(({ madeLater }) => madeLater !== true)
    const records = formCluster({ brokers, racks: racksOf(this.spec.cluster.brokers), topics })
    if (this.spec.cluster.controllers > 1) {
      const disks = this.controllers().map((node) => this.disks.get(node) as Disk)
      return formQuorum(records, disks, 0, this.committed)
    }
    this.committed.disk.append(records)
    return records
  }

  /** Starts a node's process; `formed` for brokers that stand at time 0. */
  start(node: number, formed: readonly MetadataRecord[] | null): void {
    const incarnation = (this.kernel.nodes[node]?.incarnation ?? 0) + 1
    this.recorder.emit(M.nodeStarted, node, incarnation, 0, 0, 0)
    this.kernel.start(node, this.program(node, incarnation, formed))
  }

  /** The topic of that name as an operator would make it; null when it is there, or the scenario has none. */
  topicToCreate(name: string): TopicToCreate | null {
    const index = this.spec.topics.findIndex((topic, at) => topic.name === name && !this.view.wasMade(at + 1))
    const [topic, topicId] = [this.spec.topics[index], index + 1]
    if (topic === undefined || this.view.topicNamed(name) !== null) return null
    const { partitions: numPartitions, replicationFactor, config } = topic
    const minInsyncReplicas = config['min.insync.replicas']
    const uncleanLeaderElectionEnable = config['unclean.leader.election.enable']
    return { name, topicId, numPartitions, replicationFactor, minInsyncReplicas, uncleanLeaderElectionEnable }
  }

  /** The partition of the topic that has the name of this one now. */
  present(tp: number): number {
    const topic = this.spec.topics[topicIdOf(tp) - 1]
    if (topic?.mayGo !== true) return tp
    return tpOf(this.view.topicNamed(topic.name)?.topicId ?? topicIdOf(tp), partitionOf(tp))
  }

  /** A process waits for a moment. */
  awaitMoment(node: number, match: MomentMatch): void {
    this.moments?.await(match, node)
  }

  /** A handler asks for its own end: the process is gone in an event of its own, when the handler has returned. */
  exited(node: number): void {
    this.kernel.schedule(0, SYSTEM_EVENT, node, PROCESS_EXITED, node, 0, null, 0xe00, -1)
  }

  /** The same for a process that nothing caught an exception in. */
  threw(node: number, message: string): void {
    this.thrown.set(node, message)
    this.kernel.schedule(0, SYSTEM_EVENT, node, PROCESS_THREW, node, 0, null, 0xe01, -1)
  }

  /** The same for a process that cannot go on without its disk (`Exit.halt`). */
  halted(node: number): void {
    this.kernel.schedule(0, SYSTEM_EVENT, node, PROCESS_HALTED, node, 0, null, 0xe02, -1)
  }

  /** What may fail of a node's storage: of one directory, or of all it has. None where there is no such directory. */
  failuresOf(node: number, directory: string | null): readonly IoFailures[] {
    const disk = this.disks.get(node)
    if (disk === undefined) return this.layout[node]?.role === 'controller' ? [this.committed.disk.failures] : []
    const all = disk.directories.map(({ failures }) => failures)
    if (directory === null) return all
    const config = this.spec.cluster.brokers[node - 1]
    return config === undefined ? [] : all.filter((_, index) => logDirNames(config)[index] === directory)
  }

  producerSpec(node: number): ProducerSpec {
    const name = this.layout[node]?.application
    return this.spec.producers.find((producer) => producer.name === name) as ProducerSpec
  }

  private program(node: number, incarnation: number, formed: readonly MetadataRecord[] | null): NodeHandler {
    const env = new Env(node, this.kernel, this.network, this.recorder)
    const { role } = this.layout[node] as NodeLayout
    switch (role) {
      case 'controller':
        return this.controller(env, node, incarnation)
      case 'broker':
        return this.broker(env, node, incarnation, formed)
      case 'producer':
        return this.producer(env, node, incarnation)
      case 'consumer':
        return this.readers.consumer(env, incarnation)
      case 'processor':
        return this.readers.processor(env, incarnation)
      case 'sink':
        return this.readers.sink(env, incarnation)
      case 'store':
        return this.readers.store(env)
    }
  }

  private controller(env: Env, node: number, incarnation: number): Controller | QuorumController {
    const { cluster, profile } = this.spec
    const config = cluster.controllerConfig
    const options = {
      config,
      elr: profile['eligible.leader.replicas.version'] === 1,
      futureEpochs: profile['alter.partition.ahead'],
      completion: profile['reassignment.completion'],
      eligibleOnly: profile['isr.eligibility'] === 'checked',
      reservedTopicIds: this.spec.topics.length,
    }
    const controller =
      cluster.controllers > 1
        ? new QuorumController(env, options, this.voter(node, incarnation), this.diskOf(node), this.committed, this)
        : new Controller(env, options, this.committed.disk)
    this.view.setProcess(node, controller)
    return controller
  }

  private voter(node: number, incarnation: number): VoterOptions {
    return {
      self: node,
      voters: this.controllers(),
      times: quorumTimes(this.spec.cluster.controllerConfig),
      rules: quorumRules(this.spec.profile),
      author: node * 65_536 + incarnation,
      formed: incarnation === 1,
    }
  }

  /** A controller has one. */
  private directoryCount(node: number): number {
    const config = this.spec.cluster.brokers[node - 1]
    return config === undefined || this.layout[node]?.role !== 'broker' ? 1 : logDirNames(config).length
  }

  private diskOf(node: number): Disk {
    return this.disks.get(node) as Disk
  }

  /** The controllers' nodes, the first leading at time 0. */
  private controllers(): readonly number[] {
    return this.layout.flatMap(({ role }, node) => (role === 'controller' ? [node] : []))
  }

  /** Of a single controller the log is all that its disk holds. */
  private isVoter({ role }: NodeLayout): boolean {
    return role === 'controller' && this.spec.cluster.controllers > 1
  }

  private broker(env: Env, node: number, incarnationId: number, formed: readonly MetadataRecord[] | null): Broker {
    const config = this.spec.cluster.brokers[node - 1]
    if (config === undefined) throw new RangeError(`there is no broker ${node}`)
    const standing = formed === null ? null : { records: formed, brokerEpoch: node - 1 }
    const options = {
      broker: node,
      controllers: this.controllers(),
      config,
      profile: this.spec.profile,
      topicConfigs: this.topicConfigs,
      incarnationId,
      formed: standing,
      shareGroups: this.shareGroups,
    }
    return new Broker(env, options, this.diskOf(node), this)
  }

  private storeNode(store: string): number {
    return this.layout.findIndex(({ role, name }) => role === 'store' && name === store)
  }

  private producer(env: Env, node: number, incarnation: number): ProducerProcess | SourceProcess {
    const spec = this.producerSpec(node)
    if (spec.source !== undefined) return this.sources.process(env, spec, spec.source, this.tellSteps)
    const { name } = this.layout[node] as NodeLayout
    const id = instanceId(spec.config['transactional.id'], name, incarnation, this.seed)
    return new ProducerProcess(
      env,
      {
        name: spec.name,
        node,
        instance: Number(this.layout[node]?.name.split('#')[1] ?? 0),
        topics: topicsOf(spec).map((name) => ({
          name,
          topicId: topicIdNamed(this.spec, name),
          partitions: partitionCount(this.spec, this.view, topicIdNamed(this.spec, name)),
        })),
        workload: this.workloads.get(node) as DrawnWorkload,
        onUnknown: spec.onUnknown,
        config: { ...spec.config, 'transactional.id': id },
        profile: clientProfile(spec.profile),
        bootstrap: this.spec.cluster.brokers.map((_, index) => index + 1),
        startUs: spec.startUs,
        stopUs: spec.stopUs,
        writes: spec.writes === undefined ? null : { store: this.storeNode(spec.writes.into), when: spec.writes.when },
        tellSteps: this.tellSteps,
      },
      this.journals.get(node) as ProducerJournal,
      this,
    )
  }
}
