import { M } from '../../history/catalogue.ts'
import type { MomentObserver } from '../../history/recorder.ts'
import { tpOf } from '../../history/ids.ts'
import { MiniCluster } from '../broker/mini-cluster.test.support.ts'
import { Api } from '../protocol/api.ts'
import { Errors } from '../protocol/errors.ts'
import type {
  ConsumerGroupHeartbeatResponse,
  FindCoordinatorResponse,
  HeartbeatResponse,
  JoinGroupRequest,
  JoinGroupResponse,
  LeaveGroupResponse,
  OffsetCommitResponse,
  OffsetFetchResponse,
  SyncGroupRequest,
  SyncGroupResponse,
} from '../protocol/group-messages.ts'
import type { ClassicGroup } from './classic-group.ts'
import { partitionFor } from './partition-for.ts'

export const GROUP = 'billing'

/** A request under way. */
export interface Call<T> {
  readonly connection: number
  readonly correlation: number
  /** What will be answered; never set. */
  readonly body?: T
}

/** What is answered to what. */
interface Answers {
  readonly [Api.FindCoordinator]: FindCoordinatorResponse
  readonly [Api.JoinGroup]: JoinGroupResponse
  readonly [Api.SyncGroup]: SyncGroupResponse
  readonly [Api.Heartbeat]: HeartbeatResponse
  readonly [Api.LeaveGroup]: LeaveGroupResponse
  readonly [Api.ConsumerGroupHeartbeat]: ConsumerGroupHeartbeatResponse
  readonly [Api.OffsetCommit]: OffsetCommitResponse
  readonly [Api.OffsetFetch]: OffsetFetchResponse
}
type GroupApi = keyof Answers

/** What a test knows of a member. */
export interface Member {
  readonly memberId: string
  readonly generationId: number
}

/** Tells of groups, in the order in which things happened. */
class Story implements MomentObserver {
  readonly kinds: readonly number[] = [
    M.offsetCommitted,
    M.commitRefused,
    M.groupRebalanced,
    M.memberJoined,
    M.memberRemoved,
    M.coordinatorLoaded,
    M.coordinatorUnloaded,
  ]
  readonly lines: string[] = []

  onMoment(
    kind: number,
    _time: number,
    node: number,
    a: number,
    b: number,
    c: number,
    d: number,
    e: number,
    f: number,
  ): void {
    switch (kind) {
      case M.offsetCommitted:
        this.lines.push(`committed ${c} by n${e} in ${d}`)
        break
      case M.commitRefused:
        this.lines.push(`refused ${c} error ${d} by n${f} in ${e}`)
        break
      case M.groupRebalanced:
        this.lines.push(`generation ${b} of ${c}`)
        break
      case M.memberJoined:
        this.lines.push(`joined n${b} in ${c}`)
        break
      case M.memberRemoved:
        this.lines.push(`removed n${b} in ${c}${d === 1 ? ' expired' : ''}`)
        break
      case M.coordinatorLoaded:
        if (c > 0) this.lines.push(`loaded ${c} at n${node}`)
        break
      case M.coordinatorUnloaded:
        this.lines.push(`unloaded at n${node} epoch ${b}`)
        break
      default:
        this.lines.push(`${a}`)
    }
  }
}

/** Real brokers and a controller, the offsets topic made, and clients that say what a test wants. */
export class GroupCluster extends MiniCluster {
  readonly story: Story = new Story()

  /** `asked`: whether somebody has asked for a coordinator, so that the offsets topic exists. */
  constructor(options: ConstructorParameters<typeof MiniCluster>[0] & { readonly asked?: boolean } = {}) {
    super({ partitions: 3, ...options })
    if (options.asked !== false) this.findCoordinator()
    this.observe(this.story)
  }

  /** Asks broker 1 for the coordinator until there is one. */
  findCoordinator(seconds = 5): number {
    for (let tries = 0; tries < seconds * 4; tries++) {
      const found = this.ask(1, Api.FindCoordinator, { keyType: 'group', key: GROUP }, 0.25)
      if (found?.errorCode === Errors.NONE) return found.nodeId
    }
    return -1
  }

  /** Partition of the offsets topic that keeps the group. */
  get groupTp(): number {
    for (let id = 1; id < this.clientNode; id++) {
      const metadata = this.broker(id)?.metadata
      if (metadata !== undefined && metadata.offsetsTopicId > 0) {
        const count = metadata.topics.get(metadata.offsetsTopicId)?.partitions.length ?? 0
        return tpOf(metadata.offsetsTopicId, partitionFor(GROUP, count))
      }
    }
    return -1
  }

  /** The broker that coordinates the group by its own account; -1 = none. */
  get coordinator(): number {
    for (let id = 1; id < this.clientNode; id++) {
      if (this.broker(id)?.groups.partition(this.groupTp)?.state === 'ACTIVE') return id
    }
    return -1
  }

  get state(): ClassicGroup | undefined {
    return this.broker(this.coordinator)?.groups.partition(this.groupTp)?.shard.classic.groups.get(GROUP)
  }

  // --- asking -------------------------------------------------------------------------------------------------------

  start<K extends GroupApi>(broker: number, api: K, body: object, apiVersion = 13): Call<Answers[K]> {
    const connection = this.open(broker)
    return { connection, correlation: this.send(connection, broker, api, body, apiVersion) }
  }

  answer<T>({ connection, correlation }: Call<T>): T | null {
    const reply = this.client.replies.find(
      (candidate) => candidate.connection === connection && candidate.correlation === correlation,
    )
    return reply === undefined ? null : (reply.body as T)
  }

