import { tpOf } from '../../history/ids.ts'
import { Errors } from '../protocol/errors.ts'
import type {
  AlterPartitionData,
  AlterPartitionRequest,
  AlterPartitionResponse,
  AlterPartitionResult,
  BrokerHeartbeatRequest,
} from '../protocol/messages.ts'
import type { FutureEpochs, ReassignmentCompletion } from '../protocol/profile.ts'
import type { MetadataRecord } from '../protocol/metadata-records.ts'
import { refusal, success, validateAlterPartition } from './alter-partition.ts'
import type { BrokerControlState } from './broker-heartbeats.ts'
import type { BrokerRegistration, ClusterControlManager } from './cluster-control.ts'
import { LeaderAcceptor } from './leader-acceptor.ts'
import { type Election, PartitionChangeBuilder, type PartitionChangeOptions } from './partition-change-builder.ts'
import { mergePartition, NO_LEADER, type PartitionRegistration } from './partition-registration.ts'
import type { TopicsImage } from './topics-image.ts'

/** What holds for topics without settings of their own, and for all partitions. */
export interface ReplicationDefaults {
  /** eligible.leader.replicas.version = 1 */
  readonly elr: boolean
  readonly futureEpochs: FutureEpochs
  readonly completion: ReassignmentCompletion
  /** Whether leaders may not take into their in-sync sets who is fenced or shuts down (KIP-841). */
  readonly eligibleOnly: boolean
  readonly minInsyncReplicas: number
  readonly uncleanLeaderElectionEnable: boolean
}

/** Records to commit, and the answer to give once they are. */
export interface ControllerResult<T> {
  readonly records: readonly MetadataRecord[]
  readonly reply: T
}

/** What a broker's heartbeat led to. */
export interface HeartbeatOutcome {
  readonly next: BrokerControlState
  readonly isCaughtUp: boolean
}

/**
 * `ReplicationControlManager`: makes the records by which partitions follow their brokers' fate and their leaders' wishes.
 * It never changes the image itself: that is done by replaying the records once they are committed.
 */
export class ReplicationControlManager {
  private readonly topics: TopicsImage
  private readonly cluster: ClusterControlManager
  private readonly defaults: ReplicationDefaults

  constructor(topics: TopicsImage, cluster: ClusterControlManager, defaults: ReplicationDefaults) {
    this.topics = topics
    this.cluster = cluster
    this.defaults = defaults
  }

  // --- the brokers' fate ----------------------------------------------------------------------------------------------

  /** Out of every in-sync set, its partitions to others, and then fenced (`handleBrokerFenced`). */
  brokerFenced(broker: BrokerRegistration): readonly MetadataRecord[] {
    const { brokerId, brokerEpoch } = broker
    return [...this.leave(brokerId), { type: 'BrokerRegistrationChangeRecord', brokerId, brokerEpoch, fenced: true }]
  }

  /** Unfenced, and then leader of what has no leader and may be led by it (`handleBrokerUnfenced`). */
  brokerUnfenced(broker: BrokerRegistration): readonly MetadataRecord[] {
    const { brokerId, brokerEpoch } = broker
    const acceptor = new LeaderAcceptor(this.cluster, NO_LEADER, brokerId)
    return [
      { type: 'BrokerRegistrationChangeRecord', brokerId, brokerEpoch, fenced: false },
      ...this.changes(this.topics.partitionsWithoutLeader(), acceptor),
    ]
  }

  /** Not to be chosen any more, out of every in-sync set, its partitions to others (`handleBrokerInControlledShutdown`). */
  brokerInControlledShutdown(broker: BrokerRegistration): readonly MetadataRecord[] {
    const { brokerId, brokerEpoch } = broker
    const leaving = this.leave(brokerId)
    if (broker.inControlledShutdown) return leaving
    return [{ type: 'BrokerRegistrationChangeRecord', brokerId, brokerEpoch, inControlledShutdown: true }, ...leaving]
  }

  /**
   * A new incarnation shows that the old one has ended (`handleBrokerShutdown`). With ELR, a broker that may have lost its
   * unflushed tail also leaves the eligible replicas (KIP-966); otherwise it is as if it were fenced.
   */
  brokerShutdown(brokerId: number, clean: boolean): readonly MetadataRecord[] {
    if (!this.defaults.elr || clean) return this.leave(brokerId)
    const affected = [
      ...this.topics.partitionsWithBrokerInIsr(brokerId),
      ...this.topics.partitionsWithBrokerInElr(brokerId),
    ]
    return this.leaveIsr(affected, brokerId, [brokerId])
  }

