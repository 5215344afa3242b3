import type { TimerHandle } from '../../kernel/kernel.ts'
import type { Env } from '../env.ts'
import { Api } from '../protocol/api.ts'
import { Errors, invalidatesMetadata } from '../protocol/errors.ts'
import type { LeaderIdAndEpoch, MetadataPartition, MetadataRequest, MetadataResponse } from '../protocol/messages.ts'
import { exponentialBackoff } from './exponential-backoff.ts'
import { leastLoadedNode } from './least-loaded-node.ts'
import type { NetworkClient } from './network-client.ts'
import { NEVER_US } from './producer-settings.ts'

/** Who leads a partition, as a client knows it. */
export interface PartitionLeadership {
  /** -1 = unknown or none. */
  leader: number
  /** Highest leader epoch seen; metadata of an older one is ignored. */
  leaderEpoch: number
  /** The brokers that hold it, as the last answer had it; absent = not told. */
  replicas?: readonly number[]
}

/** A topic whose leaders a client asks for. */
export interface TopicLeadership {
  readonly name: string
  /** By partition number. */
  readonly partitions: readonly PartitionLeadership[]
  /** Metadata requests ask for it. */
  wanted: boolean
  /** Metadata has told its partitions. */
  known: boolean
  /** Takes the id that an answer tells; returns whether it is another topic of the name. Absent: nobody makes it again. */
  adopt?(topicId: number): boolean
}

export interface MetadataSettings {
  readonly retryBackoffUs: number
  readonly retryBackoffMaxUs: number
  readonly metadataMaxAgeUs: number
  /** Leader epochs are noted and told (KIP-320). A client without them takes every answer for the newest. */
  readonly knowsEpochs: boolean
  /** Another id is another topic, whose leader epochs begin anew (KAFKA-12257, KAFKA-13488); true unless told otherwise. */
  readonly knowsTopicIds?: boolean
}

/**
 * A client's `Metadata`: who leads what. One request at a time goes to the least loaded node; answers of an older leader
 * epoch than one already seen are ignored (KIP-320). Partitions that a topic does not have here are passed over:
 * whoever owns the topics adds those that an answer tells of before it hands the answer in.
 */
export class Metadata {
  /** Topics that the last answer did not know. */
  readonly unknownTopics: string[] = []
  private readonly env: Env
  private readonly client: NetworkClient
  private readonly settings: MetadataSettings
  private readonly topics: readonly TopicLeadership[]
  private readonly timerKind: number
  /** Nodes to ask: the bootstrap list, which is every broker. */
  private readonly nodes: readonly number[]
  /** Brokers of the last answer, which are alive. */
  private alive: readonly number[] = []
  private updateRequested = false
  private requestInFlight = false
  /** Requests that failed since the last answer. */
  private failures = 0
  /** Answers in a row that told nothing new. */
  private equivalentResponses = 0
  /** No request before this time (`timeToAllowUpdate`). */
  private allowedAt = 0
  private expiresAt: number = NEVER_US
  private timer: TimerHandle = 0
  private timerAt: number = NEVER_US

  constructor(
    env: Env,
    client: NetworkClient,
    settings: MetadataSettings,
    topics: readonly TopicLeadership[],
    nodes: readonly number[],
    timerKind: number,
  ) {
    this.env = env
    this.client = client
    this.settings = settings
    this.topics = topics
    this.nodes = nodes
    this.timerKind = timerKind
  }

  /** `ProducerMetadata.add`: the topic's partitions are wanted; an unknown topic is asked for without back-off. */
  add(topic: TopicLeadership): void {
    if (topic.wanted) return
    topic.wanted = true
    this.updateRequested = true
    this.allowedAt = 0
  }

  /** Asks for an update as soon as the back-off allows. */
  requestUpdate(): void {
    this.updateRequested = true
  }

  /** The node a request that any broker can answer goes to; -1 = none can be reached now. */
  leastLoadedNode(): number {
    return leastLoadedNode(this.env, this.client, this.nodes)
  }

  /** Sends a request when one is due and a node can take it; `token` marks it. */
  maybeUpdate(token: number): void {
    if (this.requestInFlight || (!this.updateRequested && this.env.monotonic() < this.expiresAt)) return
    const now = this.env.monotonic()
    if (now < this.allowedAt) {
      this.arm(this.allowedAt)
      return
    }
    const names = this.wantedNames()
    if (names.length === 0) return
    const node = this.leastLoadedNode()
    // Whether a node becomes ready or leaves its back-off, the sender runs again.
    if (node < 0 || !this.client.ready(node) || !this.client.canSend(node)) return
    const request: MetadataRequest = { topics: names }
    this.requestInFlight = true
    this.updateRequested = false
    this.client.send(node, Api.Metadata, request, token)
  }

