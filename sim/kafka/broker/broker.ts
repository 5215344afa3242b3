import { M } from '../../history/catalogue.ts'
import { topicIdOf } from '../../history/ids.ts'
import type { NodeHandler } from '../../kernel/node.ts'
import { CLOSED, RESET, SHUT_DOWN } from '../../network/connection.ts'
import type { Envelope } from '../../network/envelope.ts'
import type { Disk } from '../../storage/disk.ts'
import { DiskQueue } from '../../storage/disk-queue.ts'
import type { ClientRequest, Completion } from '../client/network-client.ts'
import type { Env } from '../env.ts'
import { GroupCoordinator } from '../group/group-coordinator.ts'
import { LogManager } from '../log/log-manager.ts'
import { producerSwitchesOf } from '../log/producer-state.ts'
import { Api } from '../protocol/api.ts'
import type { BrokerConfig } from '../protocol/config/broker.ts'
import type { ClusterProfile } from '../protocol/profile.ts'
import type { TopicConfig } from '../protocol/config/topic.ts'
import { Errors } from '../protocol/errors.ts'
import type {
  CreateTopicsRequest,
  FindCoordinatorRequest,
  ListOffsetsRequest,
  OffsetForLeaderEpochRequest,
} from '../protocol/group-messages.ts'
import type { InitProducerIdRequest, InitProducerIdResponse, ProduceRequest } from '../protocol/messages.ts'
import type { MetadataRecord } from '../protocol/metadata-records.ts'
import { type BatchNumbers, BrokerBatchNumbers } from './batch-numbers.ts'
import { TransactionCoordinator } from '../transaction/transaction-coordinator.ts'
import { TransactionDisk } from '../transaction/transaction-state-manager.ts'
import { BrokerLifecycle } from './broker-lifecycle.ts'
import { ControllerChannel } from './controller-channel.ts'
import { CoordinatorFinder } from './coordinator-finder.ts'
import type { Materialisation } from './idle-replicas.ts'
import { apiVersionsResponse, earlyAnswer, metadataResponse } from './metadata-answers.ts'
import { MetadataCache, type PartitionMetadata } from './metadata-cache.ts'
import { MetadataFetcher } from './metadata-fetcher.ts'
import { ProducerIdManager } from './producer-id-manager.ts'
import type { Partition } from './partition.ts'
import type { AnsweredFetch } from './replica-fetcher.ts'
import { ReplicaManager } from './replica-manager.ts'
import { RequestChannel } from './request-channel.ts'
import { SplitFetches } from './split-fetch.ts'
import { BrokerTimer } from './timers.ts'
import { topicConfigOf } from './topic-configs.ts'
import { TransactionMarkers } from './transaction-markers.ts'
import { TransactionVerification, type VerificationHost, type VerifiedProduce } from './transaction-verification.ts'

/** Disk operations that may take time. */
const APPEND = 1
const APPLY_FETCH = 2
const CLEAN_SHUTDOWN = 3
const APPEND_VERIFIED = 4
const APPEND_MARKERS = 5
// The group coordinator's own kinds begin at 10 (`CoordinatorDisk`), the transaction coordinator's at 20 (`TransactionDisk`).

export interface BrokerOptions {
  readonly broker: number
  readonly controller: number
  readonly config: BrokerConfig
  readonly profile: ClusterProfile
  /** By topic id. */
  readonly topicConfigs: ReadonlyMap<number, TopicConfig>
  /** When replicas of internal partitions are made; only tests ask for `at-once`. */
  readonly materialisation?: Materialisation
  /** Counts the starts of this broker's process, from 1. */
  readonly incarnationId: number
  /** For a broker that stands when the run begins: the metadata it has applied and its broker epoch; else null. */
  readonly formed: { readonly records: readonly MetadataRecord[]; readonly brokerEpoch: number } | null
}

/** Hears who leads the partitions of its topic. */
interface Coordinator {
  onElection(tp: number, epoch: number): void
  onResignation(tp: number, epoch: number): void
}

/** Told when a broker has ended in good order. */
export interface ProcessHost {
  exited(node: number): void
}

/** A broker's process (`BrokerServer`): takes requests, and ties the managers together. */
export class Broker implements NodeHandler, VerificationHost {
  readonly metadata: MetadataCache = new MetadataCache()
  readonly replicas: ReplicaManager
  readonly logs: LogManager
  readonly groups: GroupCoordinator
  readonly transactions: TransactionCoordinator
  private readonly env: Env
  private readonly options: BrokerOptions
  private published = false
  private readonly host: ProcessHost
  private readonly diskQueue: DiskQueue
  protected readonly channel: RequestChannel
  private readonly controller: ControllerChannel
  private readonly lifecycle: BrokerLifecycle
  private readonly metadataFetcher: MetadataFetcher
  private readonly producerIds: ProducerIdManager
  private readonly finder: CoordinatorFinder
  private readonly batchNumbers: BatchNumbers
  private readonly verification: TransactionVerification
  private readonly markers: TransactionMarkers

