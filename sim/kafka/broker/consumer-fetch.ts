import { tpOf } from '../../history/ids.ts'
import type { PartitionLog } from '../log/partition-log.ts'
import type { LogEntry } from '../protocol/batch.ts'
import { Errors } from '../protocol/errors.ts'
import {
  type FetchPartition,
  type FetchPartitionResponse,
  type FetchRequest,
  NO_LEADER_HINT,
} from '../protocol/messages.ts'
import type { AbortedTransaction } from '../protocol/transaction-messages.ts'
import type { MetadataCache } from './metadata-cache.ts'
import type { Partition } from './partition.ts'
import type { ByPartition } from './partition-table.ts'
import { leaderHint } from './produce-response.ts'
import { readError } from './offset-answers.ts'
import { preferredReadReplica } from './replica-selector.ts'
import { HIGH_WATERMARK_THEN, LOG_END_THEN } from './split-fetch.ts'

/** From this version on a client says where it is, and a follower may serve it (KIP-392). */
const FETCH_FROM_FOLLOWERS = 11

const NO_RECORDS: readonly LogEntry[] = []
const NONE_ABORTED: readonly AbortedTransaction[] = []

/** What a consumer's fetch gave. */
export interface ConsumerRead {
  readonly responses: readonly FetchPartitionResponse[]
  readonly bytes: number
  /** An error, or another replica is to be read from: answered at once. */
  readonly immediate: boolean
}

/** `ReplicaManager.readFromLog` for consumers: up to the high watermark, or to the last stable offset for read_committed. */
export class ConsumerFetch {
  private readonly partitions: ByPartition<Partition>
  private readonly metadata: MetadataCache
  /** `replica.selector.class` is the one that goes by racks. */
  private readonly rackAware: boolean

  constructor(partitions: ByPartition<Partition>, metadata: MetadataCache, rackAware = false) {
    this.partitions = partitions
    this.metadata = metadata
    this.rackAware = rackAware
  }

  /** `limits`, if not null, tells by partition where reading ends before the high watermark; see `SplitFetchHost`. */
  read(request: FetchRequest, apiVersion: number, limits: readonly number[] | null = null): ConsumerRead {
    const responses: FetchPartitionResponse[] = []
    let bytes = 0
    let immediate = request.partitions.length === 0
    const rack = this.rackAware && apiVersion >= FETCH_FROM_FOLLOWERS ? (request.rackId ?? '') : ''
    for (let i = 0; i < request.partitions.length; i++) {
      const wanted = request.partitions[i] as FetchPartition
      const tp = tpOf(wanted.topicId, wanted.partition)
      const partition = this.partitions.get(tp)
      const preferred = partition === undefined ? -1 : this.preferred(wanted, partition, rack)
      if (partition !== undefined && preferred >= 0) {
        immediate = true
        responses.push({ ...answer(wanted, partition.log, NO_RECORDS, null), preferredReadReplica: preferred })
        continue
      }
      const error = this.check(wanted, tp, partition, apiVersion)
      if (error !== Errors.NONE || partition === undefined) {
        immediate = true
        responses.push(this.failed(wanted, tp, error, partition))
        continue
      }
      const { log } = partition
      const upTo = limits === null ? limitOf(request, log) : limitAgain(limits[i] as number, log)
      // `fetch.max.bytes` and `max.partition.fetch.bytes` give way for the first batch of an answer (KIP-74).
      const limit = Math.min(wanted.partitionMaxBytes, Math.max(0, request.maxBytes - bytes))
      if (wanted.fetchOffset < upTo && !log.io.admitsRead()) {
        immediate = true
        responses.push(this.failed(wanted, tp, Errors.KAFKA_STORAGE_ERROR, partition))
        continue
      }
      const records = log.read(wanted.fetchOffset, limit, upTo, bytes === 0)
      for (const entry of records) bytes += entry.batch.size
      responses.push(answer(wanted, log, records, abortedAmong(request, wanted, log, records)))
    }
    return { responses, bytes, immediate }
  }

  /** `DelayedFetch.tryComplete`: something is wrong, or enough is readable by now. */
  isReady(request: FetchRequest, apiVersion: number): boolean {
    let bytes = 0
    for (const wanted of request.partitions) {
      const tp = tpOf(wanted.topicId, wanted.partition)
      const partition = this.partitions.get(tp)
      if (partition === undefined || this.check(wanted, tp, partition, apiVersion) !== Errors.NONE) return true
      const readable = partition.log.bytesBetween(wanted.fetchOffset, limitOf(request, partition.log))
      bytes += Math.min(readable, wanted.partitionMaxBytes)
    }
    return bytes >= request.minBytes
  }

