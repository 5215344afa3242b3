import { tpOf } from '../../history/ids.ts'
import { ms, SECOND } from '../../kernel/time.ts'
import type { Envelope } from '../../network/envelope.ts'
import type { Env } from '../env.ts'
import type { TransactionVerifier, VerificationListener } from '../group/coordinator-log.ts'
import { NO_GUARD } from '../log/verification-state.ts'
import type { BrokerConfig } from '../protocol/config/broker.ts'
import { Errors } from '../protocol/errors.ts'
import type { ProduceRequest } from '../protocol/messages.ts'
import type { ClusterProfile } from '../protocol/profile.ts'
import { PRODUCE_ADDS_PARTITIONS, TXN_OFFSET_COMMIT_ADDS_PARTITIONS } from '../protocol/transaction-messages.ts'
import {
  type AddPartitionsListener,
  AddPartitionsToTxnManager,
  type TransactionOperation,
} from './add-partitions-to-txn-manager.ts'
import type { MetadataCache } from './metadata-cache.ts'
import type { Partition } from './partition.ts'
import { BrokerTimer } from './timers.ts'

/** A transactional produce request of which is known what may be appended; lists go along with its partitions. */
export class VerifiedProduce {
  readonly request: Envelope
  /** NONE, or why the batch is not appended. */
  readonly errors: readonly number[]
  /** What the log asks of a batch that begins a transaction. */
  readonly guards: readonly number[]

  constructor(request: Envelope, errors: readonly number[], guards: readonly number[]) {
    this.request = request
    this.errors = errors
    this.guards = guards
  }
}

/** Where partitions are looked up, and what is done with what was verified. */
export interface VerificationHost extends VerificationListener {
  /** The replica here, even one that nothing was written to yet. */
  hosted(tp: number): Partition | undefined
  onProduceVerified(verified: VerifiedProduce): void
}

/** Batches, or offsets, that wait for the coordinator of their transaction. */
interface Pending {
  readonly transactionalId: string
  readonly producerId: number
  readonly producerEpoch: number
  readonly operation: TransactionOperation
  readonly tps: readonly number[]
  /** -1 for offsets, which have none. */
  readonly sequences: readonly number[]
  readonly errors: number[]
  readonly guards: number[]
  /** Wall clock until which CONCURRENT_TRANSACTIONS is asked again; 0 = it is told at once. */
  readonly retriesUntil: number
  /** The produce request; null for offsets. */
  readonly request: Envelope | null
  /** The group coordinator's note on offsets. */
  readonly token: number
}

/** The broker's `request.timeout.ms`. */
const REQUEST_TIMEOUT_US: number = 30 * SECOND

/**
 * Asks before a transactional write whether it belongs to a transaction (`ReplicaManager.handleProduceAppend`,
 * `maybeSendPartitionsToTransactionCoordinator`): only for partitions where the producer's transaction is not open yet. The
 * request is parked meanwhile, and its connection with it.
 */
export class TransactionVerification implements TransactionVerifier, AddPartitionsListener {
  readonly manager: AddPartitionsToTxnManager
  private readonly env: Env
  private readonly metadata: MetadataCache
  private readonly host: VerificationHost
  /** Whether coordinators are asked at all (KIP-890), and for those who have added their partitions themselves. */
  private readonly exists: boolean
  private readonly verifies: boolean
  private readonly retryUs: number
  private readonly retryMaxUs: number
  private readonly pending: Map<number, Pending> = new Map()
  private serial = 0

  constructor(
    env: Env,
    config: BrokerConfig,
    profile: ClusterProfile,
    metadata: MetadataCache,
    host: VerificationHost,
  ) {
    this.env = env
    this.metadata = metadata
    this.host = host
    this.exists = profile['transaction.version'] > 0
    this.verifies = config['transaction.partition.verification.enable']
    this.retryUs = ms(config['add.partitions.to.txn.retry.backoff.ms'])
    this.retryMaxUs = Math.min(ms(config['add.partitions.to.txn.retry.backoff.max.ms']), REQUEST_TIMEOUT_US)
    this.manager = new AddPartitionsToTxnManager(env, metadata, this)
  }

  /** Requests that wait. */
  get size(): number {
    return this.pending.size
  }

  /** Takes a produce request with a transactional id. {@link VerificationHost.onProduceVerified} follows, perhaps at once. */
  produce(request: Envelope): void {
    const { transactionalId, partitionData } = request.body as ProduceRequest
    const transactional = partitionData.find(({ records }) => records.isTransactional)
    const operation = operationOf(request.apiVersion, PRODUCE_ADDS_PARTITIONS)
    if (transactionalId === null || transactional === undefined || !this.isAsked(operation)) {
      this.host.onProduceVerified(new VerifiedProduce(request, [], []))
      return
    }
    const { producerId, producerEpoch } = transactional.records
    this.begin({
      transactionalId,
      producerId,
      producerEpoch,
      operation,
      tps: partitionData.map(({ topicId, index }) => tpOf(topicId, index)),
      sequences: partitionData.map(({ records }) => records.baseSequence),
      errors: partitionData.map(() => Errors.NONE),
      guards: partitionData.map(() => NO_GUARD),
      // Sending a batch again is dear, and CONCURRENT_TRANSACTIONS common where a producer's transactions follow each other.
      retriesUntil: operation === 'add-partition' ? this.env.wallClock() + this.retryMaxUs : 0,
      request,
      token: 0,
    })
  }

