import type { ProduceRequest } from '../protocol/messages.ts'
import type { ProducerBatch } from './producer-batch.ts'
import type { ProducerSettings } from './producer-settings.ts'

/** `Sender.sendProduceRequest`: the request that carries these batches, sealed as they are now. */
export function produceRequestOf(
  settings: ProducerSettings,
  batches: readonly ProducerBatch[],
  transactional: boolean,
): ProduceRequest {
  const count = batches.length
  const partitionData = new Array<ProduceRequest['partitionData'][number]>(count)
  for (let i = 0; i < count; i++) {
    const batch = batches[i] as ProducerBatch
    const { topicId, index, tp } = batch.partition
    batch.sentTp = tp
    partitionData[i] = { topicId, index, records: batch.seal(transactional) }
  }
  const { transactionalId, acks, requestTimeoutMs: timeoutMs } = settings
  return { transactionalId, acks, timeoutMs, partitionData }
}
