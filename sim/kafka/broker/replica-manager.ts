import { topicIdOf, tpOf } from '../../history/ids.ts'
import { ms } from '../../kernel/time.ts'
import type { Env } from '../env.ts'
import type { LogDirectory } from '../log/log-directory.ts'
import type { LogManager } from '../log/log-manager.ts'
import { NO_GUARD } from '../log/verification-state.ts'
import type { LogEntry, RecordBatch } from '../protocol/batch.ts'
import { type BrokerConfig, RACK_AWARE_SELECTOR } from '../protocol/config/broker.ts'
import type { TopicConfig } from '../protocol/config/topic.ts'
import type { ClusterProfile } from '../protocol/profile.ts'
import { isAmong } from '../small-list.ts'
import type { TransactionLog } from '../transaction/transaction-state-manager.ts'
import { AlterPartitionManager } from './alter-partition-manager.ts'
import { Appends, type AppendsHost } from './appends.ts'
import type { ControllerChannel } from './controller-channel.ts'
import type { FetchPurgatory } from './delayed-fetch.ts'
import { type IdleReplicaHost, IdleReplicas, type Materialisation } from './idle-replicas.ts'
import type { MetadataCache } from './metadata-cache.ts'
import { mayLead, takeOffline } from './offline-replicas.ts'
import { type AlterIsr, Partition } from './partition.ts'
import { PartitionTable } from './partition-table.ts'
import { Reads, type ReadsHost } from './reads.ts'
import { type AnsweredFetch, type FetchResponseGate, ReplicaFetcherManager } from './replica-fetcher.ts'
import { removeReplica, removeStrays, type ReplicaPlaces } from './replica-removal.ts'
import { type ReplicationSwitches, replicationSwitchesOf } from './replication-switches.ts'
import type { RequestChannel } from './request-channel.ts'
import { SplitTruncation } from './split-truncation.ts'
import { BrokerTimer } from './timers.ts'
import { topicConfigOf } from './topic-configs.ts'

/** `ProducerStateManager.LATE_TRANSACTION_BUFFER_MS` */
const LATE_TRANSACTION_BUFFER_MS = 300_000
const NOWHERE: readonly number[] = []

const NO_ENTRIES: readonly LogEntry[] = Object.freeze([])

/** What a replica manager needs to know of its broker. */
export interface ReplicaManagerOptions {
  readonly broker: number
  readonly config: BrokerConfig
  readonly profile: ClusterProfile
  /** Topic settings by topic id. */
  readonly topicConfigs: ReadonlyMap<number, TopicConfig>
  /** When replicas of internal partitions are made; only tests ask for `at-once`. */
  readonly materialisation?: Materialisation
}

/** Told when the high watermark of an internal partition may have moved. */
export interface HighWatermarkListener {
  onHighWatermark(tp: number): void
}

/**
 * The replicas of one broker (`ReplicaManager`): takes roles from the metadata and looks after in-sync sets. What leaders
 * append stands in {@link Appends}, what is read here in {@link Reads}.
 */
export class ReplicaManager implements IdleReplicaHost, TransactionLog, AppendsHost, ReadsHost, ReplicaPlaces {
  readonly partitions: PartitionTable<Partition> = new PartitionTable()
  readonly fetchers: ReplicaFetcherManager
  readonly alterPartitions: AlterPartitionManager
  readonly appends: Appends
  readonly reads: Reads
  /** Fetches that wait. */
  readonly fetches: FetchPurgatory
  readonly idle: IdleReplicas
  readonly logs: LogManager
  /** The group coordinator, once there is one. */
  listener: HighWatermarkListener | null = null
  /** The transaction coordinator, once there is one. */
  transactions: HighWatermarkListener | null = null
  /** The share coordinator, and what this broker leads of share groups, once there are any. */
  shareStates: HighWatermarkListener | null = null
  shares: HighWatermarkListener | null = null
  private readonly env: Env
  private readonly options: ReplicaManagerOptions
  private readonly metadata: MetadataCache
  private readonly rules: ReplicationSwitches
  private readonly splitTruncation: SplitTruncation | null

