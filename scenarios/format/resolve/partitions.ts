import type { Place } from '../place.ts'
import { didYouMean } from '../suggest.ts'
import type { Context } from './context.ts'

export interface TopicPartitionName {
  readonly topic: string
  readonly partition: number
}

/** Takes `orders-0` apart; null when it has not that form. */
export function splitPartition(text: string): TopicPartitionName | null {
  const match = /^(.+)-(0|[1-9]\d{0,8})$/.exec(text)
  return match === null ? null : { topic: match[1] ?? '', partition: Number(match[2]) }
}

/**
 * A partition of a declared topic by its name. Null when there is none, which is reported.
 *
 * @param who what takes the partition, for messages, such as `leader(...)`
 * @param written how a partition is written there
 */
export function partitionNamed(
  place: Place,
  text: string,
  who: string,
  written: (partition: string) => string,
  context: Context,
): TopicPartitionName | null {
  const name = splitPartition(text)
  const topic = context.topics.get(name?.topic ?? '')
  if (name === null || topic === undefined) {
    const bare = context.topics.has(text) ? `name the partition: \`${written(`${text}-0`)}\`` : null
    const partitions = [...context.topics.keys()].map((each) => `${each}-${name?.partition ?? 0}`)
    const help = bare ?? (place.report.full ? null : didYouMean(text, partitions))
    place.error('TWICESHY_UNKNOWN_TOPIC', `${who} takes a partition of a declared topic, not \`${text}\``, help)
    return null
  }
  if (name.partition < topic.partitions) return name
  const message = `\`${topic.name}\` has no partition ${name.partition}`
  const help = `partitions are numbered from 0 to ${topic.partitions - 1}`
  place.error('TWICESHY_UNKNOWN_PARTITION', message, help, topic.place.get('partitions'))
  return null
}