  /** An answer came; returns true, so that who waits for metadata looks again. */
  onResponse(response: MetadataResponse): void {
    this.requestInFlight = false
    this.failures = 0
    this.alive = response.brokers
    this.equivalentResponses++
    this.unknownTopics.length = 0
    for (const topic of response.topics) {
      const state = this.topics.find((candidate) => candidate.name === topic.name)
      if (state === undefined) continue
      if (topic.errorCode !== Errors.NONE) {
        // An answer replaces what was known, also with nothing (`Metadata.handleMetadataResponse`).
        if (topic.errorCode === Errors.UNKNOWN_TOPIC_OR_PARTITION) {
          this.unknownTopics.push(topic.name)
          state.known = false
        }
        for (const partition of state.partitions) partition.leader = -1
        this.updateRequested = true
        continue
      }
      state.known = true
      const isAnother = state.adopt?.(topic.topicId) === true
      if (isAnother && this.settings.knowsTopicIds !== false) for (const each of state.partitions) each.leaderEpoch = -1
      for (const partition of topic.partitions)
        this.updatePartition(state.partitions[partition.partitionIndex], partition)
    }
    const { settings } = this
    const now = this.env.monotonic()
    const wait = exponentialBackoff(
      this.env,
      settings.retryBackoffUs,
      settings.retryBackoffMaxUs,
      Math.max(0, this.equivalentResponses - 1),
    )
    this.allowedAt = now + wait
    this.expiresAt = now + settings.metadataMaxAgeUs
    if (!this.updateRequested) this.arm(Math.max(this.allowedAt, this.expiresAt))
  }

  /** The request ended without an answer. */
  onFailedRequest(): void {
    const { settings } = this
    this.requestInFlight = false
    this.updateRequested = true
    this.allowedAt =
      this.env.monotonic() +
      exponentialBackoff(this.env, settings.retryBackoffUs, settings.retryBackoffMaxUs, this.failures++)
  }

  /** `Metadata.updatePartitionLeadership`: an error answer named a newer leader (KIP-951). */
  updateLeader(partition: PartitionLeadership, hint: LeaderIdAndEpoch): void {
    if (!this.settings.knowsEpochs || hint.leaderId < 0 || hint.leaderEpoch <= partition.leaderEpoch) return
    partition.leader = hint.leaderId
    partition.leaderEpoch = hint.leaderEpoch
  }

  /** `Cluster.nodeIfOnline`: whether the node is alive and holds the partition, as far as is known here. */
  isOnline(partition: PartitionLeadership, node: number): boolean {
    return this.alive.includes(node) && partition.replicas?.includes(node) === true
  }

  /** `Metadata.updateLastSeenEpochIfNewer`: an answer told of a newer epoch, so the leader known here is an old one. */
  sawEpoch(partition: PartitionLeadership, epoch: number): void {
    if (!this.settings.knowsEpochs || epoch <= partition.leaderEpoch) return
    partition.leader = -1
    partition.leaderEpoch = epoch
    this.updateRequested = true
  }

  /** The metadata timer fired. */
  onTimer(): void {
    this.timer = 0
    this.timerAt = NEVER_US
  }

  close(): void {
    this.env.cancel(this.timer)
  }

  private updatePartition(state: PartitionLeadership | undefined, partition: MetadataPartition): void {
    if (state === undefined) return
    const leaderEpoch = this.settings.knowsEpochs ? partition.leaderEpoch : -1
    if (leaderEpoch >= 0 && leaderEpoch < state.leaderEpoch) return
    if (leaderEpoch !== state.leaderEpoch) this.equivalentResponses = 0
    state.leader = partition.leaderId
    state.replicas = partition.replicaNodes
    if (leaderEpoch >= 0) state.leaderEpoch = leaderEpoch
    if (invalidatesMetadata(partition.errorCode)) this.updateRequested = true
  }

  private wantedNames(): readonly string[] {
    const names: string[] = []
    for (const topic of this.topics) if (topic.wanted) names.push(topic.name)
    return names
  }

  private arm(at: number): void {
    if (at >= NEVER_US || (this.timer !== 0 && this.timerAt <= at)) return
    this.env.cancel(this.timer)
    this.timerAt = at
    this.timer = this.env.setTimer(this.timerKind, Math.max(0, at - this.env.monotonic()))
  }
}