  /**
   * Log directories of a broker have failed (`handleDirectoriesOffline`, KIP-858): its replicas in them leave every in-sync set,
   * what they led goes to others, and they lead nothing until the broker starts again. Nothing when that is known.
   */
  directoriesOffline(
    { offlineReplicas }: BrokerHeartbeatRequest,
    broker: BrokerRegistration,
  ): readonly MetadataRecord[] {
    const { brokerId, brokerEpoch } = broker
    const fresh = (offlineReplicas ?? []).filter((tp) => this.cluster.hasOnlineDir(brokerId, tp))
    if (offlineReplicas === undefined || fresh.length === 0) return []
    const inSync = this.topics
      .partitionsWithBrokerInIsr(brokerId)
      .filter(({ topicId, partitionId }) => fresh.includes(tpOf(topicId, partitionId)))
    return [
      ...this.leaveIsr(inSync, brokerId, []),
      { type: 'BrokerRegistrationChangeRecord', brokerId, brokerEpoch, offlineReplicas },
    ]
  }

  /** Where a heartbeat takes its broker, and the records that make it so. The sender's epoch has been checked. */
  brokerHeartbeat(request: BrokerHeartbeatRequest, broker: BrokerRegistration): ControllerResult<HeartbeatOutcome> {
    const { brokerId } = broker
    const { heartbeats } = this.cluster
    const current = heartbeats.currentState(brokerId)
    const leads = request.wantShutDown && this.topics.hasLeaderships(brokerId)
    const next = heartbeats.nextState(request, broker.registrationOffset, leads)
    const records = next === current ? [] : this.transition(next, broker)
    heartbeats.touch(brokerId, next === 'fenced' || next === 'shutdown-now', request.currentMetadataOffset)
    return { records, reply: { next, isCaughtUp: request.currentMetadataOffset >= broker.registrationOffset } }
  }

  private transition(next: BrokerControlState, broker: BrokerRegistration): readonly MetadataRecord[] {
    if (next === 'unfenced') return this.brokerUnfenced(broker)
    return next === 'controlled-shutdown' ? this.brokerInControlledShutdown(broker) : this.brokerFenced(broker)
  }

  /**
   * Fences one broker whose session has lapsed (`maybeFenceOneStaleBroker`): one at a time, so that each fencing sees the
   * effects of the one before. `reply`: whether there was a lapsed session and there may be more.
   */
  fenceOneStaleBroker(now: number): ControllerResult<boolean> {
    const { heartbeats } = this.cluster
    const expired = heartbeats.tracker.removeExpired(now)
    if (expired === undefined) return { records: [], reply: false }
    const broker = this.cluster.registration(expired.brokerId)
    if (broker === undefined || broker.brokerEpoch !== expired.brokerEpoch) return { records: [], reply: true }
    const records = this.brokerFenced(broker)
    heartbeats.fence(expired.brokerId)
    return { records, reply: true }
  }

  // --- periodic elections ---------------------------------------------------------------------------------------------

  /** Gives partitions back to their preferred leader (`maybeBalancePartitionLeaders`). */
  balanceLeaders(): readonly MetadataRecord[] {
    const imbalanced = this.topics.partitions().filter((partition) => partition.leader !== partition.replicas[0])
    return imbalanced.flatMap((partition) => this.change(partition, new LeaderAcceptor(this.cluster), 'preferred', {}))
  }

  /** Tries unclean elections where there is no leader and they are allowed (`maybeElectUncleanLeaders`). */
  electUncleanLeaders(): readonly MetadataRecord[] {
    const leaderless = this.topics
      .partitionsWithoutLeader()
      .filter((partition) => this.electionFor(partition) === 'unclean')
    return this.changes(leaderless, new LeaderAcceptor(this.cluster))
  }

  // --- what operators ask for -----------------------------------------------------------------------------------------

  /**
   * `electLeader`: gives a partition to its preferred leader, or to anybody when it has no leader; nothing where that is so
   * already (ELECTION_NOT_NEEDED) or nobody can be elected.
   */
  electLeader(tp: number, election: 'preferred' | 'unclean'): readonly MetadataRecord[] {
    const partition = this.topics.partition(tp)
    if (partition === undefined) return []
    const { leader, replicas } = partition
    if (election === 'unclean' ? leader !== NO_LEADER : leader === replicas[0]) return []
    return this.change(partition, new LeaderAcceptor(this.cluster), election, {})
  }

