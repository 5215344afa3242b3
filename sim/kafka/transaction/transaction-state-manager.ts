import { M } from '../../history/catalogue.ts'
import { tpOf } from '../../history/ids.ts'
import type { TimerHandle } from '../../kernel/kernel.ts'
import { MILLISECOND, ms } from '../../kernel/time.ts'
import type { BatchNumbers } from '../broker/batch-numbers.ts'
import type { MetadataCache } from '../broker/metadata-cache.ts'
import { BrokerTimer } from '../broker/timers.ts'
import type { Env } from '../env.ts'
import type { CoordinatorLog, DiskGate } from '../group/coordinator-log.ts'
import { partitionFor } from '../group/partition-for.ts'
import { readable } from '../log/unreadable.ts'
import { Errors } from '../protocol/errors.ts'
import { transactionLogBatch, transactionRecordsIn } from '../protocol/transaction-records.ts'
import { type AfterAppend, coordinatorErrorOf, TransactionAppend } from './appends.ts'
import { tellLoaded, tellTransition } from './moments.ts'
import { logValueOf, metadataOf, type TransactionMetadata, type TxnTransitMetadata } from './transaction-metadata.ts'

/** The coordinator's way to its partitions, which for transactions waits as a produce request with acks=all does. */
export interface TransactionLog extends CoordinatorLog {
  /** Whether fewer replicas are in sync than the topic asks for. */
  isUnderMinIsr(tp: number): boolean
}

/** Disk operations of the transaction coordinator; the group coordinator's are below. */
export const TransactionDisk = {
  load: 20,
  append: 21,
} as const

/** Told what becomes of what is written and read. */
export interface TransactionStateListener {
  /** A change is replicated and made, or has failed: an error as clients are told it. */
  onAppended(append: TransactionAppend, error: number): void
  onLoaded(partition: TransactionPartition): void
}

/** A broker's hold on one partition of the transaction log: the transactional ids in it, under one coordinator epoch. */
export class TransactionPartition {
  readonly tp: number
  /** The coordinator epoch: the leader epoch of the partition. */
  readonly epoch: number
  /** Tells this hold from an earlier one where the disk answers late. */
  readonly life: number
  loading = true
  readonly ids: Map<string, TransactionMetadata> = new Map()

  constructor(tp: number, epoch: number, life: number) {
    this.tp = tp
    this.epoch = epoch
    this.life = life
  }
}

/** What the coordinator knows of a transactional id: an error, or its metadata, which may be none. */
export interface Lookup {
  readonly error: number
  readonly epoch: number
  readonly metadata: TransactionMetadata | null
}

const NOT_COORDINATOR: Lookup = { error: Errors.NOT_COORDINATOR, epoch: -1, metadata: null }
const LOADING: Lookup = { error: Errors.COORDINATOR_LOAD_IN_PROGRESS, epoch: -1, metadata: null }

export interface StateManagerParts {
  readonly env: Env
  readonly metadata: MetadataCache
  readonly log: TransactionLog
  readonly disk: DiskGate
  readonly numbers: BatchNumbers
  /** `transaction.version` of the cluster. */
  readonly transactionVersion: number
  /** KAFKA-8803: a transaction that begins before the one before it is taken for a defect (`transaction.start.timestamp`). */
  readonly comparesStarts: boolean
}

/**
 * The transactional ids whose partitions this broker leads, in memory and in the log (`TransactionStateManager`). Memory
 * follows the log: a change is made when its record is replicated.
 */
export class TransactionStateManager {
  private readonly parts: StateManagerParts
  private readonly listener: TransactionStateListener
  /** By tp. */
  private readonly partitions: Map<number, TransactionPartition> = new Map()
  /** What is in the log and not replicated yet, by tp, in the order of the log. */
  private readonly undecided: Map<number, TransactionAppend[]> = new Map()
  private lives = 0
  /** One timer for the earliest deadline; it looks again when it fires. */
  private timer: TimerHandle = 0
  private timerAt = 0

  constructor(parts: StateManagerParts, listener: TransactionStateListener) {
    this.parts = parts
    this.listener = listener
  }

  // --- looking up ---------------------------------------------------------------------------------------------------

