import type { TimerHandle } from '../../../kernel/kernel.ts'
import type { Env } from '../../env.ts'
import { NEVER_US } from '../producer-settings.ts'

/**
 * One timer for many reasons: it fires at the earliest time anybody asked for since it last fired, and who still waits then
 * asks again. So a deadline that is met in time costs no cancelled timer.
 */
export class WakeTimer {
  private readonly env: Env
  private readonly kind: number
  private timer: TimerHandle = 0
  private at: number = NEVER_US

  constructor(env: Env, kind: number) {
    this.env = env
    this.kind = kind
  }

  /** Fires at this time at the latest (monotonic microseconds). */
  wakeAt(at: number): void {
    if (at >= this.at) return
    this.env.cancel(this.timer)
    this.at = at
    this.timer = this.env.setTimer(this.kind, Math.max(0, at - this.env.monotonic()))
  }

  /** It has fired. */
  fired(): void {
    this.timer = 0
    this.at = NEVER_US
  }

  cancel(): void {
    this.env.cancel(this.timer)
    this.fired()
  }
}
