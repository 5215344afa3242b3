import type { NodeHandler } from '../../kernel/node.ts'
import { CLOSED, METADATA_WRITTEN, RESET, SHUT_DOWN } from '../../network/connection.ts'
import type { Envelope } from '../../network/envelope.ts'
import type { Disk } from '../../storage/disk.ts'
import type { ClientRequest, Completion } from '../client/network-client.ts'
import type { Env } from '../env.ts'
import type { GroupCoordinator } from '../group/group-coordinator.ts'
import type { LogManager } from '../log/log-manager.ts'
import { Api } from '../protocol/api.ts'
import type { TopicConfig } from '../protocol/config/topic.ts'
import type { CreateTopicsRequest } from '../protocol/group-messages.ts'
import type { MetadataRecord } from '../protocol/metadata-records.ts'
import type { SharePartitionManager } from '../share/share-partition-manager.ts'
import type { TransactionCoordinator } from '../transaction/transaction-coordinator.ts'
import { BrokerMetadataPublisher } from './broker-metadata-publisher.ts'
import { BrokerParts, type BrokerPartsOptions, type BrokerPartsOwner } from './broker-parts.ts'
import { KafkaApis } from './kafka-apis.ts'
import { earlyAnswer } from './metadata-answers.ts'
import type { MetadataCache } from './metadata-cache.ts'
import type { Partition } from './partition.ts'
import type { AnsweredFetch } from './replica-fetcher.ts'
import type { ReplicaManager } from './replica-manager.ts'
import type { RequestChannel } from './request-channel.ts'
import { BrokerTimer } from './timers.ts'
import { topicConfigOf } from './topic-configs.ts'
import type { VerifiedProduce } from './transaction-verification.ts'

export type BrokerOptions = BrokerPartsOptions

/** Told when a broker has ended: in good order, or because it cannot go on. */
export interface ProcessHost {
  exited(node: number): void
  halted(node: number): void
}

/** A broker's process (`BrokerServer`): its life, and the way of every event to the manager it is for. */
export class Broker implements NodeHandler, BrokerPartsOwner {
  protected readonly channel: RequestChannel
  private readonly env: Env
  private readonly options: BrokerOptions
  private readonly host: ProcessHost
  private readonly parts: BrokerParts
  private readonly publisher: BrokerMetadataPublisher
  private readonly apis: KafkaApis

  constructor(env: Env, options: BrokerOptions, disk: Disk, host: ProcessHost) {
    this.env = env
    this.options = options
    this.host = host
    this.parts = new BrokerParts(env, options, disk, this)
    this.channel = this.parts.channel
    this.publisher = new BrokerMetadataPublisher(env, options.broker, this.parts)
    this.apis = new KafkaApis(options.profile, this.parts)
  }

  get metadata(): MetadataCache {
    return this.parts.metadata
  }

  get replicas(): ReplicaManager {
    return this.parts.replicas
  }

  get logs(): LogManager {
    return this.parts.logs
  }

  get groups(): GroupCoordinator {
    return this.parts.groups
  }

  /** What it leads of share groups. */
  get shares(): SharePartitionManager {
    return this.parts.shares
  }

  get transactions(): TransactionCoordinator {
    return this.parts.transactions
  }

  // --- life ---------------------------------------------------------------------------------------------------------

  onStart(): void {
    const { logs, replicas, controller, metadata, lifecycle, metadataFetcher, directories } = this.parts
    const { formed } = this.options
    directories.onMetadataWritten(logs)
    logs.load(this)
    if (!directories.canGoOn(logs)) return
    replicas.start()
    if (formed !== null) {
      controller.brokerEpoch = formed.brokerEpoch
      metadata.apply(formed.records)
      this.onCaughtUp()
    }
    lifecycle.start(formed?.brokerEpoch ?? -1)
    metadataFetcher.start()
  }

  /** A clean shutdown: controlled if configured, then everything is flushed and the marker written (2.1). */
  shutDown(): void {
    if (this.options.config['controlled.shutdown.enable']) this.parts.lifecycle.beginControlledShutdown()
    else this.onShutdownGranted()
  }

  onShutdownGranted(): void {
    if (this.apis.admitShutdown()) this.finishShutdown()
  }

  private finishShutdown(): void {
    this.logs.cleanShutdown(this.brokerEpoch)
    this.host.exited(this.env.node)
  }

  halt(): void {
    this.host.halted(this.env.node)
  }

  onRegistered(brokerEpoch: number): void {
    const { controller } = this.parts
    controller.brokerEpoch = brokerEpoch
    controller.onBackoffOver()
  }

  get brokerEpoch(): number {
    return this.parts.lifecycle.brokerEpoch
  }

  // --- metadata -----------------------------------------------------------------------------------------------------

  get nextMetadataOffset(): number {
    return this.metadata.nextOffset
  }

  onMetadata(records: readonly MetadataRecord[], chain: number): void {
    this.publisher.onMetadata(records, chain)
    this.parts.lifecycle.onMetadataApplied()
  }

  onCaughtUp(): void {
    this.publisher.install()
  }

  topicConfig(topicId: number): TopicConfig {
    return topicConfigOf(topicId, this.options, this.metadata)
  }

  /** Kafka's own topics are none of the scenario's. */
  isInternal(topicId: number): boolean {
    return !this.options.topicConfigs.has(topicId)
  }

  // --- requests -----------------------------------------------------------------------------------------------------

