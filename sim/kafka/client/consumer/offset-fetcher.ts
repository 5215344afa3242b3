import { M } from '../../../history/catalogue.ts'
import { tpOf } from '../../../history/ids.ts'
import { MILLISECOND } from '../../../kernel/time.ts'
import type { Env } from '../../env.ts'
import { Api } from '../../protocol/api.ts'
import { Errors } from '../../protocol/errors.ts'
import {
  EARLIEST_TIMESTAMP,
  LATEST_TIMESTAMP,
  type ListOffsetsRequest,
  type ListOffsetsResponse,
  type OffsetForLeaderEpochRequest,
  type OffsetForLeaderEpochResponse,
  type TopicPartitionId,
} from '../../protocol/group-messages.ts'
import type { Metadata } from '../metadata.ts'
import type { ConsumerNetworkClient } from './consumer-network-client.ts'
import type { ConsumerSettings, ResetPolicy } from './consumer-settings.ts'
import type { ConsumerTopics } from './consumer-topics.ts'
import { type PollFailure, pollFailure } from './poll-failure.ts'
import type { SubscriptionState } from './subscription-state.ts'
import { AWAIT_RESET, AWAIT_VALIDATION, type TopicPartitionState } from './topic-partition-state.ts'
import type { WakeTimer } from './wake-timer.ts'

/** What an {@link OffsetFetcher} works on. */
export interface OffsetFetcherParts {
  readonly env: Env
  readonly settings: ConsumerSettings
  readonly topics: ConsumerTopics
  readonly subscriptions: SubscriptionState
  readonly metadata: Metadata
  readonly client: ConsumerNetworkClient
  readonly wake: WakeTimer
}

/**
 * `OffsetFetcher`: looks positions up by the reset policy (ListOffsets), and checks them against a new leader's log
 * (OffsetForLeaderEpoch, KIP-320).
 */
export class OffsetFetcher {
  /** A truncation that no policy can mend (`cachedValidatePositionsException`); the next poll throws it. */
  private truncation: PollFailure | null = null
  private readonly parts: OffsetFetcherParts
  private checkedVersion = -1

  constructor(parts: OffsetFetcherParts) {
    this.parts = parts
  }

  /** `validatePositionsIfNeeded`: what poll() throws, or null. */
  validatePositionsIfNeeded(): PollFailure | null {
    const { truncation } = this
    if (truncation !== null) {
      this.truncation = null
      return truncation
    }
    const { topics, subscriptions } = this.parts
    const { partitions } = subscriptions
    if (this.checkedVersion !== topics.updateVersion) {
      this.checkedVersion = topics.updateVersion
      for (const state of partitions) state.maybeValidate()
    }
    for (let i = 0; i < partitions.length; i++) {
      if ((partitions[i] as TopicPartitionState).fetchState === AWAIT_VALIDATION) {
        this.askLeaders(AWAIT_VALIDATION)
        break
      }
    }
    return null
  }

  /** `resetInitializingPositions`: partitions that nothing is committed for follow the policy; what poll() throws, or null. */
  resetInitializingPositions(): PollFailure | null {
    const { settings, subscriptions } = this.parts
    const missing = subscriptions.initializing()
    if (missing.length === 0) return null
    const { offsetReset } = settings
    if (offsetReset === 'none') {
      return pollFailure(
        'no-offset',
        Errors.NONE,
        missing.map((state) => state.tp),
      )
    }
    for (const state of missing) state.requestReset(offsetReset)
    return null
  }

  resetPositionsIfNeeded(): void {
    this.askLeaders(AWAIT_RESET)
  }

  onListOffsets(request: ListOffsetsRequest, response: ListOffsetsResponse | null): void {
    if (response === null) {
      this.retryLater(request.partitions, AWAIT_RESET)
      return
    }
    for (const answer of response.partitions) {
      const asked = request.partitions.find((other) => isSame(other, answer))
      if (asked === undefined) continue
      if (answer.errorCode !== Errors.NONE) this.retryLater([answer], AWAIT_RESET)
      // No record is that new: nothing is retried, so the partition is asked about again after the request's time.
      else if (answer.offset >= 0) this.reset(answer, policyOf(asked.timestamp))
    }
  }

  onEpochEndOffsets(request: OffsetForLeaderEpochRequest, response: OffsetForLeaderEpochResponse | null): void {
    if (response === null) {
      this.retryLater(request.partitions, AWAIT_VALIDATION)
      return
    }
    for (const answer of response.partitions) {
      const asked = request.partitions.find((other) => isSame(other, answer))
      if (asked === undefined) continue
      if (answer.errorCode !== Errors.NONE) this.retryLater([answer], AWAIT_VALIDATION)
      else this.completeValidation(asked, answer)
    }
  }

  // --- asking -------------------------------------------------------------------------------------------------------

  /** One request per leader for every partition that waits and may be asked about now. */
  private askLeaders(waitsFor: typeof AWAIT_RESET | typeof AWAIT_VALIDATION): void {
    const { env, subscriptions, metadata, client, wake } = this.parts
    const now = env.monotonic()
    const byLeader: TopicPartitionState[][] = []
    for (const state of subscriptions.partitions) {
      if (state.fetchState !== waitsFor) continue
      const { leader } = state.leadership
      if (now < state.nextRetryAt) wake.wakeAt(state.nextRetryAt)
      else if (leader < 0) metadata.requestUpdate()
      else if (!client.isUnavailable(leader)) (byLeader[leader] ??= []).push(state)
    }
    for (let leader = 0; leader < byLeader.length; leader++) {
      const states = byLeader[leader]
      if (states !== undefined) this.ask(leader, states, waitsFor, now)
    }
  }

