import type { TimerHandle } from '../../kernel/kernel.ts'
import type { Env } from '../env.ts'
import { Api } from '../protocol/api.ts'
import { Errors, isRetriable } from '../protocol/errors.ts'
import type { InitProducerIdRequest, InitProducerIdResponse } from '../protocol/messages.ts'
import { exponentialBackoff } from './exponential-backoff.ts'
import type { Idempotence } from './idempotence.ts'
import { IDENTITY_TOKEN, type IdentityRequests } from './identity-requests.ts'
import type { Metadata } from './metadata.ts'
import type { NetworkClient } from './network-client.ts'
import type { ProducerSettings } from './producer-settings.ts'

const REQUEST: InitProducerIdRequest = {
  transactionalId: null,
  transactionTimeoutMs: 0,
  producerId: -1,
  producerEpoch: -1,
}

export interface ProducerIdRequestParts {
  readonly env: Env
  readonly settings: ProducerSettings
  readonly idempotence: Idempotence
  readonly client: NetworkClient
  readonly metadata: Metadata
  readonly timerKind: number
}

/** The InitProducerId request of an idempotent producer: one at a time, any broker, again after a back-off until it succeeds. */
export class ProducerIdRequest implements IdentityRequests {
  private readonly parts: ProducerIdRequestParts
  private inFlight = false
  private timer: TimerHandle = 0

  constructor(parts: ProducerIdRequestParts) {
    this.parts = parts
  }

  /** Raises the epoch where that was asked for, and fetches a producer id when there is none. */
  run(): boolean {
    const { idempotence, metadata, client } = this.parts
    idempotence.bumpEpochIfRequired()
    if (idempotence.sequences.hasProducerId()) return false
    if (this.inFlight || this.timer !== 0) return true
    const node = metadata.leastLoadedNode()
    if (node < 0 || !client.ready(node) || !client.canSend(node)) return true
    this.inFlight = true
    client.send(node, Api.InitProducerId, REQUEST, IDENTITY_TOKEN)
    return true
  }

  onCompletion(body: object | null): void {
    const { env, settings, idempotence, timerKind } = this.parts
    const response = body as InitProducerIdResponse | null
    this.inFlight = false
    if (response !== null && response.errorCode === Errors.NONE) {
      idempotence.onInitialized(response.producerId, response.producerEpoch)
      return
    }
    // `InitProducerIdHandler`: what is neither retriable nor a lost answer ends the producer.
    if (response !== null && !isRetriable(response.errorCode)) {
      idempotence.fail(response.errorCode)
      return
    }
    // `Sender.maybeSendAndPollTransactionalRequest` waits retry.backoff.ms before it retries.
    const backoff = exponentialBackoff(env, settings.retryBackoffUs, settings.retryBackoffMaxUs, 0)
    this.timer = env.setTimer(timerKind, backoff)
  }

  onTimer(): void {
    this.timer = 0
  }

  close(): void {
    this.parts.env.cancel(this.timer)
  }
}