  constructor(env: Env, options: BrokerOptions, disk: Disk, host: ProcessHost) {
    const { broker, config, controller } = options
    this.env = env
    this.options = options
    this.host = host
    this.batchNumbers = new BrokerBatchNumbers(broker, options.incarnationId)
    this.diskQueue = new DiskQueue(env.kernel, env.node, disk)
    this.logs = new LogManager(env, disk, config, producerSwitchesOf(options.profile))
    this.channel = new RequestChannel(env, this)
    this.controller = new ControllerChannel(env, controller, this)
    this.producerIds = new ProducerIdManager(env, this.controller, broker)
    this.replicas = new ReplicaManager(env, options, this.metadata, this.logs, this.channel, this.controller, this)
    const { metadata, replicas, diskQueue, channel } = this
    this.groups = new GroupCoordinator(
      env,
      this.batchNumbers,
      config,
      options.profile,
      metadata,
      replicas,
      diskQueue,
      channel,
    )
    this.replicas.listener = this.groups
    this.finder = new CoordinatorFinder(this.metadata, this.controller, config)
    this.transactions = new TransactionCoordinator({
      env,
      options: config,
      profile: options.profile,
      metadata,
      log: replicas,
      disk: diskQueue,
      channel,
      producerIds: this.producerIds,
      numbers: this.batchNumbers,
      finder: this.finder,
    })
    this.replicas.transactions = this.transactions
    const { profile } = options
    this.verification = new TransactionVerification(env, config, profile, metadata, this)
    this.groups.verification = this.verification
    this.markers = new TransactionMarkers(
      env,
      profile,
      metadata,
      replicas.appends,
      this.groups,
      channel,
      this.batchNumbers,
    )
    this.groups.markerListener = this.markers
    this.replicas.appends.markers = this.markers
    if (profile['fetch.high.watermark.reads'] === 2) this.replicas.splitFetches = new SplitFetches(env, replicas)
    const { incarnationId } = options
    const { previousBrokerEpoch } = this.logs
    this.lifecycle = new BrokerLifecycle(env, config, { broker, controller, incarnationId, previousBrokerEpoch }, this)
    this.metadataFetcher = new MetadataFetcher(env, controller, broker, this)
  }

  // --- life ---------------------------------------------------------------------------------------------------------

  onStart(): void {
    const { formed } = this.options
    this.logs.load(this)
    this.replicas.start()
    if (formed !== null) {
      this.controller.brokerEpoch = formed.brokerEpoch
      this.metadata.apply(formed.records)
      this.onCaughtUp()
    }
    this.lifecycle.start(formed?.brokerEpoch ?? -1)
    this.metadataFetcher.start()
  }

  /** A clean shutdown: controlled if configured, then everything is flushed and the marker written (2.1). */
  shutDown(): void {
    if (this.options.config['controlled.shutdown.enable']) this.lifecycle.beginControlledShutdown()
    else this.onShutdownGranted()
  }

  onShutdownGranted(): void {
    if (this.diskQueue.admit(CLEAN_SHUTDOWN, 0, 0, null)) this.finishShutdown()
  }

  private finishShutdown(): void {
    this.logs.cleanShutdown(this.lifecycle.brokerEpoch)
    this.host.exited(this.env.node)
  }

  // --- metadata -----------------------------------------------------------------------------------------------------

  get nextMetadataOffset(): number {
    return this.metadata.nextOffset
  }

  /** `BrokerMetadataPublisher.onMetadataUpdate` */
  onMetadata(records: readonly MetadataRecord[]): void {
    const touched = this.metadata.apply(records)
    this.env.emit(M.metadataApplied, this.metadata.nextOffset)
    if (this.published) this.publish(touched)
    this.lifecycle.onMetadataApplied()
  }

  /**
   * The initial catch-up is over (`BrokerLifecycleManager.initialCatchUpFuture`): only now are the publishers installed, so
   * that a restarted broker takes no role from metadata of its previous life, and requests are taken.
   */
  onCaughtUp(): void {
    this.published = true
    this.publish([...this.metadata.partitions.keys()])
  }

  /** Replicas take their roles first, then the coordinators hear of their partitions (`updateCoordinator`). */
  private publish(touched: readonly number[]): void {
    this.replicas.applyDelta(touched)
    const { offsetsTopicId, transactionsTopicId } = this.metadata
    if (offsetsTopicId >= 0) this.updateCoordinator(this.groups, offsetsTopicId, touched)
    if (transactionsTopicId < 0) return
    this.updateCoordinator(this.transactions, transactionsTopicId, touched)
    this.transactions.onMetadata()
  }

