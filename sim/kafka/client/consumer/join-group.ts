import { partitionOf, topicIdOf, tpOf } from '../../../history/ids.ts'
import type { Env } from '../../env.ts'
import { Api } from '../../protocol/api.ts'
import { Errors, isRetriable } from '../../protocol/errors.ts'
import type {
  JoinGroupRequest,
  JoinGroupResponse,
  SubscriptionMetadata,
  SyncGroupRequest,
  SyncGroupResponse,
  TopicPartitionId,
} from '../../protocol/group-messages.ts'
import type { Metadata } from '../metadata.ts'
import type { GroupAssignment } from './assignors/assignor.ts'
import { assignCooperativeSticky } from './assignors/cooperative-sticky.ts'
import { assignRange } from './assignors/range.ts'
import { assignRoundRobin } from './assignors/roundrobin.ts'
import { assignSticky } from './assignors/sticky.ts'
import type { ConsumerNetworkClient } from './consumer-network-client.ts'
import type { AssignorName, ConsumerSettings } from './consumer-settings.ts'
import type { ConsumerTopics } from './consumer-topics.ts'
import type { CoordinatorFinder } from './coordinator-finder.ts'
import type { GroupMembership } from './group-membership.ts'
import type { HeartbeatThread } from './heartbeat.ts'
import type { SubscriptionState } from './subscription-state.ts'

export interface JoinGroupParts {
  readonly env: Env
  readonly settings: ConsumerSettings
  readonly topics: ConsumerTopics
  readonly subscriptions: SubscriptionState
  readonly metadata: Metadata
  readonly membership: GroupMembership
  readonly finder: CoordinatorFinder
  readonly coordination: ConsumerNetworkClient
  readonly heartbeat: HeartbeatThread
  /** Topic ids the consumer subscribes to, ascending. */
  readonly subscribed: readonly number[]
}

/** The errors after which a member joins again at once (`joinGroupIfNeeded`). */
const AT_ONCE: ReadonlySet<number> = new Set([
  Errors.UNKNOWN_MEMBER_ID,
  Errors.ILLEGAL_GENERATION,
  Errors.REBALANCE_IN_PROGRESS,
  Errors.MEMBER_ID_REQUIRED,
])

/**
 * `AbstractCoordinator`'s join future: JoinGroup, the leader's assignment, SyncGroup. The answer to JoinGroup is handled by the
 * application's thread, so only while the application is in a call; the one to SyncGroup by whichever thread is there.
 */
export class JoinGroup {
  status: 'idle' | 'under-way' | 'succeeded' | 'failed' = 'idle'
  /** Of a join that succeeded. */
  assignment: readonly TopicPartitionId[] = []
  /** Of a join that failed. */
  errorCode: number = Errors.NONE
  isLeader = false
  /** The partition counts the leader's assignment was made with; -1 = not the leader. */
  assignedUnder = -1
  private readonly parts: JoinGroupParts
  private request: JoinGroupRequest | null = null
  private sync: SyncGroupRequest | null = null
  private response: JoinGroupResponse | null = null
  /** The generation under which JoinGroup was sent. */
  private sentGeneration = -1

  constructor(parts: JoinGroupParts) {
    this.parts = parts
  }

  /** Whether the failed join may be repeated at once, after a back-off, or not without the application. */
  get retry(): 'at-once' | 'later' | 'never' {
    return AT_ONCE.has(this.errorCode) ? 'at-once' : isRetriable(this.errorCode) ? 'later' : 'never'
  }

  /** `initiateJoinGroup` */
  start(): void {
    const { settings, membership, finder, coordination } = this.parts
    membership.state = 'preparing-rebalance'
    this.status = 'under-way'
    const request: JoinGroupRequest = {
      groupId: settings.groupId ?? '',
      sessionTimeoutMs: settings.sessionTimeoutMs,
      rebalanceTimeoutMs: settings.maxPollIntervalMs,
      memberId: membership.memberId,
      groupInstanceId: settings.groupInstanceId,
      protocolType: 'consumer',
      protocols: settings.assignors.map((name) => ({ name, metadata: this.metadataFor(name) })),
      reason: membership.rejoinReason,
    }
    this.request = request
    this.sentGeneration = membership.generationId
    this.response = null
    if (!coordination.send(finder.node, Api.JoinGroup, request, settings.joinTimeoutUs)) {
      this.fail(Errors.COORDINATOR_NOT_AVAILABLE)
    }
  }

  /** `subscriptionUserData`: the sticky assignor is told what the last join brought, the others what the member has now. */
  private metadataFor(assignor: AssignorName): SubscriptionMetadata {
    const { subscriptions, membership, subscribed } = this.parts
    return assignor === 'sticky'
      ? {
          topics: subscribed,
          ownedPartitions: membership.assignedLast,
          generationId: membership.joinedAs.generationId,
        }
      : {
          topics: subscribed,
          ownedPartitions: subscriptions.assigned().map(topicPartition),
          generationId: membership.generationId,
        }
  }

  /** The application has taken the result. */
  done(): void {
    this.status = 'idle'
    this.assignment = []
    this.errorCode = Errors.NONE
  }

  onJoinCompletion(request: JoinGroupRequest, response: JoinGroupResponse | null): void {
    if (request !== this.request) return
    if (response === null) this.fail(Errors.NETWORK_EXCEPTION)
    else this.response = response
  }

