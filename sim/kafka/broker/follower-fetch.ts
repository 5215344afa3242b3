import { tpOf } from '../../history/ids.ts'
import type { LogEntry } from '../protocol/batch.ts'
import { empty } from '../small-list.ts'
import { Errors } from '../protocol/errors.ts'
import {
  type FetchPartition,
  type FetchPartitionResponse,
  type FetchRequest,
  type FetchResponse,
  NO_LEADER_HINT,
} from '../protocol/messages.ts'
import type { IdleReplicas } from './idle-replicas.ts'
import type { MetadataCache } from './metadata-cache.ts'
import type { AlterIsr, Partition } from './partition.ts'
import { type ByPartition, PartitionTable } from './partition-table.ts'
import { leaderHint } from './produce-response.ts'
import type { ReplicationSwitches } from './replication-switches.ts'

const NO_RECORDS: readonly LogEntry[] = []

/** What one read for a follower gave. One object serves all reads: it holds until the next. */
export class FetchResult {
  private readonly responses: FetchPartitionResponse[] = []
  /** How many of them are this read's. */
  private count = 0
  bytes = 0
  /** An error or a divergence: answered at once. */
  immediate = false
  /** Partitions whose high watermark the fetch moved. */
  readonly advanced: number[] = []
  /** In-sync sets that the fetch lets grow. */
  readonly expansions: AlterIsr[] = []

  clear(): void {
    this.count = 0
    this.bytes = 0
    this.immediate = false
    empty(this.advanced)
    empty(this.expansions)
  }

  add(response: FetchPartitionResponse): void {
    this.responses[this.count++] = response
  }

  /** What the follower is answered; most fetches wait instead, and read again. */
  response(): FetchResponse {
    return { responses: this.responses.slice(0, this.count) }
  }
}

/** `Partition.fetchRecords` with `readFromLocalLog`, for followers. */
export class FollowerFetch {
  private readonly partitions: ByPartition<Partition>
  private readonly metadata: MetadataCache
  private readonly idle: IdleReplicas
  private readonly rules: ReplicationSwitches
  private readonly result: FetchResult = new FetchResult()
  /** By partition: the last answer in which there was nothing. Mostly the next one says the same. */
  private readonly nothings: PartitionTable<FetchPartitionResponse> = new PartitionTable()

  constructor(
    partitions: ByPartition<Partition>,
    metadata: MetadataCache,
    idle: IdleReplicas,
    rules: ReplicationSwitches,
  ) {
    this.partitions = partitions
    this.metadata = metadata
    this.idle = idle
    this.rules = rules
  }

  /** Reads what the request asks for; `updateState` false for a fetch that was parked and reads again. */
  read(request: FetchRequest, updateState: boolean): FetchResult {
    const { result } = this
    const woken = this.idle.awakeFor(request)
    result.clear()
    for (const wanted of request.partitions) this.readInto(result, request, wanted, updateState)
    for (const wanted of woken) this.readInto(result, request, wanted, updateState)
    return result
  }

  private readInto(result: FetchResult, request: FetchRequest, wanted: FetchPartition, updateState: boolean): void {
    const left = Math.max(0, request.maxBytes - result.bytes)
    result.add(this.readPartition(request, wanted, left, updateState, result))
  }

  /** Whether a log has records beyond what the request asks for. */
  hasGrown(request: FetchRequest): boolean {
    for (const wanted of request.partitions) {
      const partition = this.partitions.get(tpOf(wanted.topicId, wanted.partition))
      if (partition !== undefined && partition.log.logEndOffset > wanted.fetchOffset) return true
    }
    for (const wanted of this.idle.awakeFor(request)) {
      const partition = this.partitions.get(tpOf(wanted.topicId, wanted.partition))
      if (partition !== undefined && partition.log.logEndOffset > wanted.fetchOffset) return true
    }
    return false
  }

  private readPartition(
    request: FetchRequest,
    wanted: FetchPartition,
    bytesLeft: number,
    updateState: boolean,
    result: FetchResult,
  ): FetchPartitionResponse {
    const tp = tpOf(wanted.topicId, wanted.partition)
    const partition = this.partitions.get(tp) ?? this.idle.wakeLed(tp)
    const error = this.check(request, wanted, tp, partition)
    if (error !== Errors.NONE || partition === undefined) {
      result.immediate = true
      return failed(wanted, error, partition, error === Errors.OFFSET_OUT_OF_RANGE ? null : this.metadata, tp)
    }
    const { log } = partition
    // The answer's bounds are from before this fetch's own effect: followers learn the high watermark one round trip late.
    const { highWatermark, logStartOffset, logEndOffset } = log
    const { fetchOffset } = wanted
    const diverging = divergence(partition, wanted)
    if (diverging === OUT_OF_RANGE) {
      result.immediate = true
      return failed(wanted, Errors.OFFSET_OUT_OF_RANGE, partition, null, tp)
    }
    if (diverging !== null) {
      // No data, and the follower's offset is not believed (KAFKA-13141).
      result.immediate = true
      if (updateState && this.rules.divergingCounts) this.updateFollower(request, wanted, partition, result)
      return answer(wanted, highWatermark, logStartOffset, diverging, NO_RECORDS)
    }
    let records = NO_RECORDS
    if (bytesLeft > 0 && fetchOffset < logEndOffset) {
      if (!log.io.admitsRead()) {
        result.immediate = true
        return failed(wanted, Errors.KAFKA_STORAGE_ERROR, partition, null, tp)
      }
      records = log.read(fetchOffset, Math.min(wanted.partitionMaxBytes, bytesLeft), logEndOffset)
      for (const entry of records) result.bytes += entry.batch.size
    }
    if (updateState) this.updateFollower(request, wanted, partition, result)
    if (records.length > 0) return answer(wanted, highWatermark, logStartOffset, null, records)
    return this.nothing(tp, wanted, highWatermark, logStartOffset)
  }

