import { M } from '../../history/catalogue.ts'
import { topicIdOf, tpOf } from '../../history/ids.ts'
import { MILLISECOND, SECOND } from '../../kernel/time.ts'
import type { Envelope } from '../../network/envelope.ts'
import type { Env } from '../env.ts'
import type { EndedTransaction, MarkerListener } from '../group/coordinator-log.ts'
import { type EndTransactionMarker, markerBatch, type RecordBatch } from '../protocol/batch.ts'
import { Errors } from '../protocol/errors.ts'
import type { ClusterProfile } from '../protocol/profile.ts'
import type { TxnMarker, WriteTxnMarkersRequest, WriteTxnMarkersResponse } from '../protocol/transaction-messages.ts'
import type { BatchNumbers } from './batch-numbers.ts'
import { DelayedProduce, type ProduceStatus } from './delayed-produce.ts'
import type { MetadataCache } from './metadata-cache.ts'
import type { RequestChannel } from './request-channel.ts'

/** The broker's `request.timeout.ms`: how long a marker may wait for its replication. */
const REQUEST_TIMEOUT_US: number = 30 * SECOND

/** Where markers are appended. */
export interface MarkerHost {
  isHosted(tp: number): boolean
  /** Appends with acks=-1 as the coordinator's word. */
  appendMarker(tp: number, batch: RecordBatch, transactionVersion: number): ProduceStatus
  /** Answered by {@link TransactionMarkers.onAppended}, perhaps at once. */
  awaitReplication(operation: DelayedProduce): void
}

/** The group coordinator, which ends transactions in its partitions itself. */
export interface OffsetsTransactions {
  completeTransaction(tp: number, ended: EndedTransaction, marker: EndTransactionMarker, token: number): void
}

/** A request of which some markers are not replicated yet. */
interface PendingMarkers {
  readonly request: Envelope
  /** By marker and its partition. */
  readonly errors: number[][]
  /** Parts that are undecided. */
  left: number
}

/** One partition of one marker. */
interface Slot {
  readonly pending: PendingMarkers
  readonly marker: number
  readonly partition: number
}

/** `KafkaApis.handleWriteTxnMarkersRequest`: ends transactions in the partitions that this broker leads. */
export class TransactionMarkers implements MarkerListener {
  private readonly env: Env
  private readonly metadata: MetadataCache
  private readonly host: MarkerHost
  private readonly offsets: OffsetsTransactions
  private readonly channel: RequestChannel
  private readonly numbers: BatchNumbers
  /** KIP-1228 (4.2): whether the coordinator's word for the version of a transaction counts. */
  private readonly isStrict: boolean
  /** Partitions that were handed to the group coordinator, by token. */
  private readonly handed: Map<number, Slot> = new Map()
  /** Requests whose appended markers are being replicated, with the slot of each. */
  private readonly replicating: Map<DelayedProduce, readonly Slot[]> = new Map()
  private tokens = 0

  constructor(
    env: Env,
    profile: ClusterProfile,
    metadata: MetadataCache,
    host: MarkerHost,
    offsets: OffsetsTransactions,
    channel: RequestChannel,
    numbers: BatchNumbers,
  ) {
    this.env = env
    this.metadata = metadata
    this.host = host
    this.offsets = offsets
    this.channel = channel
    this.numbers = numbers
    this.isStrict = profile['marker-epoch'] === 'strict'
  }

  handle(request: Envelope): void {
    const { markers } = request.body as WriteTxnMarkersRequest
    const errors = markers.map(({ partitions }) => partitions.map(() => Errors.NONE as number))
    // One part more than there are, so that nothing is answered before all is begun.
    const pending: PendingMarkers = { request, errors, left: 1 }
    const statuses: ProduceStatus[] = []
    const slots: Slot[] = []
    markers.forEach((marker, m) => {
      marker.partitions.forEach(({ topicId, partition }, p) => {
        const tp = tpOf(topicId, partition)
        const slot = { pending, marker: m, partition: p }
        pending.left++
        if (!this.host.isHosted(tp)) this.decide(slot, Errors.UNKNOWN_TOPIC_OR_PARTITION)
        else if (topicIdOf(tp) === this.metadata.offsetsTopicId) this.hand(tp, marker, slot)
        else {
          statuses.push(this.append(tp, marker))
          slots.push(slot)
        }
      })
    })
    if (statuses.length > 0) this.replicate(request, statuses, slots)
    this.release(pending)
  }

