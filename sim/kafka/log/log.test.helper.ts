import { MOMENTS, momentOfKind } from '../../history/catalogue.ts'
import { tpOf } from '../../history/ids.ts'
import { type MomentObserver, Recorder } from '../../history/recorder.ts'
import type { Hasher } from '../../host.ts'
import { Kernel } from '../../kernel/kernel.ts'
import type { NodeHandler } from '../../kernel/node.ts'
import { SURVIVORS, type Site, TORN } from '../../kernel/site.ts'
import { Links } from '../../network/links.ts'
import { Network } from '../../network/network.ts'
import type { Decider } from '../../storage/decider.ts'
import { Disk } from '../../storage/disk.ts'
import { Env } from '../env.ts'
import {
  type EndTransactionMarker,
  type KafkaRecord,
  type LogEntry,
  markerBatch,
  type RecordBatch,
} from '../protocol/batch.ts'
import { BROKER_CONFIG, type BrokerConfig } from '../protocol/config/broker.ts'
import { type ConfigTable, NEVER } from '../protocol/config/definition.ts'
import type { TopicConfig } from '../protocol/config/topic.ts'
import { type CleanerSwitches, CURRENT_CLEANER } from './log-cleaner.ts'
import { LogManager } from './log-manager.ts'
import type { PartitionLog } from './partition-log.ts'
import { CURRENT_SWITCHES, type ProducerSwitches } from './producer-state.ts'

/** Tests of the log: one broker with a disk that dies and comes back. */

export const TP: number = tpOf(1, 0)
export const TOPIC: TopicConfig = {
  'cleanup.policy': 'delete',
  'delete.retention.ms': 86_400_000,
  'flush.messages': NEVER,
  'flush.ms': NEVER,
  'max.message.bytes': 1_048_588,
  'min.cleanable.dirty.ratio': 0.5,
  'min.compaction.lag.ms': 0,
  'min.insync.replicas': 1,
  'retention.bytes': -1,
  'retention.ms': 604_800_000,
  'segment.bytes': 1_073_741_824,
  'segment.ms': 604_800_000,
  'unclean.leader.election.enable': false,
}
export const NO_HASH: Hasher = { update: () => {}, copy: () => NO_HASH, digest: () => '' }
const NODE = 1

export function brokerConfig(changes: Partial<BrokerConfig> = {}): BrokerConfig {
  const table: ConfigTable = BROKER_CONFIG
  const defaults = Object.fromEntries(Object.entries(table).map(([name, { default: value }]) => [name, value]))
  return { ...(defaults as unknown as BrokerConfig), ...changes }
}

export interface BatchOptions {
  readonly count?: number
  readonly producerId?: number
  readonly epoch?: number
  readonly sequence?: number
  readonly size?: number
  /** Milliseconds. */
  readonly timestamp?: number
  readonly transactional?: boolean
}

let batches = 0

/** A batch of one record without producer id unless told otherwise. */
export function batch(options: BatchOptions = {}): RecordBatch {
  const {
    count = 1,
    producerId = -1,
    epoch = producerId < 0 ? -1 : 0,
    sequence = -1,
    size = 100,
    timestamp = 0,
    transactional = false,
  } = options
  const records: KafkaRecord[] = Array.from({ length: count }, (_, n) => ({
    record: n,
    attempt: 0,
    key: null,
    size: 10,
    timestamp,
  }))
  return {
    id: ++batches,
    producerId,
    producerEpoch: epoch,
    baseSequence: sequence,
    isTransactional: transactional,
    marker: null,
    records,
    size,
    maxTimestamp: timestamp,
  }
}

/** A marker of producer 7 as a coordinator of epoch 0 writes it unless told otherwise. */
export function marker(
  type: EndTransactionMarker['type'],
  options: {
    readonly producerId?: number
    readonly epoch?: number
    readonly coordinatorEpoch?: number
    readonly timestamp?: number
  } = {},
): RecordBatch {
  const { producerId = 7, epoch = 0, coordinatorEpoch = 0, timestamp = 0 } = options
  return markerBatch(++batches, producerId, epoch, { type, coordinatorEpoch }, timestamp)
}

/** Answers `survivors` and `torn` as told. */
export function deciding(survivors: number, torn: number): Decider {
  return {
    decide(site: Site, bound: number): number {
      if (site === SURVIVORS) return Math.min(survivors, bound - 1)
      if (site === TORN) return torn
      throw new Error(`unexpected decision ${site.name}`)
    },
  }
}

