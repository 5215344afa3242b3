import type { Envelope } from '../../../network/envelope.ts'
import type { Env } from '../../env.ts'
import { Api, type ApiKey } from '../../protocol/api.ts'
import { Errors } from '../../protocol/errors.ts'
import type {
  FindCoordinatorResponse,
  ListOffsetsRequest,
  ListOffsetsResponse,
  OffsetCommitRequest,
  OffsetCommitResponse,
  OffsetFetchRequest,
  OffsetFetchResponse,
  OffsetForLeaderEpochRequest,
  OffsetForLeaderEpochResponse,
} from '../../protocol/group-messages.ts'
import type { FetchRequest, FetchResponse, MetadataResponse } from '../../protocol/messages.ts'
import type { Completion } from '../client-request.ts'
import { Metadata } from '../metadata.ts'
import { NETWORK_CLIENT_TIMERS } from '../network-client.ts'
import { AutoCommit } from './auto-commit.ts'
import { ClassicGroupClient } from './classic-group-client.ts'
import { ClassicIdentity } from './commit-identity.ts'
import { CommittedOffsets } from './committed-offsets.ts'
import type { ConsumerOwner } from './consumer-owner.ts'
import { ConsumerNetworkClient, type ConsumerNetworkOwner } from './consumer-network-client.ts'
import type { ConsumerSettings } from './consumer-settings.ts'
import { type ConsumerTopicOptions, ConsumerTopics } from './consumer-topics.ts'
import { CoordinatorFinder, type CoordinatorSeeker } from './coordinator-finder.ts'
import { FetchCollector } from './fetch-collector.ts'
import { Fetcher } from './fetcher.ts'
import type { GroupClient } from './group-client.ts'
import { GroupMembership } from './group-membership.ts'
import { ConsumerGroupClient } from './modern/consumer-group-client.ts'
import { ConsumerIdentity } from './modern/consumer-identity.ts'
import { ConsumerMembership } from './modern/consumer-membership.ts'
import { OffsetCommits } from './offset-commits.ts'
import { OffsetFetcher } from './offset-fetcher.ts'
import { ConsumerRebalanceListener } from './rebalance-listener.ts'
import { SubscriptionState } from './subscription-state.ts'
import { WakeTimer } from './wake-timer.ts'

/** Timer kinds after those of the two network clients. */
const WAKE: number = 2 * NETWORK_CLIENT_TIMERS
const METADATA: number = WAKE + 1
/** Number of timer kinds a consumer takes, from its `timerBase` on. */
export const CONSUMER_TIMERS: number = METADATA + 1

/** Everything a consumer is made of, wired; and the way of every answer to the part that asked. */
export class ConsumerParts implements ConsumerNetworkOwner, CoordinatorSeeker {
  readonly settings: ConsumerSettings
  readonly topics: ConsumerTopics
  readonly subscriptions: SubscriptionState
  readonly wake: WakeTimer
  readonly data: ConsumerNetworkClient
  /** Kafka gives the coordinator a connection of its own. */
  readonly coordination: ConsumerNetworkClient
  readonly metadata: Metadata
  readonly collector: FetchCollector
  readonly fetcher: Fetcher
  readonly offsets: OffsetFetcher
  readonly finder: CoordinatorFinder
  readonly commits: OffsetCommits
  readonly committed: CommittedOffsets
  readonly autoCommit: AutoCommit
  readonly listener: ConsumerRebalanceListener
  readonly groupClient: GroupClient
  /** The group's name in moments; that of '' without a group. */
  readonly group: number
  private readonly timerBase: number

