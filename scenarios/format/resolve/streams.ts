import type { ProcessorCommit, ProcessorTransactions, StreamsRules } from '../../../sim/application/applications.ts'
import { CONSUMER_CONFIG } from '../../../sim/kafka/protocol/config/consumer.ts'
import { PRODUCER_CONFIG, type ProducerConfig } from '../../../sim/kafka/protocol/config/producer.ts'
import {
  EXACTLY_ONCE_COMMIT_INTERVAL_MS,
  STREAMS_CONFIG,
  STREAMS_CONSUMER_DEFAULTS,
  STREAMS_NOT_SIMULATED,
  STREAMS_PRODUCER_DEFAULTS,
} from '../../../sim/kafka/protocol/config/streams.ts'
import { Place } from '../place.ts'
import type { MapEntry } from '../source/tree.ts'
import { type ConfigKind, defaultsOf, isSetting, resolveConfig } from './config.ts'
import { CONSUMER, PROCESSOR } from './consumer-config.ts'
import type { ConsumerRules } from './consumer-rules.ts'
import { PRODUCER } from './producer-config.ts'
import { checkOwnKeys, checkOverridden } from './streams-rules.ts'

const APPLICATION_ID = 'application.id'

/** What Kafka Streams can be configured with: its own settings, and those of its clients. */
export const STREAMS: ConfigKind = {
  what: 'Streams and its clients',
  table: { ...PRODUCER_CONFIG, ...CONSUMER_CONFIG, ...STREAMS_CONFIG },
  notSimulated: [...STREAMS_NOT_SIMULATED, ...PROCESSOR.notSimulated],
  byHand: { ...PROCESSOR.byHand, [APPLICATION_ID]: { parse: (entry) => entry.text() } },
}

/** Prefixes that give a setting to one client only; the later wins. */
const CONSUMER_PREFIXES = ['consumer.', 'main.consumer.']
const PRODUCER_PREFIXES = ['producer.']
/** Of clients and topics that there are only with stores. */
const OTHER_PREFIXES = ['restore.consumer.', 'global.consumer.', 'admin.', 'topic.']

export interface ResolvedStreams {
  readonly rules: StreamsRules
  /** What its consumer and its producer are configured with, without their prefixes. */
  readonly consumer: Place
  readonly producer: Place
}

/** `streams: true` of a processor, with its settings; null without it. */
export function streamsAt(processor: Place): ResolvedStreams | null {
  if (!processor.get('streams').boolean('`streams`', false)) return null
  const config = processor.get('config')
  checkOwnKeys(processor)
  const isOther = (entry: Place): boolean =>
    !isSetting(STREAMS, entry.name) &&
    !hasPrefix(entry, [...CONSUMER_PREFIXES, ...PRODUCER_PREFIXES, ...OTHER_PREFIXES])
  // Only to say what is wrong with what nobody has.
  resolveConfig(config.filtered(isOther), STREAMS, {})
  for (const entry of config.entries())
    if (entry.written && hasPrefix(entry, OTHER_PREFIXES)) entry.notSimulated(`\`${entry.name}\``, 'leave it out')
  const own = config.filtered((entry) => Object.hasOwn(STREAMS_CONFIG, entry.name))
  const { values, written } = resolveConfig(own, STREAMS, defaultsOf(STREAMS_CONFIG))
  const guarantee = values['processing.guarantee'] === 'exactly_once_v2' ? 'exactly_once_v2' : 'at_least_once'
  const byDefault = guarantee === 'exactly_once_v2' && !written.has('commit.interval.ms')
  const commitIntervalMs = byDefault ? EXACTLY_ONCE_COMMIT_INTERVAL_MS : Number(values['commit.interval.ms'])
  const clients = {
    consumer: clientOf(config, CONSUMER, CONSUMER_PREFIXES),
    producer: clientOf(config, PRODUCER, PRODUCER_PREFIXES),
  }
  checkOverridden(clients, config, guarantee, commitIntervalMs)
  const consumer = withGroup(clients.consumer, config, processor)
  const producer = clients.producer.filtered(({ name }) => name !== 'transactional.id' && name !== 'enable.idempotence')
  return { rules: { guarantee, commitIntervalMs }, consumer, producer }
}

