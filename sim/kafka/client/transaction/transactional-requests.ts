import type { TimerHandle } from '../../../kernel/kernel.ts'
import { ms } from '../../../kernel/time.ts'
import type { Env } from '../../env.ts'
import { Api } from '../../protocol/api.ts'
import { Errors } from '../../protocol/errors.ts'
import {
  type AddPartitionsToTxnRequest,
  END_TXN_BUMPS_EPOCH,
  TXN_OFFSET_COMMIT_ADDS_PARTITIONS,
} from '../../protocol/transaction-messages.ts'
import type { BatchCompletion } from '../batch-completion.ts'
import type { Completion } from '../client-request.ts'
import { IDENTITY_TOKEN, type IdentityRequests } from '../identity-requests.ts'
import type { Metadata } from '../metadata.ts'
import type { NetworkClient } from '../network-client.ts'
import type { ProducerSettings } from '../producer-settings.ts'
import type { RecordAccumulator } from '../record-accumulator.ts'
import { ProducerException } from './transaction-error.ts'
import type { TransactionManager } from './transaction-manager.ts'
import { coordinatorType, type TxnRequest } from './txn-request.ts'
import { findCoordinatorOf, handleDisconnect, handleResponse } from './txn-responses.ts'

/** `ADD_PARTITIONS_RETRY_BACKOFF_MS` */
const SOON_US: number = ms(20)
/** The newest AddPartitionsToTxn that clients send; later ones are for brokers. */
const LAST_CLIENT_VERSION = 3

export interface TransactionalRequestsParts {
  readonly env: Env
  readonly settings: ProducerSettings
  readonly manager: TransactionManager
  readonly client: NetworkClient
  readonly metadata: Metadata
  readonly accumulator: RecordAccumulator
  readonly completion: BatchCompletion
  readonly timerKind: number
}

/**
 * `Sender.maybeSendAndPollTransactionalRequest`: one request at a time goes to its coordinator, which is looked for where it
 * is not known. While a request is in flight, waits for its connection or for its back-off, the sender's thread is busy with
 * it: nothing is produced.
 */
export class TransactionalRequests implements IdentityRequests {
  private readonly parts: TransactionalRequestsParts
  private inFlight: TxnRequest | null = null
  /** Taken from the queue and not sent yet. */
  private current: TxnRequest | null = null
  /** Where a request goes that any node can answer; -1 = not chosen. */
  private anyNode = -1
  private hasSlept = false
  private sleepTimer: TimerHandle = 0

  constructor(parts: TransactionalRequestsParts) {
    this.parts = parts
  }

  run(): boolean {
    const { manager, accumulator } = this.parts
    while (this.inFlight === null && this.sleepTimer === 0) {
      this.current ??= this.takeNext()
      if (this.current === null) {
        accumulator.completing = manager.core.isCompleting
        return false
      }
      if (!this.advance(this.current)) return true
    }
    return true
  }

  onCompletion(body: object | null, cause: Completion): void {
    const { manager } = this.parts
    const request = this.inFlight
    this.inFlight = null
    if (request === null) return
    try {
      if (cause === 'response' && body !== null) handleResponse(manager, request, body)
      else handleDisconnect(manager, request)
    } catch (thrown) {
      // An illegal transition of the sender's thread has ended the producer; the thread goes on.
      if (!(thrown instanceof ProducerException)) throw thrown
    }
  }

  onTimer(): void {
    this.sleepTimer = 0
    this.hasSlept = true
  }

  close(): void {
    this.parts.env.cancel(this.sleepTimer)
  }

  // --- inner workings -----------------------------------------------------------------------------------------------

  private takeNext(): TxnRequest | null {
    const { manager, accumulator, completion, settings } = this.parts
    const { state, lastError } = manager.core
    if ((state === 'ABORTABLE_ERROR' || state === 'ABORTING_TRANSACTION') && accumulator.incomplete > 0) {
      completion.abortUndrained(lastError?.error ?? Errors.UNKNOWN_SERVER_ERROR)
    }
    const mustWait =
      settings.switches['txn.end'] === 'after-answers' ? accumulator.incomplete > 0 : accumulator.hasUndrained()
    return manager.nextRequest(mustWait)
  }

  /** Brings the request one step further; false when it was sent or has to wait, true when another one goes first. */
  private advance(request: TxnRequest): boolean {
    const { client } = this.parts
    const type = coordinatorType(request)
    const node = type === null ? this.chooseNode() : this.parts.manager.core.coordinators[type]
    if (node < 0) return type !== null && this.findCoordinator(request, false)
    if (!client.ready(node)) {
      if (client.isConnecting(node)) return false
      this.anyNode = -1
      return type === null || this.findCoordinator(request, true)
    }
    if (!client.canSend(node)) return false
    if (request.isRetry && !this.hasSlept) this.sleep(request)
    else this.send(node, request)
    return false
  }

  private chooseNode(): number {
    if (this.anyNode < 0) this.anyNode = this.parts.metadata.leastLoadedNode()
    return this.anyNode
  }

  /** `maybeFindCoordinatorAndRetry` */
  private findCoordinator(request: TxnRequest, paced: boolean): true {
    const { manager } = this.parts
    findCoordinatorOf(manager, request, paced)
    manager.core.retry(request)
    this.forget()
    return true
  }

  private forget(): void {
    this.current = null
    this.hasSlept = false
    this.anyNode = -1
  }

  /** Kafka's thread sleeps `retry.backoff.ms`, which never grows, before it sends something again. */
  private sleep(request: TxnRequest): void {
    const { env, settings, timerKind } = this.parts
    const { retryBackoffUs } = settings
    const soon = request.kind === 'AddPartitionsToTxn' && request.soon
    this.sleepTimer = env.setTimer(timerKind, soon ? Math.min(SOON_US, retryBackoffUs) : retryBackoffUs)
  }

  private send(node: number, request: TxnRequest): void {
    const { client, manager, settings } = this.parts
    this.inFlight = request
    this.forget()
    if (request.kind === 'EndTxn') manager.onEndSent(request)
    const newest = versionAtMost(request, manager.core.isV2)
    const body = this.bodyOf(request)
    client.send(node, Api[request.kind], body, IDENTITY_TOKEN, true, settings.requestTimeoutUs, newest)
  }

  private bodyOf(request: TxnRequest): object {
    if (request.kind !== 'AddPartitionsToTxn') return request.body
    const body: AddPartitionsToTxnRequest = {
      transactions: [
        {
          ...this.parts.manager.core.identity,
          verifyOnly: false,
          partitions: request.partitions.map(({ topicId, index }) => ({ topicId, partition: index })),
        },
      ],
    }
    return body
  }
}

/** A client that does not use transaction version 2 asks for the versions that came before it. */
function versionAtMost(request: TxnRequest, isV2: boolean): number | undefined {
  switch (request.kind) {
    case 'AddPartitionsToTxn':
      return LAST_CLIENT_VERSION
    case 'EndTxn':
      return isV2 ? undefined : END_TXN_BUMPS_EPOCH - 1
    case 'TxnOffsetCommit':
      return isV2 ? undefined : TXN_OFFSET_COMMIT_ADDS_PARTITIONS - 1
    case 'FindCoordinator':
    case 'InitProducerId':
    case 'AddOffsetsToTxn':
      return undefined
  }
}
