import { BROKER_CONFIG, BROKER_NOT_SIMULATED, type BrokerConfig } from '../../../sim/kafka/protocol/config/broker.ts'
import { BROKER_SYNONYM } from '../../../sim/kafka/protocol/config/topic.ts'
import type { ClusterSpec } from '../../../sim/spec.ts'
import type { Place } from '../place.ts'
import { didYouMean } from '../suggest.ts'
import { type ConfigKind, type ConfigValue, defaultsOf, type ResolvedConfig, resolveConfig } from './config.ts'
import type { ClusterFacts } from './context.ts'
import { checkGroupLimits } from './group-protocol.ts'
import { idText } from './instance-ids.ts'
import { checkLogDirs } from './log-dirs.ts'

export const MOST_BROKERS = 60
/** Kafka runs with more, and nobody does. */
const MOST_CONTROLLERS = 9
const OFFSETS_REPLICAS = 'offsets.topic.replication.factor'
const TRANSACTIONS_REPLICAS = 'transaction.state.log.replication.factor'
const TRANSACTIONS_MIN_ISR = 'transaction.state.log.min.isr'
const SHARES_REPLICAS = 'share.coordinator.state.topic.replication.factor'
const SHARES_MIN_ISR = 'share.coordinator.state.topic.min.isr'
const SHARE_LOCK = 'group.share.record.lock.duration.ms'
const SHARE_LOCK_LIMITS = [
  'group.share.min.record.lock.duration.ms',
  'group.share.max.record.lock.duration.ms',
] as const
const RACK = 'broker.rack'
/** What groups and transactions are kept in is one topic each, so brokers agree on it. */
const OF_INTERNAL_TOPICS = [
  OFFSETS_REPLICAS,
  'offsets.topic.num.partitions',
  TRANSACTIONS_REPLICAS,
  TRANSACTIONS_MIN_ISR,
  'transaction.state.log.num.partitions',
  SHARES_REPLICAS,
  SHARES_MIN_ISR,
  'share.coordinator.state.topic.num.partitions',
]

/** What a broker can be configured with. */
export const BROKER: ConfigKind = {
  what: 'broker',
  table: BROKER_CONFIG,
  notSimulated: BROKER_NOT_SIMULATED,
  byHand: { [RACK]: { parse: idText }, 'log.dirs': { parse: idText }, 'metadata.log.dir': { parse: idText } },
}

export interface ResolvedCluster {
  readonly spec: ClusterSpec
  readonly facts: ClusterFacts
}

/** `cluster:` with every broker's settings after defaults. */
export function resolveCluster(root: Place): ResolvedCluster {
  const place = root.get('cluster')
  const perfect = place.text() === 'perfect'
  if (!perfect && place.tree?.kind !== 'map' && place.written) {
    place.wrongType('`cluster` must be `perfect` or a map of keys')
  }
  const brokers = perfect ? 1 : place.get('brokers').integer('`brokers`', 1, MOST_BROKERS, 3)
  const controllers = perfect ? 1 : place.get('controllers').integer('`controllers`', 1, MOST_CONTROLLERS, 1)
  const shared = resolveConfig(place.get('config'), BROKER, defaultsOf(BROKER.table))
  checkRules(place, shared)
  const each = eachNode(place.get('each'), brokers, controllers, shared)
  // Like a topic's: the default is never more than there are brokers. What is written stands.
  const replicas = (key: string, most: number): number => {
    const wanted = Number(shared.values[key])
    return perfect ? 1 : shared.written.has(key) ? wanted : Math.min(wanted, most)
  }
  const offsetsReplicas = replicas(OFFSETS_REPLICAS, brokers)
  const transactionsReplicas = replicas(TRANSACTIONS_REPLICAS, brokers)
  const sharesReplicas = replicas(SHARES_REPLICAS, brokers)
  const internal = {
    [OFFSETS_REPLICAS]: offsetsReplicas,
    [TRANSACTIONS_REPLICAS]: transactionsReplicas,
    [TRANSACTIONS_MIN_ISR]: replicas(TRANSACTIONS_MIN_ISR, transactionsReplicas),
    [SHARES_REPLICAS]: sharesReplicas,
    [SHARES_MIN_ISR]: replicas(SHARES_MIN_ISR, sharesReplicas),
  }
  const configs = Array.from({ length: brokers }, (_, i) => {
    const values = each.get(`broker-${i + 1}`) ?? shared.values
    return asConfig({ ...values, ...internal })
  })
  const controllerConfig = asConfig(each.get('controller-1') ?? shared.values)
  checkControllersAgree(place.get('each'), controllers, each, shared)
  const autoCreate =
    shared.values['auto.create.topics.enable'] === true && shared.written.has('auto.create.topics.enable')
  const setting = (key: string): Place => place.get('config').get(key)
  return {
    spec: { perfect, brokers: configs, controllers, controllerConfig },
    facts: {
      perfect,
      brokers,
      controllers,
      configs,
      offsetsReplicas,
      transactionsReplicas,
      autoCreate,
      brokersPlace: place.get('brokers'),
      setting,
    },
  }
}

