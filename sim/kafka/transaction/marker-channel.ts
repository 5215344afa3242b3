import { partitionOf, topicIdOf, tpOf } from '../../history/ids.ts'
import type { TimerHandle } from '../../kernel/kernel.ts'
import { ms, SECOND } from '../../kernel/time.ts'
import { serverClientOptions } from '../broker/controller-channel.ts'
import type { MetadataCache } from '../broker/metadata-cache.ts'
import { BrokerTimer, MARKER_CLIENT_TIMERS } from '../broker/timers.ts'
import {
  type ClientRequest,
  type Completion,
  NetworkClient,
  type NetworkClientOwner,
} from '../client/network-client.ts'
import type { Env } from '../env.ts'
import { Api } from '../protocol/api.ts'
import { Errors } from '../protocol/errors.ts'
import type { TxnMarker, WriteTxnMarkersRequest, WriteTxnMarkersResponse } from '../protocol/transaction-messages.ts'
import { errorOf, reactionTo } from './marker-errors.ts'
import type { TransactionMetadata, TxnTransitMetadata } from './transaction-metadata.ts'
import type { TransactionStateManager } from './transaction-state-manager.ts'

/** A transaction that is decided and waits for its markers (`PendingCompleteTxn`). */
export interface PendingCompleteTxn {
  readonly transactionalId: string
  readonly coordinatorEpoch: number
  readonly metadata: TransactionMetadata
  /** What it becomes when all markers are written. */
  readonly transit: TxnTransitMetadata
  readonly committed: boolean
}

/** One transaction's marker for some partitions of one broker (`PendingCompleteTxnAndMarkerEntry`). */
interface MarkerEntry {
  readonly pending: PendingCompleteTxn
  readonly marker: TxnMarker
}

/** What goes, or went, to one broker. */
interface Destination {
  readonly broker: number
  /** For the next request. */
  queued: MarkerEntry[]
  /** Requests in the order in which they were made. */
  readonly unsent: (readonly MarkerEntry[])[]
  inFlight: readonly MarkerEntry[] | null
}

/** Told when all markers of a transaction are written. */
export interface CompletionListener {
  onMarkersWritten(pending: PendingCompleteTxn): void
}

/**
 * How long a marker that was refused waits before it is sent again. Kafka sends it at once, as often as the network lets it,
 * which comes to the same and costs more.
 */
const RETRY_BACKOFF: number = ms(100)

/** `request.timeout.ms` of the broker. */
const REQUEST_TIMEOUT: number = 30 * SECOND

/**
 * Sends markers to the leaders of a transaction's partitions until all are written (`TransactionMarkerChannelManager`): one
 * request at a time per broker, on a connection of its own, for as long as this broker coordinates the transaction.
 */
export class TransactionMarkerChannelManager implements NetworkClientOwner {
  readonly client: NetworkClient
  private readonly env: Env
  private readonly metadata: MetadataCache
  private readonly states: TransactionStateManager
  private readonly listener: CompletionListener
  /** KIP-1228: whether markers say which version of transactions they belong to. */
  private readonly tellsVersion: boolean
  /** By broker. */
  private readonly destinations: (Destination | undefined)[] = []
  /** Nobody leads their partitions, or nobody that is known. */
  private leaderless: MarkerEntry[] = []
  /** Refused: sent again after a while. */
  private refused: MarkerEntry[] = []
  /** Completions that could not be written yet. */
  private unwritten: PendingCompleteTxn[] = []
  private timer: TimerHandle = 0
  /** `transactionsWithPendingMarkers`, by transactional id. */
  private readonly pending: Map<string, PendingCompleteTxn> = new Map()

  constructor(
    env: Env,
    metadata: MetadataCache,
    states: TransactionStateManager,
    listener: CompletionListener,
    tellsVersion: boolean,
  ) {
    this.env = env
    this.metadata = metadata
    this.states = states
    this.listener = listener
    this.tellsVersion = tellsVersion
    const options = { ...serverClientOptions(MARKER_CLIENT_TIMERS, REQUEST_TIMEOUT), maxInFlight: 1 }
    this.client = new NetworkClient(env, options, this)
  }

