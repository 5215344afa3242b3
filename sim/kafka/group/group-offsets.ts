import { M } from '../../history/catalogue.ts'
import { partitionOf, topicIdOf, tpOf } from '../../history/ids.ts'
import { MILLISECOND } from '../../kernel/time.ts'
import type { MetadataCache } from '../broker/metadata-cache.ts'
import type { Env } from '../env.ts'
import type { CoordinatorRecord, OffsetCommitRecord } from '../protocol/coordinator-records.ts'
import { Errors } from '../protocol/errors.ts'
import type {
  OffsetCommitRequest,
  OffsetCommitResponse,
  OffsetFetchRequest,
  OffsetFetchResponse,
} from '../protocol/group-messages.ts'
import type { TxnOffsetCommitRequest, TxnOffsetCommitResponse } from '../protocol/transaction-messages.ts'
import type { ClassicGroups } from './classic-groups.ts'
import type { ConsumerGroups } from './modern/consumer-groups.ts'
import { type OffsetsEntry, OffsetsState } from './offsets-state.ts'
import { type Outcome, refused } from './outcome.ts'
import type { PendingReply } from './pending-reply.ts'

/** From this version on a commit to an unknown group is told so (KIP-848). */
const COMMIT_KNOWS_GROUP_ID_NOT_FOUND = 9

/**
 * Committed offsets of the groups of one coordinator partition (`OffsetMetadataManager`). Operations work on the newest
 * state, plain reads see what is replicated, and what could not be written is taken back: so both states are kept, and what
 * lies between them in order.
 */
export class GroupOffsets {
  private readonly env: Env
  private readonly groups: ClassicGroups
  private readonly consumer: ConsumerGroups
  private readonly metadata: MetadataCache
  private newest: OffsetsState = new OffsetsState()
  private readonly committed: OffsetsState = new OffsetsState()
  /** Applied and not replicated yet. */
  private readonly uncommitted: OffsetsEntry[] = []
  /** Groups that some record below the high watermark speaks of. */
  private readonly committedGroups: Set<string> = new Set()

  constructor(env: Env, groups: ClassicGroups, consumer: ConsumerGroups, metadata: MetadataCache) {
    this.env = env
    this.groups = groups
    this.consumer = consumer
    this.metadata = metadata
  }

  // --- OffsetCommit -------------------------------------------------------------------------------------------------

  commit(reply: PendingReply): Outcome {
    const request = reply.request.body as OffsetCommitRequest
    const { groupId, memberId, groupInstanceId, generationIdOrMemberEpoch: generationId } = request
    const node = reply.request.source
    const consumer = this.consumer.groups.get(groupId)
    if (consumer !== undefined) {
      const error = consumer.validateOffsetCommit(memberId, generationId, false, reply.request.apiVersion)
      return error === Errors.NONE ? this.written(request, node) : refused(error)
    }
    const known = this.groups.groups.get(groupId)
    if (known === undefined && generationId >= 0) {
      const isNew = reply.request.apiVersion >= COMMIT_KNOWS_GROUP_ID_NOT_FOUND
      return refused(isNew ? Errors.GROUP_ID_NOT_FOUND : Errors.ILLEGAL_GENERATION)
    }
    // Commits of who is in no group make one without members.
    const group = known ?? this.groups.getOrCreate(groupId)
    const error = group.validateOffsetCommit(memberId, groupInstanceId, generationId)
    if (error !== Errors.NONE) return refused(error)
    const member = group.members.get(memberId)
    // A commit is as good as a heartbeat.
    if (member !== undefined && generationId >= 0) this.groups.keepAlive(group, member)
    return this.written(request, node)
  }

  /** `OffsetMetadataManager.validateTransactionalOffsetCommit`: NONE, or why the offsets are refused. */
  validateTransactional(request: TxnOffsetCommitRequest): number {
    const { groupId, memberId, groupInstanceId, generationIdOrMemberEpoch: generationId } = request
    const consumer = this.consumer.groups.get(groupId)
    if (consumer !== undefined) return consumer.validateOffsetCommit(memberId, generationId, true, 0)
    const known = this.groups.groups.get(groupId)
    if (known === undefined && generationId >= 0) return Errors.ILLEGAL_GENERATION
    const group = known ?? this.groups.getOrCreate(groupId)
    return group.validateTransactionalOffsetCommit(memberId, groupInstanceId, generationId)
  }

