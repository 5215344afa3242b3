import { tpOf } from '../../history/ids.ts'
import { ms } from '../../kernel/time.ts'
import type { Envelope } from '../../network/envelope.ts'
import type { Env } from '../env.ts'
import type {
  ListOffsetsRequest,
  ListOffsetsResponse,
  OffsetForLeaderEpochRequest,
  OffsetForLeaderEpochResponse,
} from '../protocol/group-messages.ts'
import type { FetchRequest } from '../protocol/messages.ts'
import type { ClusterProfile } from '../protocol/profile.ts'
import { ConsumerFetch } from './consumer-fetch.ts'
import { DelayedFetch, type FetchCompletion, FetchPurgatory } from './delayed-fetch.ts'
import { FollowerFetch } from './follower-fetch.ts'
import type { IdleReplicas } from './idle-replicas.ts'
import type { MetadataCache } from './metadata-cache.ts'
import { listOffsets, offsetForLeaderEpoch } from './offset-answers.ts'
import type { AlterIsr, Partition } from './partition.ts'
import type { ByPartition } from './partition-table.ts'
import { replicationSwitchesOf } from './replication-switches.ts'
import type { RequestChannel } from './request-channel.ts'
import { SplitFetches, type SplitFetchHost } from './split-fetch.ts'

/** Told what followers' fetches have moved. */
export interface ReadsHost {
  propose(item: AlterIsr): void
  afterIsrOrHighWatermark(tp: number): void
}

/** What is read from this broker: by followers, by consumers, and where logs and epochs end. */
export class Reads implements FetchCompletion, SplitFetchHost {
  readonly purgatory: FetchPurgatory
  /** Where consumers' fetches take two steps (KAFKA-9807, KAFKA-9835); null where they do not. */
  readonly splitFetches: SplitFetches | null
  private readonly env: Env
  private readonly partitions: ByPartition<Partition>
  private readonly idle: IdleReplicas
  private readonly metadata: MetadataCache
  private readonly channel: RequestChannel
  private readonly host: ReadsHost
  private readonly followerFetch: FollowerFetch
  private readonly consumerFetch: ConsumerFetch

  constructor(
    env: Env,
    profile: ClusterProfile,
    partitions: ByPartition<Partition>,
    idle: IdleReplicas,
    metadata: MetadataCache,
    channel: RequestChannel,
    host: ReadsHost,
    rackAware: boolean,
  ) {
    this.env = env
    this.partitions = partitions
    this.idle = idle
    this.metadata = metadata
    this.channel = channel
    this.host = host
    this.purgatory = new FetchPurgatory(env, this)
    this.splitFetches = SplitFetches.of(profile, env, this)
    this.followerFetch = new FollowerFetch(partitions, metadata, idle, replicationSwitchesOf(profile))
    this.consumerFetch = new ConsumerFetch(partitions, metadata, rackAware)
  }

  /** `ReplicaManager.fetchMessages` */
  fetch(envelope: Envelope): void {
    const request = envelope.body as FetchRequest
    if (request.replicaId >= 0) this.fetchForFollower(envelope, request)
    else if (this.splitFetches?.begin(envelope, false) !== true) this.fetchUpTo(envelope, null)
  }

  private fetchForFollower(envelope: Envelope, request: FetchRequest): void {
    this.idle.onFetch(request)
    const result = this.followerFetch.read(request, true)
    const { bytes, immediate, advanced, expansions } = result
    const waits = ms(request.maxWaitMs)
    // Taken now: what the fetch sets free reads again, into the same result.
    const response = immediate || bytes >= request.minBytes || waits <= 0 ? result.response() : null
    // Told in this order: first who holds the data, then what that sets free, which may read again.
    for (const item of expansions) this.host.propose(item)
    if (advanced.length === 1) this.host.afterIsrOrHighWatermark(advanced[0] as number)
    else for (const tp of [...advanced]) this.host.afterIsrOrHighWatermark(tp)
    if (response !== null) {
      this.channel.reply(envelope, response)
      return
    }
    // `tryCompleteElseWatch`: what this fetch set free may have let the log grow already.
    const operation = new DelayedFetch(envelope, request, this.env.monotonic() + waits, bytes)
    if (this.followerFetch.hasGrown(request)) this.onFetchReady(operation)
    else this.park(operation)
  }

  private park(operation: DelayedFetch): void {
    this.purgatory.park(operation)
    for (const { topicId, partition } of this.idle.awakeFor(operation.request)) {
      this.purgatory.alsoAwait(operation, tpOf(topicId, partition))
    }
  }

  unstableLimits(request: FetchRequest): readonly number[] {
    return this.consumerFetch.unstableLimits(request)
  }

  sizedLimits(request: FetchRequest): readonly number[] {
    return this.consumerFetch.sizedLimits(request)
  }

  fetchUpTo(envelope: Envelope, limits: readonly number[] | null, again = false): void {
    const request = envelope.body as FetchRequest
    const { responses, bytes, immediate } = this.consumerFetch.read(request, envelope.apiVersion, limits)
    const waits = ms(request.maxWaitMs)
    if (again && !this.channel.isOpen(envelope)) return
    if (again || immediate || bytes >= request.minBytes || waits <= 0) this.channel.reply(envelope, { responses })
    else this.purgatory.park(new DelayedFetch(envelope, request, this.env.monotonic() + waits, bytes))
  }

  isReady({ envelope, request }: DelayedFetch): boolean {
    return this.consumerFetch.isReady(request, envelope.apiVersion)
  }

  /** A parked fetch reads again, and this time does not update the follower's state. */
  onFetchReady(operation: DelayedFetch): void {
    const { envelope, request } = operation
    if (operation.consumer && this.splitFetches?.begin(envelope, true) === true) return
    if (operation.consumer) {
      const { responses } = this.consumerFetch.read(request, envelope.apiVersion)
      if (this.channel.isOpen(envelope)) this.channel.reply(envelope, { responses })
      return
    }
    const result = this.followerFetch.read(request, false)
    if (this.channel.isOpen(envelope)) this.channel.reply(envelope, result.response())
  }

  listOffsets(request: ListOffsetsRequest): ListOffsetsResponse {
    return listOffsets(request, this.partitions, this.metadata)
  }

  offsetForLeaderEpoch(request: OffsetForLeaderEpochRequest): OffsetForLeaderEpochResponse {
    return offsetForLeaderEpoch(request, this.partitions, this.metadata)
  }
}
