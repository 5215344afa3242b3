import type { TimerHandle } from '../../kernel/kernel.ts'
import type { Env } from '../env.ts'
import { Api } from '../protocol/api.ts'
import { Errors } from '../protocol/errors.ts'
import type { MetadataResponse, ProduceResponse } from '../protocol/messages.ts'
import { PRODUCE_ADDS_PARTITIONS } from '../protocol/transaction-messages.ts'
import { BatchCompletion, type SendCallback } from './batch-completion.ts'
import { BatchExpiry } from './batch-expiry.ts'
import type { ClientRequest, Completion } from './client-request.ts'
import type { ErrorPolicy } from './error-policy.ts'
import type { Idempotence } from './idempotence.ts'
import { IDENTITY_TOKEN, type IdentityRequests } from './identity-requests.ts'
import { Metadata } from './metadata.ts'
import { NETWORK_CLIENT_TIMERS, NetworkClient, type NetworkClientOwner } from './network-client.ts'
import type { PartitionState, TopicState } from './partition-state.ts'
import { produceRequestOf } from './produce-request.ts'
import { hasFailed, ProduceRequests } from './produce-requests.ts'
import type { ProducerBatch } from './producer-batch.ts'
import { networkOptions, NEVER_US, type ProducerSettings } from './producer-settings.ts'
import { ProducerIdRequest } from './producer-id-request.ts'
import type { RecordAccumulator } from './record-accumulator.ts'
import { ProducerException } from './transaction/transaction-error.ts'
import { TransactionManager } from './transaction/transaction-manager.ts'
import { TransactionalRequests } from './transaction/transactional-requests.ts'
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
  /** What numbers batches; null = nothing does. */
  readonly policy: Idempotence | TransactionManager | null
  readonly callback: SendCallback
}

/** Token of requests that carry no batches; another is {@link IDENTITY_TOKEN}. */
const METADATA_TOKEN: number = -1

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
  private readonly policy: ErrorPolicy | null
  private readonly transactions: TransactionManager | null
  private readonly identity: IdentityRequests | null
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
    const { settings, accumulator, policy } = options
    this.env = env
    this.settings = settings
    this.accumulator = accumulator
    this.topics = options.topics
    this.policy = policy
    this.transactions = policy instanceof TransactionManager ? policy : null
    this.timers = options.timerBase + NETWORK_CLIENT_TIMERS
    this.client = new NetworkClient(env, networkOptions(options.timerBase, settings), this)
    this.metadata = new Metadata(env, this.client, settings, options.topics, options.bootstrap, this.timers + METADATA)
    this.completion = new BatchCompletion(env, settings, accumulator, this.metadata, policy, options.callback)
    this.expiry = new BatchExpiry(
      env,
      settings.deliveryTimeoutUs,
      accumulator.partitions,
      this.completion,
      this.timers + EXPIRY,
    )
    this.identity = this.identityRequests(policy)
  }

  /** `Sender.runOnce`: settles sequences, asks for what is missing, then sends all that may leave. */
  runOnce(): void {
    this.metadata.maybeUpdate(METADATA_TOKEN)
    try {
      this.runThread()
    } catch (thrown) {
      // An illegal transition of the sender's own thread has ended the producer.
      if (!(thrown instanceof ProducerException)) throw thrown
      this.runThread()
    }
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
    return this.policy?.fatalError ?? Errors.NONE
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
        this.identity?.onTimer()
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
    this.identity?.close()
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
      case IDENTITY_TOKEN:
        this.identity?.onCompletion(cause === 'response' ? body : null, cause)
        break
      default:
        this.onProduceCompletion(request.token, body as ProduceResponse | null, cause)
    }
  }

  private onMetadata(response: MetadataResponse): void {
    const { metadata, settings, policy, topics, accumulator } = this
    for (const { name, partitions } of response.topics) {
      const topic = topics.find((each) => each.name === name)
      if (topic !== undefined) accumulator.adopt(topic.grow(partitions.length))
    }
    metadata.onResponse(response)
    if (settings.switches['sequence.unknown-topic'] === 'keep' || policy === null) return
    for (const topic of topics) {
      if (metadata.unknownTopics.includes(topic.name)) topic.partitions.forEach((each) => policy.sequences.forget(each))
    }
  }

  // --- the sender's thread --------------------------------------------------------------------------------------------

  private runThread(): void {
    const { policy, identity } = this
    if (policy !== null && identity !== null) {
      policy.resolveSequences()
      if (policy.fatalError !== Errors.NONE) {
        this.completion.abortAll(policy.fatalError)
        return
      }
      if (identity.run()) {
        // A transactional producer's thread waits for its coordinator, and for nothing else meanwhile.
        if (this.transactions === null) this.expiry.expireIfDue(this.env.monotonic())
        return
      }
    }
    this.sendProducerData()
    if (this.settings.switches['txn.end'] === 'after-sends') identity?.run()
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
    let unknownLeader = false
    let partition = accumulator.nextWaiting(0)
    for (; partition !== undefined; partition = accumulator.nextWaiting(partition.place + 1)) {
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
    const { settings, transactions } = this
    const request = produceRequestOf(settings, batches, transactions !== null)
    const token = this.requests.add(batches, this.round)
    // Transaction version 1: the versions that do not add partitions to the transaction.
    const newest = transactions !== null && !transactions.core.isV2 ? PRODUCE_ADDS_PARTITIONS - 1 : undefined
    this.client.send(node, Api.Produce, request, token, settings.acks !== 0, settings.requestTimeoutUs, newest)
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
    const { accumulator } = this
    let next = NEVER_US
    let partition = accumulator.nextWaiting(0)
    for (; partition !== undefined; partition = accumulator.nextWaiting(partition.place + 1)) {
      if (partition.leader < 0) continue
      const at = accumulator.readyAt(partition, now)
      if (at > now && at < next) next = at
    }
    if (next < NEVER_US) this.wakeIn(next - now)
  }

  private identityRequests(policy: SenderOptions['policy']): IdentityRequests | null {
    const { env, settings, client, metadata, accumulator, completion } = this
    const timerKind = this.timers + PRODUCER_ID
    if (policy instanceof TransactionManager) {
      const manager = policy
      return new TransactionalRequests({ env, settings, manager, client, metadata, accumulator, completion, timerKind })
    }
    if (policy === null) return null
    return new ProducerIdRequest({ env, settings, idempotence: policy, client, metadata, timerKind })
  }
}