  /** Partition of the transaction log that keeps an id; -1 while there is no such topic. */
  tpFor(transactionalId: string): number {
    const { transactionsTopicId, topics } = this.parts.metadata
    const topic = topics.get(transactionsTopicId)
    return topic === undefined ? -1 : tpOf(transactionsTopicId, partitionFor(transactionalId, topic.partitions.length))
  }

  /** `getTransactionState` */
  find(transactionalId: string): Lookup {
    const partition = this.partitions.get(this.tpFor(transactionalId))
    if (partition === undefined) return NOT_COORDINATOR
    if (partition.loading) return LOADING
    return { error: Errors.NONE, epoch: partition.epoch, metadata: partition.ids.get(transactionalId) ?? null }
  }

  /** Adds an id that nobody knew, to one that was found to be served here. */
  put(metadata: TransactionMetadata): void {
    this.partitions.get(this.tpFor(metadata.transactionalId))?.ids.set(metadata.transactionalId, metadata)
  }

  /** Everything that is loaded. */
  all(): readonly TransactionMetadata[] {
    const all: TransactionMetadata[] = []
    for (const partition of this.partitions.values()) if (!partition.loading) all.push(...partition.ids.values())
    return all
  }

  /** The hold on a partition, if there is one. */
  partition(tp: number): TransactionPartition | undefined {
    return this.partitions.get(tp)
  }

  // --- leadership ---------------------------------------------------------------------------------------------------

  /** This broker leads the partition in a new epoch: what was in memory is read anew. Returns whether the epoch is new. */
  load(tp: number, epoch: number): boolean {
    const { disk, log } = this.parts
    const known = this.partitions.get(tp)
    if (known !== undefined && known.epoch >= epoch) return false
    const partition = new TransactionPartition(tp, epoch, ++this.lives)
    this.partitions.set(tp, partition)
    // There is nothing to read of a partition that is empty, as most are.
    if (log.logEndOffset(tp) === 0 || disk.admit(TransactionDisk.load, tp, partition.life, null)) {
      this.finishLoading(partition)
    }
    return true
  }

  /**
   * Reads the log up to its end, replicated or not: the last record of an id counts. What cannot be read is logged, and ends the
   * reading as the end of the log does: ids behind it are not known, or as they were before (`loadTransactionMetadata`).
   */
  private finishLoading(partition: TransactionPartition): void {
    const { env, log } = this.parts
    const { tp, epoch, ids } = partition
    for (const entry of readable(env, tp, log.entriesOf(tp) ?? [])) {
      for (const { transactionalId, value } of transactionRecordsIn(entry.batch)) {
        if (value === null) ids.delete(transactionalId)
        else ids.set(transactionalId, metadataOf(transactionalId, value))
      }
    }
    partition.loading = false
    env.emit(M.coordinatorLoaded, tp, epoch, ids.size, 1)
    for (const metadata of ids.values()) tellLoaded(env, metadata, epoch)
    this.listener.onLoaded(partition)
  }

  /** Another broker leads the partition, or none: who waits is sent away. Returns whether it was led here. */
  unload(tp: number, epoch: number): boolean {
    const known = this.partitions.get(tp)
    if (known === undefined || known.epoch >= epoch) return false
    this.partitions.delete(tp)
    this.parts.env.emit(M.coordinatorUnloaded, tp, epoch)
    const undecided = this.undecided.get(tp) ?? []
    this.undecided.delete(tp)
    for (const append of undecided) this.settle(append, Errors.NOT_LEADER_OR_FOLLOWER)
    return true
  }

  // --- writing ------------------------------------------------------------------------------------------------------

  /** `appendTransactionToLog`. `timeoutMs`: after that it counts as failed. */
  append(
    transactionalId: string,
    coordinatorEpoch: number,
    transit: TxnTransitMetadata,
    afterwards: AfterAppend,
    timeoutMs: number = transit.transactionTimeoutMs,
  ): void {
    const { env, disk } = this.parts
    const tp = this.tpFor(transactionalId)
    const deadline = env.monotonic() + ms(timeoutMs)
    const append = new TransactionAppend(transactionalId, tp, coordinatorEpoch, transit, afterwards, deadline)
    if (disk.admit(TransactionDisk.append, tp, 0, append)) this.write(append)
  }

  /** The disk is ready. */
  onDisk(kind: number, tp: number, life: number, payload: unknown): void {
    if (kind === TransactionDisk.append) {
      this.write(payload as TransactionAppend)
      return
    }
    const partition = this.partitions.get(tp)
    if (partition !== undefined && partition.life === life) this.finishLoading(partition)
  }

