import { tpOf } from '../../history/ids.ts'
import { ms } from '../../kernel/time.ts'
import type { Envelope } from '../../network/envelope.ts'
import type { CoordinatorFinder } from '../broker/coordinator-finder.ts'
import type { MetadataCache } from '../broker/metadata-cache.ts'
import type { Partition } from '../broker/partition.ts'
import type { RequestChannel } from '../broker/request-channel.ts'
import { BrokerTimer } from '../broker/timers.ts'
import type { Env } from '../env.ts'
import { Api } from '../protocol/api.ts'
import type { BrokerConfig } from '../protocol/config/broker.ts'
import { Errors } from '../protocol/errors.ts'
import {
  FINAL_SHARE_SESSION_EPOCH,
  INITIAL_SHARE_SESSION_EPOCH,
  type ReadShareGroupStateResponse,
  type ShareAcknowledgePartition,
  type ShareAcknowledgeRequest,
  type ShareAcknowledgeResponse,
  type ShareFetchRequest,
  type ShareFetchResponse,
} from '../protocol/share-messages.ts'
import { type LedSharePartition, type PendingChange, persisterError } from './led-share-partition.ts'
import { Persister, type PersisterListener } from './persister.ts'
import { LedSharePartitions } from './led-share-partitions.ts'
import type { ShareGroupConfig } from './share-group-config.ts'
import { type ShareFetchHost, ShareRequest, tryShareFetch } from './share-fetch.ts'
import { SharePurgatory } from './share-purgatory.ts'
import { acknowledgements, fetchResponse } from './share-answers.ts'
import { type ShareSession, ShareSessions } from './share-sessions.ts'

export interface SharePartitionManagerParts {
  readonly env: Env
  readonly config: BrokerConfig
  /** By group. */
  readonly groups: ReadonlyMap<string, ShareGroupConfig>
  readonly metadata: MetadataCache
  readonly finder: CoordinatorFinder
  readonly channel: RequestChannel
}

/** The replicas of this broker. */
export interface ShareReplicas {
  hosted(tp: number): Partition | undefined
}

/** A change on its way to the share coordinator, whose it is and who waits for it. */
interface Persisting extends PendingChange {
  readonly led: LedSharePartition
  readonly request: ShareRequest | null
  readonly tp: number
}

/** What this broker leads of partitions that groups share (`SharePartitionManager`), and the requests of their members. */
export class SharePartitionManager implements PersisterListener, ShareFetchHost {
  readonly persister: Persister
  readonly metadata: MetadataCache
  private readonly parts: SharePartitionManagerParts
  private readonly replicas: ShareReplicas
  private readonly sessions: ShareSessions = new ShareSessions()
  private readonly partitions: LedSharePartitions
  private readonly purgatory: SharePurgatory
  private readonly persisting: Map<number, Persisting> = new Map()

  constructor(parts: SharePartitionManagerParts, replicas: ShareReplicas) {
    this.parts = parts
    this.replicas = replicas
    this.metadata = parts.metadata
    this.purgatory = new SharePurgatory(parts.env)
    this.partitions = new LedSharePartitions(parts.env, parts.config, parts.groups)
    this.persister = new Persister(parts.env, parts.metadata, parts.finder, this)
  }

  /** The share partition of a group, where it is led and known. */
  partition(groupId: string, tp: number): LedSharePartition | undefined {
    return this.partitions.get(groupId, tp)
  }

  /** Requests to the share coordinator without an answer. */
  get pending(): number {
    return this.persister.size
  }

  // --- requests -----------------------------------------------------------------------------------------------------

  handle(envelope: Envelope): void {
    if (envelope.api === Api.ShareFetch) this.fetch(envelope)
    else this.acknowledge(envelope)
  }