  /** Transactions that wait for markers. */
  get size(): number {
    return this.pending.size
  }

  // --- markers to send ----------------------------------------------------------------------------------------------

  /** `addTxnMarkersToSend`, for some transactions at once: those that are for one broker share a request. */
  send(all: readonly PendingCompleteTxn[]): void {
    for (const pending of all) {
      this.pending.set(pending.transactionalId, pending)
      this.route(pending, this.markerOf(pending), pending.metadata.partitions)
      this.completeIfWritten(pending.transactionalId)
    }
    this.flush()
  }

  private markerOf({ metadata, coordinatorEpoch, committed }: PendingCompleteTxn): TxnMarker {
    return {
      producerId: metadata.producerId,
      producerEpoch: metadata.producerEpoch,
      transactionResult: committed,
      coordinatorEpoch,
      transactionVersion: this.tellsVersion ? metadata.clientTransactionVersion : 0,
      partitions: [],
    }
  }

  /** `addTxnMarkersToBrokerQueue`: each partition's marker goes to whoever leads it now. */
  private route(pending: PendingCompleteTxn, marker: TxnMarker, tps: readonly number[]): void {
    const byLeader = new Map<number, number[]>()
    const gone: number[] = []
    for (const tp of tps) {
      const leader = this.metadata.partitions.get(tp)?.leader
      if (leader === undefined) gone.push(tp)
      else byLeader.set(leader, [...(byLeader.get(leader) ?? []), tp])
    }
    for (const [leader, led] of byLeader) {
      const partitions = led.map((tp) => ({ topicId: topicIdOf(tp), partition: partitionOf(tp) }))
      const entry = { pending, marker: { ...marker, partitions } }
      if (leader < 0) this.leaderless.push(entry)
      else this.destination(leader).queued.push(entry)
    }
    if (gone.length > 0) this.forgetPartitions(pending, gone)
  }

  /** Of a partition that the metadata does not have it is thought that it was deleted. */
  private forgetPartitions(pending: PendingCompleteTxn, tps: readonly number[]): void {
    if (!this.isMine(pending)) {
      this.drop(pending)
      return
    }
    for (const tp of tps) pending.metadata.removePartition(tp)
    this.completeIfWritten(pending.transactionalId)
  }

  private destination(broker: number): Destination {
    while (this.destinations.length <= broker) this.destinations.push(undefined)
    return (this.destinations[broker] ??= { broker, queued: [], unsent: [], inFlight: null })
  }

  /** `generateRequests` and `sendRequests` */
  private flush(): void {
    for (const destination of this.destinations) {
      if (destination === undefined) continue
      if (destination.queued.length > 0) {
        destination.unsent.push(destination.queued)
        destination.queued = []
      }
      this.trySend(destination)
    }
  }

  private trySend(destination: Destination): void {
    const { broker, unsent } = destination
    if (unsent.length === 0 || !this.client.ready(broker) || !this.client.canSend(broker)) return
    const entries = unsent.shift() as readonly MarkerEntry[]
    destination.inFlight = entries
    const body: WriteTxnMarkersRequest = { markers: entries.map(({ marker }) => marker) }
    this.client.send(broker, Api.WriteTxnMarkers, body, 0)
  }

  // --- what becomes of them -----------------------------------------------------------------------------------------

  onReady(broker: number): void {
    const destination = this.destinations[broker]
    if (destination !== undefined) this.trySend(destination)
  }

  /** What was not sent yet is looked at again, as if it had been: another may lead by now. */
  onConnectionFailed(broker: number): void {
    const destination = this.destinations[broker]
    if (destination === undefined) return
    for (const entry of destination.unsent.splice(0).flat()) this.sendAgain(entry)
    this.flush()
  }

