import { ConnectSinkProcess } from './application/connect-sink-process.ts'
import { ConsumerProcess, type ConsumerProcessStep, ConsumerScript } from './application/consumer-process.ts'
import type { ConsumerStep, StreamsRules } from './application/applications.ts'
import type { OwnCode } from './application/handler-work.ts'
import { HandlingProcess } from './application/handling-process.ts'
import { HandlingSink } from './application/handling-sink.ts'
import type { OwnCodeHost } from './application/process-host.ts'
import { ProcessorJournal } from './application/processor-journal.ts'
import { ProcessorProcess } from './application/processor-process.ts'
import type { ReaderProcessOptions } from './application/reader-options.ts'
import { RecordValues } from './application/record-values.ts'
import { ShareProcess } from './application/share-process.ts'
import { SinkProcess, type SinkProcessOptions } from './application/sink-process.ts'
import type { StreamsProcessOptions } from './application/streams/streams-options.ts'
import { StreamsProcess } from './application/streams/streams-process.ts'
import { TwoPhaseSink, type TwoPhaseSinkOptions } from './application/two-phase/two-phase-sink.ts'
import type { TwoPhaseJournal } from './application/two-phase/two-phase-output.ts'
import { StoreProcess } from './application/store-process.ts'
import { type StoreData, storeData, storeService } from './application/stores.ts'
import { tpOf } from './history/ids.ts'
import type { UserCode } from './host.ts'
import type { ProducerTopic } from './kafka/client/producer-owner.ts'
import type { ControllerView } from './kafka/controller/view.ts'
import type { Env } from './kafka/env.ts'
import type { ConsumerConfig } from './kafka/protocol/config/consumer.ts'
import type { ProducerConfig } from './kafka/protocol/config/producer.ts'
import { clientProfile } from './kafka/protocol/profile.ts'
import { instanceId } from './instance-ids.ts'
import { type NodeLayout, topicIdNamed } from './layout.ts'
import { partitionCount } from './partition-count.ts'
import type { ReaderSpec, StoreSpec, WorldSpec } from './spec.ts'
import { Disk } from './storage/disk.ts'

/** Builds the processes of reading applications and of stores from what survives them. */
export class ReaderNodes {
  /** Data of the stores, by node. */
  readonly stores: Map<number, StoreData> = new Map()
  /** State directories of Kafka Streams, by node. */
  readonly stateDirs: Map<number, Disk> = new Map()
  private readonly scripts: Map<number, ConsumerScript> = new Map()
  private readonly journals: Map<number, ProcessorJournal> = new Map()
  private readonly twoPhaseJournals: Map<number, TwoPhaseJournal> = new Map()
  private readonly spec: WorldSpec
  private readonly layout: readonly NodeLayout[]
  private readonly view: ControllerView
  private readonly seed: string
  private readonly tellSteps: boolean
  private readonly host: OwnCodeHost
  private readonly own: OwnCode | null
  private readonly values: RecordValues

  constructor(
    spec: WorldSpec,
    layout: readonly NodeLayout[],
    view: ControllerView,
    seed: string,
    tellSteps: boolean,
    host: OwnCodeHost,
    code: UserCode | null,
  ) {
    this.spec = spec
    this.layout = layout
    this.view = view
    this.seed = seed
    this.tellSteps = tellSteps
    this.host = host
    this.values = new RecordValues(layout.map(({ name }) => name))
    this.own = code === null ? null : { code, values: this.values }
    layout.forEach((node, number) => {
      if (node.role === 'store') {
        const { kind, rows } = this.storeSpec(node)
        this.stores.set(number, storeData(kind, rows))
      }
      if (node.role === 'processor') {
        this.journals.set(number, new ProcessorJournal())
        if (named(spec.processors, node).streams?.changelog !== undefined) this.stateDirs.set(number, new Disk())
      }
      const steps = node.role === 'consumer' ? named(spec.consumers, node).steps : null
      if (steps !== null) this.scripts.set(number, new ConsumerScript(steps.map((step) => this.step(step))))
    })
  }

