import { M } from '../../history/catalogue.ts'
import { tpOf } from '../../history/ids.ts'
import { ms } from '../../kernel/time.ts'
import type { Envelope } from '../../network/envelope.ts'
import type { Env } from '../env.ts'
import type { AppendOrigin } from '../log/append-validation.ts'
import { NO_GUARD } from '../log/verification-state.ts'
import { Api } from '../protocol/api.ts'
import type { RecordBatch } from '../protocol/batch.ts'
import { Errors } from '../protocol/errors.ts'
import type { ProduceRequest, ProduceResponse } from '../protocol/messages.ts'
import type { FetchPurgatory } from './delayed-fetch.ts'
import { DelayedProduce, type ProduceCompletion, ProducePurgatory, ProduceStatus } from './delayed-produce.ts'
import type { MetadataCache } from './metadata-cache.ts'
import type { Partition } from './partition.ts'
import type { ByPartition } from './partition-table.ts'
import { produceResponse } from './produce-response.ts'
import type { RequestChannel } from './request-channel.ts'
import { emitMarkerWritten, type MarkerHost, type TransactionMarkers } from './transaction-markers.ts'
import type { VerifiedProduce } from './transaction-verification.ts'

/** From this version on requests name topics by their ids. */
const PRODUCE_BY_TOPIC_ID = 13

/** Where the partitions are. */
export interface AppendsHost {
  isHosted(tp: number): boolean
  /** The partition's high watermark has moved: look at what waits for it. */
  afterIsrOrHighWatermark(tp: number): void
}

/** What is appended where this broker leads: by producers, by coordinators, and the markers that end transactions. */
export class Appends implements ProduceCompletion, MarkerHost {
  readonly produces: ProducePurgatory
  /** Told when markers are replicated. */
  markers: TransactionMarkers | null = null
  private readonly env: Env
  private readonly partitions: ByPartition<Partition>
  private readonly metadata: MetadataCache
  private readonly fetches: FetchPurgatory
  private readonly channel: RequestChannel
  private readonly host: AppendsHost

  constructor(
    env: Env,
    partitions: ByPartition<Partition>,
    metadata: MetadataCache,
    fetches: FetchPurgatory,
    channel: RequestChannel,
    host: AppendsHost,
  ) {
    this.env = env
    this.partitions = partitions
    this.metadata = metadata
    this.fetches = fetches
    this.channel = channel
    this.host = host
    this.produces = new ProducePurgatory(env, this)
  }

  /** `ReplicaManager.appendRecords` and `KafkaApis.handleProduceRequest`; `verified` is null without a transactional id. */
  produce(request: Envelope, verified: VerifiedProduce | null): void {
    const { acks, timeoutMs, partitionData } = request.body as ProduceRequest
    const count = partitionData.length
    const statuses = new Array<ProduceStatus>(count)
    let undecided = 0
    for (let i = 0; i < count; i++) {
      const { topicId, index, records } = partitionData[i] as ProduceRequest['partitionData'][number]
      const tp = tpOf(topicId, index)
      const error = verified?.errors[i] ?? Errors.NONE
      const status =
        error === Errors.NONE
          ? this.append(tp, records, acks, 'CLIENT', verified?.guards[i] ?? NO_GUARD, 0)
          : this.refused(tp, records, error)
      if (status.error === Errors.UNKNOWN_TOPIC_OR_PARTITION) status.error = this.unknown(topicId, request.apiVersion)
      statuses[i] = status
      if (!status.decided) undecided++
    }
    this.awaitReplication(new DelayedProduce(request, statuses, this.env.monotonic() + ms(timeoutMs), undecided))
  }

  /** Who asks by topic ids (KIP-516) is told that there is no topic of this one. */
  private unknown(topicId: number, apiVersion: number): number {
    const isUnknownId = apiVersion >= PRODUCE_BY_TOPIC_ID && !this.metadata.topics.has(topicId)
    return isUnknownId ? Errors.UNKNOWN_TOPIC_ID : Errors.UNKNOWN_TOPIC_OR_PARTITION
  }