  /** Handles an answer to JoinGroup that has arrived; the application's thread is there. */
  handleJoinResponse(): void {
    const { response } = this
    if (response === null) return
    if (response.errorCode !== Errors.NONE) {
      this.response = null
      this.onJoinError(response)
      return
    }
    const { membership, heartbeat } = this.parts
    if (membership.state === 'preparing-rebalance') {
      membership.state = 'completing-rebalance'
      membership.generationId = response.generationId
      membership.memberId = response.memberId
      heartbeat.onJoined()
    } else if (membership.state !== 'completing-rebalance') {
      // `UnjoinedGroupException`: the member left in the meantime.
      this.response = null
      this.fail(Errors.COORDINATOR_NOT_AVAILABLE)
      return
    }
    const isLeader = response.leader === response.memberId
    if (isLeader && !this.knowsTopics(response)) return
    this.response = null
    this.isLeader = isLeader
    this.assignedUnder = isLeader ? this.parts.topics.countsVersion : -1
    this.sendSync(response, isLeader && !response.skipAssignment ? this.assign(response) : new Map())
  }

  onSyncCompletion(request: SyncGroupRequest, response: SyncGroupResponse | null): void {
    if (request !== this.sync) return
    this.sync = null
    const { membership, finder } = this.parts
    const errorCode = response === null ? Errors.NETWORK_EXCEPTION : response.errorCode
    const isUnchanged = membership.isUnchanged(request.generationId, request.memberId)
    switch (errorCode) {
      case Errors.NONE:
        finder.onAnswer()
        if (isUnchanged && membership.state === 'completing-rebalance') this.succeed(response?.assignment ?? [])
        else this.fail(Errors.ILLEGAL_GENERATION)
        return
      case Errors.UNKNOWN_MEMBER_ID:
      case Errors.ILLEGAL_GENERATION:
        if (isUnchanged) {
          membership.resetAndRejoin('SyncGroup was refused', errorCode === Errors.UNKNOWN_MEMBER_ID)
        }
        break
      case Errors.COORDINATOR_NOT_AVAILABLE:
      case Errors.NOT_COORDINATOR:
        finder.markUnknown(false)
        break
    }
    this.fail(errorCode)
  }

  private onJoinError(response: JoinGroupResponse): void {
    const { membership, finder } = this.parts
    const { errorCode } = response
    switch (errorCode) {
      case Errors.UNKNOWN_MEMBER_ID:
        if (membership.isUnchanged(this.sentGeneration, this.request?.memberId ?? '')) {
          membership.resetAndRejoin('JoinGroup was refused', true)
        }
        break
      case Errors.MEMBER_ID_REQUIRED:
        membership.reset(true)
        membership.memberId = response.memberId
        membership.requestRejoin('need to re-join with the given member-id')
        break
      case Errors.COORDINATOR_NOT_AVAILABLE:
      case Errors.NOT_COORDINATOR:
        finder.markUnknown(false)
        break
    }
    this.fail(errorCode)
  }

  private succeed(assignment: readonly TopicPartitionId[]): void {
    const { membership } = this.parts
    membership.state = 'stable'
    membership.rejoinNeeded = false
    membership.rejoinReason = ''
    this.assignment = assignment
    this.status = 'succeeded'
  }

  private fail(errorCode: number): void {
    this.request = null
    this.sync = null
    this.errorCode = errorCode
    this.status = 'failed'
  }

  private sendSync(response: JoinGroupResponse, assignment: GroupAssignment): void {
    const { settings, membership, finder, coordination } = this.parts
    const request: SyncGroupRequest = {
      groupId: settings.groupId ?? '',
      generationId: membership.generationId,
      memberId: membership.memberId,
      groupInstanceId: settings.groupInstanceId,
      protocolType: 'consumer',
      protocolName: response.protocolName,
      assignments: [...assignment].map(([memberId, tps]) => ({ memberId, assignment: tps.map(topicPartition) })),
    }
    this.sync = request
    const node = finder.node
    if (node < 0 || !coordination.send(node, Api.SyncGroup, request)) this.fail(Errors.COORDINATOR_NOT_AVAILABLE)
  }

  // --- the leader ---------------------------------------------------------------------------------------------------

  /** The leader assigns the topics of all members, so it asks for those it has not heard of (`updateGroupSubscription`). */
  private knowsTopics(response: JoinGroupResponse): boolean {
    const { topics, metadata } = this.parts
    let knows = true
    for (const member of response.members) {
      for (const topicId of member.metadata.topics) {
        const topic = topics.byId(topicId)
        if (topic === undefined) continue
        if (!topic.wanted) metadata.add(topic)
        if (!topic.isTold) knows = false
      }
    }
    return knows
  }

  private assign(response: JoinGroupResponse): GroupAssignment {
    const { members, protocolName } = response
    const { topics, settings } = this.parts
    // The coordinator chooses among the protocols that every member has named, the leader too.
    switch (protocolName as AssignorName) {
      case 'range':
        return assignRange(members, topics)
      case 'roundrobin':
        return assignRoundRobin(members, topics)
      case 'sticky':
        return assignSticky(members, topics, settings.switches['sticky.claims'])
      case 'cooperative-sticky':
        return assignCooperativeSticky(members, topics)
    }
  }
}

export function topicPartition(tp: number): TopicPartitionId {
  return { topicId: topicIdOf(tp), partition: partitionOf(tp) }
}

export function tpsOf(partitions: readonly TopicPartitionId[]): number[] {
  return partitions.map(({ topicId, partition }) => tpOf(topicId, partition)).sort((a, b) => a - b)
}
