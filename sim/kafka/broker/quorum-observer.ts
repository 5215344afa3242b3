import type { TimerHandle } from '../../kernel/kernel.ts'
import { CHOICE } from '../../kernel/site.ts'
import { ms } from '../../kernel/time.ts'
import {
  type ClientRequest,
  type Completion,
  NetworkClient,
  type NetworkClientOwner,
} from '../client/network-client.ts'
import type { Env } from '../env.ts'
import { Api } from '../protocol/api.ts'
import { Errors } from '../protocol/errors.ts'
import type { QuorumFetchRequest, QuorumFetchResponse } from '../protocol/quorum-messages.ts'
import type { QuorumTimes } from '../quorum/voter-options.ts'
import { serverClientOptions } from './controller-channel.ts'
import type { ControllerNodes, ControllerNodesListener } from './controller-nodes.ts'
import type { MetadataListener } from './metadata-fetcher.ts'
import { BrokerTimer, METADATA_CLIENT_TIMERS } from './timers.ts'

/** `KafkaRaftClient.MAX_FETCH_WAIT_MS` */
const MAX_WAIT_MS = 500
/** controller.quorum.retry.backoff.ms */
const RETRY_BACKOFF: number = ms(20)

/**
 * The broker as observer of a quorum of several voters (`KafkaRaftClient.pollFollowerAsObserver`): it fetches from the leader,
 * and asks any voter for the leader when it knows none or has not heard from it for a fetch timeout.
 */
export class QuorumObserver implements NetworkClientOwner {
  readonly client: NetworkClient
  private readonly env: Env
  private readonly nodes: ControllerNodes
  private readonly broker: number
  private readonly listener: MetadataListener & ControllerNodesListener
  private readonly fetchTimeout: number
  /** Epoch and name of the last record that is applied here. */
  private lastEpoch: number
  private chain = 0
  /** The leader counts as lost then, unless it answers. */
  private deadline: number
  /** The voter that is asked while no leader is known; -1 = none. */
  private asked = -1
  private timer: TimerHandle = 0

  constructor(
    env: Env,
    nodes: ControllerNodes,
    broker: number,
    times: QuorumTimes,
    listener: MetadataListener & ControllerNodesListener,
  ) {
    this.env = env
    this.nodes = nodes
    this.broker = broker
    this.listener = listener
    this.fetchTimeout = times.fetchTimeout
    this.lastEpoch = nodes.epoch
    this.deadline = env.monotonic() + times.fetchTimeout
    this.client = new NetworkClient(env, serverClientOptions(METADATA_CLIENT_TIMERS, times.requestTimeout), this)
  }

  /** Does what is due; also the timer's turn. */
  start(): void {
    const { env, nodes } = this
    if (nodes.leader >= 0 && env.monotonic() >= this.deadline) nodes.leader = -1
    const target = this.target()
    if (this.client.ready(target) && this.client.inFlight(target) === 0) this.fetch(target)
    this.arm(nodes.leader < 0 ? this.fetchTimeout : Math.max(1, this.deadline - env.monotonic()))
  }

  onReady(): void {
    this.start()
  }

  /** A voter that cannot be reached tells of no leader: the next is asked. */
  onConnectionFailed(destination: number): void {
    if (destination === this.asked) this.asked = -1
  }

  onBackoffOver(): void {
    this.start()
  }

  onCompletion({ destination }: ClientRequest, body: object | null, cause: Completion): void {
    if (cause !== 'response' || body === null) return
    const response = body as QuorumFetchResponse
    const found = this.nodes.learn(response.currentLeader)
    if (found) {
      this.deadline = this.env.monotonic() + this.fetchTimeout
      this.listener.onControllerFound()
    }
    if (response.errorCode === Errors.NONE && response.divergingEpoch === null) {
      this.deadline = this.env.monotonic() + this.fetchTimeout
      this.take(response)
      this.start()
      return
    }
    if (destination === this.asked) this.asked = -1
    if (found) this.start()
    else this.arm(RETRY_BACKOFF)
  }

  private take({ entries }: QuorumFetchResponse): void {
    const last = entries.at(-1)
    if (last === undefined) return
    this.lastEpoch = last.epoch
    this.chain = last.chain
    this.listener.onMetadata(
      entries.map(({ record }) => record),
      this.chain,
    )
  }

  /** The leader, or any voter while there is none. */
  private target(): number {
    const { leader, voters } = this.nodes
    if (leader >= 0) return leader
    if (this.asked < 0) this.asked = voters[this.env.decide(CHOICE, voters.length)] as number
    return this.asked
  }

  private fetch(target: number): void {
    const body: QuorumFetchRequest = {
      replicaId: this.broker,
      maxWaitMs: MAX_WAIT_MS,
      fetchOffset: this.listener.nextMetadataOffset,
      currentLeaderEpoch: this.nodes.epoch,
      lastFetchedEpoch: this.lastEpoch,
      highWatermark: this.listener.nextMetadataOffset,
    }
    this.client.send(target, Api.Fetch, body, 0)
  }

  private arm(delay: number): void {
    this.env.cancel(this.timer)
    this.timer = this.env.setTimer(BrokerTimer.MetadataFetchRetry, delay)
  }
}
