import type { CoordinatorRecord } from '../../protocol/coordinator-records.ts'
import type {
  ConsumerGroupRecord,
  CurrentAssignment,
  MemberMetadataValue,
} from '../../protocol/consumer-group-records.ts'
import { Errors } from '../../protocol/errors.ts'
import { topicPartition, tpsOf } from '../../protocol/topic-partitions.ts'
import { ClassicGroup } from '../classic-group.ts'
import { ClassicGroupMember } from '../classic-group-member.ts'
import { NOTHING, type Outcome } from '../outcome.ts'
import type { ConsumerGroup } from './consumer-group.ts'
import type { ConsumerGroupMember } from './consumer-group-member.ts'
import type { ConsumerGroups } from './consumer-groups.ts'
import {
  assignmentEpochRecord,
  currentRecord,
  epochRecord,
  groupTombstones,
  memberRecord,
  targetRecord,
} from './group-records.ts'

/**
 * `getOrMaybeCreateConsumerGroup`: the group that a heartbeat is for. A classic group without members gives way to one that
 * joins, and one with members becomes a consumer group, if that is allowed. null = there is no such group.
 */
export function groupForJoin(
  groups: ConsumerGroups,
  groupId: string,
  creates: boolean,
  records: CoordinatorRecord[],
): ConsumerGroup | null {
  const known = groups.groups.get(groupId)
  if (known !== undefined) return known
  const classic = groups.classic.groups.get(groupId)
  if (!creates) return null
  if (classic === undefined) return groups.create(groupId)
  if (classic.state === 'EMPTY') {
    records.push({ type: 'GroupMetadataTombstone', groupId })
    return groups.create(groupId)
  }
  return mayBecomeConsumer(groups, classic) ? becomeConsumer(groups, classic, records) : null
}

// --- from the classic to the consumer protocol --------------------------------------------------------------------------

/** `validateOnlineUpgrade` */
function mayBecomeConsumer({ options }: ConsumerGroups, classic: ClassicGroup): boolean {
  const policy = options['group.consumer.migration.policy']
  const isEnabled = policy === 'bidirectional' || policy === 'upgrade'
  return isEnabled && classic.state !== 'DEAD' && classic.members.size <= options['group.consumer.max.size']
}

/**
 * `convertToConsumerGroup`: members keep what they were assigned last, at the group's generation as their epoch. Who waits for a
 * rebalance of the old kind joins again.
 */
function becomeConsumer(groups: ConsumerGroups, classic: ClassicGroup, records: CoordinatorRecord[]): ConsumerGroup {
  groups.classic.answerAll(classic, Errors.REBALANCE_IN_PROGRESS)
  const { groupId, generationId } = classic
  const members = [...classic.members.values()]
  const ours: ConsumerGroupRecord[] = [
    ...members.map((member) => memberRecord(groupId, member.memberId, metadataOf(classic, member))),
    epochRecord(groupId, generationId, ''),
    ...members.map((member) => targetRecord(groupId, member.memberId, tpsOf(member.assignment))),
    assignmentEpochRecord(groupId, generationId),
    ...members.map((member) => currentRecord(groupId, member.memberId, currentOf(classic, member))),
  ]
  const group = groups.create(groupId)
  for (const record of ours) group.apply(record)
  // If the conversion fails these timers find no member, and do nothing.
  for (const { memberId, metadata } of group.members.values())
    groups.keepAlive(groupId, memberId, metadata.classic?.sessionTimeoutMs)
  records.push({ type: 'GroupMetadataTombstone', groupId }, ...ours)
  return group
}

function metadataOf({ protocolName }: ClassicGroup, member: ClassicGroupMember): MemberMetadataValue {
  const { groupInstanceId, node, rebalanceTimeoutMs, sessionTimeoutMs, protocols } = member
  return {
    groupInstanceId,
    node,
    rebalanceTimeoutMs,
    subscribedTopics: member.metadata(protocolName ?? protocols[0]?.name ?? '').topics,
    serverAssignor: null,
    classic: { sessionTimeoutMs, protocols },
  }
}

function currentOf({ generationId }: ClassicGroup, { assignment }: ClassicGroupMember): CurrentAssignment {
  return {
    memberEpoch: generationId,
    previousMemberEpoch: generationId,
    state: 'STABLE',
    assigned: tpsOf(assignment),
    pendingRevocation: [],
  }
}