  consumer(env: Env, incarnation: number): ConsumerProcess | HandlingProcess | ShareProcess {
    const { node } = env
    const spec = named(this.spec.consumers, this.at(node))
    const commit = ({ auto: 'auto', 'before-processing': 'before', 'after-processing': 'after' } as const)[spec.commit]
    if (spec.share !== undefined) {
      const memberId = `${this.at(node).name}-${incarnation}`
      const options = { ...this.options(node, spec, incarnation, commit), outcomes: spec.share, memberId }
      return new ShareProcess(env, options, this.host)
    }
    if (spec.handler !== undefined) {
      const own = { code: spec.handler, instance: this.instance(node), incarnation }
      const options = { ...this.options(node, spec, incarnation, commit), ...own }
      return new HandlingProcess(env, options, this.host, this.ownCode())
    }
    const script = this.scripts.get(node) ?? null
    // A script commits where it says so.
    const options = this.options(node, spec, incarnation, script === null ? commit : 'auto')
    return new ConsumerProcess(env, options, script, this.host)
  }

  processor(env: Env, incarnation: number): ProcessorProcess | StreamsProcess {
    const { node } = env
    const spec = named(this.spec.processors, this.at(node))
    const commit = (
      {
        auto: 'auto',
        'before-output': 'before',
        'after-output': 'after',
        'in-transaction': 'elsewhere',
        'two-phase': 'elsewhere',
      } as const
    )[spec.commit]
    const to = spec.to.map((name) => this.topic(name))
    const { transform, transactions, streams } = spec
    const producerConfig = this.filledProducer(spec.producerConfig, node, incarnation)
    const checkpoints = this.layout.findIndex(({ role, name }) => role === 'store' && name === spec.checkpoints)
    const own = { to, checkpoints, transform, transactions, producerConfig, instance: this.instance(node), incarnation }
    const options = { ...this.options(node, spec, incarnation, commit), ...own }
    const journal = this.journals.get(node) as ProcessorJournal
    return streams === undefined
      ? new ProcessorProcess(env, options, journal, this.host, this.own)
      : new StreamsProcess(env, { ...options, streams, state: this.stateOf(node, streams) }, journal, this.host)
  }

  /** Number of an instance, from 0. */
  private instance(node: number): number {
    return Number(this.at(node).name.split('#')[1] ?? 0)
  }

  private ownCode(): OwnCode {
    if (this.own === null) throw new Error("a world with handlers needs the port to the user's code")
    return this.own
  }

  private stateOf(node: number, { changelog }: StreamsRules): StreamsProcessOptions['state'] {
    const disk = this.stateDirs.get(node)
    if (changelog === undefined || disk === undefined) return null
    return { changelog: this.topic(changelog), disk, values: this.values }
  }

  private topic(name: string): ProducerTopic {
    const topicId = topicIdNamed(this.spec, name)
    return { name, topicId, partitions: partitionCount(this.spec, this.view, topicId) }
  }

  sink(env: Env, incarnation: number): SinkProcess | TwoPhaseSink {
    const { node } = env
    const spec = named(this.spec.sinks, this.at(node))
    const commit = (
      {
        auto: 'auto',
        'before-output': 'before',
        'after-output': 'after',
        'with-output': 'elsewhere',
        'two-phase': 'after',
      } as const
    )[spec.commit]
    const store = this.layout.findIndex(({ role, name }) => role === 'store' && name === spec.into)
    const { write, fence, deduplicate, idempotencyKey, rename, connect } = spec
    const withOutput = spec.commit === 'with-output'
    const options = { store, write, fence, withOutput, deduplicate, idempotencyKey, rename, connect }
    const common = { ...this.options(node, spec, incarnation, connect === null ? commit : 'after'), ...options }
    if (spec.twoPhase !== undefined) return this.twoPhaseSink(env, { ...common, twoPhase: spec.twoPhase })
    if (spec.handler !== undefined) {
      const own = { code: spec.handler, into: spec.into, instance: this.instance(node), incarnation }
      return new HandlingSink(env, { ...common, ...own }, this.host, this.ownCode())
    }
    return connect === null
      ? new SinkProcess(env, common, this.host)
      : new ConnectSinkProcess(env, common, connect, this.host)
  }

