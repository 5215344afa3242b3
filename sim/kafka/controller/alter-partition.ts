import { Errors } from '../protocol/errors.ts'
import type { AlterPartitionData, AlterPartitionResult } from '../protocol/messages.ts'
import type { FutureEpochs } from '../protocol/profile.ts'
import type { ClusterControlManager } from './cluster-control.ts'
import { type PartitionRegistration, RECOVERED, RECOVERING } from './partition-registration.ts'

/**
 * The controller's checks of one partition of an AlterPartition request, in Kafka's order
 * (`ReplicationControlManager.validateAlterPartitionData`). The sender's broker epoch has been checked before.
 *
 * @param eligibleOnly whether members must be alive and stay so (KIP-841).
 * @returns an error code; NONE = the change may be made.
 */
export function validateAlterPartition(
  brokerId: number,
  partition: PartitionRegistration,
  data: AlterPartitionData,
  cluster: ClusterControlManager,
  futureEpochs: FutureEpochs,
  eligibleOnly: boolean,
): number {
  // A leader that knows more than the controller talks to a controller that is no longer the active one (KAFKA-14154).
  const older = futureEpochs === 'fenced'
  if (data.leaderEpoch > partition.leaderEpoch) return older ? Errors.FENCED_LEADER_EPOCH : Errors.NOT_CONTROLLER
  if (data.partitionEpoch > partition.partitionEpoch) {
    return older ? Errors.INVALID_UPDATE_VERSION : Errors.NOT_CONTROLLER
  }
  if (data.leaderEpoch < partition.leaderEpoch) return Errors.FENCED_LEADER_EPOCH
  if (brokerId !== partition.leader) return Errors.INVALID_REQUEST
  if (data.partitionEpoch < partition.partitionEpoch) return Errors.INVALID_UPDATE_VERSION
  if (!isValidIsr(partition, data)) return Errors.INVALID_REQUEST
  return data.newIsrWithEpochs.every((member) => isEligible(member, cluster, eligibleOnly))
    ? Errors.NONE
    : Errors.INELIGIBLE_REPLICA
}

/** A non-empty set of replicas with the leader in it, of one while the leader recovers, and no way back into recovery. */
function isValidIsr(partition: PartitionRegistration, data: AlterPartitionData): boolean {
  const isr = data.newIsrWithEpochs.map((member) => member.brokerId)
  if (new Set(isr).size !== isr.length || !isr.every((broker) => partition.replicas.includes(broker))) return false
  if (!isr.includes(partition.leader)) return false
  if (data.leaderRecoveryState === RECOVERED) return true
  return isr.length === 1 && partition.leaderRecoveryState === RECOVERING
}

/** KIP-841 and KIP-903: registered, not shutting down, not fenced, and the incarnation that the leader saw (-1 = any). */
function isEligible(
  { brokerId, brokerEpoch }: AlterPartitionData['newIsrWithEpochs'][number],
  cluster: ClusterControlManager,
  eligibleOnly: boolean,
): boolean {
  return (
    (cluster.isActive(brokerId) || !eligibleOnly) && (brokerEpoch === -1 || cluster.hasEpoch(brokerId, brokerEpoch))
  )
}

export function refusal(data: AlterPartitionData, errorCode: number): AlterPartitionResult {
  const { topicId, partitionIndex } = data
  return {
    topicId,
    partitionIndex,
    errorCode,
    leaderId: -1,
    leaderEpoch: -1,
    isr: [],
    leaderRecoveryState: RECOVERED,
    partitionEpoch: -1,
  }
}

export function success(partition: PartitionRegistration): AlterPartitionResult {
  const { topicId, partitionId, leader, leaderEpoch, isr, leaderRecoveryState, partitionEpoch } = partition
  return {
    topicId,
    partitionIndex: partitionId,
    errorCode: Errors.NONE,
    leaderId: leader,
    leaderEpoch,
    isr,
    leaderRecoveryState,
    partitionEpoch,
  }
}
