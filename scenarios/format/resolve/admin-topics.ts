import { isCompacted } from '../../../sim/kafka/log/cleanup-policy.ts'
import type { TopicConfigChange } from '../../../sim/kafka/protocol/config/topic.ts'
import type { Action, AlteredTopic, FaultEntry } from '../../../sim/faults/plan.ts'
import type { TopicSpec } from '../../../sim/spec.ts'
import type { Place } from '../place.ts'
import { didYouMean } from '../suggest.ts'
import { type ConfigValue, noSetting, resolveConfig } from './config.ts'
import type { Context, TopicFacts } from './context.ts'
import { isStateful } from './stateful.ts'
import { brokerDefaults, TOPIC } from './topics.ts'

/** `{ alter-config: { orders: { min.insync.replicas: 1 } } }` */
export function alterConfig(place: Place, context: Context): Action | null {
  if (place.tree?.kind !== 'map' || place.entries().length === 0) {
    const example = 'such as `{ orders: { min.insync.replicas: 1 } }`'
    place.wrongType('`alter-config` must be a map from topics to settings', example)
    return null
  }
  const topics = place.entries().flatMap((entry) => alteredTopic(entry, context) ?? [])
  return topics.length === 0 ? null : { kind: 'alter-config', topics }
}

function alteredTopic(entry: Place, context: Context): AlteredTopic | null {
  const topic = topicNamed(entry, 'to alter', context)
  if (topic === null) return null
  if (entry.tree?.kind !== 'map' || entry.entries().length === 0) {
    entry.wrongType(`\`${topic.name}\` must be a map of settings`, 'such as `{ retention.ms: 1000 }`')
    return null
  }
  const creation = entry.entries().find(({ name }) => name === 'partitions' || name === 'replication.factor')
  if (creation !== undefined) {
    const help = creation.name === 'partitions' ? 'write `admin: { add-partitions: … }`' : 'it takes a reassignment'
    creation.keyError('TWICESHY_UNKNOWN_CONFIG', `\`${creation.name}\` is no setting that can be altered`, help)
    return null
  }
  const values = { ...resolveConfig(entry, { ...TOPIC, others: [] }, {}).values, ...takenBack(entry, context) }
  if (Object.keys(values).length === 0) return null
  const changes = values as TopicConfigChange
  checkMinIsr(entry, changes, topic)
  // Under `cluster: perfect` every min ISR counts as 1.
  const perfect = context.cluster.perfect && changes['min.insync.replicas'] !== undefined
  return { topic: topic.name, changes: perfect ? { ...changes, 'min.insync.replicas': 1 } : changes }
}

/** `retention.ms: null` (`IncrementalAlterConfigs`, DELETE): what the brokers have for all topics holds again. */
function takenBack(entry: Place, { cluster }: Context): Readonly<Record<string, ConfigValue>> {
  const defaults = brokerDefaults(cluster)
  const values: Record<string, ConfigValue> = {}
  for (const setting of entry.entries()) {
    const { name } = setting
    const known = defaults[name]
    if (setting.written || setting.broken) continue
    if (known !== undefined) values[name] = known
    else setting.keyError('TWICESHY_UNKNOWN_CONFIG', noSetting(TOPIC, name), didYouMean(name, Object.keys(defaults)))
  }
  return values
}

function checkMinIsr(entry: Place, changes: TopicConfigChange, { name, replicationFactor, place }: TopicFacts): void {
  const minIsr = changes['min.insync.replicas'] ?? 1
  if (minIsr <= replicationFactor) return
  const message = `\`min.insync.replicas: ${minIsr}\` can never be met: \`replication.factor\` of \`${name}\` is ${replicationFactor}`
  const help = `with acks=all every write is refused; write at most ${replicationFactor}`
  entry.get('min.insync.replicas').error('TWICESHY_IMPOSSIBLE', message, help, place)
}

/** `{ create-topic: payments }`, or a list: topics that are declared, and not there before. */
export function createTopic(place: Place, context: Context): Action | null {
  const topics = topicsAt(place, 'to create', context)
  return topics.length === 0 ? null : { kind: 'create-topic', topics: topics.map(({ name }) => name) }
}

/** `{ delete-topic: orders }`, or a list. */
export function deleteTopic(place: Place, context: Context): Action | null {
  const topics = topicsAt(place, 'to delete', context)
  for (const { name } of topics) checkReaders(place, name, context)
  return topics.length === 0 ? null : { kind: 'delete-topic', topics: topics.map((topic) => topic.name) }
}

/** What becomes of states that were counted, and of share groups, without their topic. */
function checkReaders(place: Place, topic: string, context: Context): void {
  for (const application of context.applications.values()) {
    if (!application.from.includes(topic)) continue
    const isShare = application.place.get('share').text() === 'true'
    if (!isStateful(application) && !isShare) continue
    const what = isShare ? 'reads as a share group' : 'counts the records of'
    place.notSimulated(`deleting \`${topic}\`, which \`${application.name}\` ${what},`)
  }
}

/** One name or a list of names, each of a topic that the scenario declares. */
function topicsAt(place: Place, what: string, context: Context): readonly TopicFacts[] {
  const items = place.tree?.kind === 'list' ? place.items() : [place]
  if (items.length === 0) place.wrongType(`\`${place.name}\` takes topics`, 'such as `payments`')
  return items.flatMap((item) => {
    const name = item.text()
    const topic = context.topics.get(name ?? '')
    if (topic !== undefined) return [topic]
    if (name === null) item.wrongType(`\`${place.name}\` takes topics`, 'such as `payments`')
    else {
      const help = didYouMean(name, [...context.topics.keys()]) ?? 'declare it under `topics:`, with its settings'
      item.error('TWICESHY_UNKNOWN_TOPIC', `there is no topic \`${name}\` ${what}`, help)
    }
    return []
  })
}

function topicNamed(entry: Place, what: string, context: Context): TopicFacts | null {
  const topic = context.topics.get(entry.name)
  if (topic !== undefined) return topic
  const help = didYouMean(entry.name, [...context.topics.keys()])
  entry.keyError('TWICESHY_UNKNOWN_TOPIC', `there is no topic \`${entry.name}\` ${what}`, help)
  return null
}

/** The topics, each told whether the faults will ever have it compacted. */
export function withPolicies(topics: readonly TopicSpec[], faults: readonly FaultEntry[]): readonly TopicSpec[] {
  const altered = faults.flatMap(({ action }) => (action.kind === 'alter-config' ? action.topics : []))
  const becomesCompacted = ({ topic, changes }: AlteredTopic, name: string): boolean =>
    topic === name &&
    changes['cleanup.policy'] !== undefined &&
    isCompacted({ 'cleanup.policy': changes['cleanup.policy'] })
  return topics.map((topic) =>
    altered.some((each) => becomesCompacted(each, topic.name)) ? { ...topic, everCompacted: true } : topic,
  )
}