  private updateCoordinator(coordinator: Coordinator, topicId: number, touched: readonly number[]): void {
    for (const tp of touched) {
      if (topicIdOf(tp) !== topicId) continue
      const { leader, leaderEpoch } = this.metadata.partitions.get(tp) as PartitionMetadata
      if (leader === this.options.broker) coordinator.onElection(tp, leaderEpoch)
      else coordinator.onResignation(tp, leaderEpoch)
    }
  }

  onRegistered(brokerEpoch: number): void {
    this.controller.brokerEpoch = brokerEpoch
    this.controller.onBackoffOver()
  }

  topicConfig(topicId: number): TopicConfig {
    return topicConfigOf(topicId, this.options, this.metadata)
  }

  /** Kafka's own topics are none of the scenario's. */
  isInternal(topicId: number): boolean {
    return !this.options.topicConfigs.has(topicId)
  }

  get brokerEpoch(): number {
    return this.lifecycle.brokerEpoch
  }

  // --- requests -----------------------------------------------------------------------------------------------------

  onMessage(message: unknown): void {
    const envelope = message as Envelope
    if (!envelope.reply) {
      this.channel.receive(envelope)
      return
    }
    // Every client knows its own connections and ignores the others'.
    if (envelope.source !== this.options.controller) {
      this.replicas.fetchers.client.onMessage(envelope)
      this.transactions.markers.client.onMessage(envelope)
      this.verification.manager.client.onMessage(envelope)
      return
    }
    this.metadataFetcher.client.onMessage(envelope)
    this.lifecycle.client.onMessage(envelope)
    this.controller.client.onMessage(envelope)
  }

  /** `KafkaApis.handle` */
  handle(request: Envelope): void {
    if (!this.published) {
      const early = earlyAnswer(request, this.options.profile)
      if (early === null) this.channel.close(request)
      else this.channel.reply(request, early)
      return
    }
    switch (request.api) {
      case Api.Produce:
        if ((request.body as ProduceRequest).transactionalId !== null) this.verification.produce(request)
        else if (this.diskQueue.admit(APPEND, 0, 0, request)) this.replicas.appends.produce(request, null)
        break
      case Api.WriteTxnMarkers:
        if (this.diskQueue.admit(APPEND_MARKERS, 0, 0, request)) this.markers.handle(request)
        break
      case Api.Fetch:
        this.replicas.fetch(request)
        break
      case Api.Metadata:
        this.channel.reply(request, metadataResponse(request, this.metadata))
        break
      case Api.ApiVersions:
        this.channel.reply(request, apiVersionsResponse(this.options.profile))
        break
      case Api.InitProducerId:
        if ((request.body as InitProducerIdRequest).transactionalId !== null) this.transactions.handle(request)
        else this.channel.reply(request, this.initProducerId())
        break
      case Api.AddPartitionsToTxn:
      case Api.AddOffsetsToTxn:
      case Api.EndTxn:
        this.transactions.handle(request)
        break
      case Api.ListOffsets:
        this.channel.reply(request, this.replicas.listOffsets(request.body as ListOffsetsRequest))
        break
      case Api.OffsetForLeaderEpoch:
        this.channel.reply(request, this.replicas.offsetForLeaderEpoch(request.body as OffsetForLeaderEpochRequest))
        break
      case Api.FindCoordinator:
        this.channel.reply(request, this.finder.find(request.body as FindCoordinatorRequest))
        break
      case Api.JoinGroup:
      case Api.SyncGroup:
      case Api.Heartbeat:
      case Api.LeaveGroup:
      case Api.OffsetCommit:
      case Api.TxnOffsetCommit:
      case Api.OffsetFetch:
        this.groups.handle(request)
        break
      default:
        this.channel.close(request)
    }
  }

  private initProducerId(): InitProducerIdResponse {
    const producerId = this.producerIds.generate()
    return producerId < 0
      ? { errorCode: Errors.COORDINATOR_LOAD_IN_PROGRESS, producerId: -1, producerEpoch: -1 }
      : { errorCode: Errors.NONE, producerId, producerEpoch: 0 }
  }

  // --- transactions -------------------------------------------------------------------------------------------------

  hosted(tp: number): Partition | undefined {
    return this.replicas.hosted(tp)
  }

  onProduceVerified(verified: VerifiedProduce): void {
    if (this.diskQueue.admit(APPEND_VERIFIED, 0, 0, verified)) this.replicas.appends.produce(verified.request, verified)
  }

  onOffsetsVerified(tp: number, token: number, error: number, guard: number): void {
    this.groups.onOffsetsVerified(tp, token, error, guard)
  }

  // --- disk ---------------------------------------------------------------------------------------------------------

  onFetchResponse(fetch: AnsweredFetch): void {
    if (this.diskQueue.admit(APPLY_FETCH, 0, 0, fetch)) this.replicas.applyFetched(fetch)
  }