/** `cluster.each`: settings of single nodes over the shared ones. */
function eachNode(
  place: Place,
  brokers: number,
  controllers: number,
  shared: ResolvedConfig,
): ReadonlyMap<string, Readonly<Record<string, ConfigValue>>> {
  const values = new Map<string, Readonly<Record<string, ConfigValue>>>()
  if (!place.expectMap('`each`')) return values
  const nodes = nodeNames(brokers, controllers)
  for (const node of place.entries()) {
    if (!nodes.includes(node.name)) {
      const help = didYouMean(node.name, nodes)
      node.keyErrorOrValue('TWICESHY_UNKNOWN_NODE', `the cluster has no \`${node.name}\``, help)
      continue
    }
    if (!node.expectMap(`\`${node.name}\``)) continue
    const own = resolveConfig(node.get('config'), BROKER, shared.values)
    checkTopicDefaults(own, shared)
    checkRules(node, own)
    values.set(node.name, { ...own.values, ...rackOf(node, own) })
  }
  return values
}

/** `rack`, which is a short way to write `broker.rack`. */
function rackOf(node: Place, own: ResolvedConfig): Readonly<Record<string, ConfigValue>> | null {
  if (!node.has('rack')) return null
  const place = node.get('rack')
  const rack = idText(place)
  if (rack === null) return null
  if (!node.name.startsWith('broker-')) {
    const message = `\`${node.name}\` holds nothing that consumers read, so it has no rack`
    place.error('TWICESHY_IMPOSSIBLE', message, 'write `rack` for brokers')
    return null
  }
  const other = own.written.get(RACK)
  if (other !== undefined && own.values[RACK] !== rack) {
    const message = `\`${node.name}\` stands in two racks: \`${rack}\`, and \`${String(own.values[RACK])}\` in its \`${RACK}\``
    place.error('TWICESHY_IMPOSSIBLE', message, `leave one of them out`, other)
  }
  return { [RACK]: rack }
}

/** Controllers share their settings here: each may become the active one. */
function checkControllersAgree(
  place: Place,
  controllers: number,
  each: ReadonlyMap<string, Readonly<Record<string, ConfigValue>>>,
  shared: ResolvedConfig,
): void {
  const first = each.get('controller-1') ?? shared.values
  for (const name of nodeNames(0, controllers)) {
    const own = each.get(name) ?? shared.values
    if (Object.keys(first).every((key) => own[key] === first[key])) continue
    const at = place.get(each.has(name) ? name : 'controller-1')
    at.notSimulated('controllers with settings that differ', 'write them in `cluster.config`, or for every controller')
    return
  }
}

/** The names of all brokers and controllers. */
export function nodeNames(brokers: number, controllers: number): readonly string[] {
  const names = Array.from({ length: brokers }, (_, i) => `broker-${i + 1}`)
  return [...names, ...Array.from({ length: controllers }, (_, i) => `controller-${i + 1}`)]
}

