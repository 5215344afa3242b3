import { ms } from '../../kernel/time.ts'
import { BrokerTimer } from '../broker/timers.ts'
import { Errors } from '../protocol/errors.ts'
import { type HandlerParts, nowMs } from './coordinator-parts.ts'
import type { EndTransactions } from './end-transactions.ts'
import { MAX_EPOCH, type TransactionMetadata } from './transaction-metadata.ts'

/** `request.timeout.ms` of the broker: how long the end of an id may take to be written. */
const EXPIRY_TIMEOUT_MS = 30_000

/** Two scans at fixed intervals from the broker's start: for transactions that take too long, and for ids that nobody uses. */
export class TransactionTimeouts {
  private readonly parts: HandlerParts
  private readonly ends: EndTransactions
  private readonly startedAt: number
  private scanning = false

  constructor(parts: HandlerParts, ends: EndTransactions) {
    this.parts = parts
    this.ends = ends
    this.startedAt = parts.env.monotonic()
  }

  /** Begins to scan, at the times at which a broker that always scans would: before there is an id that is worth nothing. */
  start(): void {
    if (this.scanning) return
    this.scanning = true
    this.arm(BrokerTimer.TransactionAbort, 'transaction.abort.timed.out.transaction.cleanup.interval.ms')
    this.arm(BrokerTimer.TransactionExpiry, 'transaction.remove.expired.transaction.cleanup.interval.ms')
  }

  private arm(
    kind: number,
    interval:
      | 'transaction.abort.timed.out.transaction.cleanup.interval.ms'
      | 'transaction.remove.expired.transaction.cleanup.interval.ms',
  ): void {
    const { env, options } = this.parts
    const period = ms(options[interval])
    env.setTimer(kind, period - ((env.monotonic() - this.startedAt) % period))
  }

  /** `abortTimedOutTransactions` */
  onAbortScan(): void {
    this.arm(BrokerTimer.TransactionAbort, 'transaction.abort.timed.out.transaction.cleanup.interval.ms')
    const now = nowMs(this.parts.env)
    for (const metadata of this.parts.states.all()) {
      if (isTimedOut(metadata, now)) this.abort(metadata)
    }
  }

  private abort(metadata: TransactionMetadata): void {
    const { states, profile } = this.parts
    const { error, epoch } = states.find(metadata.transactionalId)
    if (error !== Errors.NONE) return
    const version = profile['transaction.version']
    if (profile['transaction.timeout.fencing'] === 'on') {
      if (metadata.producerEpoch < MAX_EPOCH) this.ends.fence(metadata, epoch, version, { kind: 'timeout' })
      return
    }
    // KAFKA-6119: as if its producer had asked for it, who is not told and goes on.
    const { producerId, producerEpoch } = metadata
    const call = { producerId, producerEpoch, committed: false, isFromClient: true }
    this.ends.end(metadata, epoch, call, version, { kind: 'timeout' })
  }

  /** `removeExpiredTransactionalIds` */
  onExpiryScan(): void {
    this.arm(BrokerTimer.TransactionExpiry, 'transaction.remove.expired.transaction.cleanup.interval.ms')
    const { env, options, states } = this.parts
    const before = nowMs(env) - options['transactional.id.expiration.ms']
    for (const metadata of states.all()) {
      const { transactionalId } = metadata
      const { error, epoch } = states.find(transactionalId)
      if (error !== Errors.NONE || !isIdle(metadata) || metadata.lastUpdateTimestampMs > before) continue
      states.append(transactionalId, epoch, metadata.prepareDead(), { kind: 'expired' }, EXPIRY_TIMEOUT_MS)
    }
  }
}

/** Measured from the begin of the transaction, not from its last request. */
function isTimedOut(
  { state, pendingState, startTimestampMs, transactionTimeoutMs }: TransactionMetadata,
  now: number,
): boolean {
  return state === 'Ongoing' && pendingState === null && startTimestampMs + transactionTimeoutMs < now
}

function isIdle({ state, pendingState }: TransactionMetadata): boolean {
  return pendingState === null && (state === 'Empty' || state === 'CompleteCommit' || state === 'CompleteAbort')
}