  private nothing(
    tp: number,
    wanted: FetchPartition,
    highWatermark: number,
    logStartOffset: number,
  ): FetchPartitionResponse {
    const last = this.nothings.get(tp)
    if (last !== undefined && last.highWatermark === highWatermark && last.logStartOffset === logStartOffset)
      return last
    const nothing = answer(wanted, highWatermark, logStartOffset, null, NO_RECORDS)
    this.nothings.set(tp, nothing)
    return nothing
  }

  private check(request: FetchRequest, wanted: FetchPartition, tp: number, partition: Partition | undefined): number {
    if (partition === undefined) {
      return this.metadata.partitions.has(tp) ? Errors.NOT_LEADER_OR_FOLLOWER : Errors.UNKNOWN_TOPIC_ID
    }
    if (partition.isOffline) return Errors.KAFKA_STORAGE_ERROR
    // Without an epoch, as before KIP-320, nobody is fenced.
    const isFenced = wanted.currentLeaderEpoch >= 0 && wanted.currentLeaderEpoch < partition.leaderEpoch
    if (isFenced) return Errors.FENCED_LEADER_EPOCH
    if (wanted.currentLeaderEpoch > partition.leaderEpoch) return Errors.UNKNOWN_LEADER_EPOCH
    if (!partition.isLeader) return Errors.NOT_LEADER_OR_FOLLOWER
    if (partition.remote(request.replicaId) === null) return Errors.UNKNOWN_LEADER_EPOCH
    if (this.rules.brokerEpochs === 'none') return Errors.NONE
    // KIP-903: a fetch from a previous life of the follower.
    const known = this.metadata.aliveBrokerEpoch(request.replicaId)
    if (request.replicaEpoch >= 0 && known >= 0 && request.replicaEpoch < known) return Errors.NOT_LEADER_OR_FOLLOWER
    return Errors.NONE
  }

  private updateFollower(
    request: FetchRequest,
    wanted: FetchPartition,
    partition: Partition,
    result: FetchResult,
  ): void {
    const remote = partition.remote(request.replicaId)
    if (remote === null) return
    const { fetchOffset, logStartOffset } = wanted
    const hasMoved = partition.updateFollowerFetch(remote, fetchOffset, logStartOffset, request.replicaEpoch)
    const expansion = partition.expansionFor(remote)
    if (expansion !== null) result.expansions.push(expansion)
    if (hasMoved && partition.maybeIncrementLeaderHW()) result.advanced.push(partition.tp)
  }
}

interface EpochEnd {
  readonly epoch: number
  readonly endOffset: number
}

const OUT_OF_RANGE: EpochEnd = { epoch: -1, endOffset: -1 }

/** 1.7: the leader compares the follower's last epoch with its own history. null = the follower's log is a prefix of ours. */
function divergence(partition: Partition, wanted: FetchPartition): EpochEnd | null {
  const { log } = partition
  const { lastFetchedEpoch, fetchOffset } = wanted
  if (fetchOffset < log.logStartOffset) return OUT_OF_RANGE
  // The usual case: the follower is in the leader's own epoch, which ends at the log end.
  if (lastFetchedEpoch < 0 || lastFetchedEpoch === log.latestEpoch)
    return fetchOffset > log.logEndOffset ? beyondEnd(partition, wanted) : null
  const end = log.endOffsetForEpoch(lastFetchedEpoch)
  if (end.epoch < 0) return OUT_OF_RANGE
  if (end.epoch < lastFetchedEpoch || end.endOffset < fetchOffset) return { epoch: end.epoch, endOffset: end.endOffset }
  return fetchOffset > log.logEndOffset ? OUT_OF_RANGE : null
}

/** A follower that claims more than the leader holds: of the leader's own epoch it diverges at the end, else it is out of range. */
function beyondEnd(partition: Partition, wanted: FetchPartition): EpochEnd {
  const { log } = partition
  return wanted.lastFetchedEpoch < 0 ? OUT_OF_RANGE : { epoch: log.latestEpoch, endOffset: log.logEndOffset }
}

function answer(
  wanted: FetchPartition,
  highWatermark: number,
  logStartOffset: number,
  divergingEpoch: EpochEnd | null,
  records: readonly LogEntry[],
): FetchPartitionResponse {
  return {
    topicId: wanted.topicId,
    partitionIndex: wanted.partition,
    errorCode: Errors.NONE,
    highWatermark,
    lastStableOffset: -1,
    logStartOffset,
    abortedTransactions: null,
    divergingEpoch,
    currentLeader: NO_LEADER_HINT,
    records,
  }
}

function failed(
  wanted: FetchPartition,
  errorCode: number,
  partition: Partition | undefined,
  metadata: MetadataCache | null,
  tp: number,
): FetchPartitionResponse {
  return {
    topicId: wanted.topicId,
    partitionIndex: wanted.partition,
    errorCode,
    highWatermark: partition === undefined ? -1 : partition.log.highWatermark,
    lastStableOffset: -1,
    logStartOffset: partition === undefined ? -1 : partition.log.logStartOffset,
    abortedTransactions: null,
    divergingEpoch: null,
    currentLeader: metadata === null ? NO_LEADER_HINT : leaderHint(tp, metadata),
    records: NO_RECORDS,
  }
}
