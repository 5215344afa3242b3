import { alterTopicConfig, type AlterTopicConfig } from './configuration-control.ts'
import type { ControllerImage } from './controller-image.ts'
import type { MetadataWriter } from './controller-requests.ts'
import { alterPartitionReassignment, preferLeader } from './partition-reassignment.ts'
import type { ReplicationControlManager } from './replication-control.ts'
import { createPartitions, createTopic, type TopicToCreate } from './topic-creation.ts'
import { deleteTopic } from './topic-deletion.ts'

/** A signal: an operator's tool asks for more partitions of the topic `a`, `b` in all (`CreatePartitions`). */
export const CREATE_PARTITIONS = 48
/** A signal: the partition `a` is to have its preferred leader, or with `b` = 1 any leader at all (`ElectLeaders`). */
export const ELECT_LEADER = 49
/** A signal: the replica at broker `b` is to lead the partition `a` (`AlterPartitionReassignments`, then `ElectLeaders`). */
export const MOVE_LEADER = 50
/** A signal: a topic is to have other settings, those of its {@link AlterTopicConfig} (`IncrementalAlterConfigs`). */
export const ALTER_CONFIG = 51
/** A signal: there is to be another topic, a {@link TopicToCreate} (`CreateTopics`). */
export const CREATE_TOPIC = 52
/** A signal: the topic `a` is to go (`DeleteTopics`). */
export const DELETE_TOPIC = 53
/**
 * A signal: the partition `a` is to have its replicas at the brokers of the payload, or with null a reassignment of it is to be
 * cancelled (`AlterPartitionReassignments`).
 */
export const REASSIGN = 54

/** Whether a signal is an operator's. */
export function isAdministration(kind: number): boolean {
  return kind >= CREATE_PARTITIONS && kind <= REASSIGN
}

/** What operators' tools ask the active controller for. They come as signals: the tool itself is not simulated, and never waits. */
export class OperatorRequests {
  private readonly image: ControllerImage
  private readonly writer: MetadataWriter
  private readonly replication: ReplicationControlManager
  private readonly elr: boolean

  constructor(image: ControllerImage, writer: MetadataWriter, replication: ReplicationControlManager, elr: boolean) {
    this.image = image
    this.writer = writer
    this.replication = replication
    this.elr = elr
  }

  /** Does what a signal above asks for, with its fields and its payload. */
  carryOut(kind: number, a: number, b: number, payload: unknown): void {
    const { writer, replication } = this
    const { topics, cluster } = this.image
    const reassigns = { topics, cluster, replication }
    switch (kind) {
      case CREATE_PARTITIONS:
        writer.commit(createPartitions(a, b, topics, cluster))
        break
      case ELECT_LEADER:
        writer.commit(replication.electLeader(a, b === 1 ? 'unclean' : 'preferred'))
        break
      case MOVE_LEADER:
        writer.commit(preferLeader(a, b, reassigns))
        writer.commit(replication.electLeader(a, 'preferred'))
        break
      case ALTER_CONFIG:
        writer.commit(alterTopicConfig(payload as AlterTopicConfig, topics, this.elr))
        break
      case CREATE_TOPIC:
        writer.commit(createTopic(payload as TopicToCreate, topics, cluster))
        break
      case DELETE_TOPIC:
        writer.commit(deleteTopic(a, topics))
        break
      case REASSIGN:
        writer.commit(alterPartitionReassignment(a, payload as readonly number[] | null, reassigns))
        break
    }
  }
}
