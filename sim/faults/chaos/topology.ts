import { samplerOf } from '../../kernel/sampler.ts'
import type { Spread } from '../../kernel/spread.ts'
import { ms } from '../../kernel/time.ts'
import type { ProducerConfig } from '../../kafka/protocol/config/producer.ts'
import { instanceId } from '../../instance-ids.ts'
import { storeApiOf } from '../../application/store-api.ts'
import type { ApiName, StoreApiName } from '../../kafka/protocol/api.ts'
import { sessionTimeoutMs, speaksConsumerProtocol } from '../../sessions.ts'
import type { ClusterSpec, ProducerSpec, ReaderSpec, WorldSpec } from '../../spec.ts'
import { nodesOf } from '../../layout.ts'

export interface PartitionName {
  readonly topic: string
  readonly partition: number
}

/** A consumer group: the instances of all applications that are in it. */
export interface GroupOfReaders {
  /** `group.id`; '' = a reader that is in no group. */
  readonly group: string
  readonly members: readonly string[]
  /** Longest session of its members: whoever is silent for longer is out. */
  readonly sessionUs: number
}

/** What the chaos generator knows of a world: who is there, which time-outs rule, and when work goes on. */
export interface Topology {
  /** Brokers and controllers may fail; a perfect cluster's never do. */
  readonly mortal: boolean
  readonly brokers: readonly string[]
  readonly controllers: readonly string[]
  /** All instances of all applications; stores are none. */
  readonly clients: readonly string[]
  /** Everything that reads, by group. */
  readonly groups: readonly GroupOfReaders[]
  /** The instances of all that read, and their applications. */
  readonly readers: readonly string[]
  readonly readingApplications: readonly string[]
  /** What members ask their coordinators for, besides commits. */
  readonly membershipApis: readonly ApiName[]
  readonly stores: readonly string[]
  /** Instances that write into a store. */
  readonly storeClients: readonly string[]
  /** Instances that write in transactions. */
  readonly transactional: readonly string[]
  /** Their transactional ids, as far as they are known before the run. */
  readonly transactionalIds: readonly string[]
  /** Whether somebody sends offsets in transactions. */
  readonly offsetsInTransactions: boolean
  /** Longest `transaction.timeout.ms`; 0 = nobody writes in transactions. */
  readonly transactionUs: number
  /** The requests that change what stores show. */
  readonly storeApis: readonly StoreApiName[]
  /** Partitions that are written to. */
  readonly partitions: readonly PartitionName[]
  /** Replicas of each partition, by its topic. */
  readonly replicas: Readonly<Record<string, number>>
  /** Records that all producers together want to send. */
  readonly records: number
  /** From the first application's start to the last one's end, about. */
  readonly workFromUs: number
  readonly workToUs: number
  /** When the first that reads can have something to read; the same as `workFromUs` when nothing reads. */
  readonly readFromUs: number
  readonly runUs: number
  /** `broker.session.timeout.ms` */
  readonly sessionUs: number
  /** `replica.lag.time.max.ms` */
  readonly lagUs: number
  /** Longest session of any group's members; 0 = there are none. */
  readonly memberSessionUs: number
  /** Shortest `request.timeout.ms` of the clients. */
  readonly requestTimeoutUs: number
  /**
   * Smallest min ISR of any partition, as far as its replicas go: the partitions with groups' offsets count too, by the
   * brokers' own min ISR. A world without partitions has nothing to lose.
   */
  readonly minIsr: number
  /** Smallest replication factor of any topic. */
  readonly minReplicas: number
  /** Whether it is simulated what a corrupt batch does to everybody here: share groups, counts and sources are not asked yet. */
  readonly corruptible: boolean
}