  private twoPhaseSink(env: Env, options: SinkProcessOptions & Pick<TwoPhaseSinkOptions, 'twoPhase'>): TwoPhaseSink {
    const { write } = options
    if (write === 'file' || write === 'call') throw new RangeError('only a database commits in two phases')
    const journal = this.twoPhaseJournals.get(env.node) ?? { transactions: 0 }
    this.twoPhaseJournals.set(env.node, journal)
    return new TwoPhaseSink(env, { ...options, write }, journal, this.host)
  }

  store(env: Env): StoreProcess {
    const { latency } = this.storeSpec(this.at(env.node))
    const service = storeService(env, this.stores.get(env.node) as StoreData)
    return new StoreProcess(env, latency, service, this.host)
  }

  private storeSpec({ name }: NodeLayout): StoreSpec {
    const spec = this.spec.stores.find((store) => store.name === name)
    if (spec === undefined) throw new RangeError(`there is no store ${name}`)
    return spec
  }

  private options(
    node: number,
    spec: ReaderSpec,
    incarnation: number,
    commit: ReaderProcessOptions['commit'],
  ): ReaderProcessOptions {
    return {
      name: spec.name,
      node,
      topics: this.spec.topics.map(({ name }, index) => ({ name, topicId: index + 1 })),
      subscribe: spec.from.map((name) => topicIdNamed(this.spec, name)),
      assign: spec.assign?.map(({ topic, partition }) => tpOf(topicIdNamed(this.spec, topic), partition)) ?? null,
      process: spec.process,
      commit,
      commitEvery: spec.commitEvery,
      commitCall: spec.commitCall,
      handling: spec.handling,
      config: this.filled(spec.config, node, incarnation),
      profile: clientProfile(spec.profile),
      bootstrap: this.spec.cluster.brokers.map((_, index) => index + 1),
      startUs: spec.startUs,
      stopUs: spec.stopUs,
      tellSteps: this.tellSteps,
    }
  }

  /** `${instance}`, `${incarnation}` and `${random}` in ids. */
  private filled(config: ConsumerConfig, node: number, incarnation: number): ConsumerConfig {
    const { name } = this.at(node)
    const fill = (id: string): string => instanceId(id, name, incarnation, this.seed)
    return { ...config, 'group.id': fill(config['group.id']), 'group.instance.id': fill(config['group.instance.id']) }
  }

  private filledProducer(config: ProducerConfig, node: number, incarnation: number): ProducerConfig {
    const id = instanceId(config['transactional.id'], this.at(node).name, incarnation, this.seed)
    return { ...config, 'transactional.id': id }
  }

  private step(step: ConsumerStep): ConsumerProcessStep {
    const tp = (at: { readonly topic: string; readonly partition: number }): number =>
      tpOf(topicIdNamed(this.spec, at.topic), at.partition)
    switch (step.do) {
      case 'seek':
        return { do: 'seek', tp: tp(step), offset: step.offset }
      case 'commit':
        return { do: 'commit', offsets: step.offsets?.map((at) => ({ tp: tp(at), offset: at.offset })) ?? null }
      case 'pause':
      case 'resume':
        return { do: step.do, tps: step.partitions?.map(tp) ?? null }
      case 'wakeup':
      case 'poll':
      case 'wait':
      case 'wait-moment':
      case 'close':
        return step
    }
  }

  private at(node: number): NodeLayout {
    return this.layout[node] as NodeLayout
  }
}

function named<T extends { readonly name: string }>(specs: readonly T[], node: NodeLayout): T {
  const spec = specs.find(({ name }) => name === node.application)
  if (spec === undefined) throw new RangeError(`there is no application ${node.application}`)
  return spec
}
