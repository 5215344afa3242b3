import { ms, SECOND } from '../../kernel/time.ts'
import {
  type ClientRequest,
  type Completion,
  NetworkClient,
  type NetworkClientOwner,
} from '../client/network-client.ts'
import type { Env } from '../env.ts'
import { Api, type ApiKey } from '../protocol/api.ts'
import { Errors } from '../protocol/errors.ts'
import type { CreateTopicsResponse } from '../protocol/group-messages.ts'
import type { AllocateProducerIdsResponse, AlterPartitionResponse } from '../protocol/messages.ts'
import { ControllerAddress, type ControllerNodes } from './controller-nodes.ts'
import { CONTROLLER_CLIENT_TIMERS } from './timers.ts'

/** Who sends requests to the controller through the channel. */
export interface ControllerChannelOwner {
  onControllerReady(): void
  onControllerCompletion(request: ClientRequest, body: object | null, cause: Completion): void
}

/** `NodeToControllerChannelManager`: the broker's connection for AlterPartition, AllocateProducerIds and CreateTopics. */
export class ControllerChannel implements NetworkClientOwner {
  /** Broker epoch of this incarnation; -1 until registered. */
  brokerEpoch = -1
  readonly client: NetworkClient
  private readonly address: ControllerAddress
  private readonly owner: ControllerChannelOwner

  constructor(env: Env, nodes: ControllerNodes, owner: ControllerChannelOwner) {
    this.address = new ControllerAddress(nodes)
    this.owner = owner
    this.client = new NetworkClient(env, serverClientOptions(CONTROLLER_CLIENT_TIMERS, 30 * SECOND), this)
  }

  ready(): boolean {
    const { node } = this.address
    return this.brokerEpoch >= 0 && node >= 0 && this.client.ready(node) && this.client.canSend(node)
  }

  send(api: typeof Api.AlterPartition | typeof Api.AllocateProducerIds | typeof Api.CreateTopics, body: object): void {
    this.client.send(this.address.node, api satisfies ApiKey, body, 0)
  }

  onReady(): void {
    this.owner.onControllerReady()
  }

  onConnectionFailed(): void {
    // The next attempt follows when the back-off is over.
    this.address.forget()
  }

  onBackoffOver(): void {
    const { node } = this.address
    // The way to a controller that was the active one before may still stand.
    if (node >= 0 && this.client.ready(node)) this.owner.onControllerReady()
  }

  onCompletion(request: ClientRequest, body: object | null, cause: Completion): void {
    if (cause !== 'response' || isWrongController(request.api, body)) this.address.forget()
    this.owner.onControllerCompletion(request, body, cause)
  }
}

/** Whether an answer says that another controller is the active one. */
function isWrongController(api: number, body: object | null): boolean {
  if (body === null) return false
  if (api === Api.CreateTopics) {
    return (body as CreateTopicsResponse).topics.some(({ errorCode }) => errorCode === Errors.NOT_CONTROLLER)
  }
  return (body as AlterPartitionResponse | AllocateProducerIdsResponse).errorCode === Errors.NOT_CONTROLLER
}

/** Brokers' own clients: reconnect back-off 50 ms, as `NodeToControllerChannelManager` and `BrokerBlockingSender` set it. */
export function serverClientOptions(
  timerBase: number,
  requestTimeoutUs: number,
): {
  readonly timerBase: number
  readonly maxInFlight: number
  readonly requestTimeoutUs: number
  readonly reconnectBackoffUs: number
  readonly reconnectBackoffMaxUs: number
  readonly setupTimeoutUs: number
  readonly setupTimeoutMaxUs: number
} {
  return {
    timerBase,
    maxInFlight: 5,
    requestTimeoutUs,
    reconnectBackoffUs: ms(50),
    reconnectBackoffMaxUs: ms(50),
    setupTimeoutUs: ms(10_000),
    setupTimeoutMaxUs: ms(30_000),
  }
}