/** A topic's settings are the same on all of its replicas here, so nodes may not differ in what topics fall back to. */
function checkTopicDefaults(own: ResolvedConfig, shared: ResolvedConfig): void {
  for (const key of OF_INTERNAL_TOPICS) {
    const place = own.written.get(key)
    if (place === undefined || own.values[key] === shared.values[key]) continue
    place.notSimulated(`\`${key}\` differing between nodes`, 'write it in `cluster.config`')
  }
  for (const [topicKey, brokerKey] of Object.entries(BROKER_SYNONYM)) {
    const place = own.written.get(brokerKey)
    if (place === undefined || own.values[brokerKey] === shared.values[brokerKey]) continue
    const help = `write it in \`cluster.config\`, or as \`${topicKey}\` of a topic`
    place.notSimulated(`\`${brokerKey}\`, the default of topics, differing between nodes`, help)
  }
}

/** `KafkaConfig.validateValues` */
function checkRules(place: Place, config: ResolvedConfig): void {
  const { values, written } = config
  const at = (...keys: readonly string[]): readonly Place[] => keys.flatMap((key) => written.get(key) ?? [])
  const wait = Number(values['replica.fetch.wait.max.ms'])
  for (const limit of ['replica.socket.timeout.ms', 'replica.lag.time.max.ms']) {
    if (wait <= Number(values[limit])) continue
    const [first = place, ...others] = at('replica.fetch.wait.max.ms', limit)
    const message = `Kafka refuses this broker: \`replica.fetch.wait.max.ms\` (${wait}) is above \`${limit}\` (${String(values[limit])})`
    first.error('TWICESHY_CONFIG_REFUSED', message, `raise \`${limit}\`, or lower the wait`, ...others)
  }
  const [least, longest] = ['group.min.session.timeout.ms', 'group.max.session.timeout.ms'].map((key) =>
    Number(values[key]),
  )
  if (least !== undefined && longest !== undefined && least > longest) {
    const [first = place, ...others] = at('group.min.session.timeout.ms', 'group.max.session.timeout.ms')
    const message = `Kafka refuses this broker: \`group.min.session.timeout.ms\` (${least}) is above \`group.max.session.timeout.ms\` (${longest})`
    first.error('TWICESHY_CONFIG_REFUSED', message, 'lower the one, or raise the other', ...others)
  }
  const [shortest, most] = SHARE_LOCK_LIMITS.map((key) => Number(values[key]))
  const lock = Number(values[SHARE_LOCK])
  if (shortest !== undefined && most !== undefined && (lock < shortest || lock > most)) {
    const [first = place, ...others] = at(SHARE_LOCK, ...SHARE_LOCK_LIMITS)
    const message = `Kafka refuses this broker: \`${SHARE_LOCK}\` (${lock}) must lie between \`${SHARE_LOCK_LIMITS[0]}\` (${shortest}) and \`${SHARE_LOCK_LIMITS[1]}\` (${most})`
    first.error('TWICESHY_CONFIG_REFUSED', message, 'change the limit, too', ...others)
  }
  checkGroupLimits(place, config)
  checkLogDirs(config)
  const heartbeat = Number(values['broker.heartbeat.interval.ms'])
  const session = Number(values['broker.session.timeout.ms'])
  if (heartbeat * 2 <= session) return
  const [first = place, ...others] = at('broker.heartbeat.interval.ms', 'broker.session.timeout.ms')
  const message = `one late heartbeat fences a broker: \`broker.heartbeat.interval.ms\` (${heartbeat}) is more than half of \`broker.session.timeout.ms\` (${session})`
  first.warning('TWICESHY_CONFIG_SURPRISE', message, 'Kafka logs this as an error and starts', ...others)
}

function asConfig(values: Readonly<Record<string, ConfigValue>>): BrokerConfig {
  return values as unknown as BrokerConfig
}
