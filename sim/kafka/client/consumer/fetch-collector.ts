import { M } from '../../../history/catalogue.ts'
import type { Env } from '../../env.ts'
import { Errors, invalidatesMetadata } from '../../protocol/errors.ts'
import type { Metadata } from '../metadata.ts'
import type { CompletedFetch, ConsumedRecord } from './completed-fetch.ts'
import type { ConsumerSettings } from './consumer-settings.ts'
import { type PollFailure, pollFailure } from './poll-failure.ts'
import { readReplicaOf } from './read-replica.ts'
import type { SubscriptionState } from './subscription-state.ts'
import type { TopicPartitionState } from './topic-partition-state.ts'

/**
 * `FetchBuffer` and `FetchCollector`: what fetches brought waits here until poll() returns it. Only then do positions advance.
 */
export class FetchCollector {
  /** Why the last {@link collect} brought nothing; null = it did not fail. */
  failure: PollFailure | null = null
  /** Whether the last {@link collect} moved a position, with records or past what nobody gets to see. */
  positionAdvanced = false
  private readonly env: Env
  private readonly settings: ConsumerSettings
  private readonly subscriptions: SubscriptionState
  private readonly metadata: Metadata
  private buffer: CompletedFetch[] = []

  constructor(env: Env, settings: ConsumerSettings, subscriptions: SubscriptionState, metadata: Metadata) {
    this.env = env
    this.settings = settings
    this.subscriptions = subscriptions
    this.metadata = metadata
  }

  add(fetch: CompletedFetch): void {
    fetch.state.buffered = true
    this.buffer.push(fetch)
  }

  /** Marks the nodes from which fetchable partitions with buffered data are read: they are not asked for more (KAFKA-17182). */
  markBufferedNodes(nodes: boolean[]): void {
    const now = this.env.monotonic()
    for (let i = 0; i < this.buffer.length; i++) {
      const { state } = this.buffer[i] as CompletedFetch
      if (state.isFetchable && state.leader >= 0) nodes[readReplicaOf(state, this.metadata, now)] = true
    }
  }

  /**
   * Up to max.poll.records records in the order in which they came, partition by partition. An error of one partition comes
   * out as {@link failure} only when nothing else does: records whose position has advanced are never lost (KAFKA-5075).
   */
  collect(): ConsumedRecord[] {
    const records: ConsumedRecord[] = []
    this.failure = null
    this.positionAdvanced = false
    if (this.buffer.length === 0) return records
    const paused: CompletedFetch[] = []
    const { maxPollRecords } = this.settings
    while (records.length < maxPollRecords) {
      const next = this.buffer[0]
      if (next === undefined) break
      if (!next.initialized && !this.initialize(next)) {
        if (this.isToldLater()) break
        this.drop(next)
        if (this.failure !== null) break
      } else if (next.state.paused && !next.state.unassigned) {
        paused.push(next)
        this.buffer.shift()
      } else {
        this.take(next, maxPollRecords - records.length, records)
        if (this.isToldLater() || this.failure !== null) break
      }
    }
    if (paused.length > 0) this.buffer.push(...paused)
    // What an error takes the place of is not returned.
    if (this.failure === null) this.tell(records)
    return records
  }

  /** Whether an error waits for the next poll, for there is something to return: then it is told again. */
  private isToldLater(): boolean {
    if (this.failure === null || !this.positionAdvanced) return false
    if (this.settings.switches['poll.error'] !== 'after-records') return false
    this.failure = null
    return true
  }

  clear(): void {
    this.buffer = []
  }

  private take(fetch: CompletedFetch, max: number, records: ConsumedRecord[]): void {
    const { state } = fetch
    if (!state.isFetchable || fetch.nextFetchOffset !== state.offset) {
      // Unassigned, revoked, seeked or being reset: not next in line any more.
      this.drop(fetch)
      return
    }
    const from = records.length
    const epoch = fetch.take(max, records)
    if (fetch.isStuck && records.length === from) {
      this.refuse(fetch)
      return
    }
    const stays = this.settings.switches['fetch.markers'] === 'stay' && records.length === from
    if (fetch.nextFetchOffset > state.offset && !stays) {
      this.positionAdvanced = true
      state.offset = fetch.nextFetchOffset
      if (epoch >= 0) state.offsetEpoch = epoch
    }
    if (fetch.isConsumed) {
      this.drop(fetch)
      this.subscriptions.moveToEnd(state)
    }
  }

  /**
   * `CompletedFetch.fetchRecords`: the checksum of the next batch is wrong. What comes out is a KafkaException that says where to
   * seek; the fetch stays the next in line, so that every poll throws it and returns nothing of other partitions either.
   */
  private refuse({ state, nextBatch }: CompletedFetch): void {
    if (nextBatch === undefined) return
    this.env.emit(M.corruptionFound, state.tp, nextBatch.baseOffset, nextBatch.batch.id)
    this.failure = pollFailure('corrupt-record', Errors.CORRUPT_MESSAGE, [state.tp])
  }

  private tell(records: readonly ConsumedRecord[]): void {
    const { env } = this
    for (let i = 0; i < records.length; i++) {
      const { record, tp, offset } = records[i] as ConsumedRecord
      env.emit(M.recordDelivered, record.record, record.attempt, tp, offset)
    }
  }

  /** `FetchCollector.initialize`: whether the fetch continues the position. Errors are dealt with here. */
  private initialize(fetch: CompletedFetch): boolean {
    const { state, errorCode } = fetch
    if (!state.hasValidPosition || state.unassigned) return false
    if (errorCode !== Errors.NONE) {
      this.onError(fetch)
      this.subscriptions.moveToEnd(state)
      return false
    }
    if (fetch.nextFetchOffset !== state.offset) return false
    fetch.initialized = true
    if (fetch.preferredReadReplica >= 0) this.redirect(state, fetch.preferredReadReplica)
    return true
  }

  private redirect(state: TopicPartitionState, replica: number): void {
    const { env } = this
    if (!state.prefer(replica, env.monotonic() + this.settings.metadataMaxAgeUs)) return
    env.emit(M.fetchRedirected, state.tp, replica)
  }

  private onError({ state, errorCode, nextFetchOffset }: CompletedFetch): void {
    if (errorCode === Errors.OFFSET_OUT_OF_RANGE) {
      // A follower may lag or begin later: only the leader's word counts.
      if (state.clearPreferred()) return
      if (nextFetchOffset !== state.offset) return
      const { offsetReset } = this.settings
      if (offsetReset === 'none') this.failure = pollFailure('offset-out-of-range', errorCode, [state.tp])
      else state.requestReset(offsetReset)
    } else if (invalidatesMetadata(errorCode) || errorCode === Errors.OFFSET_NOT_AVAILABLE) {
      this.metadata.requestUpdate()
      state.clearPreferred()
    }
    // UNKNOWN_LEADER_EPOCH and UNKNOWN_SERVER_ERROR: asked again.
  }

  private drop(fetch: CompletedFetch): void {
    fetch.state.buffered = false
    const at = this.buffer.indexOf(fetch)
    if (at === 0) this.buffer.shift()
    else if (at > 0) this.buffer.splice(at, 1)
  }
}
