import type { Envelope } from '../../network/envelope.ts'
import { PendingReply } from '../group/pending-reply.ts'
import { Errors } from '../protocol/errors.ts'
import type { InitProducerIdRequest, InitProducerIdResponse } from '../protocol/messages.ts'
import type { TransactionAppend } from './appends.ts'
import { fencedAs, type HandlerParts, nowMs } from './coordinator-parts.ts'
import type { EndTransactions } from './end-transactions.ts'
import { decideInitProducerId } from './init-producer-id.ts'
import { tellRefused } from './moments.ts'
import { MAX_EPOCH, TransactionMetadata } from './transaction-metadata.ts'
import type { Lookup } from './transaction-state-manager.ts'

/** The version that knows PRODUCER_FENCED. */
const KNOWS_FENCED = 4

/** InitProducerId with a transactional id: a producer begins, and whoever had the id before is fenced (`handleInitProducerId`). */
export class InitProducerIdHandler {
  private readonly parts: HandlerParts
  private readonly ends: EndTransactions

  constructor(parts: HandlerParts, ends: EndTransactions) {
    this.parts = parts
    this.ends = ends
  }

  handle(request: Envelope): void {
    const reply = new PendingReply(request)
    const invalid = this.invalidity(request.body as InitProducerIdRequest)
    if (invalid !== Errors.NONE) {
      this.refuse(reply, invalid)
      return
    }
    const lookup = this.findOrCreate(request.body as InitProducerIdRequest)
    if (lookup.error !== Errors.NONE) this.refuse(reply, lookup.error)
    else this.register(reply, lookup)
  }

  /** What is wrong with a request whoever coordinates its id. */
  private invalidity({
    transactionalId,
    transactionTimeoutMs,
    producerId,
    producerEpoch,
  }: InitProducerIdRequest): number {
    if (transactionalId === '' || producerId < 0 !== producerEpoch < 0) return Errors.INVALID_REQUEST
    const isValid = transactionTimeoutMs > 0 && transactionTimeoutMs <= this.parts.options['transaction.max.timeout.ms']
    return isValid ? Errors.NONE : Errors.INVALID_TRANSACTION_TIMEOUT
  }

  private findOrCreate({ transactionalId, transactionTimeoutMs }: InitProducerIdRequest): Lookup {
    const { env, states, producerIds } = this.parts
    const id = transactionalId as string
    const found = states.find(id)
    if (found.error !== Errors.NONE || found.metadata !== null) return found
    const producerId = producerIds.generate()
    if (producerId < 0) return { error: Errors.COORDINATOR_LOAD_IN_PROGRESS, epoch: -1, metadata: null }
    const metadata = new TransactionMetadata(id, producerId, transactionTimeoutMs, nowMs(env))
    states.put(metadata)
    return { ...found, metadata }
  }

  private register(reply: PendingReply, lookup: Lookup): void {
    const { env, states, producerIds, profile } = this.parts
    const { transactionTimeoutMs, producerId, producerEpoch } = reply.request.body as InitProducerIdRequest
    const { epoch } = lookup
    const metadata = lookup.metadata as TransactionMetadata
    const decision = decideInitProducerId(metadata, { producerId, producerEpoch })
    switch (decision.kind) {
      case 'refused':
        this.refuse(reply, decision.error)
        return
      case 'fence': {
        // Only the coordinator has this epoch, and it cannot fence a second time: Kafka fails with an exception here.
        if (metadata.producerEpoch >= MAX_EPOCH) {
          this.refuse(reply, Errors.UNKNOWN_SERVER_ERROR)
          return
        }
        this.ends.fence(metadata, epoch, profile['transaction.version'], { kind: 'init-producer-id', reply })
        return
      }
      case 'register': {
        const transit = metadata.prepareInit(decision.identity, transactionTimeoutMs, nowMs(env))
        states.append(metadata.transactionalId, epoch, transit, { kind: 'registered', reply })
        return
      }
      case 'rotate': {
        const next = producerIds.generate()
        if (next < 0) {
          this.refuse(reply, Errors.COORDINATOR_LOAD_IN_PROGRESS)
          return
        }
        const { lastProducerEpoch } = decision
        const identity = { producerId: next, producerEpoch: 0, lastProducerEpoch }
        const transit = metadata.prepareInit(identity, transactionTimeoutMs, nowMs(env))
        states.append(metadata.transactionalId, epoch, transit, { kind: 'registered', reply })
      }
    }
  }

  /** The new identity is replicated, or could not be written. */
  onRegistered(reply: PendingReply, { transit }: TransactionAppend, error: number): void {
    if (error !== Errors.NONE) {
      this.refuse(reply, error)
      return
    }
    const { producerId, producerEpoch } = transit
    const body: InitProducerIdResponse = { errorCode: Errors.NONE, producerId, producerEpoch }
    this.parts.replies.complete(reply, body)
  }

  refuse(reply: PendingReply, error: number): void {
    const { env, replies } = this.parts
    const { request } = reply
    const { transactionalId, producerId, producerEpoch } = request.body as InitProducerIdRequest
    tellRefused(env, request, { transactionalId: transactionalId ?? '', producerId, producerEpoch }, error)
    const errorCode = fencedAs(error, request.apiVersion, KNOWS_FENCED)
    const body: InitProducerIdResponse = { errorCode, producerId: -1, producerEpoch: -1 }
    replies.complete(reply, body)
  }
}
