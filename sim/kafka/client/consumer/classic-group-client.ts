import type { Env } from '../../env.ts'
import { Api, type ApiKey } from '../../protocol/api.ts'
import type {
  HeartbeatRequest,
  HeartbeatResponse,
  JoinGroupRequest,
  JoinGroupResponse,
  SyncGroupRequest,
  SyncGroupResponse,
} from '../../protocol/group-messages.ts'
import type { Metadata } from '../metadata.ts'
import type { AutoCommit } from './auto-commit.ts'
import { ConsumerCoordinator, type RebalanceListenerInvoker } from './consumer-coordinator.ts'
import type { ConsumerNetworkClient } from './consumer-network-client.ts'
import type { ConsumerSettings } from './consumer-settings.ts'
import type { ConsumerTopics } from './consumer-topics.ts'
import type { CoordinatorFinder } from './coordinator-finder.ts'
import type { GroupClient, GroupTurn } from './group-client.ts'
import type { GroupMembership, JoinedAs } from './group-membership.ts'
import { HeartbeatThread } from './heartbeat.ts'
import { JoinGroup } from './join-group.ts'
import type { OffsetCommits } from './offset-commits.ts'
import type { PollFailure } from './poll-failure.ts'
import type { SubscriptionState } from './subscription-state.ts'
import type { WakeTimer } from './wake-timer.ts'

/** What a member of a group needs of its consumer, whatever the protocol. */
export interface GroupClientParts {
  readonly env: Env
  readonly settings: ConsumerSettings
  readonly topics: ConsumerTopics
  readonly metadata: Metadata
  readonly subscriptions: SubscriptionState
  readonly finder: CoordinatorFinder
  readonly coordination: ConsumerNetworkClient
  readonly commits: OffsetCommits
  readonly autoCommit: AutoCommit
  readonly listener: RebalanceListenerInvoker
  readonly wake: WakeTimer
  /** Topic ids the consumer subscribes to, ascending. */
  readonly subscribed: readonly number[]
}

/** The classic protocol: the application's thread joins the group, a heartbeat thread keeps it there. */
export class ClassicGroupClient implements GroupClient {
  private readonly membership: GroupMembership
  private readonly finder: CoordinatorFinder
  private readonly heartbeat: HeartbeatThread
  private readonly join: JoinGroup
  private readonly coordinator: ConsumerCoordinator
  /** Else partitions are taken by hand, and the group only keeps offsets. */
  private readonly isSubscribed: boolean
  private failure: PollFailure | null = null

  constructor(parts: GroupClientParts, membership: GroupMembership, isSubscribed: boolean) {
    this.membership = membership
    this.finder = parts.finder
    this.isSubscribed = isSubscribed
    this.heartbeat = new HeartbeatThread({ ...parts, membership })
    this.join = new JoinGroup({ ...parts, membership, heartbeat: this.heartbeat })
    this.coordinator = new ConsumerCoordinator({ ...parts, membership, join: this.join })
  }

  get generation(): number {
    return this.membership.generationId
  }

  get isStable(): boolean {
    return this.membership.state === 'stable'
  }

  get isRebalancing(): boolean {
    return this.membership.isRebalancing
  }

  get joinedAs(): JoinedAs {
    return this.membership.joinedAs
  }

  runThread(): void {
    this.heartbeat.run()
  }

  onCall(): void {
    this.join.handleJoinResponse()
  }

  onPoll(): GroupTurn {
    const { heartbeat, finder, coordinator, isSubscribed } = this
    if (!isSubscribed) return 'ready'
    heartbeat.onPoll()
    this.failure = heartbeat.failure ?? finder.failure
    heartbeat.failure = null
    finder.failure = null
    if (this.failure !== null || !finder.ensureReady()) return 'blocked'
    if (!coordinator.rejoinNeededOrPending() || coordinator.joinGroupIfNeeded()) return 'ready'
    this.failure = coordinator.failure
    coordinator.failure = null
    return 'rebalancing'
  }

  takeFailure(): PollFailure | null {
    const { failure } = this
    this.failure = null
    return failure
  }

  prepareLeave(): boolean {
    return !this.isSubscribed || this.coordinator.prepareLeave()
  }

  leave(): void {
    if (this.isSubscribed) this.heartbeat.leaveGroup('the consumer is being closed')
  }

  onCoordinatorFound(): void {
    this.heartbeat.resetSession()
  }

  waitsFor(): string | null {
    const { membership, join } = this
    return membership.rejoinNeeded || join.status !== 'idle' ? 'a rebalance of its group' : null
  }

  onCompletion(api: ApiKey, request: object, response: object | null): void {
    switch (api as number) {
      case Api.JoinGroup:
        this.join.onJoinCompletion(request as JoinGroupRequest, response as JoinGroupResponse | null)
        break
      case Api.SyncGroup:
        this.join.onSyncCompletion(request as SyncGroupRequest, response as SyncGroupResponse | null)
        break
      case Api.Heartbeat:
        this.heartbeat.onCompletion(request as HeartbeatRequest, response as HeartbeatResponse | null)
        break
      default:
        // LeaveGroup: whatever the answer, the member is gone.
        break
    }
  }
}
