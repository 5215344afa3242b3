import type { ProducerWorkload } from '../../../sim/application/workload.ts'
import type { Place } from '../place.ts'
import type { Context } from './context.ts'

/** A compacted topic keeps the last record of every key, and takes none without one (`INVALID_RECORD`). */
export function checkRecordKeys(
  producer: Place,
  workload: ProducerWorkload,
  to: readonly string[],
  context: Context,
): void {
  const keyless = workload.kind === 'send' ? (workload.keys === 0 ? to : []) : keylessTopics(workload)
  const topic = keyless.map((name) => context.topics.get(name)).find((facts) => facts?.isCompacted === true)
  if (topic === undefined) return
  const send = producer.get(workload.kind === 'send' ? 'send' : 'steps')
  const message = `\`${topic.name}\` is compacted and takes no record without a key: Kafka refuses every one of \`${producer.name}\``
  const help =
    workload.kind === 'send'
      ? 'write `keys: 16` in `send`, or leave `cleanup.policy` at `delete`'
      : 'give each record a `key`'
  const place = send.written ? send : producer
  place.error('TWICESHY_IMPOSSIBLE', message, help, topic.place)
}

function keylessTopics(workload: Extract<ProducerWorkload, { readonly kind: 'steps' }>): readonly string[] {
  return workload.steps.flatMap((step) => (step.do === 'send' && step.key === null ? [step.to] : []))
}
