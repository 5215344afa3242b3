import { samplerOf } from '../../kernel/sampler.ts'
import type { Spread } from '../../kernel/spread.ts'
import { ms } from '../../kernel/time.ts'
import type { ProducerSpec, ReaderSpec, WorldSpec } from '../../spec.ts'
import { nodesOf } from '../../layout.ts'

export interface PartitionName {
  readonly topic: string
  readonly partition: number
}

/** What the chaos generator knows of a world: who is there, which time-outs rule, and when work goes on. */
export interface Topology {
  /** Brokers and controllers may fail; a perfect cluster's never do. */
  readonly mortal: boolean
  readonly brokers: readonly string[]
  readonly controllers: readonly string[]
  /** All instances of all applications; stores are none. */
  readonly clients: readonly string[]
  /** Partitions that are written to. */
  readonly partitions: readonly PartitionName[]
  /** Records that all producers together want to send. */
  readonly records: number
  /** From the first application's start to the last one's end, about. */
  readonly workFromUs: number
  readonly workToUs: number
  readonly runUs: number
  /** `broker.session.timeout.ms` */
  readonly sessionUs: number
  /** `replica.lag.time.max.ms` */
  readonly lagUs: number
  /** Shortest `request.timeout.ms` of the clients. */
  readonly requestTimeoutUs: number
  /** Smallest min ISR of any partition, as far as its replicas go; a world without partitions has nothing to lose. */
  readonly minIsr: number
  /** Smallest replication factor of any topic. */
  readonly minReplicas: number
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
  const published = works.reduce((sum, work) => sum + work.records, 0)
  for (const reader of readers) works.push(workOfReader(reader, published, works, spec.run.forUs))
  const workFromUs = Math.min(spec.run.forUs, ...works.map((work) => work.fromUs))
  return {
    mortal: !spec.cluster.perfect,
    brokers: named('broker'),
    controllers: named('controller'),
    clients: nodes.flatMap((node) => (node.application === null ? [] : [node.name])),
    partitions: written.flatMap((topic) =>
      Array.from({ length: topic.partitions }, (_, partition) => ({ topic: topic.name, partition })),
    ),
    records: published,
    workFromUs,
    workToUs: Math.max(workFromUs + 1, ...works.map((work) => work.toUs)),
    runUs: spec.run.forUs,
    sessionUs: ms(spec.cluster.controllerConfig['broker.session.timeout.ms']),
    lagUs: ms(Math.min(...spec.cluster.brokers.map((config) => config['replica.lag.time.max.ms']))),
    requestTimeoutUs: ms(
      Math.min(30_000, ...[...spec.producers, ...readers].map(({ config }) => config['request.timeout.ms'])),
    ),
    minIsr: Math.min(
      spec.cluster.brokers.length,
      ...spec.topics.map((topic) => Math.min(topic.config['min.insync.replicas'], topic.replicationFactor)),
    ),
    minReplicas: Math.min(spec.cluster.brokers.length, ...spec.topics.map((topic) => topic.replicationFactor)),
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

/** A reader works for as long as those before it, and for at least as long as all records take it. */
function workOfReader(reader: ReaderSpec, records: number, before: readonly Work[], runUs: number): Work {
  const { startUs, stopUs, instances, process } = reader
  const end = Math.min(runUs, stopUs ?? runUs)
  const alone = startUs + Math.ceil(records / instances) * typicalUs(process)
  return { fromUs: startUs, toUs: Math.min(end, Math.max(alone, ...before.map((work) => work.toUs))), records: 0 }
}

/** The median of a spread. */
function typicalUs(spread: Spread): number {
  const sampler = samplerOf(spread)
  return sampler.length(sampler.bound >> 1)
}
