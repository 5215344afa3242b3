import type { Envelope } from '../../network/envelope.ts'
import { PendingReply } from '../group/pending-reply.ts'
import { Errors } from '../protocol/errors.ts'
import type { InitProducerIdRequest, InitProducerIdResponse } from '../protocol/messages.ts'
import { END_TXN_BUMPS_EPOCH, type EndTxnRequest, type EndTxnResponse } from '../protocol/transaction-messages.ts'
import type { AfterAppend, EndTxnAudience, TransactionAppend } from './appends.ts'
import { fencedAs, type HandlerParts, nowMs } from './coordinator-parts.ts'
import { decideEndTxnV1, decideEndTxnV2, type EndTxnCall } from './end-txn.ts'
import type { TransactionMarkerChannelManager } from './marker-channel.ts'
import { tellRefused } from './moments.ts'
import {
  bumpsEpoch,
  isEpochExhausted,
  MAX_EPOCH,
  NO_PRODUCER_EPOCH,
  NO_PRODUCER_ID,
  type TransactionMetadata,
} from './transaction-metadata.ts'

/** The version that knows PRODUCER_FENCED. */
const KNOWS_FENCED = 2

type Prepared = Extract<AfterAppend, { readonly kind: 'prepared' }>

/**
 * Ends transactions (`TransactionCoordinator.endTransaction`), whoever wants it: their producer, its successor, or time. The
 * decision is written first; once it is replicated it is answered, and only then do the partitions hear of it.
 */
export class EndTransactions {
  private readonly parts: HandlerParts
  private readonly markers: TransactionMarkerChannelManager

  constructor(parts: HandlerParts, markers: TransactionMarkerChannelManager) {
    this.parts = parts
    this.markers = markers
  }

  /** `handleEndTxnRequest` */
  handle(request: Envelope): void {
    const { transactionalId, producerId, producerEpoch, committed } = request.body as EndTxnRequest
    const audience: EndTxnAudience = { kind: 'end-txn', reply: new PendingReply(request) }
    const { error, epoch, metadata } = this.parts.states.find(transactionalId)
    if (transactionalId === '') this.refuse(audience, Errors.INVALID_REQUEST)
    else if (error !== Errors.NONE) this.refuse(audience, error)
    else if (metadata === null) this.refuse(audience, Errors.INVALID_PRODUCER_ID_MAPPING)
    else {
      // The request's version tells which transactions its client makes.
      const version = request.apiVersion >= END_TXN_BUMPS_EPOCH ? 2 : 0
      this.end(metadata, epoch, { producerId, producerEpoch, committed, isFromClient: true }, version, audience)
    }
  }

  /** Aborts an open transaction on the coordinator's own account, under an epoch that its producer does not have. */
  fence(metadata: TransactionMetadata, epoch: number, version: number, audience: EndTxnAudience): void {
    const { producerId, producerEpoch } = metadata.prepareFenceProducerEpoch()
    this.end(metadata, epoch, { producerId, producerEpoch, committed: false, isFromClient: false }, version, audience)
  }

  /** `version`: that of the client's transactions, or the cluster's when no client asks. */
  end(metadata: TransactionMetadata, epoch: number, call: EndTxnCall, version: number, audience: EndTxnAudience): void {
    const bumps = bumpsEpoch(version)
    const decision = bumps ? decideEndTxnV2(metadata, call) : decideEndTxnV1(metadata, call)
    switch (decision.kind) {
      case 'refused':
        this.refuse(audience, decision.error)
        return
      case 'done':
        this.answer(audience, bumps ? metadata.producerId : -1, bumps ? metadata.producerEpoch : -1)
        return
      case 'prepare':
        this.prepare(metadata, epoch, call, decision.state, bumps, audience)
    }
  }

