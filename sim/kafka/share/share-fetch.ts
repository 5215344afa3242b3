import type { Envelope } from '../../network/envelope.ts'
import { readError } from '../broker/offset-answers.ts'
import { leaderHint } from '../broker/produce-response.ts'
import type { MetadataCache } from '../broker/metadata-cache.ts'
import type { Partition } from '../broker/partition.ts'
import { partitionOf, topicIdOf } from '../../history/ids.ts'
import type { LogEntry } from '../protocol/batch.ts'
import { Errors } from '../protocol/errors.ts'
import { NO_LEADER_HINT } from '../protocol/messages.ts'
import type { AcquiredRecords, ShareFetchPartitionResponse, ShareFetchRequest } from '../protocol/share-messages.ts'
import { AbortedRecords } from '../client/consumer/aborted-records.ts'
import type { LedSharePartition } from './led-share-partition.ts'
import type { Acquisition } from './share-partition.ts'

/** A request of a member, until its acknowledgements are persisted and, for a fetch, there is something to give. */
export class ShareRequest {
  readonly envelope: Envelope
  /** When a fetch is answered with whatever there is; 0 for an acknowledgement. */
  readonly deadline: number
  /** Partitions to fetch. */
  readonly tps: readonly number[]
  /** Changes that are not persisted yet. */
  unpersisted = 0
  /** Errors of acknowledgements, by tp. */
  readonly acknowledged: Map<number, number> = new Map()
  /** Errors of share partitions that could not be initialized, by tp. */
  readonly failed: Map<number, number> = new Map()
  /** What was fetched; null while it waits. */
  fetched: readonly ShareFetchPartitionResponse[] | null = null

  constructor(envelope: Envelope, deadline: number, tps: readonly number[]) {
    this.envelope = envelope
    this.deadline = deadline
    this.tps = tps
  }
}

export interface ShareFetchHost {
  /** The share partition, which is made where it is led; undefined where it is not. */
  led(groupId: string, tp: number): LedSharePartition | undefined
  replica(tp: number): Partition | undefined
  readonly metadata: MetadataCache
}

/** What may be read for a member of one partition. */
interface Readable {
  readonly led: LedSharePartition
  readonly entries: readonly LogEntry[]
  readonly partition: Partition
}

/**
 * `DelayedShareFetch`: looks whether enough may be acquired, or something is wrong, and then acquires it. Partitions are taken
 * in turn, so that none starves behind another. null: nothing yet.
 */
export function tryShareFetch(
  request: ShareRequest,
  host: ShareFetchHost,
  isOver: boolean,
  lockedUntilOf: (led: LedSharePartition) => number,
): readonly ShareFetchPartitionResponse[] | null {
  const body = request.envelope.body as ShareFetchRequest
  const turn = Math.max(0, body.shareSessionEpoch) % Math.max(1, request.tps.length)
  const tps = [...request.tps.slice(turn), ...request.tps.slice(0, turn)]
  const failed: ShareFetchPartitionResponse[] = []
  const readable: Readable[] = []
  let bytes = 0
  for (const tp of tps) {
    const error = errorOf(request, tp, host)
    if (error !== Errors.NONE) failed.push(response(tp, error, host.metadata))
    const found = error === Errors.NONE ? read(body, tp, host, bytes) : null
    if (found === null || found.entries.length === 0) continue
    readable.push(found)
    for (const { batch } of found.entries) bytes += batch.size
  }
  if (failed.length === 0 && !isOver && (readable.length === 0 || bytes < body.minBytes)) return null
  let left = body.maxRecords
  const acquired = readable.flatMap((found): readonly ShareFetchPartitionResponse[] => {
    const { led } = found
    const { memberId } = body
    const acquisition = { memberId, node: request.envelope.source, maxRecords: left, lockedUntil: lockedUntilOf(led) }
    const answer = left <= 0 ? null : acquire(found, acquisition, host.metadata)
    if (answer === null) return []
    for (const { firstOffset, lastOffset } of answer.acquiredRecords) left -= lastOffset - firstOffset + 1
    return [answer]
  })
  return [...failed, ...acquired]
}