  /** TxnOffsetCommit: the offsets wait for the end of their transaction. */
  commitTransactional(reply: PendingReply, validates: boolean): Outcome {
    const request = reply.request.body as TxnOffsetCommitRequest
    const error = validates ? this.validateTransactional(request) : Errors.NONE
    return error === Errors.NONE ? this.written(request, reply.request.source) : refused(error)
  }

  /** The records of a commit that is valid, and what is answered when they are written. */
  written(request: OffsetCommitRequest | TxnOffsetCommitRequest, node: number): Outcome {
    const { groupId, generationIdOrMemberEpoch: generationId } = request
    const records: OffsetCommitRecord[] = []
    const commitTimestampMs = Math.floor(this.env.wallClock() / MILLISECOND)
    const partitions = request.partitions.map(({ topicId, partition, committedOffset, committedLeaderEpoch }) => {
      const tp = tpOf(topicId, partition)
      if (!this.metadata.partitions.has(tp)) {
        return { topicId, partition, errorCode: Errors.UNKNOWN_TOPIC_OR_PARTITION }
      }
      const offset = committedOffset
      const leaderEpoch = committedLeaderEpoch
      records.push({ type: 'OffsetCommit', groupId, tp, offset, leaderEpoch, generationId, node, commitTimestampMs })
      return { topicId, partition, errorCode: Errors.NONE }
    })
    const response: OffsetCommitResponse & TxnOffsetCommitResponse = { partitions }
    return { records, response, afterwards: null, error: Errors.NONE }
  }

  // --- expiration ---------------------------------------------------------------------------------------------------

  /** When each of the group's offsets was committed, by partition. */
  *commitTimesOf(groupId: string): Iterable<readonly [tp: number, commitTimestampMs: number]> {
    for (const [tp, { record }] of this.newest.ofGroup(groupId) ?? []) yield [tp, record.commitTimestampMs]
  }

  /** `OffsetMetadataManager.onPartitionsDeleted`: what takes away where groups stand in these partitions, or are about to stand. */
  tombstonesOf(tps: readonly number[]): readonly CoordinatorRecord[] {
    return this.newest.holdersOf(tps).map(([groupId, tp]) => ({ type: 'OffsetCommitTombstone', groupId, tp }))
  }

  /** Infinity without offsets. */
  oldestCommitMs(): number {
    let oldest = Number.POSITIVE_INFINITY
    for (const offsets of this.newest.all())
      for (const { record } of offsets.values()) oldest = Math.min(oldest, record.commitTimestampMs)
    return oldest
  }

  isUnstable(groupId: string, tp: number): boolean {
    return this.newest.isUnstable(groupId, tp)
  }

  /** Whether an open transaction holds offsets of the group. */
  isInTransaction(groupId: string): boolean {
    return this.newest.isInTransaction(groupId)
  }

  // --- OffsetFetch --------------------------------------------------------------------------------------------------

  /** What is committed and replicated; -1 = nothing. */
  committedOffset(groupId: string, tp: number): number {
    return this.committed.ofGroup(groupId)?.get(tp)?.record.offset ?? -1
  }

  /** Members of the consumer protocol say under which epoch they ask; other groups take whoever asks. */
  validateFetch({ groupId, memberId, memberEpoch }: OffsetFetchRequest): number {
    return this.consumer.groups.get(groupId)?.validateOffsetFetch(memberId, memberEpoch) ?? Errors.NONE
  }

  /**
   * What is committed, or with `requireStable` what is newest: its answer waits until that is replicated, and where an open
   * transaction has the last word it is UNSTABLE_OFFSET_COMMIT (KIP-447).
   */
  fetch(request: OffsetFetchRequest): OffsetFetchResponse {
    const { groupId, requireStable } = request
    const state = requireStable ? this.newest : this.committed
    const offsets = state.ofGroup(groupId)
    const wanted =
      request.partitions ??
      [...(offsets?.keys() ?? [])]
        .sort((a, b) => a - b)
        .map((tp) => ({ topicId: topicIdOf(tp), partition: partitionOf(tp) }))
    return {
      errorCode: Errors.NONE,
      partitions: wanted.map(({ topicId, partition }) => {
        const tp = tpOf(topicId, partition)
        const isUnstable = requireStable && state.isUnstable(groupId, tp)
        const record = isUnstable ? undefined : offsets?.get(tp)?.record
        return {
          topicId,
          partition,
          committedOffset: record?.offset ?? -1,
          committedLeaderEpoch: record?.leaderEpoch ?? -1,
          errorCode: isUnstable ? Errors.UNSTABLE_OFFSET_COMMIT : Errors.NONE,
        }
      }),
    }
  }