function hasPrefix({ name }: Place, prefixes: readonly string[]): boolean {
  return prefixes.some((prefix) => name.startsWith(prefix))
}

/** The settings of one client: what stands without a prefix, then what stands with one of its own. */
function clientOf(config: Place, kind: ConfigKind, prefixes: readonly string[]): Place {
  const { tree } = config
  if (tree?.kind !== 'map') return config
  const plain = [...tree.entries].filter(([name]) => isSetting(kind, name))
  const entries = new Map<string, MapEntry>(plain)
  for (const prefix of prefixes)
    for (const [name, entry] of tree.entries) if (name.startsWith(prefix)) entries.set(name.slice(prefix.length), entry)
  return new Place(config.report, config.path, { ...tree, entries }, config.keySpan)
}

/** `application.id` is the group. */
function withGroup(consumer: Place, config: Place, processor: Place): Place {
  const id = config.get(APPLICATION_ID)
  if (!id.written || id.text()?.trim() === '') {
    const message = `processor \`${processor.name}\` has no \`${APPLICATION_ID}\`; Kafka Streams refuses its configuration`
    const at = id.written ? id : config.written ? config : processor
    at.atKey().error('TWICESHY_MISSING', message, `write \`config: { ${APPLICATION_ID}: ${processor.name} }\``)
  }
  const tree = consumer.tree?.kind === 'map' ? consumer.tree : null
  const broken = { kind: 'broken', span: null, origin: null } as const
  const group: MapEntry = {
    keySpan: id.keySpan ?? processor.keySpan,
    value: id.written && id.tree !== null ? id.tree : broken,
  }
  const own = [...(tree?.entries ?? [])].filter(([name]) => name !== 'group.id' && name !== 'enable.auto.commit')
  const entries = new Map<string, MapEntry>([...own, ['group.id', group]])
  const map = tree ?? { kind: 'map', span: null, origin: null }
  return new Place(consumer.report, consumer.path, { ...map, entries }, consumer.keySpan)
}

/** What Streams makes of its consumer's settings. */
export function overrideConsumer(rules: ConsumerRules, { guarantee }: StreamsRules): void {
  const { values } = rules
  for (const [key, value] of Object.entries(STREAMS_CONSUMER_DEFAULTS))
    if (rules.written(key) === undefined) values[key] = value
  values['enable.auto.commit'] = false
  // For `StreamsPartitionAssignor`, which is cooperative and sticky.
  values['partition.assignment.strategy'] = 'cooperative-sticky'
  if (guarantee === 'exactly_once_v2') values['isolation.level'] = 'read_committed'
  // `getMainConsumerConfigs`: each thread has an id of its own.
  if (values['group.instance.id'] !== '') values['group.instance.id'] = `${String(values['group.instance.id'])}-1`
}

/** What Streams makes of its producer's settings; the id holds the process's, which is drawn anew at each start. */
export function overrideProducer(
  config: ProducerConfig,
  producer: Place,
  { guarantee }: StreamsRules,
  applicationId: string,
): ProducerConfig {
  const defaults = Object.entries(STREAMS_PRODUCER_DEFAULTS[guarantee]).filter(([key]) => !producer.has(key))
  const changed = { ...config, ...Object.fromEntries(defaults) }
  return guarantee === 'exactly_once_v2' ? { ...changed, 'transactional.id': `${applicationId}-\${random}-1` } : changed
}

/** How its thread commits, in the words of other processors. */
export function commitOfStreams({ guarantee }: StreamsRules): {
  readonly commit: ProcessorCommit
  readonly transactions: ProcessorTransactions | null
} {
  if (guarantee === 'at_least_once') return { commit: 'after-output', transactions: null }
  return { commit: 'in-transaction', transactions: { groupMetadata: true, rewindOnAbort: true, abort: 0 } }
}
