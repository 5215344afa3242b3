import type { Protocols, SubscriptionMetadata, TopicPartitionId } from '../protocol/group-messages.ts'
import type { PendingReply } from './pending-reply.ts'

const NO_METADATA: SubscriptionMetadata = { topics: [], ownedPartitions: [], generationId: -1 }
export const NO_ASSIGNMENT: readonly TopicPartitionId[] = []

/** A member of a classic group (`ClassicGroupMember`). Parked requests are data: who waits, and nothing to call. */
export class ClassicGroupMember {
  readonly memberId: string
  readonly groupInstanceId: string | null
  /** The client's node. */
  readonly node: number
  rebalanceTimeoutMs: number
  sessionTimeoutMs: number
  protocols: Protocols
  assignment: readonly TopicPartitionId[] = NO_ASSIGNMENT
  /** It has not been in a generation yet, and its parked JoinGroup does not keep it alive. */
  isNew = false
  awaitingJoin: PendingReply | null = null
  awaitingSync: PendingReply | null = null

  constructor(
    memberId: string,
    groupInstanceId: string | null,
    node: number,
    rebalanceTimeoutMs: number,
    sessionTimeoutMs: number,
    protocols: Protocols,
  ) {
    this.memberId = memberId
    this.groupInstanceId = groupInstanceId
    this.node = node
    this.rebalanceTimeoutMs = rebalanceTimeoutMs
    this.sessionTimeoutMs = sessionTimeoutMs
    this.protocols = protocols
  }

  /** Whoever waits for an answer needs no heartbeat (`hasSatisfiedHeartbeat`). */
  hasSatisfiedHeartbeat(): boolean {
    return !this.isNew && (this.awaitingJoin !== null || this.awaitingSync !== null)
  }

  metadata(protocolName: string): SubscriptionMetadata {
    return this.protocols.find((protocol) => protocol.name === protocolName)?.metadata ?? NO_METADATA
  }

  /** Whether it rejoins with the protocols and subscription it had, byte for byte. */
  matches(protocols: Protocols): boolean {
    return (
      protocols.length === this.protocols.length &&
      protocols.every((protocol, index) => {
        const known = this.protocols[index]
        return known?.name === protocol.name && sameSubscription(known.metadata, protocol.metadata)
      })
    )
  }
}

function sameSubscription(one: SubscriptionMetadata, other: SubscriptionMetadata): boolean {
  return (
    one.generationId === other.generationId &&
    one.topics.length === other.topics.length &&
    one.topics.every((topic, index) => topic === other.topics[index]) &&
    one.ownedPartitions.length === other.ownedPartitions.length &&
    one.ownedPartitions.every((owned, index) => {
      const twin = other.ownedPartitions[index]
      return owned.topicId === twin?.topicId && owned.partition === twin.partition
    })
  )
}
