import { errorName } from '../../sim/kafka/protocol/errors.ts'
import type { ProducerConfig } from '../../sim/kafka/protocol/config/producer.ts'
import { isOpen } from '../checkers/open-sends.ts'
import type { Shadow } from '../shadow/shadow.ts'
import { seconds } from '../words.ts'
import { isrOf } from './elections.ts'
import type { PartitionWait } from './partition-waits.ts'

/** A `send()` that a living producer has no outcome of. */
export interface SendWait {
  readonly record: number
  readonly rule: string
  readonly excuse: string | null
}

/** Every `send()` without an outcome, and what keeps it from getting one. */
export function sendWaits(shadow: Shadow, partitions: ReadonlyMap<number, PartitionWait>): readonly SendWait[] {
  const waits: SendWait[] = []
  for (let record = 0; record < shadow.records.length; record++) {
    if (!isOpen(shadow, record)) continue
    const number = shadow.records.partition.at(record)
    const partition = partitions.get(number)
    const excuse = partition?.excuse ?? shadow.partitions.tellGone(number)
    waits.push({ record, rule: ruleOf(shadow, record, partition), excuse })
  }
  return waits
}

function ruleOf(shadow: Shadow, record: number, stuck: PartitionWait | undefined): string {
  const { records, batches, names } = shadow
  const config = configOf(shadow, record)
  const placement = records.placementFor(record, records.newestAttempt.at(record))
  if (placement < 0) {
    return `send() waits for metadata of the topic or room in buffer.memory, at most ${setting('max.block.ms', config)}`
  }
  const batch = records.placementBatch.at(placement)
  const limit = setting('delivery.timeout.ms', config)
  const error = batches.retryError.at(batch)
  const refused =
    batches.retries.at(batch) === 0
      ? ''
      : `; ${errorName(error)} was the last answer, at ${seconds(batches.retryAt.at(batch))}`
  const partition = records.partition.at(record)
  const name = shadow.partitions.names[partition] ?? 'its partition'
  if (stuck !== undefined && (shadow.cluster.leader[partition] as number) < 0)
    return `${name} waits for a leader, and what finds none is sent again until ${limit}${refused}`
  const short = belowMinIsr(shadow, partition, config)
  if (short !== null) return `${short}, and NOT_ENOUGH_REPLICAS is sent again until ${limit}${refused}`
  if (config?.acks === 'all' && isAppended(shadow, batch) && !batches.isCommitted(batch))
    return `acks=all is answered when the high watermark of ${name} covers the batch; ${names.node(shadow.leaderships.newestNode(partition))} holds it`
  return `a batch ends with its answer or by ${limit}${refused}`
}

/** acks=all of a partition whose in-sync set is too small. */
function belowMinIsr(shadow: Shadow, partition: number, config: ProducerConfig | undefined): string | null {
  const { cluster, partitions, names } = shadow
  const least = partitions.minIsr[partition]
  if (least === undefined || config?.acks !== 'all' || cluster.isrSize(partition) >= least) return null
  return `acks=all waits for as many in sync as min.insync.replicas=${least}; ISR=${isrOf(cluster, partition, names)} since ${seconds(cluster.isrChangedAt[partition] as number)}`
}

function isAppended({ batches }: Shadow, batch: number): boolean {
  return batches.newestCopy.at(batch) > 0
}

function configOf(shadow: Shadow, record: number): ProducerConfig | undefined {
  const { spec, names, records, applications } = shadow
  const application = names.applicationOf[records.nodeOf(record)] ?? -1
  const name = applications.names[application]
  return (
    spec.producers.find((producer) => producer.name === name)?.config ??
    spec.processors.find((processor) => processor.name === name)?.producerConfig
  )
}

/** `delivery.timeout.ms=120000` */
function setting(name: 'max.block.ms' | 'delivery.timeout.ms', config: ProducerConfig | undefined): string {
  const value = config?.[name]
  return value === undefined ? name : `${name}=${value}`
}