  private ask(
    leader: number,
    states: readonly TopicPartitionState[],
    waitsFor: typeof AWAIT_RESET | typeof AWAIT_VALIDATION,
    now: number,
  ): void {
    const { settings, client } = this.parts
    const isSent =
      waitsFor === AWAIT_RESET
        ? client.send(leader, Api.ListOffsets, this.listOffsets(states))
        : client.send(leader, Api.OffsetForLeaderEpoch, epochsOf(states))
    if (!isSent) return
    for (const state of states) {
      state.nextRetryAt = now + settings.requestTimeoutUs
      state.validatedOffset = state.offset
    }
  }

  private listOffsets(states: readonly TopicPartitionState[]): ListOffsetsRequest {
    return {
      replicaId: -1,
      isolationLevel: this.parts.settings.readCommitted ? 'read_committed' : 'read_uncommitted',
      partitions: states.map((state) => ({
        topicId: state.topicId,
        partition: state.partition,
        currentLeaderEpoch: state.leadership.leaderEpoch,
        timestamp: this.timestampFor(state.resetTo),
      })),
    }
  }

  private timestampFor(policy: ResetPolicy): number {
    const { env, settings } = this.parts
    switch (policy) {
      case 'earliest':
        return EARLIEST_TIMESTAMP
      case 'latest':
        return LATEST_TIMESTAMP
      case 'by_duration':
        // Nothing is older than the clock itself; below it stand the timestamps that mean something else.
        return Math.max(0, Math.floor(env.wallClock() / MILLISECOND) - settings.offsetResetMs)
    }
  }

  private retryLater(partitions: readonly TopicPartitionId[], waitsFor: number): void {
    const { env, settings, subscriptions, metadata } = this.parts
    metadata.requestUpdate()
    for (const { topicId, partition } of partitions) {
      const state = subscriptions.get(tpOf(topicId, partition))
      if (state?.fetchState === waitsFor) state.nextRetryAt = env.monotonic() + settings.retryBackoffUs
    }
  }

  // --- answers ------------------------------------------------------------------------------------------------------

  /** `resetPositionIfNeeded`: the position carries no epoch, so it is not validated. */
  private reset(answer: ListOffsetsResponse['partitions'][number], policy: ResetPolicy): void {
    const { env, subscriptions, metadata } = this.parts
    const tp = tpOf(answer.topicId, answer.partition)
    const state = subscriptions.get(tp)
    if (state === undefined || state.fetchState !== AWAIT_RESET || state.resetTo !== policy) return
    metadata.sawEpoch(state.leadership, answer.leaderEpoch)
    env.emit(M.positionReset, tp, answer.offset, state.offset, policy === 'latest' ? 1 : 0)
    state.seekUnvalidated(answer.offset, -1)
  }

  /** `SubscriptionState.maybeCompleteValidation` */
  private completeValidation(
    asked: OffsetForLeaderEpochRequest['partitions'][number],
    answer: OffsetForLeaderEpochResponse['partitions'][number],
  ): void {
    const { env, settings, subscriptions } = this.parts
    const tp = tpOf(answer.topicId, answer.partition)
    const state = subscriptions.get(tp)
    if (state === undefined || state.fetchState !== AWAIT_VALIDATION) return
    // The position has moved since, or has yet another leader.
    if (state.offset !== state.validatedOffset || state.offsetEpoch !== asked.leaderEpoch) return
    if (state.leaderEpoch !== asked.currentLeaderEpoch) return
    const isUndefined = answer.endOffset < 0 || answer.leaderEpoch < 0
    if (!isUndefined && answer.endOffset >= state.offset) {
      state.seek(state.offset, state.offsetEpoch)
    } else if (settings.offsetReset === 'none') {
      this.truncation = pollFailure('log-truncation', Errors.NONE, [...(this.truncation?.partitions ?? []), tp])
      state.nextRetryAt = env.monotonic() + settings.retryBackoffUs
    } else if (isUndefined) {
      state.requestReset(settings.offsetReset)
    } else {
      env.emit(M.positionReset, tp, answer.endOffset, state.offset, 0)
      state.seek(answer.endOffset, answer.leaderEpoch)
    }
  }
}

function epochsOf(states: readonly TopicPartitionState[]): OffsetForLeaderEpochRequest {
  return {
    partitions: states.map((state) => ({
      topicId: state.topicId,
      partition: state.partition,
      currentLeaderEpoch: state.leaderEpoch,
      leaderEpoch: state.offsetEpoch,
    })),
  }
}

/** `timestampToOffsetResetStrategy` */
function policyOf(timestamp: number): ResetPolicy {
  return timestamp === LATEST_TIMESTAMP ? 'latest' : timestamp === EARLIEST_TIMESTAMP ? 'earliest' : 'by_duration'
}

function isSame(a: TopicPartitionId, b: TopicPartitionId): boolean {
  return a.topicId === b.topicId && a.partition === b.partition
}