  onBackoffOver(broker: number): void {
    this.onConnectionFailed(broker)
  }

  /** Leaders may have changed: what waits for somebody to lead, or to be reached, finds its way anew. */
  onMetadata(): void {
    if (this.pending.size === 0) return
    for (const entry of this.leaderless.splice(0)) this.sendAgain(entry)
    for (const destination of this.destinations) {
      if (destination === undefined || destination.inFlight !== null) continue
      for (const entry of destination.unsent.splice(0).flat()) this.sendAgain(entry)
    }
    this.flush()
  }

  /** `TransactionMarkerRequestCompletionHandler` */
  onCompletion(request: ClientRequest, body: object | null, _cause: Completion): void {
    const destination = this.destinations[request.destination]
    const entries = destination?.inFlight ?? []
    if (destination !== undefined) destination.inFlight = null
    for (const entry of entries) {
      if (body === null) this.sendAgain(entry)
      else this.onAnswer(entry, body as WriteTxnMarkersResponse)
    }
    this.flush()
  }

  private sendAgain({ pending, marker }: MarkerEntry): void {
    if (this.isMine(pending)) this.route(pending, marker, tpsOf(marker))
    else this.drop(pending)
  }

  private onAnswer({ pending, marker }: MarkerEntry, response: WriteTxnMarkersResponse): void {
    if (!this.isMine(pending)) {
      this.drop(pending)
      return
    }
    const again: number[] = []
    for (const tp of tpsOf(marker)) {
      const reaction = reactionTo(errorOf(response, marker.producerId, tp))
      if (reaction === 'written') pending.metadata.removePartition(tp)
      else if (reaction === 'again') again.push(tp)
      else this.drop(pending)
    }
    if (this.pending.get(pending.transactionalId) !== pending) return
    if (again.length === 0) {
      this.completeIfWritten(pending.transactionalId)
      return
    }
    const partitions = again.map((tp) => ({ topicId: topicIdOf(tp), partition: partitionOf(tp) }))
    this.refused.push({ pending, marker: { ...marker, partitions } })
    this.arm()
  }

  /** Whether this broker still coordinates the transaction, in the epoch in which it decided it. */
  private isMine({ transactionalId, coordinatorEpoch }: PendingCompleteTxn): boolean {
    const { error, epoch } = this.states.find(transactionalId)
    return error === Errors.NONE && epoch === coordinatorEpoch
  }

  /** `removeMarkersForTxn`: no more markers of this transaction, which somebody else looks after. */
  private drop(pending: PendingCompleteTxn): void {
    if (this.pending.get(pending.transactionalId) === pending) this.pending.delete(pending.transactionalId)
  }

  /** `maybeWriteTxnCompletion` */
  private completeIfWritten(transactionalId: string): void {
    const pending = this.pending.get(transactionalId)
    if (pending === undefined || pending.metadata.partitions.length > 0) return
    this.pending.delete(transactionalId)
    if (this.isMine(pending)) this.listener.onMarkersWritten(pending)
  }

  // --- trying again -------------------------------------------------------------------------------------------------

  /** The completion could not be written: it is tried again (`txnLogAppendRetryQueue`). */
  retryCompletion(pending: PendingCompleteTxn): void {
    this.unwritten.push(pending)
    this.arm()
  }

  private arm(): void {
    if (this.timer === 0) this.timer = this.env.setTimer(BrokerTimer.MarkerRetry, RETRY_BACKOFF)
  }

  onTimer(): void {
    this.timer = 0
    for (const pending of this.unwritten.splice(0)) this.listener.onMarkersWritten(pending)
    for (const entry of this.refused.splice(0)) this.sendAgain(entry)
    this.flush()
  }
}

function tpsOf({ partitions }: TxnMarker): readonly number[] {
  return partitions.map(({ topicId, partition }) => tpOf(topicId, partition))
}
