import { tpOf } from '../../../history/ids.ts'
import { Api } from '../../protocol/api.ts'
import { Errors } from '../../protocol/errors.ts'
import type { FetchPartition, FetchPartitionResponse, FetchRequest, FetchResponse } from '../../protocol/messages.ts'
import type { Env } from '../../env.ts'
import type { Metadata } from '../metadata.ts'
import { CompletedFetch } from './completed-fetch.ts'
import type { ConsumerNetworkClient } from './consumer-network-client.ts'
import type { ConsumerSettings } from './consumer-settings.ts'
import type { FetchCollector } from './fetch-collector.ts'
import { readReplicaOf } from './read-replica.ts'
import type { SubscriptionState } from './subscription-state.ts'
import type { TopicPartitionState } from './topic-partition-state.ts'

/** `Fetcher`: one fetch in flight per node, for the partitions that have nothing buffered. */
export class Fetcher {
  private readonly env: Env
  private readonly settings: ConsumerSettings
  private readonly subscriptions: SubscriptionState
  private readonly metadata: Metadata
  private readonly client: ConsumerNetworkClient
  private readonly collector: FetchCollector
  /** By node: a fetch is unanswered (`nodesWithPendingFetchRequests`). */
  private readonly pending: boolean[] = []

  constructor(
    env: Env,
    settings: ConsumerSettings,
    subscriptions: SubscriptionState,
    metadata: Metadata,
    client: ConsumerNetworkClient,
    collector: FetchCollector,
  ) {
    this.env = env
    this.settings = settings
    this.subscriptions = subscriptions
    this.metadata = metadata
    this.client = client
    this.collector = collector
  }

  /** `sendFetches` */
  sendFetches(): void {
    const { partitions } = this.subscriptions
    const now = this.env.monotonic()
    let byNode: FetchPartition[][] | null = null
    let buffered: boolean[] | null = null
    for (let i = 0; i < partitions.length; i++) {
      const state = partitions[i] as TopicPartitionState
      if (!state.isFetchable || state.buffered) continue
      if (state.leader < 0) {
        this.metadata.requestUpdate()
        continue
      }
      const node = readReplicaOf(state, this.metadata, now)
      if (this.pending[node] === true || this.client.isUnavailable(node)) continue
      if (buffered === null) {
        buffered = []
        this.collector.markBufferedNodes(buffered)
      }
      if (buffered[node] === true) continue
      byNode ??= []
      ;(byNode[node] ??= []).push(this.fetchPartition(state))
    }
    if (byNode === null) return
    for (let node = 0; node < byNode.length; node++) {
      const asked = byNode[node]
      if (asked !== undefined) this.send(node, asked)
    }
  }

  /** The fetch at a node ended; `response` is null without an answer. */
  onCompletion(node: number, request: FetchRequest, response: FetchResponse | null): void {
    this.pending[node] = false
    if (response === null) {
      // `handleFetchFailure`: the replica may be gone, the leader knows another.
      for (const { topicId, partition } of request.partitions) {
        this.subscriptions.get(tpOf(topicId, partition))?.clearPreferred()
      }
      return
    }
    const { responses } = response
    for (let i = 0; i < responses.length; i++) {
      const answer = responses[i] as FetchPartitionResponse
      const { errorCode, records, abortedTransactions, preferredReadReplica = -1 } = answer
      // Nothing new: a fetch session would not even mention it.
      if (errorCode === Errors.NONE && records.length === 0 && preferredReadReplica < 0) continue
      const state = this.subscriptions.get(tpOf(answer.topicId, answer.partitionIndex))
      const asked = askedFor(request, answer, i)
      if (state === undefined || asked === undefined) continue
      if (errorCode !== Errors.NONE) this.useLeaderHint(state, answer)
      this.collector.add(
        new CompletedFetch(
          state,
          errorCode,
          records,
          asked.fetchOffset,
          abortedTransactions,
          preferredReadReplica,
          this.settings.checksCrcs,
        ),
      )
    }
  }

  private send(node: number, partitions: readonly FetchPartition[]): void {
    const { settings } = this
    const request: FetchRequest = {
      replicaId: -1,
      replicaEpoch: -1,
      maxWaitMs: settings.fetchMaxWaitMs,
      minBytes: settings.fetchMinBytes,
      maxBytes: settings.fetchMaxBytes,
      isolationLevel: settings.readCommitted ? 'read_committed' : 'read_uncommitted',
      rackId: settings.rack,
      partitions,
    }
    while (this.pending.length <= node) this.pending.push(false)
    this.pending[node] = this.client.send(node, Api.Fetch, request)
  }

  private fetchPartition(state: TopicPartitionState): FetchPartition {
    return {
      topicId: state.topicId,
      partition: state.partition,
      currentLeaderEpoch: state.leaderEpoch,
      fetchOffset: state.offset,
      lastFetchedEpoch: -1,
      logStartOffset: -1,
      partitionMaxBytes: this.settings.maxPartitionFetchBytes,
    }
  }

  /** KIP-951: the answer names the new leader. */
  private useLeaderHint(state: TopicPartitionState, { errorCode, currentLeader }: FetchPartitionResponse): void {
    if (!this.settings.leaderHints) return
    if (errorCode !== Errors.NOT_LEADER_OR_FOLLOWER && errorCode !== Errors.FENCED_LEADER_EPOCH) return
    this.metadata.updateLeader(state.leadership, currentLeader)
    state.maybeValidate()
  }
}

/** What was asked about the partition; brokers answer in the order of the request. */
function askedFor(request: FetchRequest, answer: FetchPartitionResponse, at: number): FetchPartition | undefined {
  const { topicId, partitionIndex } = answer
  const asked = request.partitions[at]
  if (asked !== undefined && asked.topicId === topicId && asked.partition === partitionIndex) return asked
  return request.partitions.find((other) => other.topicId === topicId && other.partition === partitionIndex)
}