  verifyOffsets(
    tp: number,
    transactionalId: string,
    producerId: number,
    producerEpoch: number,
    apiVersion: number,
    token: number,
  ): void {
    const operation = operationOf(apiVersion, TXN_OFFSET_COMMIT_ADDS_PARTITIONS)
    if (!this.isAsked(operation)) {
      this.host.onOffsetsVerified(tp, token, Errors.NONE, NO_GUARD)
      return
    }
    const identity = { transactionalId, producerId, producerEpoch, operation }
    const parts = { tps: [tp], sequences: [-1], errors: [Errors.NONE], guards: [NO_GUARD] }
    this.begin({ ...identity, ...parts, retriesUntil: 0, request: null, token })
  }

  private isAsked(operation: TransactionOperation): boolean {
    return this.exists && (operation === 'add-partition' || this.verifies)
  }

  // --- asking -------------------------------------------------------------------------------------------------------

  private begin(pending: Pending): void {
    const { transactionalId, producerId, producerEpoch, operation, tps, guards } = pending
    for (let i = 0; i < tps.length; i++) this.startVerification(pending, i)
    const asked = tps.filter((_, i) => guards[i] !== NO_GUARD)
    if (asked.length === 0) {
      this.finish(pending)
      return
    }
    const serial = ++this.serial
    this.pending.set(serial, pending)
    this.manager.addOrVerify(transactionalId, producerId, producerEpoch, asked, operation, serial)
  }

  /** `maybeStartTransactionVerificationForPartition`: the guard, if there is something to ask, or why nothing can be appended. */
  private startVerification(pending: Pending, i: number): void {
    const { producerId, producerEpoch, operation, tps, sequences, errors, guards } = pending
    const tp = tps[i] as number
    const partition = this.host.hosted(tp)
    errors[i] = Errors.NONE
    guards[i] = NO_GUARD
    if (partition === undefined) {
      const isKnown = this.metadata.partitions.has(tp)
      errors[i] = isKnown ? Errors.NOT_LEADER_OR_FOLLOWER : Errors.UNKNOWN_TOPIC_OR_PARTITION
    } else if (!partition.isLeader) {
      errors[i] = Errors.NOT_LEADER_OR_FOLLOWER
    } else {
      const { transactions } = partition.log
      const sequence = sequences[i] as number
      guards[i] = transactions.startVerification(producerId, sequence, producerEpoch, operation === 'add-partition')
    }
  }

  onCoordinatorAnswered(serial: number, errors: ReadonlyMap<number, number>): void {
    const pending = this.pending.get(serial)
    if (pending === undefined) return
    const { tps } = pending
    for (let i = 0; i < tps.length; i++) {
      const error = errors.get(tps[i] as number)
      if (error !== undefined) pending.errors[i] = error
    }
    if (pending.errors.includes(Errors.CONCURRENT_TRANSACTIONS) && this.env.wallClock() < pending.retriesUntil) {
      this.env.setTimer(BrokerTimer.VerificationRetry, this.retryUs, serial)
      return
    }
    this.pending.delete(serial)
    this.finish(pending)
  }

  /** The transaction before was not complete: asked again (`maybeRetryOnConcurrentTransactions`). */
  onRetry(serial: number): void {
    const pending = this.pending.get(serial)
    if (pending === undefined) return
    this.pending.delete(serial)
    this.begin(pending)
  }

  private finish({ request, errors, guards, operation, tps, token }: Pending): void {
    if (request === null) {
      this.host.onOffsetsVerified(tps[0] as number, token, errors[0] as number, guards[0] as number)
      return
    }
    const told = errors.map((error) => producerError(error, operation))
    this.host.onProduceVerified(new VerifiedProduce(request, told, guards))
  }
}

/** Versions below that which adds partitions: the one right below knows TRANSACTION_ABORTABLE. */
function operationOf(apiVersion: number, addsPartitions: number): TransactionOperation {
  if (apiVersion >= addsPartitions) return 'add-partition'
  return apiVersion === addsPartitions - 1 ? 'generic-error' : 'default-error'
}

/**
 * What a producer is told (`postVerificationCallback`): NOT_ENOUGH_REPLICAS where an old client would not know that it may try
 * again, for it makes nobody ask for metadata.
 */
function producerError(error: number, operation: TransactionOperation): number {
  switch (error) {
    case Errors.NETWORK_EXCEPTION:
    case Errors.COORDINATOR_LOAD_IN_PROGRESS:
    case Errors.COORDINATOR_NOT_AVAILABLE:
    case Errors.NOT_COORDINATOR:
      return Errors.NOT_ENOUGH_REPLICAS
    case Errors.CONCURRENT_TRANSACTIONS:
      return operation === 'add-partition' ? error : Errors.NOT_ENOUGH_REPLICAS
    default:
      return error
  }
}