  // --- what leaders ask for -------------------------------------------------------------------------------------------

  /** Checks and makes the changes of an AlterPartition request, partition by partition. */
  alterPartition(request: AlterPartitionRequest): ControllerResult<AlterPartitionResponse> {
    if (!this.cluster.hasEpoch(request.brokerId, request.brokerEpoch)) {
      return { records: [], reply: { errorCode: Errors.STALE_BROKER_EPOCH, partitions: [] } }
    }
    const records: MetadataRecord[] = []
    const partitions = request.partitions.map((data) => this.alterOne(request.brokerId, data, records))
    return { records, reply: { errorCode: Errors.NONE, partitions } }
  }

  private alterOne(brokerId: number, data: AlterPartitionData, records: MetadataRecord[]): AlterPartitionResult {
    if (this.topics.topic(data.topicId) === undefined) return refusal(data, Errors.UNKNOWN_TOPIC_ID)
    const partition = this.topics.partition(tpOf(data.topicId, data.partitionIndex))
    if (partition === undefined) return refusal(data, Errors.UNKNOWN_TOPIC_OR_PARTITION)
    const { futureEpochs, eligibleOnly } = this.defaults
    const error = validateAlterPartition(brokerId, partition, data, this.cluster, futureEpochs, eligibleOnly)
    if (error !== Errors.NONE) return refusal(data, error)
    const builder = new PartitionChangeBuilder(partition, new LeaderAcceptor(this.cluster), {
      ...this.optionsFor(partition, this.electionFor(partition)),
      targetIsr: data.newIsrWithEpochs.map((member) => member.brokerId),
      targetLeaderRecoveryState: data.leaderRecoveryState,
    })
    const change = builder.build()
    if (change === null) return success(partition)
    records.push(change)
    if (change.leader !== undefined && change.leader !== brokerId) return refusal(data, Errors.NEW_LEADER_ELECTED)
    return success(mergePartition(partition, change))
  }

  // --- making changes -------------------------------------------------------------------------------------------------

  private leave(brokerId: number): readonly MetadataRecord[] {
    return this.leaveIsr(this.topics.partitionsWithBrokerInIsr(brokerId), brokerId, [])
  }

  private leaveIsr(
    partitions: readonly PartitionRegistration[],
    brokerId: number,
    uncleanShutdownReplicas: readonly number[],
  ): readonly MetadataRecord[] {
    const acceptor = new LeaderAcceptor(this.cluster, brokerId)
    return partitions.flatMap((partition) => {
      const targetIsr = partition.isr.filter((replica) => replica !== brokerId)
      return this.change(partition, acceptor, this.electionFor(partition), { targetIsr, uncleanShutdownReplicas })
    })
  }

  private changes(partitions: readonly PartitionRegistration[], acceptor: LeaderAcceptor): readonly MetadataRecord[] {
    return partitions.flatMap((partition) => this.change(partition, acceptor, this.electionFor(partition), {}))
  }

  /** The record of one partition's change, if it changes. */
  change(
    partition: PartitionRegistration,
    acceptor: LeaderAcceptor,
    election: Election,
    wanted: Partial<PartitionChangeOptions>,
  ): readonly MetadataRecord[] {
    const record = new PartitionChangeBuilder(partition, acceptor, {
      ...this.optionsFor(partition, election),
      ...wanted,
    }).build()
    return record === null ? [] : [record]
  }

  private optionsFor(partition: PartitionRegistration, election: Election): PartitionChangeOptions {
    const configured = this.topics.topic(partition.topicId)?.minInsyncReplicas ?? this.defaults.minInsyncReplicas
    // `getTopicEffectiveMinIsr`: a min ISR above the replication factor, which is that of partition 0, means all replicas.
    const { replicas } = this.topics.topic(partition.topicId)?.partitions[0] ?? partition
    const { elr, completion } = this.defaults
    return { minIsr: Math.min(configured, replicas.length), elrEnabled: elr, election, completion }
  }

  /** How a leader is found when one is needed: by the topic's settings. */
  electionFor(partition: PartitionRegistration): Election {
    const configured = this.topics.topic(partition.topicId)?.uncleanLeaderElectionEnable
    return (configured ?? this.defaults.uncleanLeaderElectionEnable) ? 'unclean' : 'online'
  }
}