  /** `KafkaApis.handleShareFetchRequest` */
  private fetch(envelope: Envelope): void {
    const { groupId, memberId, shareSessionEpoch, partitions, acknowledgements, maxWaitMs } =
      envelope.body as ShareFetchRequest
    const tps = partitions.map(({ topicId, partition }) => tpOf(topicId, partition))
    // A session that begins has nothing to acknowledge yet.
    const isOdd = shareSessionEpoch === INITIAL_SHARE_SESSION_EPOCH && acknowledgements.length > 0
    const error = isOdd
      ? Errors.INVALID_REQUEST
      : this.sessions.onFetch(envelope, groupId, memberId, shareSessionEpoch, tps)
    if (error !== Errors.NONE) {
      this.reply(envelope, {
        errorCode: error,
        acquisitionLockTimeoutMs: 0,
        responses: [],
      } satisfies ShareFetchResponse)
      return
    }
    const request = new ShareRequest(envelope, this.parts.env.monotonic() + ms(maxWaitMs), tps)
    this.acknowledgeAll(request, groupId, memberId, acknowledgements)
    if (this.isOpen(request)) this.tryFetch(request, maxWaitMs <= 0)
  }

  /** `KafkaApis.handleShareAcknowledgeRequest`; the last one of a session releases what is left. */
  private acknowledge(envelope: Envelope): void {
    const { groupId, memberId, shareSessionEpoch, acknowledgements } = envelope.body as ShareAcknowledgeRequest
    const error = this.sessions.onAcknowledge(groupId, memberId, shareSessionEpoch)
    if (error !== Errors.NONE) {
      this.reply(envelope, { errorCode: error, responses: [] } satisfies ShareAcknowledgeResponse)
      return
    }
    const request = new ShareRequest(envelope, 0, [])
    request.fetched = []
    this.acknowledgeAll(request, groupId, memberId, acknowledgements)
    const session = this.sessions.get(groupId, memberId)
    if (shareSessionEpoch === FINAL_SHARE_SESSION_EPOCH && session !== undefined) this.endSession(session, request)
    this.completeIfDone(request)
  }

  private acknowledgeAll(
    request: ShareRequest,
    groupId: string,
    memberId: string,
    acknowledgements: readonly ShareAcknowledgePartition[],
  ): void {
    for (const { topicId, partition, acknowledgementBatches } of acknowledgements) {
      const tp = tpOf(topicId, partition)
      const led = this.partition(groupId, tp)
      const pending = new Map<number, PendingChange>()
      const error =
        led === undefined ? this.absence(tp) : led.acknowledge(memberId, acknowledgementBatches, pending).error
      request.acknowledged.set(tp, error)
      if (led !== undefined) this.await(pending, led, tp, request)
    }
  }

  /** Why there is no share partition to acknowledge in. */
  private absence(tp: number): number {
    return this.replica(tp)?.isLeader === true ? Errors.INVALID_RECORD_STATE : Errors.NOT_LEADER_OR_FOLLOWER
  }

  private await(
    pending: ReadonlyMap<number, PendingChange>,
    led: LedSharePartition,
    tp: number,
    request: ShareRequest | null,
  ): void {
    for (const [token, change] of pending) {
      if (request !== null) request.unpersisted++
      this.persisting.set(token, { ...change, led, request, tp })
    }
  }

  // --- sessions -----------------------------------------------------------------------------------------------------

  /** `releaseSession`: what its member has acquired here is available again. */
  private endSession(session: ShareSession, request: ShareRequest | null): void {
    this.sessions.end(session)
    for (const tp of session.tps) {
      const led = this.partition(session.groupId, tp)
      const pending = new Map<number, PendingChange>()
      led?.release(session.memberId, pending)
      if (led !== undefined) this.await(pending, led, tp, request)
    }
  }

  /** `ShareSessionCache.ConnectionDisconnectListener`: the member is thought to be gone. */
  onConnectionGone(connection: number): void {
    for (const session of this.sessions.over(connection)) this.endSession(session, null)
    this.purgatory.drop(connection)
  }

  // --- fetches ------------------------------------------------------------------------------------------------------

  led(groupId: string, tp: number): LedSharePartition | undefined {
    const known = this.partition(groupId, tp)
    if (known !== undefined) return known
    const replica = this.replica(tp)
    return replica?.isLeader === true ? this.partitions.create(groupId, replica, this.persister) : undefined
  }

  replica(tp: number): Partition | undefined {
    return this.replicas.hosted(tp)
  }

  private tryFetch(request: ShareRequest, isOver: boolean): void {
    const now = this.parts.env.monotonic()
    request.fetched = tryShareFetch(request, this, isOver, (led) => now + this.lockDuration(led))
    if (request.fetched !== null) {
      this.partitions.armLocks()
      this.completeIfDone(request)
    } else this.purgatory.park(request)
  }

