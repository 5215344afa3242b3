import { ms } from '../../kernel/time.ts'
import { JITTER } from '../../kernel/site.ts'
import type { Envelope } from '../../network/envelope.ts'
import type { Env } from '../env.ts'
import type { FetchRequest } from '../protocol/messages.ts'
import type { ClusterProfile } from '../protocol/profile.ts'
import { BrokerTimer } from './timers.ts'

/** What may come between two looks: another thread's work. */
const THREAD_LAG_US: number = ms(5)

/** A limit that is found by the second look: the high watermark as it is then. */
export const HIGH_WATERMARK_THEN = -1
/** The log's end as it is then. */
export const LOG_END_THEN = -2

/** Looks up limits, and reads with them. */
export interface SplitFetchHost {
  /** Where reading ends because of a transaction, by partition of the request; {@link HIGH_WATERMARK_THEN} = it does not. */
  unstableLimits(request: FetchRequest): readonly number[]
  /** Where reading ends, by partition of the request; {@link LOG_END_THEN} = there is something to read, and all of the log is. */
  sizedLimits(request: FetchRequest): readonly number[]
  /** @param again it had waited, and is answered now with whatever there is. */
  fetchUpTo(envelope: Envelope, limits: readonly number[], again: boolean): void
}

interface BegunFetch {
  readonly envelope: Envelope
  readonly limits: readonly number[]
  readonly again: boolean
}

/**
 * Fetches of consumers in two steps, as they were before 2.6. KAFKA-9807: one of committed records looks whether a transaction
 * begins below the high watermark, and if none does, reads up to what is the high watermark by then. KAFKA-9835: one that may
 * read all of the log is given what the log holds by then.
 */
export class SplitFetches {
  private readonly env: Env
  private readonly host: SplitFetchHost
  private readonly looksAgain: boolean
  private readonly sizesAgain: boolean
  private readonly begun: Map<number, BegunFetch> = new Map()
  private serial = 0

  private constructor(env: Env, host: SplitFetchHost, looksAgain: boolean, sizesAgain: boolean) {
    this.env = env
    this.host = host
    this.looksAgain = looksAgain
    this.sizesAgain = sizesAgain
  }

  /** null: fetches are one step. */
  static of(profile: ClusterProfile, env: Env, host: SplitFetchHost): SplitFetches | null {
    const looksAgain = profile['fetch.high.watermark.reads'] === 2
    const sizesAgain = profile['fetch.log.end.reads'] === 2
    return looksAgain || sizesAgain ? new SplitFetches(env, host, looksAgain, sizesAgain) : null
  }

  /** The first look of a fetch that came, or that waited until now; false: there is no second one. */
  begin(envelope: Envelope, again: boolean): boolean {
    const request = envelope.body as FetchRequest
    const isUnstable = this.looksAgain && !again && request.isolationLevel === 'read_committed'
    if (!isUnstable && !this.sizesAgain) return false
    const limits = isUnstable ? this.host.unstableLimits(request) : this.host.sizedLimits(request)
    this.begun.set(++this.serial, { envelope, limits, again })
    this.env.setTimer(BrokerTimer.FetchSecondLook, this.env.decide(JITTER, THREAD_LAG_US), this.serial)
    return true
  }

  /** The second look. */
  onTimer(serial: number): void {
    const fetch = this.begun.get(serial)
    this.begun.delete(serial)
    if (fetch !== undefined) this.host.fetchUpTo(fetch.envelope, fetch.limits, fetch.again)
  }
}