  constructor(
    env: Env,
    options: ReplicaManagerOptions,
    metadata: MetadataCache,
    logs: LogManager,
    channel: RequestChannel,
    controller: ControllerChannel,
    gate: FetchResponseGate,
  ) {
    this.env = env
    this.options = options
    this.metadata = metadata
    this.logs = logs
    this.rules = replicationSwitchesOf(options.profile)
    this.splitTruncation = SplitTruncation.of(options.profile, env, this.partitions)
    this.idle = new IdleReplicas(env, options.broker, metadata, this, options.materialisation ?? 'when-touched')
    const rackAware = options.config['replica.selector.class'] === RACK_AWARE_SELECTOR
    this.reads = new Reads(env, options.profile, this.partitions, this.idle, metadata, channel, this, rackAware)
    this.fetches = this.reads.purgatory
    this.appends = new Appends(env, this.partitions, metadata, this.fetches, channel, this)
    this.fetchers = new ReplicaFetcherManager(
      env,
      options.broker,
      options.config,
      options.profile['log.truncation'],
      gate,
    )
    this.alterPartitions = new AlterPartitionManager(env, controller, options.broker, this)
    this.fetchers.waker = this.idle
  }

  /** `ReplicaManager.startup`: the in-sync sets are checked every half of replica.lag.time.max.ms. */
  start(): void {
    this.env.setTimer(BrokerTimer.IsrCheck, ms(this.options.config['replica.lag.time.max.ms']) / 2)
  }

  // --- roles --------------------------------------------------------------------------------------------------------

  /** The first metadata is there: logs that belong to no replica of this broker go. */
  removeStrays(): void {
    removeStrays(this.options.broker, this.metadata, this.logs)
  }

  /** `ReplicaManager.applyDelta`: what is here no more before leaders, and those before followers. */
  applyDelta(tps: readonly number[]): void {
    const { broker } = this.options
    const followers: number[] = []
    for (const tp of tps) {
      if (!isAmong(this.metadata.partitions.get(tp)?.replicas ?? NOWHERE, broker)) removeReplica(tp, this)
    }
    for (const tp of tps) {
      const state = this.metadata.partitions.get(tp)
      if (state === undefined || !state.replicas.includes(broker)) continue
      if (state.leader === broker) this.lead(tp)
      else followers.push(tp)
    }
    for (const tp of followers) this.follow(tp)
  }

  private lead(tp: number): void {
    const state = this.metadata.partitions.get(tp)
    if (state === undefined) return
    if (this.isIdle(tp)) {
      this.fetchers.remove(tp)
      this.idle.lead(state)
      return
    }
    const partition = this.partition(tp)
    this.fetchers.remove(tp)
    if (partition === null || !mayLead(partition, state)) return
    if (partition.makeLeader(state)) this.fetches.flush(tp)
    partition.maybeIncrementLeaderHW()
    this.afterIsrOrHighWatermark(tp)
  }

  private follow(tp: number): void {
    const state = this.metadata.partitions.get(tp)
    if (state === undefined) return
    if (this.isIdle(tp)) {
      if (!this.idle.follow(state)) return
      this.alterPartitions.forget(tp)
      this.fetchers.addIdle(tp, state.leader, state.leaderEpoch)
      return
    }
    const partition = this.partition(tp)
    if (partition === null || partition.isOffline || !partition.makeFollower(state)) return
    this.alterPartitions.forget(tp)
    this.fetchers.add(partition)
    this.appends.produces.check(tp)
    this.fetches.flush(tp)
  }

  /** The replica, made if need be; null when no directory is left that could hold it. */
  private partition(tp: number): Partition | null {
    const known = this.partitions.get(tp)
    if (known !== undefined) return known
    if (!this.canCreate(tp)) return null
    const created = this.create(tp)
    this.partitions.set(tp, created)
    if (this.isInternal(tp)) this.idle.addWoken(created)
    return created
  }

  canCreate(tp: number): boolean {
    return this.logs.admits(tp)
  }

  create(tp: number): Partition {
    const { broker, config } = this.options
    const topicConfig = topicConfigOf(topicIdOf(tp), this.options, this.metadata)
    return new Partition(this.env, tp, this.logs.getOrCreate(tp, topicConfig), this.metadata, {
      broker,
      replicaLagTimeMaxMs: config['replica.lag.time.max.ms'],
      minInsyncReplicas: topicConfig['min.insync.replicas'],
      rules: this.rules,
    })
  }

  /** A topic's settings changed (`TopicConfigHandler.processConfigChanges`): its logs go by the new ones from now on. */
  configure(topicId: number): TopicConfig {
    const config = topicConfigOf(topicId, this.options, this.metadata)
    for (const { tp } of this.logs.logs) {
      if (topicIdOf(tp) !== topicId) continue
      this.logs.configure(tp, config)
      const partition = this.partitions.get(tp)
      if (partition !== undefined) partition.minInsyncReplicas = config['min.insync.replicas']
    }
    return config
  }

  // --- internal topics ----------------------------------------------------------------------------------------------

  /** Topics that are not the scenario's are Kafka's own. */
  private isInternal(tp: number): boolean {
    return !this.options.topicConfigs.has(topicIdOf(tp))
  }

