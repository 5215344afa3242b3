import type { Envelope } from '../../../network/envelope.ts'
import type { Env } from '../../env.ts'
import { Api, type ApiKey } from '../../protocol/api.ts'
import type { FindCoordinatorResponse } from '../../protocol/group-messages.ts'
import type { MetadataResponse } from '../../protocol/messages.ts'
import type {
  ShareAcknowledgeRequest,
  ShareAcknowledgeResponse,
  ShareFetchRequest,
  ShareFetchResponse,
  ShareGroupHeartbeatRequest,
  ShareGroupHeartbeatResponse,
} from '../../protocol/share-messages.ts'
import { ConsumerNetworkClient, type ConsumerNetworkOwner } from '../consumer/consumer-network-client.ts'
import type { ConsumerSettings } from '../consumer/consumer-settings.ts'
import { ConsumerTopics, type ConsumerTopicOptions } from '../consumer/consumer-topics.ts'
import { CoordinatorFinder, type CoordinatorSeeker } from '../consumer/coordinator-finder.ts'
import { WakeTimer } from '../consumer/wake-timer.ts'
import { Metadata } from '../metadata.ts'
import { NETWORK_CLIENT_TIMERS } from '../network-client.ts'
import { ShareBuffer } from './share-buffer.ts'
import { ShareMembership } from './share-membership.ts'
import { ShareRequests } from './share-requests.ts'

/** Timer kinds after those of the two network clients. */
const WAKE: number = 2 * NETWORK_CLIENT_TIMERS
const METADATA: number = WAKE + 1
/** Number of timer kinds a share consumer takes, from its `timerBase` on. */
export const SHARE_CONSUMER_TIMERS: number = METADATA + 1

export interface ShareConsumerOptions {
  /** The consumer uses `SHARE_CONSUMER_TIMERS` timer kinds from here on. */
  readonly timerBase: number
  readonly topics: readonly ConsumerTopicOptions[]
  /** Ids of the topics it subscribes to. */
  readonly subscribe: readonly number[]
  /** Node numbers of all brokers. */
  readonly bootstrap: readonly number[]
  /** Its member id, which clients of share groups make for themselves: another one for every process. */
  readonly memberId: string
}

/** Everything a share consumer is made of, wired; and the way of every answer to the part that asked. */
export class ShareConsumerParts implements ConsumerNetworkOwner, CoordinatorSeeker {
  readonly topics: ConsumerTopics
  readonly wake: WakeTimer
  readonly metadata: Metadata
  readonly finder: CoordinatorFinder
  readonly membership: ShareMembership
  readonly buffer: ShareBuffer = new ShareBuffer()
  readonly requests: ShareRequests
  private readonly data: ConsumerNetworkClient
  private readonly coordination: ConsumerNetworkClient
  private readonly timerBase: number

  constructor(env: Env, options: ShareConsumerOptions, settings: ConsumerSettings) {
    const { timerBase, subscribe, bootstrap, memberId } = options
    this.timerBase = timerBase
    this.topics = new ConsumerTopics(options.topics)
    this.wake = new WakeTimer(env, timerBase + WAKE)
    this.data = new ConsumerNetworkClient(env, timerBase, settings, this)
    this.coordination = new ConsumerNetworkClient(env, timerBase + NETWORK_CLIENT_TIMERS, settings, this)
    const { topics, wake, data, coordination, buffer } = this
    this.metadata = new Metadata(env, data.client, settings, topics.all, bootstrap, timerBase + METADATA)
    for (const topic of topics.all) if (subscribe.includes(topic.topicId)) this.metadata.add(topic)
    const { metadata } = this
    this.finder = new CoordinatorFinder({ env, settings, metadata, data, coordination, wake }, this)
    const { finder } = this
    this.membership = new ShareMembership({
      env,
      settings,
      finder,
      coordination,
      wake,
      memberId,
      subscribed: subscribe,
    })
    const group = env.recorder.text(settings.groupId ?? '')
    this.requests = new ShareRequests({ env, settings, topics, metadata, client: data, wake, buffer, memberId, group })
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
    this.buffer.clear()
  }

  // --- ConsumerNetworkOwner, CoordinatorSeeker ----------------------------------------------------------------------

  onCompletion(node: number, api: ApiKey, request: object, response: object | null): void {
    switch (api as number) {
      case Api.ShareFetch:
        this.requests.onFetched(node, request as ShareFetchRequest, response as ShareFetchResponse | null)
        break
      case Api.ShareAcknowledge:
        this.requests.onAcknowledged(
          node,
          request as ShareAcknowledgeRequest,
          response as ShareAcknowledgeResponse | null,
        )
        break
      case Api.ShareGroupHeartbeat:
        this.membership.onCompletion(
          request as ShareGroupHeartbeatRequest,
          response as ShareGroupHeartbeatResponse | null,
        )
        break
      case Api.FindCoordinator:
        this.finder.onResponse(response as FindCoordinatorResponse | null)
        break
      default:
        this.onMetadata(response as MetadataResponse | null)
    }
  }

  onConnectionLost(client: ConsumerNetworkClient, destination: number): void {
    this.metadata.requestUpdate()
    if (client === this.coordination) this.finder.onConnectionLost(destination)
  }

  onCoordinatorFound(): void {}
  onLookupFailed(): void {}

  private onMetadata(response: MetadataResponse | null): void {
    if (response === null) {
      this.metadata.onFailedRequest()
      return
    }
    this.topics.prepare(response)
    this.metadata.onResponse(response)
  }
}
