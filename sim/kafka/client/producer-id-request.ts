import type { TimerHandle } from '../../kernel/kernel.ts'
import type { Env } from '../env.ts'
import { Errors, isRetriable } from '../protocol/errors.ts'
import type { InitProducerIdResponse } from '../protocol/messages.ts'
import { exponentialBackoff } from './exponential-backoff.ts'
import type { Idempotence } from './idempotence.ts'
import type { ProducerSettings } from './producer-settings.ts'

/** The InitProducerId request of an idempotent producer: one at a time, any broker, again after a back-off until it succeeds. */
export class ProducerIdRequest {
  private readonly env: Env
  private readonly settings: ProducerSettings
  private readonly timerKind: number
  private inFlight = false
  private timer: TimerHandle = 0

  constructor(env: Env, settings: ProducerSettings, timerKind: number) {
    this.env = env
    this.settings = settings
    this.timerKind = timerKind
  }

  /** Whether a request should be sent now. */
  isDue(): boolean {
    return !this.inFlight && this.timer === 0
  }

  onSent(): void {
    this.inFlight = true
  }

  /** The request ended; `response` is null when no answer came. */
  onCompletion(idempotence: Idempotence, response: InitProducerIdResponse | null): void {
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
    const { settings } = this
    this.timer = this.env.setTimer(
      this.timerKind,
      exponentialBackoff(this.env, settings.retryBackoffUs, settings.retryBackoffMaxUs, 0),
    )
  }

  onTimer(): void {
    this.timer = 0
  }

  close(): void {
    this.env.cancel(this.timer)
  }
}
