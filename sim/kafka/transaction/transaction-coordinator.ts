import type { Envelope } from '../../network/envelope.ts'
import type { BatchNumbers } from '../broker/batch-numbers.ts'
import type { CoordinatorFinder } from '../broker/coordinator-finder.ts'
import type { MetadataCache } from '../broker/metadata-cache.ts'
import type { ProducerIdManager } from '../broker/producer-id-manager.ts'
import type { RequestChannel } from '../broker/request-channel.ts'
import { BrokerTimer } from '../broker/timers.ts'
import type { Env } from '../env.ts'
import type { DiskGate } from '../group/coordinator-log.ts'
import { Replies } from '../group/pending-reply.ts'
import { Api } from '../protocol/api.ts'
import { Errors, errorName } from '../protocol/errors.ts'
import type { ClusterProfile } from '../protocol/profile.ts'
import { AddPartitions } from './add-partitions.ts'
import type { TransactionAppend } from './appends.ts'
import { type HandlerParts, nowMs, type TransactionCoordinatorOptions } from './coordinator-parts.ts'
import { EndTransactions } from './end-transactions.ts'
import { InitProducerIdHandler } from './init-producer-id-handler.ts'
import { type CompletionListener, type PendingCompleteTxn, TransactionMarkerChannelManager } from './marker-channel.ts'
import { TransactionTimeouts } from './timeouts.ts'
import type { TransactionMetadata } from './transaction-metadata.ts'
import {
  type TransactionLog,
  type TransactionPartition,
  type TransactionStateListener,
  TransactionStateManager,
} from './transaction-state-manager.ts'

export interface TransactionCoordinatorParts {
  readonly env: Env
  readonly options: TransactionCoordinatorOptions
  readonly profile: ClusterProfile
  readonly metadata: MetadataCache
  readonly log: TransactionLog
  readonly disk: DiskGate
  readonly channel: RequestChannel
  readonly producerIds: ProducerIdManager
  readonly numbers: BatchNumbers
  readonly finder: CoordinatorFinder
}

/** One broker's part in coordinating transactions (`TransactionCoordinator`). */
export class TransactionCoordinator implements TransactionStateListener, CompletionListener {
  readonly states: TransactionStateManager
  readonly markers: TransactionMarkerChannelManager
  private readonly env: Env
  private readonly ends: EndTransactions
  private readonly producers: InitProducerIdHandler
  private readonly partitions: AddPartitions
  private readonly timeouts: TransactionTimeouts

  constructor(parts: TransactionCoordinatorParts) {
    const { env, options, profile, metadata, log, disk, producerIds, numbers } = parts
    const transactionVersion = profile['transaction.version']
    const comparesStarts = profile['transaction.start.timestamp'] === 'increasing'
    this.env = env
    this.states = new TransactionStateManager(
      { env, metadata, log, disk, numbers, transactionVersion, comparesStarts },
      this,
    )
    const { states } = this
    const tellsVersion = profile['marker-epoch'] === 'strict'
    this.markers = new TransactionMarkerChannelManager(env, metadata, states, this, tellsVersion)
    const replies = new Replies(parts.channel)
    const shared: HandlerParts = { env, options, profile, metadata, states, replies, producerIds }
    this.ends = new EndTransactions(shared, this.markers)
    this.producers = new InitProducerIdHandler(shared, this.ends)
    this.partitions = new AddPartitions(shared, parts.finder)
    this.timeouts = new TransactionTimeouts(shared, this.ends)
  }

  // --- leadership ---------------------------------------------------------------------------------------------------

  /** This broker leads a partition of the transaction log; a new epoch of its own leadership makes it read that anew. */
  onElection(tp: number, epoch: number): void {
    if (this.states.load(tp, epoch)) this.timeouts.start()
  }

  /** Another broker leads it, or none. */
  onResignation(tp: number, epoch: number): void {
    this.states.unload(tp, epoch)
  }

  /** What was decided and not completed is completed now, under the new epoch. */
  onLoaded(partition: TransactionPartition): void {
    const decided: PendingCompleteTxn[] = []
    for (const metadata of partition.ids.values()) {
      if (metadata.state !== 'PrepareCommit' && metadata.state !== 'PrepareAbort') continue
      decided.push(this.completionOf(metadata, partition.epoch))
    }
    if (decided.length > 0) this.markers.send(decided)
  }

  private completionOf(metadata: TransactionMetadata, coordinatorEpoch: number): PendingCompleteTxn {
    const { transactionalId } = metadata
    const committed = metadata.state === 'PrepareCommit'
    const transit = metadata.prepareComplete(nowMs(this.env))
    return { transactionalId, coordinatorEpoch, metadata, transit, committed }
  }

  onHighWatermark(tp: number): void {
    this.states.onHighWatermark(tp)
  }

  /** Leaders of partitions may have changed. */
  onMetadata(): void {
    this.markers.onMetadata()
  }

  // --- requests -----------------------------------------------------------------------------------------------------

  handle(request: Envelope): void {
    switch (request.api) {
      case Api.InitProducerId:
        this.producers.handle(request)
        break
      case Api.AddPartitionsToTxn:
        this.partitions.handle(request)
        break
      case Api.AddOffsetsToTxn:
        this.partitions.handleOffsets(request)
        break
      default:
        this.ends.handle(request)
    }
  }

  // --- what becomes of what was written -----------------------------------------------------------------------------

  onAppended(append: TransactionAppend, error: number): void {
    const { afterwards } = append
    switch (afterwards.kind) {
      case 'registered':
        this.producers.onRegistered(afterwards.reply, append, error)
        break
      case 'partitions-added':
        this.partitions.onAdded(afterwards.reply, afterwards.index, error)
        break
      case 'offsets-added':
        this.partitions.onOffsetsAdded(afterwards.reply, error)
        break
      case 'prepared':
        this.ends.onPrepared(afterwards, append, error)
        break
      case 'completed':
        this.onCompleted(afterwards.pending, error)
        break
      case 'expired':
    }
  }

  /** All markers are in their logs: the transaction has ended, once that is written. */
  onMarkersWritten(pending: PendingCompleteTxn): void {
    const { transactionalId, coordinatorEpoch, transit } = pending
    this.states.append(transactionalId, coordinatorEpoch, transit, { kind: 'completed', pending })
  }

  private onCompleted(pending: PendingCompleteTxn, error: number): void {
    switch (error) {
      case Errors.NONE:
      // Whoever coordinates the id now completes it.
      case Errors.NOT_COORDINATOR:
      case Errors.COORDINATOR_LOAD_IN_PROGRESS:
        break
      case Errors.COORDINATOR_NOT_AVAILABLE:
        this.markers.retryCompletion(pending)
        break
      default:
        throw new Error(`the end of ${pending.transactionalId} cannot be written: ${errorName(error)}`)
    }
  }

  // --- timers and disk ----------------------------------------------------------------------------------------------

  onTimer(kind: number): void {
    switch (kind) {
      case BrokerTimer.TransactionAppend:
        this.states.onTimeout()
        break
      case BrokerTimer.TransactionAbort:
        this.timeouts.onAbortScan()
        break
      case BrokerTimer.TransactionExpiry:
        this.timeouts.onExpiryScan()
        break
      default:
        this.markers.onTimer()
    }
  }

  onDisk(kind: number, tp: number, life: number, payload: unknown): void {
    this.states.onDisk(kind, tp, life, payload)
  }
}
