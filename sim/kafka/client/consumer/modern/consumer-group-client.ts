import { Api, type ApiKey } from '../../../protocol/api.ts'
import type { ConsumerGroupHeartbeatRequest, ConsumerGroupHeartbeatResponse } from '../../../protocol/group-messages.ts'
import type { GroupClientParts } from '../classic-group-client.ts'
import type { GroupClient, GroupTurn } from '../group-client.ts'
import type { JoinedAs } from '../group-membership.ts'
import type { PollFailure } from '../poll-failure.ts'
import type { ConsumerMembership } from './consumer-membership.ts'
import { HeartbeatRequests } from './heartbeat-requests.ts'
import { isNotInGroup } from './member-state.ts'
import { Reconciliation } from './reconciliation.ts'

/**
 * The consumer protocol (`AsyncKafkaConsumer`): a thread of its own keeps the member in the group and takes assignments over, as
 * far as the application need not hear of it; poll() lets the application hear.
 */
export class ConsumerGroupClient implements GroupClient {
  private readonly parts: GroupClientParts
  private readonly membership: ConsumerMembership
  private readonly heartbeats: HeartbeatRequests
  private readonly reconciliation: Reconciliation
  private failure: PollFailure | null = null
  /** Partitions the application was asked to let go when it closed. */
  private leaving: readonly number[] | null = null

  constructor(parts: GroupClientParts, membership: ConsumerMembership) {
    this.parts = parts
    this.membership = membership
    this.heartbeats = new HeartbeatRequests(parts, membership)
    this.reconciliation = new Reconciliation(parts, membership)
  }

  get generation(): number {
    return this.membership.epoch
  }

  get isStable(): boolean {
    return this.membership.state === 'STABLE'
  }

  get isRebalancing(): boolean {
    return this.membership.state === 'RECONCILING'
  }

  get joinedAs(): JoinedAs {
    return this.membership.joinedAs
  }

  runThread(): void {
    this.reconciliation.runThread()
    this.heartbeats.run()
  }

  onCall(): void {}

  onPoll(): GroupTurn {
    const { membership, heartbeats, reconciliation } = this
    const { finder } = this.parts
    this.loseIfNeeded()
    membership.onPoll()
    heartbeats.onPoll()
    reconciliation.run()
    // What was just taken over, or joined, is told at once.
    heartbeats.run()
    this.failure = heartbeats.failure ?? finder.failure
    heartbeats.failure = null
    finder.failure = null
    return this.failure === null ? 'ready' : 'blocked'
  }

  takeFailure(): PollFailure | null {
    const { failure } = this
    this.failure = null
    return failure
  }

  prepareLeave(): boolean {
    const { subscriptions, listener } = this.parts
    const owned = this.leaving ?? subscriptions.assigned()
    if (owned.length === 0) return true
    // `runRebalanceCallbacksOnClose`: the last epoch counts, whatever has become of it since.
    if (this.leaving === null && this.membership.joinedAs.generationId < 0) {
      listener.invokeLost(owned)
      return true
    }
    this.leaving = owned
    if (!listener.invokeRevoked(owned)) return false
    this.leaving = null
    return true
  }

  leave(): void {
    const { membership, heartbeats } = this
    if (isNotInGroup(membership.state)) return
    if (!membership.isLeaving) membership.leave()
    heartbeats.sayGoodbye()
  }

  onCoordinatorFound(): void {}

  waitsFor(): string | null {
    const { state } = this.membership
    return state === 'STABLE' ? null : 'its assignment'
  }

  onCompletion(api: ApiKey, request: object, response: object | null): void {
    if (api !== Api.ConsumerGroupHeartbeat) return
    const answer = response as ConsumerGroupHeartbeatResponse | null
    this.heartbeats.onCompletion(request as ConsumerGroupHeartbeatRequest, answer)
  }

  private loseIfNeeded(): void {
    const { membership } = this
    const { subscriptions, listener } = this.parts
    if (!membership.isLosing) return
    const owned = subscriptions.assigned()
    if (owned.length > 0) listener.invokeLost(owned)
    membership.onLost()
  }
}
