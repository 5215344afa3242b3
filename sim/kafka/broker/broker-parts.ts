import type { Envelope } from '../../network/envelope.ts'
import type { Disk } from '../../storage/disk.ts'
import { DiskQueue } from '../../storage/disk-queue.ts'
import type { NetworkClient } from '../client/network-client.ts'
import type { Env } from '../env.ts'
import { GroupCoordinator } from '../group/group-coordinator.ts'
import { cleanerSwitchesOf } from '../log/log-cleaner.ts'
import { LogManager } from '../log/log-manager.ts'
import { producerSwitchesOf } from '../log/producer-state.ts'
import { quorumTimes } from '../quorum/voter-options.ts'
import { ShareCoordinator } from '../share/coordinator/share-coordinator.ts'
import type { MetadataRecord } from '../protocol/metadata-records.ts'
import type { ShareGroupConfig } from '../share/share-group-config.ts'
import { SharePartitionManager } from '../share/share-partition-manager.ts'
import { TransactionCoordinator } from '../transaction/transaction-coordinator.ts'
import { type BatchNumbers, BrokerBatchNumbers } from './batch-numbers.ts'
import { BrokerLifecycle, type LifecycleOwner } from './broker-lifecycle.ts'
import { ControllerChannel, type ControllerChannelOwner } from './controller-channel.ts'
import { ControllerNodes, type ControllerNodesListener } from './controller-nodes.ts'
import { CoordinatorFinder } from './coordinator-finder.ts'
import { type HaltingProcess, LogDirFailures } from './log-dir-failures.ts'
import { MetadataCache } from './metadata-cache.ts'
import { MetadataFetcher, type MetadataListener } from './metadata-fetcher.ts'
import { ProducerIdManager } from './producer-id-manager.ts'
import { QuorumObserver } from './quorum-observer.ts'
import type { FetchResponseGate } from './replica-fetcher.ts'
import { ReplicaManager, type ReplicaManagerOptions } from './replica-manager.ts'
import { RequestChannel, type RequestHandler } from './request-channel.ts'
import { TransactionMarkers } from './transaction-markers.ts'
import { TransactionVerification, type VerificationHost } from './transaction-verification.ts'

/** What the managers are told of their broker. */
export interface BrokerPartsOptions extends ReplicaManagerOptions {
  /** The voters of the metadata quorum, by node. */
  readonly controllers: readonly number[]
  /** For a broker that stands when the run begins: the metadata it has applied and its broker epoch; else null. */
  readonly formed: { readonly records: readonly MetadataRecord[]; readonly brokerEpoch: number } | null
  /** Counts the starts of this broker's process, from 1. */
  readonly incarnationId: number
  /** Settings of share groups, by group; missing: none has any. */
  readonly shareGroups?: ReadonlyMap<string, ShareGroupConfig>
}

/** To whom the managers turn. */
export interface BrokerPartsOwner
  extends
    RequestHandler,
    HaltingProcess,
    ControllerChannelOwner,
    ControllerNodesListener,
    LifecycleOwner,
    MetadataListener,
    FetchResponseGate,
    VerificationHost {}

const NO_SHARE_GROUPS: ReadonlyMap<string, ShareGroupConfig> = new Map()

/** Everything a broker is made of, wired (`BrokerServer.startup`); and the clients through which it asks others. */
export class BrokerParts {
  readonly metadata: MetadataCache = new MetadataCache()
  readonly diskQueue: DiskQueue
  readonly directories: LogDirFailures
  readonly logs: LogManager
  readonly channel: RequestChannel
  readonly controller: ControllerChannel
  readonly producerIds: ProducerIdManager
  readonly replicas: ReplicaManager
  readonly finder: CoordinatorFinder
  readonly groups: GroupCoordinator
  readonly transactions: TransactionCoordinator
  readonly verification: TransactionVerification
  readonly markers: TransactionMarkers
  readonly shareStates: ShareCoordinator
  readonly shares: SharePartitionManager
  readonly lifecycle: BrokerLifecycle
  readonly metadataFetcher: MetadataFetcher | QuorumObserver
  /** Those that talk to the controller, and those that talk to brokers. */
  private readonly toController: readonly NetworkClient[]
  private readonly toBrokers: readonly NetworkClient[]

