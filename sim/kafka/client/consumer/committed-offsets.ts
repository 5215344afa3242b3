import { M } from '../../../history/catalogue.ts'
import { tpOf } from '../../../history/ids.ts'
import type { Env } from '../../env.ts'
import { Api } from '../../protocol/api.ts'
import { Errors, isRetriable } from '../../protocol/errors.ts'
import type { OffsetFetchRequest, OffsetFetchResponse } from '../../protocol/group-messages.ts'
import { exponentialBackoff } from '../exponential-backoff.ts'
import type { Metadata } from '../metadata.ts'
import type { CommitIdentity } from './commit-identity.ts'
import type { ConsumerNetworkClient } from './consumer-network-client.ts'
import type { ConsumerSettings } from './consumer-settings.ts'
import type { CoordinatorFinder } from './coordinator-finder.ts'
import { type PollFailure, pollFailure } from './poll-failure.ts'
import type { SubscriptionState } from './subscription-state.ts'
import { INITIALIZING, type TopicPartitionState } from './topic-partition-state.ts'
import type { WakeTimer } from './wake-timer.ts'

export interface CommittedOffsetsParts {
  readonly env: Env
  readonly settings: ConsumerSettings
  readonly identity: CommitIdentity
  readonly subscriptions: SubscriptionState
  readonly metadata: Metadata
  readonly finder: CoordinatorFinder
  readonly coordination: ConsumerNetworkClient
  readonly wake: WakeTimer
  readonly group: number
}

/** Where the group stands, for partitions that have no position (`initWithCommittedOffsetsIfNeeded`, OffsetFetch). */
export class CommittedOffsets {
  /** What poll() throws. */
  failure: PollFailure | null = null
  private readonly parts: CommittedOffsetsParts
  /** `PendingCommittedOffsetRequest`; an answer to any other request is of no interest. */
  private pending: OffsetFetchRequest | null = null
  private pendingGeneration = -1
  private answer: OffsetFetchResponse | null = null
  private attempts = 0
  private retryAt = 0

  constructor(parts: CommittedOffsetsParts) {
    this.parts = parts
  }

  /** Gives positions to partitions without one; false = the answer is not there yet. */
  init(): boolean {
    const { env, identity, subscriptions, finder, wake } = this.parts
    const missing = subscriptions.initializing()
    if (missing.length === 0) return true
    const generation = identity.fetcher().generationId
    if (this.pending !== null && !this.asksFor(missing, generation)) this.pending = null
    if (!finder.ensureReady()) return false
    if (this.pending === null) {
      if (env.monotonic() < this.retryAt) wake.wakeAt(this.retryAt)
      else this.ask(missing, generation)
      return false
    }
    const { answer } = this
    if (answer === null) return false
    this.pending = null
    this.answer = null
    this.attempts = 0
    this.apply(answer)
    return true
  }

  onCompletion(request: OffsetFetchRequest, response: OffsetFetchResponse | null): void {
    const { identity, finder } = this.parts
    const errorCode = response === null ? Errors.NETWORK_EXCEPTION : firstError(response)
    if (errorCode === Errors.COORDINATOR_NOT_AVAILABLE || errorCode === Errors.NOT_COORDINATOR) {
      finder.markUnknown(false)
    }
    if (request !== this.pending) return
    if (response !== null && errorCode === Errors.NONE) {
      finder.onAnswer()
      this.answer = response
      return
    }
    this.pending = null
    if (isRetriable(errorCode) || identity.retriesFetch(errorCode)) this.backOff()
    else this.failure = pollFailure('group-refused', errorCode)
  }

  private asksFor(missing: readonly TopicPartitionState[], generation: number): boolean {
    const asked = this.pending?.partitions ?? []
    return (
      (generation === this.pendingGeneration || !this.parts.identity.fetchesAnew) &&
      asked.length === missing.length &&
      asked.every((each, at) => tpOf(each.topicId, each.partition) === missing[at]?.tp)
    )
  }

  private ask(missing: readonly TopicPartitionState[], generation: number): void {
    const { settings, identity, finder, coordination } = this.parts
    const { memberId } = identity.fetcher()
    const request: OffsetFetchRequest = {
      groupId: settings.groupId ?? '',
      memberId,
      // Only members of the consumer protocol say who they are.
      memberEpoch: memberId === '' ? -1 : generation,
      partitions: missing.map(({ topicId, partition }) => ({ topicId, partition })),
      // KIP-447: today's consumer always waits for offsets of open transactions.
      requireStable: settings.switches['offset.fetch'] === 'stable',
    }
    this.pending = request
    this.pendingGeneration = generation
    this.answer = null
    if (coordination.send(finder.node, Api.OffsetFetch, request)) return
    this.pending = null
    this.backOff()
  }

  /** `refreshCommittedOffsets` */
  private apply(answer: OffsetFetchResponse): void {
    const { env, subscriptions, metadata, group } = this.parts
    for (const { topicId, partition, committedOffset, committedLeaderEpoch } of answer.partitions) {
      const tp = tpOf(topicId, partition)
      env.emit(M.offsetFetched, group, tp, committedOffset, this.pendingGeneration)
      const state = subscriptions.get(tp)
      if (committedOffset < 0 || state?.fetchState !== INITIALIZING) continue
      metadata.sawEpoch(state.leadership, committedLeaderEpoch)
      state.seekUnvalidated(committedOffset, committedLeaderEpoch)
    }
  }

  private backOff(): void {
    const { env, settings, wake } = this.parts
    this.retryAt =
      env.monotonic() + exponentialBackoff(env, settings.retryBackoffUs, settings.retryBackoffMaxUs, this.attempts++)
    wake.wakeAt(this.retryAt)
  }
}

function firstError(response: OffsetFetchResponse): number {
  if (response.errorCode !== Errors.NONE) return response.errorCode
  for (const { errorCode } of response.partitions) if (errorCode !== Errors.NONE) return errorCode
  return Errors.NONE
}
