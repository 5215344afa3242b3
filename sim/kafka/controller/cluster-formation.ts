import type { BrokerConfig } from '../protocol/config/broker.ts'
import type { TopicConfig } from '../protocol/config/topic.ts'
import type { MetadataRecord } from '../protocol/metadata-records.ts'

/** A cluster that stands when the run begins. */
export interface ClusterFormation {
  readonly brokers: readonly number[]
  /** Where brokers stand, by broker; missing: nowhere in particular. */
  readonly racks?: ReadonlyMap<number, string>
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
  const { brokers, racks, topics } = formation
  const records: MetadataRecord[] = brokers.map((brokerId, offset) => ({
    type: 'RegisterBrokerRecord',
    brokerId,
    incarnationId: 1,
    brokerEpoch: offset,
    fenced: false,
    inControlledShutdown: false,
    ...(racks?.has(brokerId) === true && { rack: racks.get(brokerId) as string }),
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

/** Where the brokers 1, 2, ... with these settings stand. */
export function racksOf(configs: readonly BrokerConfig[]): ReadonlyMap<number, string> {
  const racks = new Map<number, string>()
  configs.forEach(({ 'broker.rack': rack }, at) => {
    if (rack !== undefined) racks.set(at + 1, rack)
  })
  return racks
}

/**
 * `StripedReplicaPlacer` as if in a single rack: the leader moves one broker on with every partition, the other replicas follow in
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