  // --- the log ------------------------------------------------------------------------------------------------------

  /** Applies what stands, or will stand, in the log. */
  replay(entry: OffsetsEntry): void {
    if (entry.kind === 'record' && entry.record.type === 'OffsetCommit') this.makeGroup(entry.record.groupId)
    this.newest.apply(entry)
    this.uncommitted.push(entry)
  }

  /** Offsets belong to a group: where there is none they make one without members. */
  private makeGroup(groupId: string): void {
    if (!this.consumer.groups.has(groupId)) this.groups.getOrCreate(groupId)
  }

  /** Applies a marker out of its turn, to all that the log holds by now (before KAFKA-17507). */
  applyNow(end: OffsetsEntry): void {
    this.newest.apply(end)
    this.tell(end, this.committed.apply(end))
  }

  /** Everything before this offset is replicated. Tells of what became of offsets, unless they are loaded. */
  commitUpTo(offset: number, tell: boolean): void {
    const { uncommitted, committed } = this
    let count = 0
    for (; count < uncommitted.length; count++) {
      const entry = uncommitted[count] as OffsetsEntry
      if (entry.offset >= offset) break
      if (entry.kind === 'record') this.committedGroups.add(entry.record.groupId)
      const decided = committed.apply(entry)
      if (tell) this.tell(entry, decided)
    }
    if (count > 0) uncommitted.splice(0, count)
  }

  /** What was loaded: one moment per group and partition. */
  tellCommitted(): void {
    for (const offsets of this.committed.all()) for (const { record } of offsets.values()) this.tellOne(record)
  }

  /** What was applied from this offset on could not be written (`revertLastWrittenOffset`). */
  revertTo(offset: number): void {
    const { uncommitted } = this
    const reverted = new Set<string>()
    while (uncommitted.length > 0 && (uncommitted.at(-1) as OffsetsEntry).offset >= offset) {
      const undone = uncommitted.pop() as OffsetsEntry
      if (undone.kind === 'record') reverted.add(undone.record.groupId)
    }
    this.newest = this.committed.clone()
    const known = new Set(this.committedGroups)
    for (const entry of uncommitted) {
      this.newest.apply(entry)
      if (entry.kind === 'record') known.add(entry.record.groupId)
    }
    for (const groupId of reverted) if (!known.has(groupId)) this.groups.forget(groupId)
  }

  private tell(entry: OffsetsEntry, decided: readonly OffsetCommitRecord[]): void {
    if (entry.kind === 'record') {
      const { record } = entry
      if (record.type === 'OffsetCommitTombstone') this.env.emit(M.offsetExpired, this.text(record.groupId), record.tp)
      if (record.type !== 'OffsetCommit') return
      if (entry.producerId < 0) this.tellOne(record)
      else this.tellPending(record, entry.producerId, entry.producerEpoch)
      return
    }
    for (const record of decided) {
      if (entry.committed) this.tellOne(record)
      else this.tellDropped(record, entry.producerId, entry.producerEpoch)
    }
  }

  private tellOne({ groupId, tp, offset, generationId, node, leaderEpoch }: OffsetCommitRecord): void {
    this.env.emitWide(M.offsetCommitted, this.text(groupId), tp, offset, generationId, node, leaderEpoch)
  }

  private tellPending(record: OffsetCommitRecord, producerId: number, producerEpoch: number): void {
    const { groupId, tp, offset, generationId, node } = record
    this.env.emitWide(M.offsetPending, this.text(groupId), tp, offset, generationId, node, producerId, producerEpoch)
  }

  private tellDropped({ groupId, tp, offset }: OffsetCommitRecord, producerId: number, producerEpoch: number): void {
    this.env.emitWide(M.offsetDropped, this.text(groupId), tp, offset, producerId, producerEpoch)
  }

  private text(groupId: string): number {
    return this.env.recorder.text(groupId)
  }
}
