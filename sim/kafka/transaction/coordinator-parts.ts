import { MILLISECOND } from '../../kernel/time.ts'
import type { MetadataCache } from '../broker/metadata-cache.ts'
import type { ProducerIdManager } from '../broker/producer-id-manager.ts'
import type { Env } from '../env.ts'
import type { Replies } from '../group/pending-reply.ts'
import type { BrokerConfig } from '../protocol/config/broker.ts'
import { Errors } from '../protocol/errors.ts'
import type { ClusterProfile } from '../protocol/profile.ts'
import type { TransactionStateManager } from './transaction-state-manager.ts'

/** A broker's settings for transactions. */
export type TransactionCoordinatorOptions = Pick<
  BrokerConfig,
  | 'transaction.abort.timed.out.transaction.cleanup.interval.ms'
  | 'transaction.max.timeout.ms'
  | 'transaction.remove.expired.transaction.cleanup.interval.ms'
  | 'transactional.id.expiration.ms'
>

/** What the coordinator's request handlers share. */
export interface HandlerParts {
  readonly env: Env
  readonly options: TransactionCoordinatorOptions
  readonly profile: ClusterProfile
  readonly metadata: MetadataCache
  readonly states: TransactionStateManager
  readonly replies: Replies
  readonly producerIds: ProducerIdManager
}

/** The wall clock in milliseconds, by which transactions are timed. */
export function nowMs(env: Env): number {
  return Math.floor(env.wallClock() / MILLISECOND)
}

/** Old clients know PRODUCER_FENCED by its old name, up to a version of each request (KIP-588). */
export function fencedAs(error: number, apiVersion: number, since: number): number {
  return error === Errors.PRODUCER_FENCED && apiVersion < since ? Errors.INVALID_PRODUCER_EPOCH : error
}
