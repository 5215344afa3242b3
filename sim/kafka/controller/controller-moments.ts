import { M } from '../../history/catalogue.ts'
import { maskHigh, maskLow, tpOf } from '../../history/ids.ts'
import type { Env } from '../env.ts'
import type { MetadataRecord } from '../protocol/metadata-records.ts'
import type { BrokerRegistrationChangeRecord } from './cluster-control.ts'
import {
  isUncleanElection,
  mergePartition,
  type PartitionChangeRecord,
  type PartitionRegistration,
} from './partition-registration.ts'
import type { TopicsImage } from './topics-image.ts'

/**
 * Tells of a record that is committed and about to be applied; `topics` still shows the state before.
 *
 * @param at which of the committed records: a new topic's partitions follow it.
 */
export function emitCommitted(env: Env, records: readonly MetadataRecord[], at: number, topics: TopicsImage): void {
  const record = records[at] as MetadataRecord
  switch (record.type) {
    case 'PartitionChangeRecord': {
      const before = topics.partition(tpOf(record.topicId, record.partitionId))
      if (before !== undefined) emitPartitionChange(env, before, record)
      break
    }
    case 'BrokerRegistrationChangeRecord':
      emitRegistrationChange(env, record)
      break
    case 'PartitionRecord':
      emitFirstLeader(env, record)
      break
    case 'RegisterBrokerRecord':
      if (record.clean !== undefined) {
        env.emit(M.brokerRegistered, record.brokerId, record.brokerEpoch, record.clean ? 1 : 0)
      }
      break
    case 'TopicRecord':
      emitTopic(env, record, records)
      break
    case 'RemoveTopicRecord':
      emitRemoval(env, record.topicId, topics)
      break
    case 'ConfigRecord':
      if (record.altered !== undefined) emitConfig(env, record, topics)
      break
    case 'ProducerIdsRecord':
    case 'LeaderChangeMessage':
      break
  }
}

function emitTopic(
  env: Env,
  { name, topicId }: Extract<MetadataRecord, { readonly type: 'TopicRecord' }>,
  records: readonly MetadataRecord[],
): void {
  const partitions = records.flatMap((each) =>
    each.type === 'PartitionRecord' && each.topicId === topicId ? [each] : [],
  )
  const replicas = partitions[0]?.replicas.length ?? 0
  env.emit(M.topicCreated, env.recorder.text(name), topicId, partitions.length, replicas)
}

function emitRemoval(env: Env, topicId: number, topics: TopicsImage): void {
  const topic = topics.topic(topicId)
  if (topic === undefined) return
  env.emit(M.topicDeleted, env.recorder.text(topic.name), topicId, topic.partitions.length)
}

/** Other settings than those that the topic was created with. */
function emitConfig(
  env: Env,
  { topic, minInsyncReplicas, uncleanLeaderElectionEnable }: Extract<MetadataRecord, { readonly type: 'ConfigRecord' }>,
  topics: TopicsImage,
): void {
  const topicId = topics.named(topic)?.topicId ?? 0
  env.emit(M.configCommitted, env.recorder.text(topic), topicId, minInsyncReplicas, uncleanLeaderElectionEnable ? 1 : 0)
}

/** A new partition begins with a leader. */
function emitFirstLeader(env: Env, record: Extract<MetadataRecord, { readonly type: 'PartitionRecord' }>): void {
  const { topicId, partitionId, leader, leaderEpoch, partitionEpoch, isr } = record
  const tp = tpOf(topicId, partitionId)
  env.emitWide(M.leaderElected, tp, leader, leaderEpoch, partitionEpoch, maskLow(isr), maskHigh(isr), 0)
}

function emitPartitionChange(env: Env, before: PartitionRegistration, change: PartitionChangeRecord): void {
  const after = mergePartition(before, change)
  const { tp, isr, elr, leader, leaderEpoch, partitionEpoch } = after
  if (isReassignment(before, change)) emitAssignment(env, after)
  if (change.leader !== undefined) {
    const unclean = isUncleanElection(before, change) ? 1 : 0
    env.emitWide(M.leaderElected, tp, leader, leaderEpoch, partitionEpoch, maskLow(isr), maskHigh(isr), unclean)
  } else if (
    change.isr !== undefined ||
    change.eligibleLeaderReplicas !== undefined ||
    change.replicas !== undefined ||
    isReassignment(before, change)
  ) {
    env.emitWide(
      M.isrChanged,
      tp,
      maskLow(isr),
      maskHigh(isr),
      partitionEpoch,
      leaderEpoch,
      maskLow(elr),
      maskHigh(elr),
    )
  }
}

/** Told before what it makes of leader and in-sync set: these are among the replicas as they are then. */
function emitAssignment(env: Env, { tp, replicas, addingReplicas, removingReplicas }: PartitionRegistration): void {
  env.emitWide(
    M.replicasAssigned,
    tp,
    maskLow(replicas),
    maskHigh(replicas),
    maskLow(addingReplicas),
    maskHigh(addingReplicas),
    maskLow(removingReplicas),
    maskHigh(removingReplicas),
  )
}

/** Another order of the same replicas is none. */
function isReassignment({ replicas }: PartitionRegistration, change: PartitionChangeRecord): boolean {
  const isOther = change.replicas !== undefined && change.replicas.some((replica) => !replicas.includes(replica))
  const isFewer = change.replicas !== undefined && change.replicas.length < replicas.length
  return isOther || isFewer || change.addingReplicas !== undefined || change.removingReplicas !== undefined
}

function emitRegistrationChange(env: Env, record: BrokerRegistrationChangeRecord): void {
  const { brokerId, brokerEpoch, fenced, inControlledShutdown } = record
  if (fenced !== undefined) env.emit(fenced ? M.brokerFenced : M.brokerUnfenced, brokerId, brokerEpoch)
  if (inControlledShutdown === true) env.emit(M.brokerShutdown, brokerId, brokerEpoch)
}
