import type { Envelope } from '../../network/envelope.ts'
import { Api } from '../protocol/api.ts'
import { Errors } from '../protocol/errors.ts'
import type { CreateTopicsRequest, CreateTopicsResponse } from '../protocol/group-messages.ts'
import type {
  AllocateProducerIdsResponse,
  AlterPartitionResponse,
  BrokerHeartbeatResponse,
  BrokerRegistrationResponse,
} from '../protocol/messages.ts'

/**
 * The answer of a controller that is not the active one, or is no more (`ControllerExceptions.newWrongControllerException`).
 * null: the api is not the controller's.
 */
export function notController(request: Envelope): object | null {
  const errorCode = Errors.NOT_CONTROLLER
  switch (request.api) {
    case Api.BrokerRegistration:
      return { errorCode, brokerEpoch: -1 } satisfies BrokerRegistrationResponse
    case Api.BrokerHeartbeat:
      return {
        errorCode,
        isCaughtUp: false,
        isFenced: true,
        shouldShutDown: false,
      } satisfies BrokerHeartbeatResponse
    case Api.AlterPartition:
      return { errorCode, partitions: [] } satisfies AlterPartitionResponse
    case Api.AllocateProducerIds:
      return { errorCode, producerIdStart: -1, producerIdLen: 0 } satisfies AllocateProducerIdsResponse
    case Api.CreateTopics: {
      const { topics } = request.body as CreateTopicsRequest
      return {
        topics: topics.map(({ name }) => ({ name, errorCode, topicId: -1 })),
      } satisfies CreateTopicsResponse
    }
    default:
      return null
  }
}
