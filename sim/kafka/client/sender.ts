import type { TimerHandle } from '../../kernel/kernel.ts'
import type { Env } from '../env.ts'
import { Api } from '../protocol/api.ts'
import { Errors } from '../protocol/errors.ts'
import type {
  InitProducerIdRequest,
  InitProducerIdResponse,
  MetadataResponse,
  ProduceRequest,
  ProduceResponse,
} from '../protocol/messages.ts'
import { BatchCompletion, type SendCallback } from './batch-completion.ts'
import { BatchExpiry } from './batch-expiry.ts'
import type { ClientRequest, Completion } from './client-request.ts'
import type { Idempotence } from './idempotence.ts'
import { Metadata } from './metadata.ts'
import {
  NETWORK_CLIENT_TIMERS,
  NetworkClient,
  type NetworkClientOptions,
  type NetworkClientOwner,
} from './network-client.ts'
import type { PartitionState, TopicState } from './partition-state.ts'
import { ProduceRequests } from './produce-requests.ts'
import type { ProducerBatch } from './producer-batch.ts'
import { NEVER_US, type ProducerSettings } from './producer-settings.ts'
import { ProducerIdRequest } from './producer-id-request.ts'
import type { RecordAccumulator } from './record-accumulator.ts'
import { isAmong } from '../small-list.ts'

/** Timer kinds a sender takes, from its `timerBase` on; its NetworkClient's come first. */
export const SENDER_TIMERS: number = NETWORK_CLIENT_TIMERS + 4
const RUN = 0
const EXPIRY = 1
const PRODUCER_ID = 2
const METADATA = 3

/** What a sender is made of. */
export interface SenderOptions {
  readonly timerBase: number
  readonly settings: ProducerSettings
  readonly topics: readonly TopicState[]
  /** Node numbers of all brokers. */
  readonly bootstrap: readonly number[]
  readonly accumulator: RecordAccumulator
  readonly idempotence: Idempotence | null
  readonly callback: SendCallback
}

/** Tokens of requests that carry no batches. */
const METADATA_TOKEN: number = -1
const PRODUCER_ID_TOKEN: number = -2

/**
 * `Sender`: the producer's network thread. Kafka's thread polls; here {@link runOnce} is called whenever something happened,
 * and one timer stands for the poll's timeout.
 */
export class Sender implements NetworkClientOwner {
  readonly client: NetworkClient
  readonly metadata: Metadata
  readonly completion: BatchCompletion
  private readonly env: Env
  private readonly settings: ProducerSettings
  private readonly accumulator: RecordAccumulator
  private readonly topics: readonly TopicState[]
  private readonly idempotence: Idempotence | null
  private readonly producerId: ProducerIdRequest
  /** First timer kind of the sender's own. */
  private readonly timers: number
  private readonly expiry: BatchExpiry
  private readonly requests: ProduceRequests = new ProduceRequests()
  /** Counts rounds of draining. */
  private round = 0
  private readonly readyNodes: number[] = []
  private runTimer: TimerHandle = 0
  private runAt: number = NEVER_US

  constructor(env: Env, options: SenderOptions) {
    const { settings, accumulator, idempotence } = options
    this.env = env
    this.settings = settings
    this.accumulator = accumulator
    this.topics = options.topics
    this.idempotence = idempotence
    this.timers = options.timerBase + NETWORK_CLIENT_TIMERS
    this.client = new NetworkClient(env, networkOptions(options.timerBase, settings), this)
    this.metadata = new Metadata(env, this.client, settings, options.topics, options.bootstrap, this.timers + METADATA)
    this.completion = new BatchCompletion(env, settings, accumulator, this.metadata, idempotence, options.callback)
    this.expiry = new BatchExpiry(
      env,
      settings.deliveryTimeoutUs,
      accumulator.partitions,
      this.completion,
      this.timers + EXPIRY,
    )
    this.producerId = new ProducerIdRequest(env, settings, this.timers + PRODUCER_ID)
  }

