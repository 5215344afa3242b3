import { ms } from '../../kernel/time.ts'
import { JITTER } from '../../kernel/site.ts'
import type { Envelope } from '../../network/envelope.ts'
import type { Env } from '../env.ts'
import type { FetchRequest } from '../protocol/messages.ts'
import { BrokerTimer } from './timers.ts'

/** What may come between the two looks at the high watermark: another thread's work. */
const THREAD_LAG_US: number = ms(5)

/** Looks up limits, and reads with them. */
export interface SplitFetchHost {
  /** Where reading ends because of a transaction, by partition of the request; -1 = nowhere, the high watermark is the limit. */
  unstableLimits(request: FetchRequest): readonly number[]
  fetchUpTo(envelope: Envelope, limits: readonly number[]): void
}

/**
 * As before KAFKA-9807 (2.6): a fetch of committed records looks whether a transaction begins below the high watermark, and if
 * none does, reads up to what is the high watermark by then.
 */
export class SplitFetches {
  private readonly env: Env
  private readonly host: SplitFetchHost
  private readonly begun: Map<number, { readonly envelope: Envelope; readonly limits: readonly number[] }> = new Map()
  private serial = 0

  constructor(env: Env, host: SplitFetchHost) {
    this.env = env
    this.host = host
  }

  /** The first look. */
  begin(envelope: Envelope): void {
    const limits = this.host.unstableLimits(envelope.body as FetchRequest)
    this.begun.set(++this.serial, { envelope, limits })
    this.env.setTimer(BrokerTimer.FetchSecondLook, this.env.decide(JITTER, THREAD_LAG_US), this.serial)
  }

  /** The second look. */
  onTimer(serial: number): void {
    const fetch = this.begun.get(serial)
    this.begun.delete(serial)
    if (fetch !== undefined) this.host.fetchUpTo(fetch.envelope, fetch.limits)
  }
}
