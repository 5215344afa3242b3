import type { MetadataRecord } from '../protocol/metadata-records.ts'
import { ClusterControlManager } from './cluster-control.ts'
import { ProducerIdControlManager } from './producer-ids.ts'
import { TopicsImage } from './topics-image.ts'

/** All that the metadata log says. Live changes and the replay at start come through the same door. */
export class ControllerImage {
  readonly topics: TopicsImage = new TopicsImage()
  readonly producerIds: ProducerIdControlManager = new ProducerIdControlManager()
  readonly cluster: ClusterControlManager

  constructor(sessionTimeoutUs: number) {
    this.cluster = new ClusterControlManager(sessionTimeoutUs)
  }

  /** Applies the record at this offset of the log; records come in order, each once. */
  replay(record: MetadataRecord, offset: number): void {
    switch (record.type) {
      case 'TopicRecord':
      case 'RemoveTopicRecord':
      case 'ConfigRecord':
      case 'PartitionRecord':
      case 'PartitionChangeRecord':
        this.topics.replay(record)
        break
      case 'RegisterBrokerRecord':
        this.cluster.replayRegistration(record, offset)
        break
      case 'BrokerRegistrationChangeRecord':
        this.cluster.replayChange(record)
        break
      case 'ProducerIdsRecord':
        this.producerIds.replay(record)
        break
      case 'LeaderChangeMessage':
        break
    }
  }
}
