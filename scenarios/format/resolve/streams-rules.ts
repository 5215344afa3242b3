import type { StreamsRules } from '../../../sim/application/applications.ts'
import type { ProducerConfig } from '../../../sim/kafka/protocol/config/producer.ts'
import { STREAMS_PRODUCER_DEFAULTS } from '../../../sim/kafka/protocol/config/streams.ts'
import type { Place } from '../place.ts'
import { parseMs } from './config.ts'

/** Keys of applications that decide for themselves. */
const OWN_KEYS = [
  'commit',
  'commit-every',
  'commit-call',
  'handling',
  'assign',
  'group-metadata',
  'rewind-on-abort',
  'abort',
]

/** A thread of Streams commits by its own rules. */
export function checkOwnKeys(processor: Place): void {
  for (const key of OWN_KEYS) {
    const place = processor.get(key)
    if (!place.written || place.broken) continue
    const message = `\`${key}\` means nothing with \`streams: true\`: Kafka Streams polls, works and commits by its own rules`
    const help = 'leave it out; `processing.guarantee` and `commit.interval.ms` say how it commits'
    place.keyError('TWICESHY_IMPOSSIBLE', message, help)
  }
}

/** A setting that Streams does not take, whatever is written; `takes` = what may stand there all the same. */
interface Overridden {
  readonly key: string
  readonly takes: string | null
  readonly instead: string
}

const CONSUMER: readonly Overridden[] = [
  { key: 'group.id', takes: null, instead: 'its `application.id` is the group' },
  { key: 'enable.auto.commit', takes: 'false', instead: 'it commits by itself, every `commit.interval.ms`' },
  { key: 'group.protocol', takes: 'classic', instead: 'its consumers join by the classic protocol' },
  { key: 'group.remote.assignor', takes: null, instead: 'it assigns tasks by itself' },
  { key: 'partition.assignment.strategy', takes: null, instead: 'it assigns tasks by itself' },
]
const CONSUMER_EXACTLY_ONCE: readonly Overridden[] = [
  { key: 'isolation.level', takes: 'read_committed', instead: 'with exactly_once_v2 it reads what is committed' },
]
const PRODUCER: readonly Overridden[] = [
  {
    key: 'transactional.id',
    takes: null,
    instead: 'with exactly_once_v2 it makes its ids of `application.id`, else it has none',
  },
]
const PRODUCER_EXACTLY_ONCE: readonly Overridden[] = [
  { key: 'enable.idempotence', takes: 'true', instead: 'exactly_once_v2 cannot do without' },
]

/** `StreamsConfig.checkIfUnexpectedUserSpecifiedConsumerConfig` and `verifyEOSTransactionTimeoutCompatibility` */
export function checkOverridden(
  clients: { readonly consumer: Place; readonly producer: Place },
  config: Place,
  guarantee: StreamsRules['guarantee'],
  commitIntervalMs: number,
): void {
  const exactlyOnce = guarantee === 'exactly_once_v2'
  for (const each of exactlyOnce ? [...CONSUMER, ...CONSUMER_EXACTLY_ONCE] : CONSUMER) check(clients.consumer, each)
  for (const each of exactlyOnce ? [...PRODUCER, ...PRODUCER_EXACTLY_ONCE] : PRODUCER) check(clients.producer, each)
  if (exactlyOnce) checkTimeout(clients.producer, config.get('commit.interval.ms'), commitIntervalMs)
}

function check(client: Place, { key, takes, instead }: Overridden): void {
  const place = client.get(key)
  if (!place.written || place.broken || (takes !== null && place.text()?.trim().toLowerCase() === takes)) return
  const message = `Kafka Streams does not take \`${key}\`: ${instead}`
  place.error('TWICESHY_CONFIG_REFUSED', message, 'leave it out')
}

function checkTimeout(producer: Place, interval: Place, commitIntervalMs: number): void {
  const key = 'transaction.timeout.ms'
  const place = producer.get(key)
  const text = place.text()?.trim() ?? null
  const timeout = text === null ? STREAMS_PRODUCER_DEFAULTS.exactly_once_v2[key] : parseMs(text, place.imported)
  if (timeout === null || timeout >= commitIntervalMs) return
  const message = `\`${key}\` (${timeout}) is below \`commit.interval.ms\` (${commitIntervalMs}); Kafka Streams refuses that with IllegalArgumentException`
  const help =
    'every transaction would run out of time: commit more often, or write a longer `producer.transaction.timeout.ms`'
  const [first = producer, ...others] = [place, interval].filter((each) => each.written)
  first.error('TWICESHY_CONFIG_REFUSED', message, help, ...others)
}

/** `StreamsConfig` sets `enable.idempotence` itself, so what goes against it is refused. */
export function checkIdempotence(config: ProducerConfig, producer: Place, guarantee: StreamsRules['guarantee']): void {
  if (guarantee !== 'exactly_once_v2' || config['enable.idempotence']) return
  const [first = producer, ...others] = ['acks', 'retries']
    .map((key) => producer.get(key))
    .filter((each) => each.written)
  const message =
    'exactly_once_v2 needs `acks: all` and `retries` above 0; Kafka refuses this producer with ConfigException'
  first.error('TWICESHY_CONFIG_REFUSED', message, 'leave these settings out', ...others)
}