  private prepare(
    metadata: TransactionMetadata,
    epoch: number,
    call: EndTxnCall,
    state: 'PrepareCommit' | 'PrepareAbort',
    bumps: boolean,
    audience: EndTxnAudience,
  ): void {
    const { env, states } = this.parts
    const isEpochFence = metadata.pendingState === 'PrepareEpochFence'
    const next = bumps && !isEpochFence ? this.nextProducerId(metadata) : NO_PRODUCER_ID
    if (next === null || (bumps && metadata.producerEpoch >= MAX_EPOCH)) {
      // Without a producer id at hand the client asks again; an epoch above the highest is an exception in Kafka.
      this.refuse(audience, next === null ? Errors.COORDINATOR_LOAD_IN_PROGRESS : Errors.UNKNOWN_SERVER_ERROR)
      return
    }
    if (isEpochFence) makeWayFor(metadata, call, bumps)
    const transit = metadata.prepareAbortOrCommit(state, bumps ? 2 : 0, next, nowMs(env))
    const { committed } = call
    states.append(metadata.transactionalId, epoch, transit, {
      kind: 'prepared',
      audience,
      committed,
      bumpsEpoch: bumps,
      isEpochFence,
    })
  }

  /** A new producer id when the present one has no epoch left to go on with, none (-1) otherwise; null = not at hand. */
  private nextProducerId(metadata: TransactionMetadata): number | null {
    if (!isEpochExhausted(metadata.producerEpoch)) return NO_PRODUCER_ID
    const next = this.parts.producerIds.generate()
    return next < 0 ? null : next
  }

  /** The decision is replicated, or could not be written. */
  onPrepared(afterwards: Prepared, append: TransactionAppend, error: number): void {
    const { env, states } = this.parts
    const { transactionalId, coordinatorEpoch } = append
    const { metadata, epoch } = states.find(transactionalId)
    if (error !== Errors.NONE) {
      // Version 2 raises the epoch with the record only.
      const raised = afterwards.isEpochFence && !afterwards.bumpsEpoch && epoch === coordinatorEpoch
      if (raised && metadata !== null) metadata.hasFailedEpochFence = true
      this.refuse(afterwards.audience, error)
      return
    }
    if (metadata === null) throw new Error(`${transactionalId} is decided and nobody knows it`)
    const { committed, bumpsEpoch: bumps } = afterwards
    const transit = metadata.prepareComplete(nowMs(env))
    this.answer(afterwards.audience, bumps ? transit.producerId : -1, bumps ? transit.producerEpoch : -1)
    this.markers.send([{ transactionalId, coordinatorEpoch, metadata, transit, committed }])
  }

  private answer(audience: EndTxnAudience, producerId: number, producerEpoch: number): void {
    const { replies } = this.parts
    switch (audience.kind) {
      case 'end-txn': {
        const body: EndTxnResponse = { errorCode: Errors.NONE, producerId, producerEpoch }
        replies.complete(audience.reply, body)
        return
      }
      case 'init-producer-id':
        // The way is free; when the producer asks again it gets an epoch of its own.
        this.refuse(audience, Errors.CONCURRENT_TRANSACTIONS)
        return
      case 'timeout':
    }
  }

  private refuse(audience: EndTxnAudience, error: number): void {
    const { env, replies } = this.parts
    switch (audience.kind) {
      case 'end-txn': {
        const { request } = audience.reply
        tellRefused(env, request, request.body as EndTxnRequest, error)
        const errorCode = fencedAs(error, request.apiVersion, KNOWS_FENCED)
        const body: EndTxnResponse = { errorCode, producerId: NO_PRODUCER_ID, producerEpoch: NO_PRODUCER_EPOCH }
        replies.complete(audience.reply, body)
        return
      }
      case 'init-producer-id': {
        const { request } = audience.reply
        const { transactionalId, producerId, producerEpoch } = request.body as InitProducerIdRequest
        tellRefused(env, request, { transactionalId: transactionalId ?? '', producerId, producerEpoch }, error)
        const body: InitProducerIdResponse = { errorCode: error, producerId: -1, producerEpoch: -1 }
        replies.complete(audience.reply, body)
        return
      }
      case 'timeout':
    }
  }
}

/**
 * The fence was pending only to hold others off. Below version 2 the raised epoch counts from now on, written or not; version 2
 * raises it with the record (KAFKA-19367).
 */
function makeWayFor(metadata: TransactionMetadata, call: EndTxnCall, bumps: boolean): void {
  metadata.pendingState = null
  if (bumps) return
  metadata.producerEpoch = call.producerEpoch
  metadata.lastProducerEpoch = NO_PRODUCER_EPOCH
}