  onDisk(kind: number, a: number, b: number, payload: unknown): void {
    this.diskQueue.completed()
    switch (kind) {
      case APPEND: {
        const request = payload as Envelope
        if (this.channel.isOpen(request)) this.replicas.appends.produce(request, null)
        break
      }
      case APPEND_VERIFIED: {
        const verified = payload as VerifiedProduce
        this.replicas.appends.produce(verified.request, verified)
        break
      }
      case APPEND_MARKERS:
        this.markers.handle(payload as Envelope)
        break
      case APPLY_FETCH:
        this.replicas.applyFetched(payload as AnsweredFetch)
        break
      case CLEAN_SHUTDOWN:
        this.finishShutdown()
        break
      case TransactionDisk.load:
      case TransactionDisk.append:
        this.transactions.onDisk(kind, a, b, payload)
        break
      default:
        this.groups.onDisk(kind, a, b)
    }
  }

  // --- controller ---------------------------------------------------------------------------------------------------

  onControllerReady(): void {
    this.replicas.alterPartitions.maybePropagate()
    this.producerIds.onControllerReady()
    this.finder.onControllerReady()
  }

  onControllerCompletion(request: ClientRequest, body: object | null, cause: Completion): void {
    if (request.api === Api.AlterPartition) this.replicas.alterPartitions.onCompletion(request, body, cause)
    else if (request.api === Api.CreateTopics) this.finder.onCompletion(request.body as CreateTopicsRequest)
    else this.producerIds.onCompletion(cause === 'response' ? body : null)
  }

  // --- signals and timers -------------------------------------------------------------------------------------------

  onSignal(kind: number, connection: number, peer: number): void {
    if (kind === SHUT_DOWN) {
      this.shutDown()
      return
    }
    if (kind === CLOSED) this.channel.peerClosed(connection)
    if (kind === RESET) this.channel.reset(connection)
    if (kind === CLOSED || kind === RESET) this.replicas.onConnectionGone(connection)
    this.replicas.fetchers.client.onSignal(kind, connection, peer)
    this.transactions.markers.client.onSignal(kind, connection, peer)
    this.verification.manager.client.onSignal(kind, connection, peer)
    this.metadataFetcher.client.onSignal(kind, connection, peer)
    this.lifecycle.client.onSignal(kind, connection, peer)
    this.controller.client.onSignal(kind, connection, peer)
  }

  onTimer(kind: number, a: number, b: number): void {
    switch (kind) {
      case BrokerTimer.DelayedProduce:
        this.replicas.appends.produces.onTimer()
        return
      case BrokerTimer.DelayedFetch:
        this.replicas.fetches.onTimer()
        return
      case BrokerTimer.IsrCheck:
        this.replicas.onIsrCheck()
        return
      case BrokerTimer.AlterPartitionRetry:
        this.replicas.alterPartitions.maybePropagate()
        return
      case BrokerTimer.Heartbeat:
        this.lifecycle.onTimer()
        return
      case BrokerTimer.FetchBackoff:
        this.replicas.fetchers.onTimer(a)
        return
      case BrokerTimer.MetadataFetchRetry:
        this.metadataFetcher.start()
        return
      case BrokerTimer.GroupTask:
      case BrokerTimer.GroupFlush:
      case BrokerTimer.GroupTimeout:
      case BrokerTimer.GroupMarkerTimeout:
      case BrokerTimer.GroupMaterialize:
        this.groups.onTimer(kind, a, b)
        return
      case BrokerTimer.TransactionAppend:
      case BrokerTimer.TransactionAbort:
      case BrokerTimer.TransactionExpiry:
      case BrokerTimer.MarkerRetry:
        this.transactions.onTimer(kind)
        return
      case BrokerTimer.VerificationRetry:
        this.verification.onRetry(a)
        return
      case BrokerTimer.FetchSecondLook:
        this.replicas.splitFetches?.onTimer(a)
        return
    }
    if (this.logs.onTimer(kind, a, b)) return
    if (this.replicas.fetchers.client.onTimer(kind, a, b)) return
    if (this.transactions.markers.client.onTimer(kind, a, b)) return
    if (this.verification.manager.client.onTimer(kind, a, b)) return
    if (this.metadataFetcher.client.onTimer(kind, a, b)) return
    if (this.lifecycle.client.onTimer(kind, a, b)) return
    this.controller.client.onTimer(kind, a, b)
  }

  /** Work that a crash would interrupt: requests parked here. */
  waiting(): readonly string[] {
    const { size } = this.verification
    const waiting = [...this.replicas.waiting()]
    if (size > 0) waiting.push(`the verification of ${size} requests`)
    const decided = this.transactions.markers.size
    if (decided > 0) waiting.push(`the markers of ${decided} transactions`)
    return waiting
  }
}