  constructor(
    env: Env,
    timerBase: number,
    settings: ConsumerSettings,
    topics: readonly ConsumerTopicOptions[],
    bootstrap: readonly number[],
    subscribed: readonly number[] | null,
    owner: ConsumerOwner,
  ) {
    this.timerBase = timerBase
    this.settings = settings
    this.group = env.recorder.text(settings.groupId ?? '')
    this.topics = new ConsumerTopics(topics)
    this.subscriptions = new SubscriptionState(this.topics)
    this.wake = new WakeTimer(env, timerBase + WAKE)
    this.data = new ConsumerNetworkClient(env, timerBase, settings, this)
    this.coordination = new ConsumerNetworkClient(env, timerBase + NETWORK_CLIENT_TIMERS, settings, this)
    this.metadata = new Metadata(env, this.data.client, settings, this.topics.all, bootstrap, timerBase + METADATA)
    this.collector = new FetchCollector(env, settings, this.subscriptions, this.metadata)
    this.fetcher = new Fetcher(env, settings, this.subscriptions, this.metadata, this.data, this.collector)
    const { subscriptions, metadata, data, coordination, wake, group } = this
    const isSubscribed = subscribed !== null
    const member =
      isSubscribed && settings.groupProtocol === 'consumer'
        ? new ConsumerMembership(memberIdOf(env, timerBase), settings.groupInstanceId !== null, subscriptions)
        : new GroupMembership()
    const identity =
      member instanceof ConsumerMembership ? new ConsumerIdentity(member) : new ClassicIdentity(member, isSubscribed)
    const base = { env, settings, subscriptions, metadata, identity, coordination, wake, group }
    this.offsets = new OffsetFetcher({ ...base, topics: this.topics, client: data })
    this.finder = new CoordinatorFinder({ ...base, data }, this)
    const found = { ...base, topics: this.topics, finder: this.finder, subscribed: subscribed ?? [] }
    this.commits = new OffsetCommits(found)
    this.committed = new CommittedOffsets(found)
    this.autoCommit = new AutoCommit({ ...found, commits: this.commits })
    this.listener = new ConsumerRebalanceListener(env, owner, subscriptions, member, group)
    const { commits, autoCommit, listener } = this
    const all = { ...found, commits, autoCommit, listener }
    this.groupClient =
      member instanceof ConsumerMembership
        ? new ConsumerGroupClient(all, member)
        : new ClassicGroupClient(all, member, isSubscribed)
  }

  onMessage(envelope: Envelope): void {
    this.data.onMessage(envelope)
    this.coordination.onMessage(envelope)
  }

  onSignal(kind: number, connection: number, peer: number): void {
    this.data.client.onSignal(kind, connection, peer)
    this.coordination.client.onSignal(kind, connection, peer)
  }

  /** Takes the timers of the consumer; false when the timer is not one of them. */
  onTimer(kind: number, a: number, b: number): boolean {
    if (this.data.client.onTimer(kind, a, b) || this.coordination.client.onTimer(kind, a, b)) return true
    switch (kind - this.timerBase) {
      case WAKE:
        this.wake.fired()
        return true
      case METADATA:
        this.metadata.onTimer()
        return true
      default:
        return false
    }
  }

  /** No timer, no connection, no buffered record is left. */
  close(): void {
    this.data.closeAll()
    this.coordination.closeAll()
    this.metadata.close()
    this.wake.cancel()
    this.collector.clear()
  }

  // --- ConsumerNetworkOwner, CoordinatorSeeker ----------------------------------------------------------------------

  onCompletion(destination: number, api: ApiKey, request: object, response: object | null, _cause: Completion): void {
    switch (api as number) {
      case Api.Fetch:
        this.fetcher.onCompletion(destination, request as FetchRequest, response as FetchResponse | null)
        break
      case Api.Metadata:
        this.onMetadata(response as MetadataResponse | null)
        break
      case Api.ListOffsets:
        this.offsets.onListOffsets(request as ListOffsetsRequest, response as ListOffsetsResponse | null)
        break
      case Api.OffsetForLeaderEpoch:
        this.offsets.onEpochEndOffsets(
          request as OffsetForLeaderEpochRequest,
          response as OffsetForLeaderEpochResponse | null,
        )
        break
      case Api.FindCoordinator:
        this.finder.onResponse(response as FindCoordinatorResponse | null)
        break
      case Api.OffsetCommit:
        this.commits.onCompletion(request as OffsetCommitRequest, response as OffsetCommitResponse | null)
        break
      case Api.OffsetFetch:
        this.committed.onCompletion(request as OffsetFetchRequest, response as OffsetFetchResponse | null)
        break
      default:
        this.groupClient.onCompletion(api, request, response)
    }
  }

  onConnectionLost(client: ConsumerNetworkClient, destination: number): void {
    // The disconnect may be the result of old metadata (`handleServerDisconnect`).
    this.metadata.requestUpdate()
    if (client === this.coordination) this.finder.onConnectionLost(destination)
  }

  onCoordinatorFound(): void {
    this.groupClient.onCoordinatorFound()
    this.commits.onLookup(Errors.NONE)
  }

  onLookupFailed(errorCode: number): void {
    this.commits.onLookup(errorCode)
  }

  private onMetadata(response: MetadataResponse | null): void {
    if (response === null) {
      this.metadata.onFailedRequest()
      return
    }
    this.topics.prepare(response)
    this.metadata.onResponse(response)
  }
}

/** Members of the consumer protocol name themselves (KIP-1082); Kafka takes a random UUID. */
function memberIdOf({ kernel, node }: Env, timerBase: number): string {
  const slot = kernel.nodes[node]
  return `${slot?.name ?? `node-${node}`}-${slot?.incarnation ?? 0}-${timerBase}`
}