export function topologyOf(spec: WorldSpec): Topology {
  const nodes = nodesOf(spec)
  const named = (role: string): readonly string[] => nodes.filter((node) => node.role === role).map((node) => node.name)
  const written = spec.topics.filter(
    (topic) =>
      spec.producers.some((producer) => writesTo(producer, topic.name)) ||
      spec.processors.some((processor) => processor.to.includes(topic.name)),
  )
  const works = spec.producers.map((producer) => workOf(producer, spec.run.forUs))
  const readers: readonly ReaderSpec[] = [...spec.consumers, ...spec.processors, ...spec.sinks]
  const transactional = transactionalOf(spec)
  const internal = [
    ...(readers.some(isInGroup) ? [offsetsTopic(spec.cluster)] : []),
    ...(transactional.length > 0 ? [transactionTopic(spec.cluster)] : []),
  ]
  const published = works.reduce((sum, work) => sum + work.records, 0)
  const delayUs = ms(Math.max(0, ...spec.cluster.brokers.map((config) => config['group.initial.rebalance.delay.ms'])))
  for (const reader of readers) works.push(workOfReader(reader, published, works, spec.run.forUs, delayUs))
  const workFromUs = Math.min(spec.run.forUs, ...works.map((work) => work.fromUs))
  return {
    mortal: !spec.cluster.perfect,
    brokers: named('broker'),
    controllers: named('controller'),
    clients: nodes.flatMap((node) => (node.application === null ? [] : [node.name])),
    groups: groupsOf(readers, spec.cluster),
    readers: readers.flatMap(instancesOf),
    readingApplications: readers.map(({ name }) => name),
    membershipApis: membershipApis(readers),
    stores: named('store'),
    storeClients: spec.sinks.flatMap(instancesOf),
    transactional: transactional.flatMap(instancesOf),
    transactionalIds: transactional.flatMap(idsOf),
    offsetsInTransactions: spec.processors.some(({ commit }) => commit === 'in-transaction'),
    transactionUs: ms(Math.max(0, ...transactional.map(({ config }) => config['transaction.timeout.ms']))),
    storeApis: [...new Set(spec.sinks.map(({ write }) => storeApiOf(write)))],
    partitions: written.flatMap((topic) =>
      Array.from({ length: topic.partitions }, (_, partition) => ({ topic: topic.name, partition })),
    ),
    replicas: Object.fromEntries(written.map((topic) => [topic.name, topic.replicationFactor])),
    records: published,
    workFromUs,
    workToUs: Math.max(workFromUs + 1, ...works.map((work) => work.toUs)),
    readFromUs: Math.min(
      spec.run.forUs,
      readers.length === 0 ? workFromUs : Math.min(...readers.map((reader) => readsFromUs(reader, delayUs))),
    ),
    runUs: spec.run.forUs,
    sessionUs: ms(spec.cluster.controllerConfig['broker.session.timeout.ms']),
    lagUs: ms(Math.min(...spec.cluster.brokers.map((config) => config['replica.lag.time.max.ms']))),
    memberSessionUs: Math.max(
      0,
      ...groupsOf(readers.filter(isInGroup), spec.cluster).map(({ sessionUs }) => sessionUs),
    ),
    requestTimeoutUs: ms(
      Math.min(30_000, ...[...spec.producers, ...readers].map(({ config }) => config['request.timeout.ms'])),
    ),
    minIsr: Math.min(
      spec.cluster.brokers.length,
      ...[...spec.topics, ...internal].map((topic) =>
        Math.min(topic.config['min.insync.replicas'], topic.replicationFactor),
      ),
    ),
    minReplicas: Math.min(
      spec.cluster.brokers.length,
      ...[...spec.topics, ...internal].map((topic) => topic.replicationFactor),
    ),
    corruptible:
      spec.consumers.every(({ share }) => share === undefined) &&
      spec.processors.every(({ transform }) => transform.kind !== 'count-by-key') &&
      spec.producers.every(({ source }) => source === undefined),
  }
}

function writesTo(producer: ProducerSpec, topic: string): boolean {
  const { workload } = producer
  return workload.kind === 'send'
    ? producer.to.includes(topic)
    : workload.steps.some((step) => step.do === 'send' && step.to === topic)
}

interface Work {
  readonly fromUs: number
  readonly toUs: number
  readonly records: number
}

function workOf(producer: ProducerSpec, runUs: number): Work {
  const { workload, instances, startUs, stopUs } = producer
  const end = Math.min(runUs, stopUs ?? runUs)
  if (workload.kind === 'send') {
    const length = workload.records * typicalUs(workload.every)
    return { fromUs: startUs, toUs: Math.min(end, startUs + length), records: workload.records * instances }
  }
  let length = 0
  let records = 0
  for (const step of workload.steps) {
    if (step.do === 'wait') length += typicalUs(step.for)
    // How long a moment lets wait for itself is not known: a script that waits for one may take the whole run.
    else if (step.do === 'wait-moment') length = runUs
    else if (step.do === 'send') records++
  }
  return { fromUs: startUs, toUs: Math.min(end, startUs + length), records: records * instances }
}