  /** `Sender.runOnce`: settles sequences, asks for what is missing, then sends all that may leave. */
  runOnce(): void {
    const { idempotence } = this
    this.metadata.maybeUpdate(METADATA_TOKEN)
    if (idempotence !== null) {
      idempotence.resolveSequences()
      if (idempotence.fatalError !== Errors.NONE) {
        this.completion.abortAll(idempotence.fatalError)
        return
      }
      idempotence.bumpEpochIfRequired()
      if (!idempotence.sequences.hasProducerId()) {
        this.maybeRequestProducerId()
        this.expiry.expireIfDue(this.env.monotonic())
        return
      }
    }
    this.sendProducerData()
  }

  /** Makes the sender run `delay` microseconds from now at the latest. */
  wakeIn(delay: number): void {
    const at = this.env.monotonic() + delay
    if (at >= this.runAt || at >= NEVER_US) return
    this.env.cancel(this.runTimer)
    this.runAt = at
    this.runTimer = this.env.setTimer(this.timers + RUN, delay)
  }

  /** A batch was created now: its delivery timeout runs. */
  batchCreated(): void {
    this.expiry.batchCreated()
  }

  /** Whether a run would achieve anything for a partition that has become ready: not while its node can take no request. */
  canUse(partition: PartitionState): boolean {
    return partition.leader < 0 || this.client.inFlight(partition.leader) < this.settings.maxInFlight
  }

  /** The error that ended the producer for good; NONE while it works. */
  get fatalError(): number {
    return this.idempotence?.fatalError ?? Errors.NONE
  }

  /** Whether a request is unanswered that carries batches. */
  hasRequests(): boolean {
    return this.requests.some
  }

  /** Takes a timer of the sender or its client; false when it is neither's. {@link runOnce} should follow. */
  onTimer(kind: number, a: number, b: number): boolean {
    if (this.client.onTimer(kind, a, b)) return true
    switch (kind - this.timers) {
      case RUN:
        this.runTimer = 0
        this.runAt = NEVER_US
        return true
      case EXPIRY:
        this.expiry.onTimer()
        return true
      case PRODUCER_ID:
        this.producerId.onTimer()
        return true
      case METADATA:
        this.metadata.onTimer()
        return true
      default:
        return false
    }
  }

  /** Stops for good: nothing is sent any more, no timer is left. */
  close(): void {
    this.client.closeAll()
    this.metadata.close()
    this.env.cancel(this.runTimer)
    this.expiry.close()
    this.producerId.close()
  }

  // --- NetworkClientOwner -------------------------------------------------------------------------------------------

  onReady(_destination: number): void {}

  onConnectionFailed(_destination: number): void {
    this.metadata.requestUpdate()
  }

  onBackoffOver(_destination: number): void {}

  onCompletion(request: ClientRequest, body: object | null, cause: Completion): void {
    switch (request.token) {
      case METADATA_TOKEN:
        if (cause === 'response') this.onMetadata(body as MetadataResponse)
        else this.metadata.onFailedRequest()
        break
      case PRODUCER_ID_TOKEN:
        if (this.idempotence !== null) {
          this.producerId.onCompletion(this.idempotence, cause === 'response' ? (body as InitProducerIdResponse) : null)
        }
        break
      default:
        this.onProduceCompletion(request.token, body as ProduceResponse | null, cause)
    }
  }

  private onMetadata(response: MetadataResponse): void {
    const { metadata, settings, idempotence, topics } = this
    metadata.onResponse(response)
    if (settings.switches['sequence.unknown-topic'] === 'keep' || idempotence === null) return
    for (const topic of topics) {
      if (metadata.unknownTopics.includes(topic.name))
        topic.partitions.forEach((each) => idempotence.sequences.forget(each))
    }
  }

  // --- sending ------------------------------------------------------------------------------------------------------

  /** `sendProducerData`, again and again while a node takes more. As in Kafka a batch is drained first and expired second. */
  private sendProducerData(): void {
    for (;;) {
      const now = this.env.monotonic()
      this.findReadyNodes(now)
      let sent = false
      this.round++
      for (let node = this.readyNodes.shift(); node !== undefined; node = this.readyNodes.shift()) {
        const drained = this.accumulator.drain(node, now)
        if (drained.length === 0) continue
        sent = true
        this.takeOut(drained)
        this.expiry.expireIfDue(now)
        this.sendProduceRequest(node, drained)
      }
      if (!sent) {
        this.expiry.expireIfDue(now)
        this.armNextRun(now)
        return
      }
    }
  }

