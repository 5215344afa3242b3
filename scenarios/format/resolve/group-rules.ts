import { BY_DURATION } from '../../../sim/kafka/protocol/config/consumer.ts'
import { BROKER_CONFIG } from '../../../sim/kafka/protocol/config/broker.ts'
import { ms } from '../../../sim/kernel/time.ts'
import type { ProducerSpec, ReaderSpec, WorldSpec } from '../../../sim/spec.ts'
import type { Place } from '../place.ts'
import { pathText } from '../report.ts'
import { leastUs } from '../values/duration.ts'
import { strategiesOf } from './assignors.ts'
import type { ApplicationFacts, Context } from './context.ts'
import { groupPlace } from './facts.ts'
import { checkShareMembers } from './share-group.ts'

const OFFSETS_REPLICAS = 'offsets.topic.replication.factor'
const DEFAULT_OFFSETS_REPLICAS = Number(BROKER_CONFIG[OFFSETS_REPLICAS]?.default)

type Workers = Pick<WorldSpec, 'producers' | 'consumers' | 'processors' | 'sinks'>

/** What applications of one scenario mean to each other: those of one group, and those who write what others read. */
export function checkGroups(workers: Workers, context: Context): void {
  const readers = [...workers.consumers, ...workers.processors, ...workers.sinks]
  checkOffsetsTopic(context)
  checkMembers(readers, context)
  for (const reader of readers) checkReset(reader, workers, context)
}

/** A group's offsets are kept in a topic of Kafka's own, which is not created while there are too few brokers for it. */
function checkOffsetsTopic({ groups, cluster }: Context): void {
  const { brokers, offsetsReplicas, brokersPlace, perfect, setting } = cluster
  const [group] = groups
  if (group === undefined || perfect) return
  const factor = setting(OFFSETS_REPLICAS)
  const has = brokers === 1 ? 'there is 1' : `there are ${brokers}`
  const help = `add \`${OFFSETS_REPLICAS}: ${brokers}\` to \`cluster.config\`, or raise \`cluster.brokers\``
  if (factor.written && offsetsReplicas > brokers) {
    const message = `the group \`${group[0]}\` can never commit: Kafka's topic for offsets needs ${offsetsReplicas} brokers (\`${OFFSETS_REPLICAS}\`), and ${has}`
    factor.error('TWICESHY_IMPOSSIBLE', message, help, brokersPlace)
  } else if (!factor.written && brokers < DEFAULT_OFFSETS_REPLICAS) {
    const replicas = brokers === 1 ? '1 replica' : `${brokers} replicas`
    const message = `the offsets of the group \`${group[0]}\` have ${replicas} here; by Kafka's default it takes ${DEFAULT_OFFSETS_REPLICAS} brokers before any group commits`
    brokersPlace.warning('TWICESHY_CONFIG_SURPRISE', message, help, group[1])
  }
}

/** Applications of one group share its partitions. */
function checkMembers(readers: readonly ReaderSpec[], context: Context): void {
  const first = new Map<string, ReaderSpec>()
  for (const reader of readers) {
    const facts = context.applications.get(reader.name)
    if (facts === undefined || facts.group === '') continue
    const other = first.get(facts.group)
    if (other === undefined) first.set(facts.group, reader)
    else checkPair(facts, reader, other, context)
  }
}

function checkPair(facts: ApplicationFacts, reader: ReaderSpec, other: ReaderSpec, context: Context): void {
  const place = groupPlace(facts.place)
  const others = context.applications.get(other.name)
  const otherPlace = others === undefined ? place : groupPlace(others.place)
  if (!sameTopics(reader.from, other.from)) {
    const message = `\`${other.name}\` and \`${reader.name}\` are one group, \`${facts.group}\`, and read different topics`
    const help = 'one of them is handed what only the other reads; give each a `group.id` of its own'
    place.warning('TWICESHY_CONFIG_SURPRISE', message, help, otherPlace)
  }
  const [isShared, isOtherShared] = [reader, other].map((each) => 'share' in each)
  if (isShared !== isOtherShared) {
    const message = `\`${other.name}\` and \`${reader.name}\` are one group, \`${facts.group}\`, and only one of them shares: a group is of one type`
    place.error('TWICESHY_IMPOSSIBLE', message, 'give each a `group.id` of its own', otherPlace)
    return
  }
  if (isShared === true) {
    checkShareMembers(reader, other, context)
    return
  }
  if (reader.assign !== null || other.assign !== null) {
    if ((reader.assign === null) === (other.assign === null)) return
    const message = `\`${other.name}\` and \`${reader.name}\` are one group, \`${facts.group}\`: one subscribes, one takes its partitions by \`assign\``
    const help = 'while the group has members, commits of the one with `assign` are refused'
    place.warning('TWICESHY_CONFIG_SURPRISE', message, help, otherPlace)
    return
  }
  if (speaksConsumer(reader) || speaksConsumer(other)) {
    if (speaksConsumer(reader) !== speaksConsumer(other)) checkConversion(facts, reader, other, context, otherPlace)
    return
  }
  const [ours, theirs] = [reader, other].map(({ config }) => strategiesOf(config['partition.assignment.strategy']))
  if (ours === undefined || theirs === undefined || ours.some((strategy) => theirs.includes(strategy))) return
  const message = `\`${other.name}\` and \`${reader.name}\` are one group, \`${facts.group}\`, and have no assignor in common: Kafka refuses the second with INCONSISTENT_GROUP_PROTOCOL`
  const key = 'partition.assignment.strategy'
  const written = [facts, context.applications.get(other.name)].flatMap(
    (each) => each?.place.get('config').get(key) ?? [],
  )
  const [at = place, ...rest] = written.filter((each) => each.written)
  at.error('TWICESHY_CONFIG_REFUSED', message, 'give both one assignor, such as `range`', ...rest)
}

