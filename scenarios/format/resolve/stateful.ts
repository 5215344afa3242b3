import type { Place } from '../place.ts'
import type { ApplicationFacts, Context } from './context.ts'

/** Name of the store behind `count-by-key`. */
const STORE = 'counts'

/** Whether a processor keeps state: it counts. */
export function isStateful({ kind, place }: Pick<ApplicationFacts, 'kind' | 'place'>): boolean {
  const transform = place.get('transform')
  return kind === 'processor' && (transform.has('count-by-key') || transform.text() === 'count-by-key' || hasKey(place))
}

/** `count-by-key: {}` has nothing written in it. */
function hasKey(place: Place): boolean {
  return place
    .get('transform')
    .entries()
    .some(({ name }) => name === 'count-by-key')
}

/** `ProcessorStateManager.storeChangelogTopic` */
export function changelogOf(applicationId: string): string {
  return `${applicationId}-${STORE}-changelog`
}

/** `transform: { count-by-key: {} }`: what it takes to keep counts. */
export function checkStateful(facts: ApplicationFacts, context: Context): void {
  const { place, name } = facts
  const transform = place.get('transform')
  const [key] = transform.entries()
  const at = key ?? transform
  for (const option of key?.entries() ?? [])
    option.keyErrorOrValue('TWICESHY_UNKNOWN_KEY', `\`count-by-key\` takes no \`${option.name}\``, 'write `{}`')
  if (place.get('streams').text() !== 'true') {
    const message =
      '`count-by-key` keeps its counts in a store of Kafka Streams, whose rules this processor does not have'
    const help = `add \`streams: true\` and \`config: { application.id: ${name} }\``
    at.keyErrorOrValue('TWICESHY_IMPOSSIBLE', message, help)
    return
  }
  if (facts.from.length > 1)
    place.get('from').notSimulated('counting what comes from several topics', 'write one topic')
  for (const topic of facts.from) checkKeys(topic, at, context)
}

/** Kafka Streams drops what has no key, with a warning in its log: nothing would be counted. */
function checkKeys(topic: string, at: Place, { applications }: Context): void {
  for (const writer of applications.values()) {
    if (!writer.to.includes(topic)) continue
    if (writer.kind === 'processor' && writer.place.has('handler')) {
      at.notSimulated(`counting what the handler of \`${writer.name}\` makes`, 'count what producers or sources write')
      continue
    }
    const bare = writer.kind === 'producer' ? withoutKey(writer.place, topic) : null
    if (bare === null) continue
    const message = `\`${writer.name}\` writes records without a key, and Kafka Streams drops those instead of counting them`
    bare.keyErrorOrValue('TWICESHY_IMPOSSIBLE', message, 'give them keys, such as `keys: 8`')
  }
}

function withoutKey(producer: Place, topic: string): Place | null {
  const steps = producer.get('steps')
  if (steps.written) {
    const sends = steps.items().map((step) => step.get('send'))
    return sends.find((send) => send.get('to').text() === topic && !send.has('key')) ?? null
  }
  const keys = producer.get('send').get('keys')
  const count = keys.written ? keys.text() : '0'
  return count === '0' ? (keys.written ? keys : producer.has('send') ? producer.get('send') : producer) : null
}
