import type { TopicConfig } from '../protocol/config/topic.ts'
import type { MetadataRecord } from '../protocol/metadata-records.ts'

/** A cluster that stands when the run begins. */
export interface ClusterFormation {
  readonly brokers: readonly number[]
  readonly topics: readonly {
    readonly name: string
    readonly topicId: number
    readonly partitions: number
    readonly replicationFactor: number
    readonly config: TopicConfig
  }[]
}

/**
 * The metadata log of a formed cluster: every broker registered in its first incarnation (id 1) with the offset of its
 * record as epoch, and unfenced; every topic with its settings and its partitions, led by their first replica and all in
 * sync.
 *
 * @throws RangeError when a topic wants more replicas than there are brokers.
 */
export function formCluster(formation: ClusterFormation): readonly MetadataRecord[] {
  const { brokers, topics } = formation
  const records: MetadataRecord[] = brokers.map((brokerId, offset) => ({
    type: 'RegisterBrokerRecord',
    brokerId,
    incarnationId: 1,
    brokerEpoch: offset,
    fenced: false,
    inControlledShutdown: false,
  }))
  for (const { name, topicId, partitions, replicationFactor, config } of topics) {
    records.push(
      { type: 'TopicRecord', name, topicId },
      {
        type: 'ConfigRecord',
        topic: name,
        minInsyncReplicas: config['min.insync.replicas'],
        uncleanLeaderElectionEnable: config['unclean.leader.election.enable'],
      },
    )
    for (let partitionId = 0; partitionId < partitions; partitionId++) {
      const replicas = placeReplicas(brokers, partitionId, replicationFactor)
      const leader = replicas[0] as number
      records.push({
        type: 'PartitionRecord',
        topicId,
        partitionId,
        replicas,
        isr: replicas,
        leader,
        leaderEpoch: 0,
        partitionEpoch: 0,
      })
    }
  }
  return records
}

/**
 * `StripedReplicaPlacer` in a single rack: the leader moves one broker on with every partition, the other replicas follow in
 * the brokers' order. Kafka shuffles the brokers and draws where to begin, for every topic; here partition 0 of every topic
 * is led by the first broker, so that a scenario can name brokers.
 */
export function placeReplicas(
  brokers: readonly number[],
  partitionId: number,
  replicationFactor: number,
): readonly number[] {
  if (replicationFactor < 1 || replicationFactor > brokers.length) {
    throw new RangeError(
      `replication factor ${replicationFactor} needs as many brokers, and there are ${brokers.length}`,
    )
  }
  const replicas: number[] = []
  for (let i = 0; i < replicationFactor; i++) replicas.push(brokers[(partitionId + i) % brokers.length] as number)
  return replicas
}