/** What groups' offsets are kept in, as the controller makes it. */
function offsetsTopic({ brokers, controllerConfig }: WorldSpec['cluster']): {
  readonly replicationFactor: number
  readonly config: { readonly 'min.insync.replicas': number }
} {
  return {
    replicationFactor: Math.min(...brokers.map((config) => config['offsets.topic.replication.factor'])),
    config: { 'min.insync.replicas': controllerConfig['min.insync.replicas'] },
  }
}

/** What transactional ids are kept in; it says its own min ISR. */
function transactionTopic({ brokers }: WorldSpec['cluster']): ReturnType<typeof offsetsTopic> {
  const least = (key: 'transaction.state.log.replication.factor' | 'transaction.state.log.min.isr'): number =>
    Math.min(...brokers.map((config) => config[key]))
  return {
    replicationFactor: least('transaction.state.log.replication.factor'),
    config: { 'min.insync.replicas': least('transaction.state.log.min.isr') },
  }
}

/** An application that writes in transactions. */
interface Transactional {
  readonly name: string
  readonly instances: number
  readonly config: ProducerConfig
}

function transactionalOf({ producers, processors }: WorldSpec): readonly Transactional[] {
  const all: readonly Transactional[] = [
    ...producers,
    ...processors.map(({ name, instances, producerConfig }) => ({ name, instances, config: producerConfig })),
  ]
  return all.filter(({ config }) => config['transactional.id'] !== '')
}

/** The ids of its instances; none that only a run can tell. */
function idsOf(application: Transactional): readonly string[] {
  const template = application.config['transactional.id']
  if (/\$\{(?:incarnation|random)\}/.test(template)) return []
  return [...new Set(instancesOf(application).map((name) => instanceId(template, name, 0, '')))]
}

function isInGroup({ config }: ReaderSpec): boolean {
  return config['group.id'] !== ''
}

function instancesOf({ name, instances }: Pick<ReaderSpec, 'name' | 'instances'>): readonly string[] {
  return Array.from({ length: instances }, (_, n) => `${name}#${n}`)
}

/** Groups in the order in which applications name them; each reader without a group stands alone. */
function groupsOf(readers: readonly ReaderSpec[], cluster: ClusterSpec): readonly GroupOfReaders[] {
  const groups: GroupOfReaders[] = []
  for (const reader of readers) {
    const group = reader.config['group.id']
    const at = group === '' ? -1 : groups.findIndex((each) => each.group === group)
    const before = groups[at] ?? { group, members: [], sessionUs: 0 }
    const sessionUs = Math.max(before.sessionUs, ms(sessionTimeoutMs(reader, cluster)))
    groups[at < 0 ? groups.length : at] = { group, members: [...before.members, ...instancesOf(reader)], sessionUs }
  }
  return groups
}

/** By the protocols that are spoken. */
function membershipApis(readers: readonly ReaderSpec[]): readonly ApiName[] {
  const modern = readers.filter(speaksConsumerProtocol).length
  const classic = readers.length > modern || modern === 0
  return [
    ...(classic ? (['Heartbeat', 'JoinGroup', 'SyncGroup'] as const) : []),
    ...(modern > 0 ? (['ConsumerGroupHeartbeat'] as const) : []),
    'OffsetFetch',
  ]
}

/** A new group hands nothing out before its first members have had time to join. */
function readsFromUs(reader: ReaderSpec, delayUs: number): number {
  const isAtOnce = reader.assign !== null || speaksConsumerProtocol(reader)
  return reader.startUs + (isAtOnce ? 0 : delayUs)
}

/** A reader works for as long as those before it, and for at least as long as all records take it. */
function workOfReader(
  reader: ReaderSpec,
  records: number,
  before: readonly Work[],
  runUs: number,
  delayUs: number,
): Work {
  const { startUs, stopUs, instances, process } = reader
  const end = Math.min(runUs, stopUs ?? runUs)
  // A group that grows while it is new waits once more.
  const alone = readsFromUs(reader, 2 * delayUs) + Math.ceil(records / instances) * typicalUs(process)
  return { fromUs: startUs, toUs: Math.min(end, Math.max(alone, ...before.map((work) => work.toUs))), records: 0 }
}

/** The median of a spread. */
function typicalUs(spread: Spread): number {
  const sampler = samplerOf(spread)
  return sampler.length(sampler.bound >> 1)
}
