import type { SourceRules, TransactionBoundary } from '../../../sim/application/source-options.ts'
import { CONNECT_SOURCE_CONFIG } from '../../../sim/kafka/protocol/config/connect.ts'
import type { ConsumerConfig } from '../../../sim/kafka/protocol/config/consumer.ts'
import { INT_MAX } from '../../../sim/kafka/protocol/config/definition.ts'
import type { ProducerConfig } from '../../../sim/kafka/protocol/config/producer.ts'
import { clientBase, type ClientProfileName, type ClusterProfile } from '../../../sim/kafka/protocol/profile.ts'
import { constant } from '../../../sim/kernel/spread.ts'
import { SECOND } from '../../../sim/kernel/time.ts'
import type { ProducerSpec } from '../../../sim/spec.ts'
import type { Place } from '../place.ts'
import { spreadAt } from '../values/duration.ts'
import { type ConfigKind, type ConfigValue, defaultsOf, isSetting, resolveConfig } from './config.ts'
import { resolveConsumerConfig } from './consumer-config.ts'
import type { ApplicationFacts, Context } from './context.ts'
import { resolveProducerConfig } from './producer-config.ts'
import { resolveClientProfile } from './profile.ts'
import { databaseAt } from './store-names.ts'
import { resolveTimes } from './times.ts'
import { resolveTopicNames } from './topic-names.ts'
import { sourceTransactionalId } from './facts.ts'
import { OFFSETS_TOPIC } from './topics.ts'

const WORKER: ConfigKind = { what: 'Connect worker', table: CONNECT_SOURCE_CONFIG, notSimulated: [] }
const BOUNDARY = 'transaction.boundary'
const ID = 'transactional.id'
const IDEMPOTENCE = 'enable.idempotence'
/** `AbstractConfig` of longs: `max.block.ms` as far as it goes. */
const FOREVER_MS = 2 ** 53 - 1

/** `Worker.baseProducerConfigs`: a task's producer tries for ever, one request at a time, and without idempotence. */
const TASK_PRODUCER: Readonly<Record<string, ConfigValue>> = {
  acks: 'all',
  'enable.idempotence': false,
  'max.in.flight.requests.per.connection': 1,
  'delivery.timeout.ms': INT_MAX,
  'max.block.ms': FOREVER_MS,
}

/** `KafkaOffsetBackingStore.configure` */
const OFFSETS_PRODUCER: Readonly<Record<string, ConfigValue>> = {
  'enable.idempotence': false,
  'delivery.timeout.ms': INT_MAX,
}

/** `sources:` after defaults: producers whose records are the rows of a store. */
export function resolveSources(context: Context, profile: ClusterProfile, runForUs: number): readonly ProducerSpec[] {
  return [...context.applications.values()]
    .filter((facts) => facts.kind === 'source')
    .map((facts) => resolveSource(facts, context, profile, runForUs))
}

function resolveSource(
  { name, place, instances }: ApplicationFacts,
  context: Context,
  profile: ClusterProfile,
  runForUs: number,
): ProducerSpec {
  place.expectMap(`source \`${name}\``)
  if (instances > 1) {
    const what = `a source of ${instances} tasks, which would share out tables,`
    place.get('instances').notSimulated(what, 'write one source for each store: its one table is the work of one task')
  }
  const who = `source \`${name}\``
  const example = '{ kind: database, rows: 200 }'
  const from = databaseAt('from', { place, who, does: 'reads', example }, context)
  if (!place.has('to')) {
    const message = `source \`${name}\` does not say which topic it writes to`
    place.keyErrorOrValue('TWICESHY_MISSING', message, 'add `to: <topic>`')
  }
  const { startUs, stopUs } = resolveTimes(place, 'source', runForUs)
  const client = resolveClientProfile(place.get('profile'), profile, ['publishing'])
  const base = clientBase(client)
  const config = place.get('config')
  const source = rulesAt(place, from, base)
  const transactionalId = source.exactlyOnce === undefined ? null : sourceTransactionalId(name)
  checkId(config.get(ID), transactionalId)
  const own = config.filtered(({ name: key }) => !isSetting(WORKER, key) && key !== ID)
  return {
    name,
    to: resolveTopicNames(place.get('to'), context),
    instances: 1,
    startUs,
    stopUs,
    workload: {
      kind: 'send',
      records: context.stores.get(from)?.place.get('rows').integer('`rows`', 0, 1_000_000, 0) ?? 0,
      every: source.every,
      keys: 0,
      size: 100,
      transactions: null,
    },
    onUnknown: 'resend',
    profile: client,
    config:
      transactionalId === null
        ? resolveProducerConfig(own, base, TASK_PRODUCER)
        : transactionalConfig(own, base, transactionalId),
    source,
  }
}