  /** See `SplitFetchHost`. */
  unstableLimits({ partitions }: FetchRequest): readonly number[] {
    return partitions.map(({ topicId, partition }) => {
      const log = this.partitions.get(tpOf(topicId, partition))?.log
      const isLimited = log !== undefined && log.lastStableOffset < log.highWatermark
      return isLimited ? log.lastStableOffset : HIGH_WATERMARK_THEN
    })
  }

  /** See `SplitFetchHost`. */
  sizedLimits(request: FetchRequest): readonly number[] {
    return request.partitions.map(({ topicId, partition, fetchOffset, partitionMaxBytes }) => {
      const log = this.partitions.get(tpOf(topicId, partition))?.log
      if (log === undefined) return HIGH_WATERMARK_THEN
      const limit = limitOf(request, log)
      const isAll = limit === log.logEndOffset && fetchOffset < limit
      return isAll && log.bytesBetween(fetchOffset, limit) <= partitionMaxBytes ? LOG_END_THEN : limit
    })
  }

  /** The replica that is to be read from instead; -1 = none. Who knows another leader epoch is told so first. */
  private preferred(wanted: FetchPartition, partition: Partition, rack: string): number {
    if (rack === '') return -1
    const { currentLeaderEpoch, fetchOffset } = wanted
    if (currentLeaderEpoch >= 0 && currentLeaderEpoch !== partition.leaderEpoch) return -1
    return preferredReadReplica(partition, this.metadata, rack, fetchOffset)
  }

  private check(wanted: FetchPartition, tp: number, partition: Partition | undefined, apiVersion: number): number {
    const requireLeader = apiVersion < FETCH_FROM_FOLLOWERS
    const { currentLeaderEpoch, fetchOffset } = wanted
    const unknown = Errors.UNKNOWN_TOPIC_ID
    const error = readError(partition, tp, currentLeaderEpoch, requireLeader, this.metadata, unknown)
    if (error !== Errors.NONE || partition === undefined) return error
    const { logStartOffset, logEndOffset } = partition.log
    return fetchOffset < logStartOffset || fetchOffset > logEndOffset ? Errors.OFFSET_OUT_OF_RANGE : Errors.NONE
  }

  /** Errors about leadership name the leader this broker knows (KIP-951). */
  private failed(
    wanted: FetchPartition,
    tp: number,
    error: number,
    partition: Partition | undefined,
  ): FetchPartitionResponse {
    const isAboutLeader = error === Errors.NOT_LEADER_OR_FOLLOWER || error === Errors.FENCED_LEADER_EPOCH
    const hint = isAboutLeader ? leaderHint(tp, this.metadata) : NO_LEADER_HINT
    // Bounds are told where they are what the error is about.
    const log = error === Errors.OFFSET_OUT_OF_RANGE && partition !== undefined ? partition.log : null
    return {
      topicId: wanted.topicId,
      partitionIndex: wanted.partition,
      errorCode: error,
      highWatermark: log === null ? -1 : log.highWatermark,
      lastStableOffset: log === null ? -1 : log.lastStableOffset,
      logStartOffset: log === null ? -1 : log.logStartOffset,
      abortedTransactions: null,
      divergingEpoch: null,
      currentLeader: hint,
      records: NO_RECORDS,
    }
  }
}

/** Where this reader must stop (`Partition.readRecords`, `FetchIsolation`). */
function limitOf(request: FetchRequest, log: PartitionLog): number {
  return request.isolationLevel === 'read_committed' ? log.lastStableOffset : log.highWatermark
}

/** What was found to be the limit, or else the high watermark or the log's end as it is now. */
function limitAgain(limit: number, log: PartitionLog): number {
  if (limit === LOG_END_THEN) return log.logEndOffset
  return limit === HIGH_WATERMARK_THEN ? log.highWatermark : limit
}

/** `LocalLog.addAbortedTransactions`: the aborted transactions that overlap what is read. */
function abortedAmong(
  request: FetchRequest,
  wanted: FetchPartition,
  log: PartitionLog,
  records: readonly LogEntry[],
): readonly AbortedTransaction[] | null {
  if (request.isolationLevel !== 'read_committed') return null
  const last = records[records.length - 1]
  return last === undefined ? NONE_ABORTED : log.transactions.aborted(wanted.fetchOffset, last.lastOffset + 1)
}

function answer(
  wanted: FetchPartition,
  log: PartitionLog,
  records: readonly LogEntry[],
  abortedTransactions: readonly AbortedTransaction[] | null,
): FetchPartitionResponse {
  return {
    topicId: wanted.topicId,
    partitionIndex: wanted.partition,
    errorCode: Errors.NONE,
    highWatermark: log.highWatermark,
    lastStableOffset: log.lastStableOffset,
    logStartOffset: log.logStartOffset,
    abortedTransactions,
    divergingEpoch: null,
    currentLeader: NO_LEADER_HINT,
    records,
  }
}