  constructor(env: Env, options: BrokerPartsOptions, disk: Disk, owner: BrokerPartsOwner) {
    const { broker, config, controllers, profile, incarnationId } = options
    const nodes = new ControllerNodes(controllers, options.formed !== null)
    const { metadata } = this
    const numbers: BatchNumbers = new BrokerBatchNumbers(broker, incarnationId)
    this.diskQueue = new DiskQueue(env.kernel, env.node, disk)
    this.directories = new LogDirFailures(env, config, owner)
    this.logs = new LogManager(
      env,
      disk,
      config,
      producerSwitchesOf(profile),
      this.directories,
      cleanerSwitchesOf(profile),
    )
    this.channel = new RequestChannel(env, owner)
    this.controller = new ControllerChannel(env, nodes, owner)
    this.producerIds = new ProducerIdManager(env, this.controller, broker)
    this.replicas = new ReplicaManager(env, options, metadata, this.logs, this.channel, this.controller, owner)
    this.finder = new CoordinatorFinder(metadata, this.controller, config)
    const { replicas, diskQueue, channel, producerIds, finder } = this
    this.groups = new GroupCoordinator(env, numbers, config, profile, metadata, replicas, diskQueue, channel)
    this.transactions = new TransactionCoordinator({
      env,
      options: config,
      profile,
      metadata,
      log: replicas,
      disk: diskQueue,
      channel,
      producerIds,
      numbers,
      finder,
    })
    this.verification = new TransactionVerification(env, config, profile, metadata, owner)
    this.markers = new TransactionMarkers(env, profile, metadata, replicas.appends, this.groups, channel, numbers)
    this.shareStates = new ShareCoordinator({ env, config, metadata, log: replicas, disk: diskQueue, channel, numbers })
    const groups = options.shareGroups ?? NO_SHARE_GROUPS
    this.shares = new SharePartitionManager({ env, config, groups, metadata, finder, channel }, replicas)
    replicas.listener = this.groups
    replicas.shareStates = this.shareStates
    replicas.shares = this.shares
    replicas.transactions = this.transactions
    replicas.appends.markers = this.markers
    this.groups.verification = this.verification
    this.groups.markerListener = this.markers
    const { previousBrokerEpoch } = this.logs
    this.lifecycle = new BrokerLifecycle(env, config, { broker, incarnationId, previousBrokerEpoch }, nodes, owner)
    const times = quorumTimes(config)
    this.metadataFetcher =
      controllers.length > 1
        ? new QuorumObserver(env, nodes, broker, times, owner)
        : new MetadataFetcher(env, controllers[0] as number, broker, times.requestTimeout, owner)
    this.toBrokers = [
      replicas.fetchers.client,
      this.transactions.markers.client,
      this.verification.manager.client,
      this.shares.persister.client,
    ]
    this.toController = [this.metadataFetcher.client, this.lifecycle.client, this.controller.client]
  }

  /** An answer. Every client knows its own connections and ignores the others'. */
  onAnswer(envelope: Envelope, isController: boolean): void {
    for (const client of isController ? this.toController : this.toBrokers) client.onMessage(envelope)
  }

  onSignal(kind: number, connection: number, peer: number): void {
    for (const client of this.toBrokers) client.onSignal(kind, connection, peer)
    for (const client of this.toController) client.onSignal(kind, connection, peer)
  }

  /** Takes the timers of the clients; false when the timer is none of theirs. */
  onClientTimer(kind: number, a: number, b: number): boolean {
    for (const client of this.toBrokers) if (client.onTimer(kind, a, b)) return true
    for (const client of this.toController) if (client.onTimer(kind, a, b)) return true
    return false
  }
}