/** A broker that consists of its logs. */
class LogsOnly implements NodeHandler {
  readonly logs: LogManager
  readonly topic: TopicConfig
  constructor(logs: LogManager, topic: TopicConfig) {
    this.logs = logs
    this.topic = topic
  }
  topicConfig(): TopicConfig {
    return this.topic
  }
  onStart(): void {
    this.logs.load(this)
  }
  onTimer(kind: number, a: number, b: number): void {
    if (!this.logs.onTimer(kind, a, b)) throw new Error(`nobody knows timer ${kind}`)
  }
  onMessage(): void {}
  onSignal(): void {}
  onDisk(): void {}
  waiting(): readonly string[] {
    return []
  }
}

/** Collects moments as texts such as `log.flushed offset=3`. */
class Witness implements MomentObserver {
  readonly kinds: readonly number[] = MOMENTS.map((moment) => moment.kind)
  seen: string[] = []
  onMoment(kind: number, _time: number, _node: number, ...integers: readonly number[]): void {
    const fields = momentOfKind(kind)?.fields ?? []
    const texts = fields.flatMap((field, index) => (field.type === 'tp' ? [] : [`${field.name}=${integers[index]}`]))
    this.seen.push([momentOfKind(kind)?.name, ...texts].join(' '))
  }
}

export class LogWorld {
  readonly kernel: Kernel = new Kernel({ seed: 'log', hasher: NO_HASH })
  readonly disk: Disk = new Disk()
  readonly env: Env
  manager: LogManager
  private readonly witness: Witness = new Witness()
  private readonly config: BrokerConfig
  private readonly topic: TopicConfig
  private readonly switches: ProducerSwitches
  private readonly cleaner: CleanerSwitches

  constructor(
    topic: Partial<TopicConfig> = {},
    config: Partial<BrokerConfig> = {},
    switches: ProducerSwitches = CURRENT_SWITCHES,
    cleaner: CleanerSwitches = CURRENT_CLEANER,
  ) {
    this.switches = switches
    this.cleaner = cleaner
    this.topic = { ...TOPIC, ...topic }
    this.config = brokerConfig(config)
    const recorder = new Recorder(this.kernel)
    recorder.observe(this.witness)
    const network = new Network(this.kernel, recorder, new Links(2, { kind: 'constant', us: 0 }), true)
    this.env = new Env(NODE, this.kernel, network, recorder)
    this.kernel.addNode('controller-1')
    this.kernel.addNode('broker-1')
    this.manager = this.startBroker()
  }

  /** The log of {@link TP}. */
  get log(): PartitionLog {
    return this.logOf(TP)
  }

  logOf(tp: number): PartitionLog {
    return this.manager.getOrCreate(tp, this.topic)
  }

  /** Everything in the log. */
  content(log: PartitionLog = this.log): readonly LogEntry[] {
    return log.allEntries()
  }

  /** Moments since the last call. */
  moments(): readonly string[] {
    const { seen } = this.witness
    this.witness.seen = []
    return seen
  }

  /** Lets time pass, in microseconds. */
  pass(us: number): void {
    const until = this.kernel.now + us
    this.kernel.system ??= { onSystemEvent: () => this.kernel.stop() }
    this.kernel.schedule(us, 0, 0, 0, 0, 0, null, 0, 1)
    while (this.kernel.now < until) this.kernel.run(Number.MAX_SAFE_INTEGER)
  }

  crash(): this {
    this.kernel.kill(NODE)
    return this
  }

  losePower(survivors: number, torn = 0): this {
    this.kernel.kill(NODE)
    this.disk.losePower(deciding(survivors, torn))
    return this
  }

  stopCleanly(brokerEpoch: number): this {
    this.manager.cleanShutdown(brokerEpoch)
    this.kernel.kill(NODE)
    return this
  }

  restart(): PartitionLog {
    this.restartBroker()
    return this.log
  }

  /** As {@link restart}, where there may be no log. */
  restartBroker(): void {
    this.moments()
    this.manager = this.startBroker()
  }

  private startBroker(): LogManager {
    const manager = new LogManager(this.env, this.disk, this.config, this.switches, null, this.cleaner)
    this.kernel.start(NODE, new LogsOnly(manager, this.topic))
    return manager
  }
}

/** Appends as leader and expects success. */
export function append(log: PartitionLog, options: BatchOptions = {}, epoch = 0): RecordBatch {
  const made = batch(options)
  const { errorCode } = log.appendAsLeader(made, epoch)
  if (errorCode !== 0) throw new Error(`append answered ${errorCode}`)
  return made
}