  ask<K extends GroupApi>(broker: number, api: K, body: object, seconds = 0.1): Answers[K] | null {
    const call = this.start(broker, api, body)
    this.runFor(seconds)
    return this.answer<Answers[K]>(call)
  }

  // --- members ------------------------------------------------------------------------------------------------------

  joining(request: Partial<JoinGroupRequest> = {}): Call<JoinGroupResponse> {
    return this.start(this.coordinator, Api.JoinGroup, joinRequest(request))
  }

  /** Joins under an id of its own, which it is given first; the request is parked. */
  joiningNew(request: Partial<JoinGroupRequest> = {}): {
    readonly memberId: string
    readonly call: Call<JoinGroupResponse>
  } {
    const body = joinRequest(request)
    const first = this.ask(this.coordinator, Api.JoinGroup, body)
    const memberId = first?.memberId ?? ''
    return { memberId, call: this.joining({ ...request, memberId }) }
  }

  sync(member: Member, request: Partial<SyncGroupRequest> = {}): Call<SyncGroupResponse> {
    return this.start(this.coordinator, Api.SyncGroup, {
      groupId: GROUP,
      generationId: member.generationId,
      memberId: member.memberId,
      groupInstanceId: null,
      protocolType: 'consumer',
      protocolName: 'range',
      assignments: [],
      ...request,
    } satisfies SyncGroupRequest)
  }

  heartbeat(member: Member, groupInstanceId: string | null = null): number {
    const body = { groupId: GROUP, ...member, groupInstanceId }
    return this.ask(this.coordinator, Api.Heartbeat, body)?.errorCode ?? -99
  }

  leave(memberId: string, groupInstanceId: string | null = null): number {
    const body = { groupId: GROUP, members: [{ memberId, groupInstanceId, reason: '' }] }
    return this.ask(this.coordinator, Api.LeaveGroup, body)?.errorCode ?? -99
  }

  committing(member: Member, offset: number, partition = 0): Call<OffsetCommitResponse> {
    return this.start(this.coordinator, Api.OffsetCommit, {
      groupId: GROUP,
      generationIdOrMemberEpoch: member.generationId,
      memberId: member.memberId,
      groupInstanceId: null,
      partitions: [{ topicId: 1, partition, committedOffset: offset, committedLeaderEpoch: 0 }],
    })
  }

  commitError(call: Call<OffsetCommitResponse>): number {
    return this.answer(call)?.partitions[0]?.errorCode ?? -99
  }

  commit(member: Member, offset: number, seconds = 0.1): number {
    const call = this.committing(member, offset)
    this.runFor(seconds)
    return this.commitError(call)
  }

  /** The committed offset of orders-0; null without an answer. */
  committed(requireStable = true, seconds = 0.1): number | null {
    const body = {
      groupId: GROUP,
      memberId: '',
      memberEpoch: -1,
      partitions: [{ topicId: 1, partition: 0 }],
      requireStable,
    }
    const answer = this.ask(this.coordinator, Api.OffsetFetch, body, seconds)
    if (answer === null) return null
    return answer.errorCode === Errors.NONE ? (answer.partitions[0]?.committedOffset ?? null) : -answer.errorCode
  }

  // --- groups in a given state --------------------------------------------------------------------------------------

  /** Two members whose first generation has begun and who have not asked for their assignments; the first leads. */
  completing(options: Partial<JoinGroupRequest> = {}): readonly [Member, Member] {
    const one = this.joiningNew(options)
    const two = this.joiningNew(options)
    this.runFor(7)
    const generationId = this.answer<JoinGroupResponse>(one.call)?.generationId ?? -1
    return [
      { memberId: one.memberId, generationId },
      { memberId: two.memberId, generationId },
    ]
  }

  stable(options: Partial<JoinGroupRequest> = {}): readonly [Member, Member] {
    const members = this.completing(options)
    const [leader, follower] = members
    this.sync(leader, { assignments: assignments(leader.memberId, follower.memberId) })
    this.sync(follower)
    this.runFor(0.2)
    return members
  }

  /** A stable group of which a third member wants to be part: everybody has to rejoin. */
  preparing(options: Partial<JoinGroupRequest> = {}): readonly [Member, Member] {
    const members = this.stable(options)
    this.joiningNew(options)
    this.runFor(0.2)
    return members
  }

  /** A group that had members and has none. */
  empty(): readonly [Member, Member] {
    const members = this.stable()
    for (const { memberId } of members) this.leave(memberId)
    this.runFor(0.2)
    return members
  }
}

export function joinRequest(request: Partial<JoinGroupRequest>): JoinGroupRequest {
  return {
    groupId: GROUP,
    sessionTimeoutMs: 45_000,
    rebalanceTimeoutMs: 300_000,
    memberId: '',
    groupInstanceId: null,
    protocolType: 'consumer',
    protocols: [{ name: 'range', metadata: { topics: [1], ownedPartitions: [], generationId: -1 } }],
    reason: '',
    ...request,
  }
}

/** orders-0 for the first member, orders-1 for the second, and so on. */
export function assignments(...memberIds: readonly string[]): SyncGroupRequest['assignments'] {
  return memberIds.map((memberId, partition) => ({ memberId, assignment: [{ topicId: 1, partition }] }))
}

export function syncAnswer(answer: SyncGroupResponse | null): string {
  return answer === null
    ? 'parked'
    : answer.errorCode === Errors.NONE
      ? answer.assignment.map(({ topicId, partition }) => `${topicId}-${partition}`).join(' ')
      : `error ${answer.errorCode}`
}