function errorOf(request: ShareRequest, tp: number, host: ShareFetchHost): number {
  const failed = request.failed.get(tp)
  if (failed !== undefined) return failed
  return readError(host.replica(tp), tp, -1, true, host.metadata, Errors.UNKNOWN_TOPIC_ID)
}

function read(body: ShareFetchRequest, tp: number, host: ShareFetchHost, bytes: number): Readable | null {
  const led = host.led(body.groupId, tp)
  const partition = host.replica(tp)
  if (led === undefined || led.states === null || partition === undefined || !led.states.canAcquire()) return null
  const { log } = partition
  const isCommitted = led.config['share.isolation.level'] === 'read_committed'
  const upTo = isCommitted ? log.lastStableOffset : log.highWatermark
  const limit = Math.max(0, body.maxBytes - bytes)
  return { led, partition, entries: log.read(led.states.nextFetchOffset(), limit, upTo, bytes === 0) }
}

function acquire(
  { led, entries, partition }: Readable,
  acquisition: Acquisition,
  metadata: MetadataCache,
): ShareFetchPartitionResponse | null {
  const { states } = led
  const aborted = abortedAmong(led, entries, partition)
  const acquired: AcquiredRecords[] = []
  const records: LogEntry[] = []
  let left = acquisition.maxRecords
  for (const entry of entries) {
    if (states === null || left <= 0) break
    if (aborted !== null && entry.batch.isTransactional && aborted.hides(entry) && entry.batch.marker === null) {
      led.archive(entry.baseOffset, entry.lastOffset)
      continue
    }
    const taken = states.acquire([entry], { ...acquisition, maxRecords: left })
    // What cannot be acquired hides nothing behind it, unless it is new: there is no room for more.
    if (taken.length === 0 && entry.lastOffset >= states.endOffset) break
    if (taken.length > 0) records.push(entry)
    for (const range of taken) {
      acquired.push(range)
      left -= range.lastOffset - range.firstOffset + 1
    }
  }
  if (acquired.length === 0) return null
  const acquiredRecords = joined(acquired)
  led.onAcquired(acquiredRecords, acquisition)
  return { ...response(partition.tp, Errors.NONE, metadata), records, acquiredRecords }
}

/** Transactions whose records are given to nobody; null where everybody reads everything. */
function abortedAmong(led: LedSharePartition, entries: readonly LogEntry[], { log }: Partition): AbortedRecords | null {
  const [first] = entries
  const last = entries.at(-1)
  if (led.config['share.isolation.level'] !== 'read_committed' || first === undefined || last === undefined) return null
  return new AbortedRecords(log.transactions.aborted(first.baseOffset, last.lastOffset + 1))
}

/** Neighbours that were delivered equally often, as one. */
function joined(ranges: readonly AcquiredRecords[]): readonly AcquiredRecords[] {
  const all: AcquiredRecords[] = []
  for (const range of ranges) {
    const last = all.at(-1)
    if (last !== undefined && last.lastOffset + 1 === range.firstOffset && last.deliveryCount === range.deliveryCount)
      all[all.length - 1] = { ...last, lastOffset: range.lastOffset }
    else all.push(range)
  }
  return all
}

function response(tp: number, errorCode: number, metadata: MetadataCache): ShareFetchPartitionResponse {
  return {
    topicId: topicIdOf(tp),
    partition: partitionOf(tp),
    errorCode,
    acknowledgeErrorCode: Errors.NONE,
    currentLeader: errorCode === Errors.NOT_LEADER_OR_FOLLOWER ? leaderHint(tp, metadata) : NO_LEADER_HINT,
    records: [],
    acquiredRecords: [],
  }
}
