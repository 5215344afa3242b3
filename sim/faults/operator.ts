import type { FaultHost } from './host.ts'
import type { Action } from './plan.ts'

/** What an operator asks the controller for. */
export type AdminAction = Extract<
  Action,
  {
    readonly kind:
      | 'add-partitions'
      | 'elect-leader'
      | 'move-leader'
      | 'alter-config'
      | 'create-topic'
      | 'reassign'
      | 'delete-topic'
  }
>

/** Asks the active controller for each thing in turn: whether it was there to do it. */
export function administer(host: FaultHost, action: AdminAction): readonly boolean[] {
  switch (action.kind) {
    case 'add-partitions':
      return action.topics.map(({ topic, partitions }) => host.addPartitions(topic, partitions))
    case 'elect-leader':
      return action.partitions.map(({ topic, partition, election }) => host.electLeader(topic, partition, election))
    case 'move-leader':
      return action.partitions.map(({ topic, partition, to }) =>
        host.moveLeader(topic, partition, host.nodeNames.indexOf(to)),
      )
    case 'alter-config':
      return action.topics.map((each) => host.alterConfig(each))
    case 'create-topic':
      return action.topics.map((topic) => host.createTopic(topic))
    case 'reassign':
      return action.partitions.map(({ topic, partition, to }) =>
        host.reassign(topic, partition, to?.map((name) => host.nodeNames.indexOf(name)) ?? null),
      )
    case 'delete-topic':
      return action.topics.map((topic) => host.deleteTopic(topic))
  }
}
