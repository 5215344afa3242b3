import type { TopicConfigChange } from './config/topic.ts'

/** Records of the metadata log, with the names of Kafka's metadata schemas. */
export type MetadataRecord =
  | { readonly type: 'TopicRecord'; readonly name: string; readonly topicId: number }
  | { readonly type: 'RemoveTopicRecord'; readonly topicId: number }
  | {
      readonly type: 'ConfigRecord'
      readonly topic: string
      readonly minInsyncReplicas: number
      readonly uncleanLeaderElectionEnable: boolean
      /** What an operator changed; absent = the settings that the topic was created with. */
      readonly altered?: TopicConfigChange
    }
  | {
      readonly type: 'PartitionRecord'
      readonly topicId: number
      readonly partitionId: number
      readonly replicas: readonly number[]
      readonly isr: readonly number[]
      readonly leader: number
      readonly leaderEpoch: number
      readonly partitionEpoch: number
    }
  | {
      readonly type: 'PartitionChangeRecord'
      readonly topicId: number
      readonly partitionId: number
      /** Absent = unchanged. A record that sets the leader, also to the same id or to -1, raises the leader epoch. */
      readonly isr?: readonly number[]
      /** All replicas in a new order, or other ones. */
      readonly replicas?: readonly number[]
      /** Which of the replicas a reassignment adds and removes; empty = it is over. */
      readonly addingReplicas?: readonly number[]
      readonly removingReplicas?: readonly number[]
      readonly leader?: number
      readonly leaderRecoveryState?: 0 | 1
      readonly eligibleLeaderReplicas?: readonly number[]
      readonly lastKnownElr?: readonly number[]
    }
  | {
      readonly type: 'RegisterBrokerRecord'
      readonly brokerId: number
      readonly incarnationId: number
      readonly brokerEpoch: number
      readonly fenced: boolean
      readonly inControlledShutdown: boolean
      /** Absent = none. */
      readonly rack?: string
      /** No field of Kafka's: what a moment tells of the shutdown before; absent = the same process registers once more. */
      readonly clean?: boolean
    }
  | {
      readonly type: 'BrokerRegistrationChangeRecord'
      readonly brokerId: number
      readonly brokerEpoch: number
      /** Absent = unchanged. */
      readonly fenced?: boolean
      readonly inControlledShutdown?: boolean
      /** Its replicas in log directories that failed, all of them; where Kafka names the directories that are left. */
      readonly offlineReplicas?: readonly number[]
    }
  | {
      readonly type: 'ProducerIdsRecord'
      readonly brokerId: number
      readonly brokerEpoch: number
      readonly nextProducerId: number
    }
  /** The control record with which a leader of the metadata quorum begins its epoch (KIP-595). */
  | { readonly type: 'LeaderChangeMessage'; readonly leaderId: number }
