import { M } from '../../history/catalogue.ts'
import { partitionOf, topicIdOf, tpOf } from '../../history/ids.ts'
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
import type { ClassicGroups } from './classic-groups.ts'
import { type Outcome, refused } from './outcome.ts'
import type { PendingReply } from './pending-reply.ts'

/** From this version on a commit to an unknown group is told so (KIP-848). */
const COMMIT_KNOWS_GROUP_ID_NOT_FOUND = 9

type ByTp = Map<number, OffsetCommitRecord>

/** Something that was applied and is not replicated yet. */
interface Uncommitted {
  /** Its place in the log. */
  readonly offset: number
  readonly record: CoordinatorRecord
}

/**
 * Committed offsets of the groups of one coordinator partition (`OffsetMetadataManager`). Operations work on the newest
 * state, plain reads see what is replicated, and what could not be written is taken back: so both states are kept, and what
 * lies between them in order.
 */
export class GroupOffsets {
  private readonly env: Env
  private readonly groups: ClassicGroups
  private readonly metadata: MetadataCache
  private readonly newest: Map<string, ByTp> = new Map()
  private readonly committed: Map<string, ByTp> = new Map()
  private readonly uncommitted: Uncommitted[] = []
  /** Groups that some record below the high watermark speaks of. */
  private readonly committedGroups: Set<string> = new Set()

  constructor(env: Env, groups: ClassicGroups, metadata: MetadataCache) {
    this.env = env
    this.groups = groups
    this.metadata = metadata
  }

  // --- OffsetCommit -------------------------------------------------------------------------------------------------

  commit(reply: PendingReply): Outcome {
    const request = reply.request.body as OffsetCommitRequest
    const { groupId, memberId, groupInstanceId, generationIdOrMemberEpoch: generationId } = request
    const node = reply.request.source
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
    const records: OffsetCommitRecord[] = []
    const partitions = request.partitions.map(({ topicId, partition, committedOffset, committedLeaderEpoch }) => {
      const tp = tpOf(topicId, partition)
      if (!this.metadata.partitions.has(tp)) {
        return { topicId, partition, errorCode: Errors.UNKNOWN_TOPIC_OR_PARTITION }
      }
      const offset = committedOffset
      const leaderEpoch = committedLeaderEpoch
      records.push({ type: 'OffsetCommit', groupId, tp, offset, leaderEpoch, generationId, node })
      return { topicId, partition, errorCode: Errors.NONE }
    })
    const response: OffsetCommitResponse = { partitions }
    return { records, response, afterwards: null, error: Errors.NONE }
  }

  // --- OffsetFetch --------------------------------------------------------------------------------------------------

  /** What is committed, or with `requireStable` what is newest: its answer waits until that is replicated. */
  fetch(request: OffsetFetchRequest): OffsetFetchResponse {
    const offsets = (request.requireStable ? this.newest : this.committed).get(request.groupId)
    const wanted =
      request.partitions ??
      [...(offsets?.keys() ?? [])]
        .sort((a, b) => a - b)
        .map((tp) => ({ topicId: topicIdOf(tp), partition: partitionOf(tp) }))
    return {
      errorCode: Errors.NONE,
      partitions: wanted.map(({ topicId, partition }) => {
        const record = offsets?.get(tpOf(topicId, partition))
        return {
          topicId,
          partition,
          committedOffset: record?.offset ?? -1,
          committedLeaderEpoch: record?.leaderEpoch ?? -1,
          errorCode: Errors.NONE,
        }
      }),
    }
  }

  // --- the log ------------------------------------------------------------------------------------------------------

  /** Applies a record that stands, or will stand, at an offset of the log. */
  replay(record: CoordinatorRecord, offset: number): void {
    if (record.type === 'OffsetCommit') {
      this.groups.getOrCreate(record.groupId)
      put(this.newest, record)
    }
    this.uncommitted.push({ offset, record })
  }

  /** Everything before this offset is replicated. Tells of offsets that became committed, unless they are loaded. */
  commitUpTo(offset: number, tell: boolean): void {
    const { uncommitted } = this
    let count = 0
    for (; count < uncommitted.length; count++) {
      const { offset: at, record } = uncommitted[count] as Uncommitted
      if (at >= offset) break
      this.committedGroups.add(record.groupId)
      if (record.type !== 'OffsetCommit') continue
      put(this.committed, record)
      if (tell) this.tell(record)
    }
    if (count > 0) uncommitted.splice(0, count)
  }

  /** What was loaded: one moment per group and partition. */
  tellCommitted(): void {
    for (const offsets of this.committed.values()) for (const record of offsets.values()) this.tell(record)
  }

  /** What was applied from this offset on could not be written (`revertLastWrittenOffset`). */
  revertTo(offset: number): void {
    const { uncommitted } = this
    const reverted = new Set<string>()
    while (uncommitted.length > 0 && (uncommitted.at(-1) as Uncommitted).offset >= offset) {
      const undone = uncommitted.pop() as Uncommitted
      reverted.add(undone.record.groupId)
    }
    for (const groupId of reverted) this.rebuild(groupId)
  }

  private rebuild(groupId: string): void {
    const offsets: ByTp = new Map(this.committed.get(groupId) ?? [])
    let isKnown = this.committedGroups.has(groupId)
    for (const { record } of this.uncommitted) {
      if (record.groupId !== groupId) continue
      isKnown = true
      if (record.type === 'OffsetCommit') offsets.set(record.tp, record)
    }
    this.newest.set(groupId, offsets)
    if (!isKnown) this.groups.forget(groupId)
  }

  private tell(record: OffsetCommitRecord): void {
    const group = this.env.recorder.text(record.groupId)
    const { tp, offset, generationId, node, leaderEpoch } = record
    this.env.emitWide(M.offsetCommitted, group, tp, offset, generationId, node, leaderEpoch)
  }
}

function put(offsets: Map<string, ByTp>, record: OffsetCommitRecord): void {
  const known = offsets.get(record.groupId)
  if (known === undefined) offsets.set(record.groupId, new Map([[record.tp, record]]))
  else known.set(record.tp, record)
}
