import {
  BROKER_SYNONYM,
  TOPIC_CONFIG,
  TOPIC_NOT_SIMULATED,
  type TopicConfig,
} from '../../../sim/kafka/protocol/config/topic.ts'
import { isCompacted } from '../../../sim/kafka/log/cleanup-policy.ts'
import type { TopicSpec } from '../../../sim/spec.ts'
import type { Place } from '../place.ts'
import { type ConfigKind, type ConfigValue, defaultsOf, resolveConfig } from './config.ts'
import type { ApplicationFacts, ClusterFacts, TopicFacts } from './context.ts'
import { changelogOf, isStateful } from './stateful.ts'

export const MOST_PARTITIONS = 10_000
/** A topic's settings, among what else a topic has. */
export const TOPIC: ConfigKind = {
  what: 'topic',
  table: TOPIC_CONFIG,
  notSimulated: TOPIC_NOT_SIMULATED,
  others: ['partitions', 'replication.factor'],
}

export interface ResolvedTopics {
  readonly specs: readonly TopicSpec[]
  readonly facts: ReadonlyMap<string, TopicFacts>
}

/** `topics:`, each with its settings after the brokers' defaults. */
export function resolveTopics(root: Place, cluster: ClusterFacts): ResolvedTopics {
  const place = root.get('topics')
  const specs: TopicSpec[] = []
  const facts = new Map<string, TopicFacts>()
  if (!place.expectMap('`topics`')) return { specs, facts }
  for (const topic of place.entries()) {
    const spec = resolveTopic(topic, cluster)
    specs.push(spec)
    const { partitions, replicationFactor } = spec
    const compacted = isCompacted(spec.config)
    facts.set(topic.name, { name: topic.name, partitions, replicationFactor, isCompacted: compacted, place: topic })
    checkName(topic)
  }
  checkCollisions(place)
  return { specs, facts }
}

/** `offset.storage.topic` */
export const OFFSETS_TOPIC = 'connect-offsets'
/** `DistributedConfig.OFFSET_STORAGE_PARTITIONS_CONFIG` and its replication factor. */
const OFFSETS_PARTITIONS = 25
const OFFSETS_REPLICAS = 3

/** Workers of Kafka Connect with sources create the topic of their offsets, unless it is there. */
export function withOffsetsTopic(topics: ResolvedTopics, root: Place, cluster: ClusterFacts): ResolvedTopics {
  const sources = root.get('sources')
  if (sources.entries().length === 0 || topics.facts.has(OFFSETS_TOPIC)) return topics
  const name = OFFSETS_TOPIC
  const replicationFactor = cluster.perfect ? 1 : Math.min(OFFSETS_REPLICAS, cluster.brokers)
  const minIsr = cluster.perfect ? { 'min.insync.replicas': 1 } : {}
  const config = asConfig({ ...brokerDefaults(cluster), ...minIsr })
  const spec = { name, partitions: OFFSETS_PARTITIONS, replicationFactor, config }
  const facts = { name, partitions: OFFSETS_PARTITIONS, replicationFactor, isCompacted: false, place: sources }
  return { specs: [...topics.specs, spec], facts: new Map([...topics.facts, [name, facts]]) }
}

const REPLICAS = 'replication.factor'

/** `UnwindowedUnversionedChangelogTopicConfig`: nothing of it grows too old. */
const CHANGELOG_CONFIG: Partial<TopicConfig> = { 'cleanup.policy': 'compact' }

/** `InternalTopicManager`: Kafka Streams creates the changelogs of its stores, with as many partitions as it has tasks. */
export function withChangelogs(
  topics: ResolvedTopics,
  applications: ReadonlyMap<string, ApplicationFacts>,
  cluster: ClusterFacts,
): ResolvedTopics {
  const specs = [...topics.specs]
  const facts = new Map(topics.facts)
  for (const application of applications.values()) {
    const name = changelogOf(application.group)
    const isStreams = application.place.get('streams').text() === 'true'
    if (!isStateful(application) || !isStreams || application.group === '') continue
    const input = topics.facts.get(application.from[0] ?? '')
    const { place } = application
    if (facts.has(name)) {
      const message = `\`${name}\` is the changelog of \`${application.name}\`, which Kafka Streams creates itself`
      facts.get(name)?.place.keyErrorOrValue('TWICESHY_NAME', message, 'choose another name, or leave it out')
      continue
    }
    const partitions = input?.partitions ?? 1
    const minIsr = cluster.perfect ? { 'min.insync.replicas': 1 } : {}
    const config = asConfig({ ...brokerDefaults(cluster), ...CHANGELOG_CONFIG, ...minIsr })
    const replicationFactor = cluster.perfect ? 1 : changelogReplicas(place.get('config').get(REPLICAS), name, cluster)
    if (!cluster.perfect) checkMinIsr(place.get('config'), replicationFactor, config['min.insync.replicas'], cluster)
    specs.push({ name, partitions, replicationFactor, config })
    facts.set(name, { name, partitions, replicationFactor, isCompacted: false, place })
  }
  return { specs, facts }
}