  private lockDuration({ config }: LedSharePartition): number {
    const own = config['share.record.lock.duration.ms']
    return ms(own >= 0 ? own : this.parts.config['group.share.record.lock.duration.ms'])
  }

  /** Something may have become available in a partition, or gone wrong. */
  private wake(tp: number): void {
    if (this.purgatory.isEmpty) return
    for (const request of this.purgatory.takeOf(tp)) this.tryFetch(request, false)
  }

  onHighWatermark(tp: number): void {
    this.wake(tp)
  }

  private onFetchTimer(): void {
    for (const request of this.purgatory.takeOver()) this.tryFetch(request, true)
  }

  // --- leadership ---------------------------------------------------------------------------------------------------

  /** Leaders may have changed: what this broker leads no longer is forgotten (`onBecomingFollower`). */
  onMetadata(touched: readonly number[]): void {
    const led = this.partitions.all()
    if (led.length === 0) return
    for (const tp of touched) {
      if (this.replica(tp)?.isLeader === true) continue
      for (const one of led) if (one.tp === tp) this.partitions.fence(one)
      this.wake(tp)
    }
  }

  // --- what the share coordinator said ------------------------------------------------------------------------------

  onRead(token: number, response: ReadShareGroupStateResponse): void {
    const led = this.partitions.all().find(({ reading, status }) => reading === token && status === 'INITIALIZING')
    const replica = led === undefined ? undefined : this.replica(led.tp)
    if (led === undefined || replica === undefined) return
    const error = led.onRead(response, replica)
    if (error !== Errors.NONE) {
      // The next fetch tries again.
      this.partitions.fence(led)
      this.purgatory.fail(led.groupId, led.tp, error)
    }
    this.wake(led.tp)
  }

  onWritten(token: number, errorCode: number): void {
    const persisting = this.persisting.get(token)
    if (persisting === undefined) return
    this.persisting.delete(token)
    const { led, request, tp } = persisting
    led.onWritten(persisting, errorCode)
    const error = persisterError(errorCode)
    // Somebody else leads by now, or the state is another.
    if (error === Errors.NOT_LEADER_OR_FOLLOWER || error === Errors.FENCED_STATE_EPOCH) this.partitions.fence(led)
    this.partitions.armLocks()
    if (request !== null) {
      request.unpersisted--
      if (error !== Errors.NONE && request.acknowledged.has(tp)) request.acknowledged.set(tp, error)
      this.completeIfDone(request)
    }
    this.wake(tp)
  }

  // --- locks --------------------------------------------------------------------------------------------------------

  onTimer(kind: number): void {
    if (kind === BrokerTimer.DelayedShareFetch) this.onFetchTimer()
    else this.onLocksOver()
  }

  private onLocksOver(): void {
    this.partitions.onTimer()
    const now = this.parts.env.monotonic()
    for (const led of this.partitions.all()) {
      const pending = new Map<number, PendingChange>()
      const any = led.expire(now, pending)
      this.await(pending, led, led.tp, null)
      if (any) this.wake(led.tp)
    }
    this.partitions.armLocks()
  }

  // --- answers ------------------------------------------------------------------------------------------------------

  private isOpen({ envelope }: ShareRequest): boolean {
    return this.parts.channel.isOpen(envelope)
  }

  private completeIfDone(request: ShareRequest): void {
    const { envelope, fetched, unpersisted, acknowledged } = request
    if (fetched === null || unpersisted > 0) return
    if (envelope.api === Api.ShareFetch) {
      const lockMs = this.parts.config['group.share.record.lock.duration.ms']
      this.reply(envelope, fetchResponse(acknowledged, fetched, lockMs, this.metadata))
    } else {
      const responses = acknowledgements(acknowledged, this.metadata)
      this.reply(envelope, { errorCode: Errors.NONE, responses } satisfies ShareAcknowledgeResponse)
    }
  }

  private reply(envelope: Envelope, response: object): void {
    const { channel } = this.parts
    if (channel.isOpen(envelope)) channel.reply(envelope, response)
  }
}