function rulesAt(place: Place, from: string, profile: ClientProfileName): SourceRules {
  const none = place.get('config').filtered(() => false)
  const settings = place.get('config').filtered((entry) => isSetting(WORKER, entry.name))
  const { values } = resolveConfig(settings, WORKER, defaultsOf(CONNECT_SOURCE_CONFIG))
  const exactlyOnce = boundaryAt(settings, values)
  // The reader of the offsets stands at the end first, to learn where that is.
  const reading = { 'enable.auto.commit': false, 'auto.offset.reset': 'latest' }
  const isolation = exactlyOnce === null ? {} : { 'isolation.level': 'read_committed' }
  const consumer = { ...resolveConsumerConfig(none, profile).values, ...reading, ...isolation }
  const rules = {
    from,
    batch: place.get('batch').integer('`batch`', 1, 1_000_000, 100),
    every: spreadAt(place.get('every'), '`every`', constant(SECOND)),
    flushIntervalMs: Number(values['offset.flush.interval.ms']),
    offsetsTopic: OFFSETS_TOPIC,
    offsetsProducer: resolveProducerConfig(none, profile, OFFSETS_PRODUCER),
    offsetsConsumer: consumer as unknown as ConsumerConfig,
  }
  return exactlyOnce === null ? rules : { ...rules, exactlyOnce }
}

/** Where the transactions of a source end; null without any. `preparing` is about the worker's own topics. */
function boundaryAt(settings: Place, values: Readonly<Record<string, ConfigValue>>): TransactionBoundary | null {
  const isEnabled = values['exactly.once.source.support'] === 'enabled'
  for (const key of [BOUNDARY, `${BOUNDARY}.interval.ms`]) {
    if (isEnabled || !settings.get(key).written) continue
    const message = `without \`exactly.once.source.support: enabled\` there are no transactions, so Connect ignores \`${key}\``
    settings
      .get(key)
      .warning('TWICESHY_CONFIG_SURPRISE', message, 'leave it out, or write `exactly.once.source.support: enabled`')
  }
  if (!isEnabled) return null
  if (values[BOUNDARY] === 'connector') {
    settings
      .get(BOUNDARY)
      .notSimulated(`\`${BOUNDARY}: connector\``, 'write `poll` or `interval`: no connector here defines transactions')
  }
  if (values[BOUNDARY] !== 'interval') return { kind: 'poll' }
  const intervalMs = Number(values[`${BOUNDARY}.interval.ms`]) || Number(values['offset.flush.interval.ms'])
  return { kind: 'interval', intervalMs }
}

/** `Worker.exactlyOnceSourceTaskProducerConfigs`: the worker insists on idempotence and on the id. */
function transactionalConfig(own: Place, base: ClientProfileName, id: string): ProducerConfig {
  const config = resolveProducerConfig(own, base, { ...TASK_PRODUCER, [IDEMPOTENCE]: true, [ID]: id })
  if (config[IDEMPOTENCE]) return config
  const at = [IDEMPOTENCE, 'acks', 'retries'].map((key) => own.get(key)).find((place) => place.written) ?? own
  const message = 'exactly-once needs an idempotent producer, and Connect insists on it: these settings are against it'
  at.error('TWICESHY_CONFIG_REFUSED', message, 'leave them out')
  return config
}

function checkId(place: Place, needed: string | null): void {
  if (!place.written || place.broken) return
  const message =
    needed === null
      ? 'the producer of a source task has no `transactional.id` without `exactly.once.source.support`'
      : `Connect gives the producer of a task its \`transactional.id\` itself, here \`${needed}\`, whatever is written`
  place.error('TWICESHY_CONFIG_REFUSED', message, 'leave it out')
}