// --- from the consumer to the classic protocol --------------------------------------------------------------------------

/** `validateOnlineDowngradeWithFencedMembers`: only members of the classic protocol would be left, and some would. */
export function mayBecomeClassic(
  { options }: ConsumerGroups,
  group: ConsumerGroup,
  leaving: readonly ConsumerGroupMember[],
): boolean {
  const left = [...group.members.values()].filter((member) => !leaving.includes(member))
  return (
    leaving.every(({ metadata }) => metadata.classic === null) &&
    left.length > 0 &&
    left.every(({ metadata }) => metadata.classic !== null) &&
    isDowngradeEnabled(options['group.consumer.migration.policy']) &&
    left.length <= options['group.max.size']
  )
}

/** `validateOnlineDowngradeWithReplacedMember`: the last member of the consumer protocol comes back as one of the classic. */
export function mayBecomeClassicWith({ options }: ConsumerGroups, group: ConsumerGroup, replaced: string): boolean {
  const members = [...group.members.values()]
  return (
    members.every(({ memberId, metadata }) => (metadata.classic === null) === (memberId === replaced)) &&
    isDowngradeEnabled(options['group.consumer.migration.policy']) &&
    members.length <= options['group.max.size']
  )
}

function isDowngradeEnabled(policy: 'bidirectional' | 'upgrade' | 'downgrade' | 'disabled'): boolean {
  return policy === 'bidirectional' || policy === 'downgrade'
}

/** `convertToClassicGroup` because members go: the others have to share what those had, so they rebalance. */
export function becomeClassic(
  groups: ConsumerGroups,
  group: ConsumerGroup,
  leaving: readonly ConsumerGroupMember[],
): Outcome {
  const left = [...group.members.values()].filter((member) => !leaving.includes(member))
  const classic = classicFrom(group, left)
  const records = [...groupTombstones(group), ...install(groups, classic)]
  groups.classic.prepareRebalance(classic)
  return { ...NOTHING, records }
}

/**
 * `convertToClassicGroup` because a static member came back as one of the classic protocol: it has the target of its old self,
 * and nobody needs to rebalance unless it subscribes to other topics.
 */
export function becomeClassicWith(
  groups: ConsumerGroups,
  group: ConsumerGroup,
  replaced: string,
  joining: ConsumerGroupMember,
  subscriptionChanged: boolean,
): readonly CoordinatorRecord[] {
  const members = [...group.members.values()].filter(({ memberId }) => memberId !== replaced)
  const classic = classicFrom(group, [...members, joining])
  const records = [...joiningTombstones(group, replaced, joining.memberId), ...install(groups, classic)]
  if (subscriptionChanged) groups.classic.prepareRebalance(classic)
  return records
}

/** The records that replaced the member stand before: so it is its new id that has to go. */
function joiningTombstones(group: ConsumerGroup, replaced: string, joining: string): readonly CoordinatorRecord[] {
  return groupTombstones(group).map((record) =>
    'memberId' in record && record.memberId === replaced ? { ...record, memberId: joining } : record,
  )
}

/** `ClassicGroup.fromConsumerGroup` */
function classicFrom(group: ConsumerGroup, members: readonly ConsumerGroupMember[]): ClassicGroup {
  const classic = new ClassicGroup(group.groupId, group.text)
  classic.state = 'STABLE'
  classic.previousState = 'STABLE'
  classic.generationId = group.groupEpoch
  for (const { memberId, metadata } of members) {
    const { groupInstanceId, node, rebalanceTimeoutMs, classic: said } = metadata
    const { sessionTimeoutMs = 0, protocols = [] } = said ?? {}
    const member = new ClassicGroupMember(
      memberId,
      groupInstanceId,
      node,
      rebalanceTimeoutMs,
      sessionTimeoutMs,
      protocols,
    )
    member.assignment = group.targetOf(memberId, groupInstanceId).map(topicPartition)
    classic.add(member)
  }
  classic.protocolName = classic.selectProtocol()
  return classic
}

/** Puts the classic group in the place of the other; the tombstones before its record take that one away. */
function install(groups: ConsumerGroups, classic: ClassicGroup): readonly CoordinatorRecord[] {
  groups.classic.groups.set(classic.groupId, classic)
  for (const member of classic.members.values()) groups.classic.keepAlive(classic, member)
  return [groups.classic.metadataRecord(classic, classic.assignments())]
}