  private refused(tp: number, batch: RecordBatch, error: number): ProduceStatus {
    const status = new ProduceStatus(tp, this.partitions.get(tp) ?? null, batch)
    status.error = error
    return status
  }

  /** Appends a batch where this broker leads, if it may be; the status is decided but for what must be replicated. */
  append(
    tp: number,
    batch: RecordBatch,
    acks: number,
    origin: AppendOrigin,
    guard: number,
    transactionVersion: number,
  ): ProduceStatus {
    const partition = this.partitions.get(tp) ?? null
    const status = new ProduceStatus(tp, partition, batch)
    if (acks < -1 || acks > 1) {
      status.error = Errors.INVALID_REQUIRED_ACKS
    } else if (partition !== null && partition.isOffline) {
      status.error = Errors.KAFKA_STORAGE_ERROR
    } else if (partition === null || !partition.isLeader) {
      // Produce carries no leader epoch: a leader that does not know better accepts.
      status.error = this.metadata.partitions.has(tp)
        ? Errors.NOT_LEADER_OR_FOLLOWER
        : Errors.UNKNOWN_TOPIC_OR_PARTITION
    } else if (acks === -1 && partition.isr.length < partition.effectiveMinIsr) {
      status.error = Errors.NOT_ENOUGH_REPLICAS
    } else {
      const result = partition.log.appendAsLeader(batch, partition.leaderEpoch, origin, guard, transactionVersion)
      status.error = result.errorCode
      if (result.errorCode === Errors.NONE) {
        status.baseOffset = result.baseOffset
        status.requiredOffset = result.lastOffset + 1
        status.decided = acks !== -1
        if (!result.duplicate) this.afterAppend(tp, partition, batch, result.baseOffset)
      }
    }
    return status
  }

  private afterAppend(tp: number, partition: Partition, batch: RecordBatch, offset: number): void {
    if (batch.marker !== null) emitMarkerWritten(this.env, tp, offset, batch)
    // A leader alone in its set commits at once; others learn from fetches.
    if (partition.maybeIncrementLeaderHW()) this.host.afterIsrOrHighWatermark(tp)
    this.fetches.onAppend(tp, batch.size)
  }

  // --- markers ------------------------------------------------------------------------------------------------------

  isHosted(tp: number): boolean {
    return this.host.isHosted(tp)
  }

  appendMarker(tp: number, batch: RecordBatch, transactionVersion: number): ProduceStatus {
    return this.append(tp, batch, -1, 'COORDINATOR', NO_GUARD, transactionVersion)
  }

  awaitReplication(operation: DelayedProduce): void {
    if (operation.undecided === 0) this.onProduceDecided(operation)
    else this.produces.parkUnlessDecided(operation)
  }

  // --- answers ------------------------------------------------------------------------------------------------------

  /** `KafkaApis.sendResponseCallback`: acks=0 is not answered; an error closes its connection instead. */
  onProduceDecided(operation: DelayedProduce): void {
    const { request, statuses } = operation
    if (request.api === Api.WriteTxnMarkers) {
      this.markers?.onAppended(operation)
      return
    }
    const { acks } = request.body as ProduceRequest
    let failed = false
    for (const status of statuses) {
      if (status.error !== Errors.NONE) failed = true
      const leo = status.partition === null ? -1 : status.partition.log.logEndOffset
      const epoch = status.partition === null ? -1 : status.partition.leaderEpoch
      const offset = status.error === Errors.NONE ? status.baseOffset : -1
      this.env.emitWide(
        M.produceAnswered,
        status.tp,
        offset,
        status.error,
        request.source,
        acks,
        leo,
        epoch,
        status.batch.id,
      )
    }
    if (acks !== 0) {
      const response: ProduceResponse = produceResponse(statuses, this.metadata)
      this.channel.reply(request, response)
    } else if (failed) {
      this.channel.close(request)
    } else {
      this.channel.done(request)
    }
  }
}
