import type { TimerHandle } from '../../kernel/kernel.ts'
import { BrokerTimer } from '../broker/timers.ts'
import type { Env } from '../env.ts'
import type { ShareFetchRequest } from '../protocol/share-messages.ts'
import type { ShareRequest } from './share-fetch.ts'

/** Fetches of share groups that wait for something to acquire (the purgatory of `DelayedShareFetch`). */
export class SharePurgatory {
  private readonly env: Env
  private parked: ShareRequest[] = []
  private timer: TimerHandle = 0
  private timerAt = 0

  constructor(env: Env) {
    this.env = env
  }

  get isEmpty(): boolean {
    return this.parked.length === 0
  }

  park(request: ShareRequest): void {
    this.parked.push(request)
    this.arm(request.deadline)
  }

  /** Takes out what fetches from a partition. */
  takeOf(tp: number): readonly ShareRequest[] {
    return this.take((request) => request.tps.includes(tp))
  }

  /** Takes out what has waited long enough. */
  takeOver(): readonly ShareRequest[] {
    this.timer = 0
    const now = this.env.monotonic()
    const over = this.take(({ deadline }) => deadline <= now)
    for (const { deadline } of this.parked) this.arm(deadline)
    return over
  }

  /** Nobody waits any more for what came over a connection. */
  drop(connection: number): void {
    this.take(({ envelope }) => envelope.connection === connection)
  }

  /** A share partition could not be initialized: its fetches are told. */
  fail(groupId: string, tp: number, error: number): void {
    for (const request of this.parked) {
      const isOfGroup = (request.envelope.body as ShareFetchRequest).groupId === groupId
      if (isOfGroup && request.tps.includes(tp)) request.failed.set(tp, error)
    }
  }

  private take(isWanted: (request: ShareRequest) => boolean): readonly ShareRequest[] {
    const taken = this.parked.filter(isWanted)
    if (taken.length > 0) this.parked = this.parked.filter((request) => !taken.includes(request))
    return taken
  }

  private arm(deadline: number): void {
    const { env } = this
    if (this.timer !== 0 && this.timerAt <= deadline) return
    env.cancel(this.timer)
    this.timerAt = deadline
    this.timer = env.setTimer(BrokerTimer.DelayedShareFetch, Math.max(0, deadline - env.monotonic()))
  }
}