  /** A replica of an internal partition into which nothing was ever written. */
  private isIdle(tp: number): boolean {
    if (!this.isInternal(tp) || this.partitions.get(tp) !== undefined) return false
    if (this.idle.has(tp)) return true
    const log = this.logs.get(tp)
    return log === undefined ? !this.logs.isOffline(tp) : log.io.isOnline && log.logEndOffset === 0
  }

  /** An idle replica has woken. */
  admit(partition: Partition): void {
    this.partitions.set(partition.tp, partition)
    this.fetches.onWoken(partition.tp)
  }

  /** The replica of a partition that is here; one that nothing was written to wakes where this broker leads it. */
  hosted(tp: number): Partition | undefined {
    return this.partitions.get(tp) ?? this.idle.wakeLed(tp)
  }

  isHosted(tp: number): boolean {
    return this.hosted(tp) !== undefined || this.idle.has(tp)
  }

  appendAsCoordinator(tp: number, batch: RecordBatch, guard: number = NO_GUARD, transactionVersion = 0): number {
    this.hosted(tp)
    return this.appends.append(tp, batch, -1, 'COORDINATOR', guard, transactionVersion).error
  }

  entriesOf(tp: number): readonly LogEntry[] | null {
    const partition = this.partitions.get(tp)
    if (partition === undefined) return NO_ENTRIES
    if (partition.isOffline || !partition.log.io.admitsRead()) return null
    return partition.log.allEntries()
  }

  logEndOffset(tp: number): number {
    return this.partitions.get(tp)?.log.logEndOffset ?? 0
  }

  highWatermark(tp: number): number {
    return this.partitions.get(tp)?.log.highWatermark ?? 0
  }

  isUnderMinIsr(tp: number): boolean {
    const partition = this.partitions.get(tp)
    return partition !== undefined && partition.maximalIsr.length < partition.effectiveMinIsr
  }

  get maxMessageBytes(): number {
    return this.options.config['message.max.bytes']
  }

  // --- fetched from leaders -----------------------------------------------------------------------------------------

  /** Applies what a leader answered; who reads from this follower may find more. */
  applyFetched(fetch: AnsweredFetch): void {
    if (this.splitTruncation?.begin(fetch) !== true) this.finishFetched(fetch)
  }

  /** See {@link SplitTruncation}. */
  onTruncationDue(serial: number): void {
    const fetch = this.splitTruncation?.due(serial)
    if (fetch !== undefined) this.finishFetched(fetch)
  }

  private finishFetched(fetch: AnsweredFetch): void {
    this.fetchers.apply(fetch)
    if (this.fetches.consumers === 0) return
    for (const { topicId, partitionIndex } of fetch.response.responses) {
      this.fetches.onHighWatermark(tpOf(topicId, partitionIndex))
    }
  }

  // --- failed directories -------------------------------------------------------------------------------------------

  onDirectoryFailed(directory: LogDirectory): void {
    takeOffline(this.env, directory, this)
  }

  // --- in-sync sets -------------------------------------------------------------------------------------------------

  /** `ReplicaManager.maybeShrinkIsr`, every half of replica.lag.time.max.ms. */
  onIsrCheck(): void {
    const lateAfterMs = this.options.config['transaction.max.timeout.ms'] + LATE_TRANSACTION_BUFFER_MS
    for (const partition of this.partitions.values()) {
      const item = partition.shrink()
      if (item !== null) this.propose(item)
      if (partition.log.transactions.present) partition.tellLateTransaction(lateAfterMs)
    }
    this.start()
  }

  propose(item: AlterIsr): void {
    this.alterPartitions.submit(item)
  }

  onIsrAnswered(tp: number): void {
    this.afterIsrOrHighWatermark(tp)
  }

  afterIsrOrHighWatermark(tp: number): void {
    this.appends.produces.check(tp)
    if (this.fetches.consumers > 0) this.fetches.onHighWatermark(tp)
    const topicId = topicIdOf(tp)
    if (topicId === this.metadata.offsetsTopicId) this.listener?.onHighWatermark(tp)
    else if (topicId === this.metadata.transactionsTopicId) this.transactions?.onHighWatermark(tp)
    else if (topicId === this.metadata.shareStateTopicId) this.shareStates?.onHighWatermark(tp)
    else this.shares?.onHighWatermark(tp)
  }

  /** A connection ended; nobody waits for what was parked on it. */
  onConnectionGone(connection: number): void {
    this.fetches.drop(connection)
  }

  /** For messages about waiting: partitions by name are not known here, so their numbers are. */
  waiting(): readonly string[] {
    return this.appends.produces.size === 0 ? [] : [`the replication of ${this.appends.produces.size} produce requests`]
  }
}