  private write(append: TransactionAppend): void {
    const { env, log, numbers, transactionVersion } = this.parts
    const { transactionalId, tp, transit } = append
    const { error, epoch } = this.find(transactionalId)
    if (error !== Errors.NONE || epoch !== append.coordinatorEpoch) {
      // No record may enter the log in the name of an epoch that is over.
      this.listener.onAppended(append, error === Errors.NONE ? Errors.NOT_COORDINATOR : error)
      return
    }
    const value = transit.transactionStatus === 'Dead' ? null : logValueOf(transit, transactionVersion)
    const timestamp = Math.floor(env.wallClock() / MILLISECOND)
    const batch = transactionLogBatch(numbers.next(), { transactionalId, value }, timestamp)
    const logError = log.appendAsCoordinator(tp, batch)
    if (logError !== Errors.NONE) {
      this.settle(append, logError)
      return
    }
    append.requiredOffset = log.logEndOffset(tp)
    const undecided = this.undecided.get(tp)
    if (undecided === undefined) this.undecided.set(tp, [append])
    else undecided.push(append)
    this.onHighWatermark(tp)
    if (append.requiredOffset > log.highWatermark(tp)) this.arm(append.deadline)
  }

  /** The high watermark of a partition of the transaction log may have moved. */
  onHighWatermark(tp: number): void {
    const undecided = this.undecided.get(tp)
    if (undecided === undefined) return
    const { log } = this.parts
    // Answering a request takes up the next of its connection, which may write in turn: everything is taken out first.
    for (let first = undecided[0]; first !== undefined; first = undecided[0]) {
      if (first.requiredOffset > log.highWatermark(tp)) return
      undecided.shift()
      this.settle(first, log.isUnderMinIsr(tp) ? Errors.NOT_ENOUGH_REPLICAS_AFTER_APPEND : Errors.NONE)
    }
  }

  /** Time is over for some; their records are in the log and may still be replicated. */
  onTimeout(): void {
    this.timer = 0
    const now = this.parts.env.monotonic()
    for (const undecided of [...this.undecided.values()]) {
      for (const append of [...undecided]) {
        const at = append.deadline <= now ? undecided.indexOf(append) : -1
        if (at < 0) continue
        undecided.splice(at, 1)
        this.settle(append, Errors.REQUEST_TIMED_OUT)
      }
    }
    for (const undecided of this.undecided.values()) for (const { deadline } of undecided) this.arm(deadline)
  }

  private arm(deadline: number): void {
    if (this.timer !== 0 && this.timerAt <= deadline) return
    const { env } = this.parts
    env.cancel(this.timer)
    this.timerAt = deadline
    this.timer = env.setTimer(BrokerTimer.TransactionAppend, Math.max(0, deadline - env.monotonic()))
  }

  /** `updateCacheCallback` */
  private settle(append: TransactionAppend, logError: number): void {
    const { epoch, error, metadata } = this.find(append.transactionalId)
    const isSame = metadata !== null && epoch === append.coordinatorEpoch
    if (logError === Errors.NONE) {
      // KAFKA-8803: an IllegalStateException, behind which nothing is undone and nobody is answered.
      if (isSame && this.parts.comparesStarts && metadata.beganLater(append.transit)) return
      if (isSame) this.make(append, metadata)
      const late = error === Errors.NONE ? Errors.NOT_COORDINATOR : error
      this.listener.onAppended(append, isSame ? Errors.NONE : late)
      return
    }
    const failure = coordinatorErrorOf(logError)
    if (isSame && !triesAgain(append, failure)) metadata.pendingState = null
    this.listener.onAppended(append, failure)
  }

  private make(append: TransactionAppend, metadata: TransactionMetadata): void {
    const { transit } = append
    tellTransition(this.parts.env, metadata, append)
    if (transit.transactionStatus === 'Dead') this.partitions.get(append.tp)?.ids.delete(append.transactionalId)
    else metadata.completeTransitionTo(transit)
  }
}

/** A completion is written again and again, and blocks everything else until it is. */
function triesAgain(append: TransactionAppend, error: number): boolean {
  return append.afterwards.kind === 'completed' && error === Errors.COORDINATOR_NOT_AVAILABLE
}