  private append(tp: number, marker: TxnMarker): ProduceStatus {
    const { producerId, producerEpoch } = marker
    const timestamp = Math.floor(this.env.wallClock() / MILLISECOND)
    const batch = markerBatch(this.numbers.next(), producerId, producerEpoch, contentOf(marker), timestamp)
    return this.host.appendMarker(tp, batch, this.versionOf(marker))
  }

  private replicate(request: Envelope, statuses: readonly ProduceStatus[], slots: readonly Slot[]): void {
    const undecided = statuses.filter(({ decided }) => !decided).length
    const deadline = this.env.monotonic() + REQUEST_TIMEOUT_US
    const operation = new DelayedProduce(request, statuses, deadline, undecided)
    this.replicating.set(operation, slots)
    this.host.awaitReplication(operation)
  }

  /** Every appended marker of a request is replicated, or will not be. */
  onAppended(operation: DelayedProduce): void {
    const slots = this.replicating.get(operation)
    this.replicating.delete(operation)
    slots?.forEach((slot, i) => this.decide(slot, (operation.statuses[i] as ProduceStatus).error))
  }

  private hand(tp: number, marker: TxnMarker, slot: Slot): void {
    const token = ++this.tokens
    this.handed.set(token, slot)
    const { producerId, producerEpoch } = marker
    const ended = { producerId, producerEpoch, transactionVersion: this.versionOf(marker) }
    this.offsets.completeTransaction(tp, ended, contentOf(marker), token)
  }

  private versionOf({ transactionVersion }: TxnMarker): number {
    return this.isStrict ? transactionVersion : 0
  }

  onMarkerWritten(_tp: number, token: number, error: number): void {
    const slot = this.handed.get(token)
    this.handed.delete(token)
    if (slot !== undefined) this.decide(slot, markerError(error))
  }

  private decide({ pending, marker, partition }: Slot, error: number): void {
    ;(pending.errors[marker] as number[])[partition] = error
    this.release(pending)
  }

  private release(pending: PendingMarkers): void {
    pending.left--
    if (pending.left === 0) this.channel.reply(pending.request, responseOf(pending))
  }
}

/** Tells that a marker is in a leader's log. */
export function emitMarkerWritten(env: Env, tp: number, offset: number, batch: RecordBatch): void {
  const { id, producerId, producerEpoch, marker } = batch
  if (marker === null) return
  const commit = marker.type === 'COMMIT' ? 1 : 0
  env.emitWide(M.markerWritten, tp, offset, producerId, producerEpoch, commit, marker.coordinatorEpoch, id)
}

/** Whose group coordinator is not ready is to the transaction's coordinator a leader that is none. */
function markerError(error: number): number {
  switch (error) {
    case Errors.COORDINATOR_NOT_AVAILABLE:
    case Errors.COORDINATOR_LOAD_IN_PROGRESS:
    case Errors.NOT_COORDINATOR:
      return Errors.NOT_LEADER_OR_FOLLOWER
    default:
      return error
  }
}

function contentOf({ transactionResult, coordinatorEpoch }: TxnMarker): EndTransactionMarker {
  return { type: transactionResult ? 'COMMIT' : 'ABORT', coordinatorEpoch }
}

function responseOf({ request, errors }: PendingMarkers): WriteTxnMarkersResponse {
  const { markers } = request.body as WriteTxnMarkersRequest
  return {
    markers: markers.map(({ producerId, partitions }, m) => ({
      producerId,
      partitions: partitions.map(({ topicId, partition }, p) => ({
        topicId,
        partition,
        errorCode: (errors[m] as number[])[p] as number,
      })),
    })),
  }
}
