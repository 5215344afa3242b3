import type { Envelope } from '../../../network/envelope.ts'
import { Errors } from '../../protocol/errors.ts'
import type {
  HeartbeatRequest,
  JoinGroupRequest,
  JoinGroupResponse,
  LeaveGroupRequest,
  OffsetCommitRequest,
  SyncGroupRequest,
  TopicPartitionId,
} from '../../protocol/group-messages.ts'

export interface Replier {
  reply(to: Envelope, body: object): void
}

interface Member {
  readonly id: string
  join: { readonly envelope: Envelope; readonly request: JoinGroupRequest; readonly replier: Replier } | null
  sync: { readonly envelope: Envelope; readonly replier: Replier } | null
  heardAt: number
}

/** A classic group as a coordinator keeps it; members expire only when {@link FakeGroup.expire} is called. */
export class FakeGroup {
  generation = 0
  /** Told by whoever calls. */
  now = 0
  state: 'empty' | 'preparing' | 'completing' | 'stable' = 'empty'
  readonly members: Map<string, Member> = new Map()
  readonly offsets: Map<number, { readonly offset: number; readonly epoch: number }> = new Map()
  /** Every commit that was accepted. */
  readonly commits: { readonly generation: number; readonly tp: number; readonly offset: number }[] = []
  protocol = ''
  /** Members that must have joined before the first rebalance completes. */
  expected = 1
  assignment: ReadonlyMap<string, readonly TopicPartitionId[]> = new Map()
  private leader = ''
  private ids = 0

  onJoin(replier: Replier, envelope: Envelope, request: JoinGroupRequest): void {
    const { memberId } = request
    if (memberId === '') {
      const id = `member-${++this.ids}`
      if (request.groupInstanceId === null) {
        replier.reply(envelope, joinError(Errors.MEMBER_ID_REQUIRED, id))
        this.members.set(id, { id, join: null, sync: null, heardAt: this.now })
        return
      }
      this.members.set(id, {
        id,
        join: { envelope, request: { ...request, memberId: id }, replier },
        sync: null,
        heardAt: this.now,
      })
    } else {
      const member = this.members.get(memberId)
      if (member === undefined) {
        replier.reply(envelope, joinError(Errors.UNKNOWN_MEMBER_ID, ''))
        return
      }
      member.join = { envelope, request, replier }
      member.heardAt = this.now
    }
    this.state = 'preparing'
    this.maybeComplete()
  }

  onSync(replier: Replier, envelope: Envelope, request: SyncGroupRequest): void {
    const error = this.validate(request.memberId, request.generationId)
    const member = this.members.get(request.memberId)
    if (error !== 0 || member === undefined || this.state === 'preparing') {
      replier.reply(envelope, { errorCode: error === 0 ? Errors.REBALANCE_IN_PROGRESS : error, assignment: [] })
      return
    }
    member.sync = { envelope, replier }
    if (request.memberId === this.leader) {
      this.assignment = new Map(request.assignments.map((each) => [each.memberId, each.assignment]))
      this.state = 'stable'
    }
    if (this.state !== 'stable') return
    for (const each of this.members.values()) {
      each.sync?.replier.reply(each.sync.envelope, { errorCode: 0, assignment: this.assignment.get(each.id) ?? [] })
      each.sync = null
    }
  }

  heartbeat(request: HeartbeatRequest): number {
    const error = this.validate(request.memberId, request.generationId)
    return error === 0 && this.state === 'preparing' ? Errors.REBALANCE_IN_PROGRESS : error
  }

  onLeave(request: LeaveGroupRequest): void {
    for (const { memberId } of request.members) this.remove(memberId)
  }

  /** A member leaves or expires. */
  remove(memberId: string): void {
    if (!this.members.delete(memberId)) return
    this.state = this.members.size === 0 ? 'empty' : 'preparing'
    this.maybeComplete()
  }

  commit(request: OffsetCommitRequest): number {
    const { memberId, generationIdOrMemberEpoch: generation } = request
    const error = memberId === '' && this.members.size === 0 ? 0 : this.validate(memberId, generation)
    if (error !== 0) return error
    if (this.state === 'completing') return Errors.REBALANCE_IN_PROGRESS
    for (const { topicId, partition, committedOffset, committedLeaderEpoch } of request.partitions) {
      const tp = (topicId << 16) | partition
      this.offsets.set(tp, { offset: committedOffset, epoch: committedLeaderEpoch })
      this.commits.push({ generation, tp, offset: committedOffset })
    }
    return 0
  }

  /** Removes members that were not heard of for some time and do not wait for an answer. */
  expire(silenceUs: number): void {
    for (const { id, join, sync, heardAt } of this.members.values()) {
      if (join === null && sync === null && this.now - heardAt >= silenceUs) this.remove(id)
    }
  }

  private validate(memberId: string, generation: number): number {
    const member = this.members.get(memberId)
    if (member === undefined) return Errors.UNKNOWN_MEMBER_ID
    member.heardAt = this.now
    return generation === this.generation ? 0 : Errors.ILLEGAL_GENERATION
  }

  private maybeComplete(): void {
    const members = [...this.members.values()]
    if (members.length < this.expected || members.some((member) => member.join === null)) return
    this.expected = 1
    this.generation++
    this.state = 'completing'
    this.leader = members[0]?.id ?? ''
    const protocols = members.map((member) => member.join?.request.protocols.map((each) => each.name) ?? [])
    this.protocol = protocols[0]?.find((name) => protocols.every((names) => names.includes(name))) ?? ''
    const joined = members.flatMap(({ id, join }) => {
      const chosen = join?.request.protocols.find((each) => each.name === this.protocol)
      if (join === null || chosen === undefined) return []
      return [{ memberId: id, groupInstanceId: join.request.groupInstanceId, metadata: chosen.metadata }]
    })
    for (const member of members) {
      const { join } = member
      member.join = null
      member.heardAt = this.now
      join?.replier.reply(join.envelope, {
        errorCode: 0,
        generationId: this.generation,
        protocolName: this.protocol,
        leader: this.leader,
        skipAssignment: false,
        memberId: member.id,
        members: member.id === this.leader ? joined : [],
      })
    }
  }
}

function joinError(errorCode: number, memberId: string): JoinGroupResponse {
  return { errorCode, generationId: -1, protocolName: '', leader: '', skipAssignment: false, memberId, members: [] }
}