  private findReadyNodes(now: number): void {
    const { accumulator, client, readyNodes } = this
    const { partitions } = accumulator
    let unknownLeader = false
    for (let i = 0; i < partitions.length; i++) {
      const partition = partitions[i] as PartitionState
      if (partition.queue.length === 0) continue
      const { leader } = partition
      if (leader < 0) {
        unknownLeader = true
        continue
      }
      if (isAmong(readyNodes, leader) || !accumulator.isReady(partition, now)) continue
      if (client.ready(leader) && client.canSend(leader)) readyNodes.push(leader)
    }
    if (unknownLeader) {
      this.metadata.requestUpdate()
      this.metadata.maybeUpdate(METADATA_TOKEN)
    }
  }

  private takeOut(drained: readonly ProducerBatch[]): void {
    for (const batch of drained) {
      const { partition } = batch
      partition.inFlight.push(batch)
      batch.inRequest = true
      if (this.settings.guaranteeOrder) partition.muted = true
    }
  }

  private sendProduceRequest(node: number, batches: readonly ProducerBatch[]): void {
    const { settings } = this
    const count = batches.length
    const partitionData = new Array<ProduceRequest['partitionData'][number]>(count)
    for (let i = 0; i < count; i++) {
      const batch = batches[i] as ProducerBatch
      partitionData[i] = { topicId: batch.partition.topicId, index: batch.partition.index, records: batch.seal() }
    }
    const request: ProduceRequest = {
      transactionalId: null,
      acks: settings.acks,
      timeoutMs: settings.requestTimeoutMs,
      partitionData,
    }
    const token = this.requests.add(batches, this.round)
    this.client.send(node, Api.Produce, request, token, settings.acks !== 0)
  }

  private onProduceCompletion(token: number, response: ProduceResponse | null, cause: Completion): void {
    const batches = this.requests.take(token)
    this.completion.onProduceCompletion(batches, response, cause)
    if (this.settings.switches['retry.siblings'] === 'send-again' && hasFailed(response, cause)) {
      this.completion.sendAgain(this.requests.ofRound(this.requests.roundOf(token)))
    }
  }

  /** One timer for the next linger or back-off that ends; what waits for a node or an answer is woken by that. */
  private armNextRun(now: number): void {
    const { partitions } = this.accumulator
    let next = NEVER_US
    for (let i = 0; i < partitions.length; i++) {
      const partition = partitions[i] as PartitionState
      if (partition.queue.length === 0 || partition.leader < 0) continue
      const at = this.accumulator.readyAt(partition, now)
      if (at > now && at < next) next = at
    }
    if (next < NEVER_US) this.wakeIn(next - now)
  }

  // --- producer id --------------------------------------------------------------------------------------------------

  private maybeRequestProducerId(): void {
    if (!this.producerId.isDue()) return
    const node = this.metadata.leastLoadedNode()
    if (node < 0 || !this.client.ready(node) || !this.client.canSend(node)) return
    const request: InitProducerIdRequest = {
      transactionalId: null,
      transactionTimeoutMs: 0,
      producerId: -1,
      producerEpoch: -1,
    }
    this.producerId.onSent()
    this.client.send(node, Api.InitProducerId, request, PRODUCER_ID_TOKEN)
  }
}

function hasFailed(response: ProduceResponse | null, cause: Completion): boolean {
  if (cause !== 'response') return true
  return response?.partitionResponses.some(({ errorCode }) => errorCode !== Errors.NONE) ?? false
}

function networkOptions(timerBase: number, settings: ProducerSettings): NetworkClientOptions {
  return {
    timerBase,
    maxInFlight: settings.maxInFlight,
    requestTimeoutUs: settings.requestTimeoutUs,
    reconnectBackoffUs: settings.reconnectBackoffUs,
    reconnectBackoffMaxUs: settings.reconnectBackoffMaxUs,
    setupTimeoutUs: settings.setupTimeoutUs,
    setupTimeoutMaxUs: settings.setupTimeoutMaxUs,
    versions: { [Api.Produce]: settings.produceVersion },
  }
}