/** `replication.factor` of Streams: -1, its default, leaves it to the brokers' `default.replication.factor`, which is 1. */
function changelogReplicas(place: Place, name: string, cluster: ClusterFacts): number {
  const asked = place.integer(`\`${REPLICAS}\``, -1, 32_767, -1)
  const factor = asked < 1 ? (cluster.configs[0]?.['default.replication.factor'] ?? 1) : asked
  if (factor > cluster.brokers) {
    const message = `\`${name}\` would need ${factor} brokers, and there ${cluster.brokers === 1 ? 'is 1' : `are ${cluster.brokers}`}`
    const help = `write at most ${cluster.brokers}, or raise \`cluster.brokers\``
    place.error('TWICESHY_IMPOSSIBLE', message, help, cluster.brokersPlace)
  } else if (factor === 1 && asked < 1 && cluster.brokers > 1) {
    const message = `\`${name}\`, which the store is restored from, has 1 replica: \`${REPLICAS}\` of Kafka Streams leaves it to \`default.replication.factor\` of the brokers`
    const help = `add \`${REPLICAS}: ${Math.min(3, cluster.brokers)}\` to its \`config\``
    place.warning('TWICESHY_CONFIG_SURPRISE', message, help)
  }
  return Math.max(1, Math.min(factor, cluster.brokers))
}

function resolveTopic(topic: Place, cluster: ClusterFacts): TopicSpec {
  topic.expectMap(`topic \`${topic.name}\``)
  const partitions = topic.get('partitions').integer('`partitions`', 1, MOST_PARTITIONS, 1)
  const factor = topic.get('replication.factor')
  const asked = factor.integer('`replication.factor`', 1, 32_767, Math.min(3, cluster.brokers))
  const config = resolveConfig(topic, TOPIC, brokerDefaults(cluster))
  // Under `cluster: perfect` every replication factor and min ISR counts as 1.
  if (cluster.perfect) {
    const perfect = asConfig({ ...config.values, 'min.insync.replicas': 1 })
    return { name: topic.name, partitions, replicationFactor: 1, config: perfect }
  }
  if (asked > cluster.brokers) {
    const message = `\`replication.factor: ${asked}\` needs ${asked} brokers, and there ${cluster.brokers === 1 ? 'is 1' : `are ${cluster.brokers}`}`
    factor.error(
      'TWICESHY_IMPOSSIBLE',
      message,
      `write at most ${cluster.brokers}, or raise \`cluster.brokers\``,
      cluster.brokersPlace,
    )
  } else checkMinIsr(topic, asked, Number(config.values['min.insync.replicas']), cluster)
  return { name: topic.name, partitions, replicationFactor: asked, config: asConfig(config.values) }
}

function checkMinIsr(topic: Place, factor: number, minIsr: number, cluster: ClusterFacts): void {
  if (minIsr <= factor) return
  const own = topic.get('min.insync.replicas')
  const place = own.written ? own : cluster.setting('min.insync.replicas')
  const factorPlace = topic.get('replication.factor')
  const message = `\`min.insync.replicas: ${minIsr}\` can never be met: \`replication.factor\` of \`${topic.name}\` is ${factor}`
  const help = `with acks=all every write is refused; write at most ${factor}`
  place.error('TWICESHY_IMPOSSIBLE', message, help, factorPlace.written ? factorPlace : topic)
}

/** What a topic falls back to: the brokers' own settings, by their names for it. */
export function brokerDefaults(cluster: ClusterFacts): Record<string, ConfigValue> {
  const broker = cluster.configs[0] as unknown as Readonly<Record<string, ConfigValue>>
  const changed: Record<string, ConfigValue> = {}
  for (const [topicKey, brokerKey] of Object.entries(BROKER_SYNONYM)) changed[topicKey] = broker[brokerKey] ?? 0
  return defaultsOf(TOPIC_CONFIG, changed)
}

const INTERNAL: readonly string[] = [
  '__consumer_offsets',
  '__transaction_state',
  '__share_group_state',
  '__cluster_metadata',
]

/** `Topic.validate` */
function checkName(topic: Place): void {
  const name = topic.name
  const legal = /^[A-Za-z0-9._-]{1,249}$/.test(name) && name !== '.' && name !== '..'
  if (!legal) {
    const help = 'Kafka takes letters, digits, `.`, `_` and `-`, at most 249 of them'
    topic.keyErrorOrValue('TWICESHY_NAME', `Kafka refuses the topic name \`${name.slice(0, 80)}\``, help)
  } else if (INTERNAL.includes(name)) {
    topic.keyErrorOrValue('TWICESHY_NAME', `\`${name}\` is one of Kafka's own topics`, 'choose another name')
  }
}

/** `Topic.hasCollision`: names that differ only in `.` and `_` collide in metric names, so the controller refuses the second. */
function checkCollisions(place: Place): void {
  const seen = new Map<string, Place>()
  for (const topic of place.entries()) {
    const folded = topic.name.replaceAll('.', '_')
    const first = seen.get(folded)
    if (first === undefined) seen.set(folded, topic)
    else {
      const message = `Kafka refuses \`${topic.name}\` beside \`${first.name}\`: they differ only in \`.\` and \`_\``
      topic.error('TWICESHY_NAME', message, 'rename one of them', first)
    }
  }
}

function asConfig(values: Readonly<Record<string, ConfigValue>>): TopicConfig {
  return values as unknown as TopicConfig
}