  onMessage(message: unknown): void {
    const envelope = message as Envelope
    if (envelope.reply) this.parts.onAnswer(envelope, this.options.controllers.includes(envelope.source))
    else this.channel.receive(envelope)
  }

  handle(request: Envelope): void {
    if (this.publisher.isInstalled) {
      this.apis.handle(request)
      return
    }
    const early = earlyAnswer(request, this.options.profile)
    if (early === null) this.channel.close(request)
    else this.channel.reply(request, early)
  }

  hosted(tp: number): Partition | undefined {
    return this.replicas.hosted(tp)
  }

  onProduceVerified(verified: VerifiedProduce): void {
    this.apis.onProduceVerified(verified)
  }

  onOffsetsVerified(tp: number, token: number, error: number, guard: number): void {
    this.groups.onOffsetsVerified(tp, token, error, guard)
  }

  onFetchResponse(fetch: AnsweredFetch): void {
    this.apis.onFetchResponse(fetch)
  }

  onDisk(kind: number, a: number, b: number, payload: unknown): void {
    if (this.apis.onDisk(kind, a, b, payload)) this.finishShutdown()
  }

  // --- controller ---------------------------------------------------------------------------------------------------

  onControllerFound(): void {
    const { controller, lifecycle } = this.parts
    controller.onBackoffOver()
    lifecycle.onBackoffOver()
  }

  onControllerReady(): void {
    this.replicas.alterPartitions.maybePropagate()
    this.parts.producerIds.onControllerReady()
    this.parts.finder.onControllerReady()
  }

  onControllerCompletion(request: ClientRequest, body: object | null, cause: Completion): void {
    const { replicas, finder, producerIds } = this.parts
    if (request.api === Api.AlterPartition) replicas.alterPartitions.onCompletion(request, body, cause)
    else if (request.api === Api.CreateTopics) finder.onCompletion(request.body as CreateTopicsRequest)
    else producerIds.onCompletion(cause === 'response' ? body : null)
  }

  // --- signals and timers -------------------------------------------------------------------------------------------

  onSignal(kind: number, connection: number, peer: number): void {
    if (kind === SHUT_DOWN) {
      this.shutDown()
      return
    }
    if (kind === METADATA_WRITTEN) this.parts.directories.onMetadataWritten(this.logs)
    if (kind === CLOSED) this.channel.peerClosed(connection)
    if (kind === RESET) this.channel.reset(connection)
    if (kind === CLOSED || kind === RESET) {
      this.replicas.onConnectionGone(connection)
      this.parts.shares.onConnectionGone(connection)
    }
    this.parts.onSignal(kind, connection, peer)
  }

  onTimer(kind: number, a: number, b: number): void {
    const { replicas, lifecycle, metadataFetcher, groups, transactions, verification, logs } = this.parts
    const { shares, shareStates, directories } = this.parts
    switch (kind) {
      case BrokerTimer.DelayedProduce:
        replicas.appends.produces.onTimer()
        return
      case BrokerTimer.DelayedFetch:
        replicas.fetches.onTimer()
        return
      case BrokerTimer.IsrCheck:
        replicas.onIsrCheck()
        return
      case BrokerTimer.AlterPartitionRetry:
        replicas.alterPartitions.maybePropagate()
        return
      case BrokerTimer.Heartbeat:
        lifecycle.onTimer()
        return
      case BrokerTimer.FetchBackoff:
        replicas.fetchers.onTimer(a)
        return
      case BrokerTimer.MetadataFetchRetry:
        metadataFetcher.start()
        return
      case BrokerTimer.GroupTask:
      case BrokerTimer.GroupFlush:
      case BrokerTimer.GroupTimeout:
      case BrokerTimer.GroupMarkerTimeout:
      case BrokerTimer.GroupMaterialize:
      case BrokerTimer.OffsetExpiration:
        groups.onTimer(kind, a, b)
        return
      case BrokerTimer.TransactionAppend:
      case BrokerTimer.TransactionAbort:
      case BrokerTimer.TransactionExpiry:
      case BrokerTimer.MarkerRetry:
        transactions.onTimer(kind)
        return
      case BrokerTimer.VerificationRetry:
        verification.onRetry(a)
        return
      case BrokerTimer.LogDirFailure:
        directories.onTimer(a, this.parts)
        return
      case BrokerTimer.LogDirFailureTimeout:
        if (!lifecycle.isFailureKnown(a)) this.shutDown()
        return
      case BrokerTimer.FetchSecondLook:
        replicas.reads.splitFetches?.onTimer(a)
        return
      case BrokerTimer.FetchTruncation:
        replicas.onTruncationDue(a)
        return
      case BrokerTimer.ShareStateTimeout:
        shareStates.onTimer()
        return
      case BrokerTimer.PersisterRetry:
        shares.persister.onTimer(a)
        return
      case BrokerTimer.ShareLock:
      case BrokerTimer.DelayedShareFetch:
        shares.onTimer(kind)
        return
    }
    if (!logs.onTimer(kind, a, b)) this.parts.onClientTimer(kind, a, b)
  }

  /** Work that a crash would interrupt: requests parked here. */
  waiting(): readonly string[] {
    const { replicas, verification, transactions, shares } = this.parts
    const { size } = verification
    const waiting = [...replicas.waiting()]
    if (size > 0) waiting.push(`the verification of ${size} requests`)
    const decided = transactions.markers.size
    if (decided > 0) waiting.push(`the markers of ${decided} transactions`)
    if (shares.pending > 0) waiting.push(`the share coordinator's word on ${shares.pending} requests`)
    return waiting
  }
}
