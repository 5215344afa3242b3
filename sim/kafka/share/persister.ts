import { tpOf } from '../../history/ids.ts'
import { ms, SECOND } from '../../kernel/time.ts'
import { serverClientOptions } from '../broker/controller-channel.ts'
import type { CoordinatorFinder } from '../broker/coordinator-finder.ts'
import type { MetadataCache } from '../broker/metadata-cache.ts'
import { BrokerTimer, PERSISTER_CLIENT_TIMERS } from '../broker/timers.ts'
import { exponentialBackoff } from '../client/exponential-backoff.ts'
import {
  type ClientRequest,
  type Completion,
  NetworkClient,
  type NetworkClientOwner,
} from '../client/network-client.ts'
import type { Env } from '../env.ts'
import { partitionFor } from '../group/partition-for.ts'
import { Api } from '../protocol/api.ts'
import { Errors } from '../protocol/errors.ts'
import {
  coordinatorKeyOf,
  type ReadShareGroupStateRequest,
  type ReadShareGroupStateResponse,
  type SharePartitionKey,
  type WriteShareGroupStateRequest,
  type WriteShareGroupStateResponse,
} from '../protocol/share-messages.ts'

/** Told what the share coordinator said, or that it could not be asked (COORDINATOR_NOT_AVAILABLE). */
export interface PersisterListener {
  onRead(token: number, response: ReadShareGroupStateResponse): void
  onWritten(token: number, errorCode: number): void
}

/** `PersisterStateManager`: how often it asks, and how long it waits before it asks again. */
const MAX_ATTEMPTS = 5
const BACKOFF: number = ms(1000)
const BACKOFF_MAX: number = ms(30_000)

interface Operation {
  readonly token: number
  readonly api: typeof Api.ReadShareGroupState | typeof Api.WriteShareGroupState
  readonly body: SharePartitionKey
  /** Times it was asked without an answer that counts. */
  failures: number
}

const NOT_READ: ReadShareGroupStateResponse = {
  errorCode: Errors.COORDINATOR_NOT_AVAILABLE,
  stateEpoch: -1,
  startOffset: -1,
  stateBatches: [],
}

/** A leader's way to the share coordinator (`DefaultStatePersister`): looks it up, asks it, and asks again for a while. */
export class Persister implements NetworkClientOwner {
  readonly client: NetworkClient
  private readonly env: Env
  private readonly metadata: MetadataCache
  private readonly finder: CoordinatorFinder
  private readonly listener: PersisterListener
  private readonly operations: Map<number, Operation> = new Map()
  /** By node: operations that wait for its connection. */
  private readonly unsent: Map<number, Operation[]> = new Map()
  private tokens = 0

  constructor(env: Env, metadata: MetadataCache, finder: CoordinatorFinder, listener: PersisterListener) {
    this.env = env
    this.metadata = metadata
    this.finder = finder
    this.listener = listener
    this.client = new NetworkClient(env, serverClientOptions(PERSISTER_CLIENT_TIMERS, 30 * SECOND), this)
  }

  /** Operations without an answer. */
  get size(): number {
    return this.operations.size
  }

  /** Asks what is persisted; {@link PersisterListener.onRead} follows later with the token that is returned. */
  read(body: ReadShareGroupStateRequest): number {
    return this.submit(Api.ReadShareGroupState, body)
  }

  /** Has a change persisted; {@link PersisterListener.onWritten} follows later with the token that is returned. */
  write(body: WriteShareGroupStateRequest): number {
    return this.submit(Api.WriteShareGroupState, body)
  }

  private submit(api: Operation['api'], body: SharePartitionKey): number {
    const operation = { token: ++this.tokens, api, body, failures: 0 }
    this.operations.set(operation.token, operation)
    this.ask(operation)
    return operation.token
  }

  private ask(operation: Operation): void {
    const node = this.coordinatorOf(operation.body)
    if (node < 0) {
      this.failed(operation)
      return
    }
    const unsent = this.unsent.get(node)
    if (unsent === undefined) this.unsent.set(node, [operation])
    else unsent.push(operation)
    this.flush(node)
  }

  /** `ShareCoordinatorMetadataCacheHelper`; asking for what does not exist has the topic created. */
  private coordinatorOf(key: SharePartitionKey): number {
    const { metadata } = this
    const topic = metadata.topics.get(metadata.shareStateTopicId)
    if (topic === undefined) return this.finder.find({ keyType: 'share', key: coordinatorKeyOf(key) }).nodeId
    const tp = tpOf(topic.topicId, partitionFor(coordinatorKeyOf(key), topic.partitions.length))
    const leader = metadata.partitions.get(tp)?.leader ?? -1
    return metadata.aliveBrokerEpoch(leader) < 0 ? -1 : leader
  }

  private flush(node: number): void {
    const unsent = this.unsent.get(node) ?? []
    if (unsent.length === 0) return
    if (!this.client.ready(node)) {
      if (!this.client.isConnecting(node)) this.failAll(node)
      return
    }
    while (this.client.canSend(node)) {
      const operation = unsent.shift()
      if (operation === undefined) return
      this.client.send(node, operation.api, operation.body, operation.token)
    }
  }

  private failAll(node: number): void {
    for (const operation of this.unsent.get(node)?.splice(0) ?? []) this.failed(operation)
  }

  /** Asked again after a while, unless that was often enough. */
  private failed(operation: Operation): void {
    operation.failures++
    const { env } = this
    const isOver = operation.failures >= MAX_ATTEMPTS
    const wait = isOver ? 0 : exponentialBackoff(env, BACKOFF, BACKOFF_MAX, operation.failures - 1)
    env.setTimer(BrokerTimer.PersisterRetry, wait, operation.token)
  }

  onTimer(token: number): void {
    const operation = this.operations.get(token)
    if (operation === undefined) return
    if (operation.failures >= MAX_ATTEMPTS) this.done(operation, NOT_READ)
    else this.ask(operation)
  }

  onReady(node: number): void {
    this.flush(node)
  }

  onConnectionFailed(node: number): void {
    this.failAll(node)
  }

  onBackoffOver(node: number): void {
    this.flush(node)
  }

  onCompletion(request: ClientRequest, body: object | null, _cause: Completion): void {
    const operation = this.operations.get(request.token)
    if (operation !== undefined) {
      const response = body as WriteShareGroupStateResponse | null
      if (response === null || isTransient(response.errorCode)) this.failed(operation)
      else this.done(operation, response)
    }
    this.flush(request.destination)
  }

  private done({ token, api }: Operation, response: WriteShareGroupStateResponse): void {
    this.operations.delete(token)
    if (api === Api.ReadShareGroupState) this.listener.onRead(token, response as ReadShareGroupStateResponse)
    else this.listener.onWritten(token, response.errorCode)
  }
}

/** The coordinator has moved, or is not there yet. */
function isTransient(errorCode: number): boolean {
  return (
    errorCode === Errors.NOT_COORDINATOR ||
    errorCode === Errors.COORDINATOR_NOT_AVAILABLE ||
    errorCode === Errors.COORDINATOR_LOAD_IN_PROGRESS
  )
}