function speaksConsumer({ config }: ReaderSpec): boolean {
  return config['group.protocol'] === 'consumer'
}

/** A group of members of both protocols becomes one of the consumer protocol while it has members, if brokers allow it. */
function checkConversion(
  { place, group }: ApplicationFacts,
  reader: ReaderSpec,
  other: ReaderSpec,
  { cluster }: Context,
  otherPlace: Place,
): void {
  const policies = cluster.configs.map((config) => config['group.consumer.migration.policy'])
  const policy = policies.find((each) => each === 'disabled' || each === 'downgrade')
  if (policy === undefined) return
  const [newer, older] = speaksConsumer(reader) ? [reader, other] : [other, reader]
  const message = `\`${older.name}\` and \`${newer.name}\` are one group, \`${group}\`, by two protocols: with \`group.consumer.migration.policy: ${policy}\` brokers refuse \`${newer.name}\` while \`${older.name}\` is there, with GROUP_ID_NOT_FOUND`
  place.get('config').warning('TWICESHY_CONFIG_SURPRISE', message, 'write `bidirectional` or `upgrade`', otherPlace)
}

function sameTopics(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((topic) => b.includes(topic))
}

/** A group that is new here has no position: where it begins is for `auto.offset.reset` to say. */
function checkReset(reader: ReaderSpec, workers: Workers, context: Context): void {
  const place = context.applications.get(reader.name)?.place
  const key = 'share' in reader ? 'share.auto.offset.reset' : 'auto.offset.reset'
  const reset = reader.config[key]
  if (place === undefined || positionsItself(place)) return
  if (reset === 'earliest' || reset.startsWith(BY_DURATION)) return
  const written = place.get('config').get(key)
  if (written.report.covers(pathText(written.path))) return
  const at = written.written ? written : place.has('config') ? place.get('config') : place
  if (reset === 'none') {
    const message = `\`${reader.name}\` has no position at its start, so with \`auto.offset.reset: none\` its first poll fails`
    at.warning('TWICESHY_CONFIG_SURPRISE', message, 'write `earliest` or `latest`')
    return
  }
  const writer = earlyWriter(reader, workers, context)
  if (writer === null) return
  const why = written.written ? '' : ', which is the default,'
  const message = `\`${reader.name}\` skips what \`${writer.name}\` writes before it has its first position: \`${key}: latest\`${why} begins at the end`
  const help = `write \`${key}: earliest\`, or let it start well before`
  at.warning('TWICESHY_CONFIG_SURPRISE', message, help, writer)
}

/** A script that seeks says itself where it begins; one that never polls has no position at all. */
function positionsItself(place: Place): boolean {
  const steps = place.get('steps').items()
  return steps.length > 0 && (steps.some((step) => step.has('seek')) || !steps.some((step) => step.has('poll')))
}

/** Where an application is that writes to what a reader reads, before the reader can have a position there. */
function earlyWriter(reader: ReaderSpec, workers: Workers, context: Context): Place | null {
  const positionUs = reader.startUs + joinUs(reader, context)
  const read = (to: readonly string[]): boolean => to.some((topic) => reader.from.includes(topic))
  const producer = workers.producers.find((each) => firstSendUs(each, reader) <= positionUs)
  const processor = workers.processors.find(
    (each) => read(each.to) && each.startUs + joinUs(each, context) <= positionUs,
  )
  const name = producer?.name ?? processor?.name
  return name === undefined ? null : (context.applications.get(name)?.place.atKey() ?? null)
}

/** A new group hands nothing out before `group.initial.rebalance.delay.ms`. */
function joinUs(reader: ReaderSpec, { cluster }: Context): number {
  // Nobody waits for others where brokers assign.
  if (reader.assign !== null || 'share' in reader || speaksConsumer(reader)) return 0
  return ms(Math.min(...cluster.configs.map((config) => config['group.initial.rebalance.delay.ms'])))
}

/** When a producer sends its first record to something that a reader reads; never when that cannot be told. */
function firstSendUs({ workload, to, startUs }: ProducerSpec, reader: ReaderSpec): number {
  if (workload.kind === 'send') {
    return workload.records > 0 && to.some((topic) => reader.from.includes(topic)) ? startUs : Number.POSITIVE_INFINITY
  }
  let at = startUs
  for (const step of workload.steps) {
    if (step.do === 'send' && reader.from.includes(step.to)) return at
    if (step.do === 'wait') at += leastUs(step.for)
    if (step.do === 'wait-moment' || step.do === 'close') break
  }
  return Number.POSITIVE_INFINITY
}
