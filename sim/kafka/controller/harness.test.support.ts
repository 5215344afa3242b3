import { M } from '../../history/catalogue.ts'
import { brokersOf } from '../../history/ids.ts'
import { type MomentObserver, Recorder } from '../../history/recorder.ts'
import type { Hasher } from '../../host.ts'
import { Kernel, SYSTEM_EVENT } from '../../kernel/kernel.ts'
import type { NodeHandler, SystemHandler } from '../../kernel/node.ts'
import { CLOSED, CONNECTED, RESET } from '../../network/connection.ts'
import type { Envelope } from '../../network/envelope.ts'
import { Links } from '../../network/links.ts'
import { ARRIVAL, Network } from '../../network/network.ts'
import { constant } from '../../kernel/spread.ts'
import { SECOND } from '../../kernel/time.ts'
import { Env } from '../env.ts'
import { Api, type ApiKey } from '../protocol/api.ts'
import { BROKER_CONFIG, type BrokerConfig } from '../protocol/config/broker.ts'
import { TOPIC_CONFIG, type TopicConfig } from '../protocol/config/topic.ts'
import type {
  AlterPartitionData,
  AlterPartitionResponse,
  BrokerHeartbeatRequest,
  BrokerHeartbeatResponse,
  BrokerRegistrationResponse,
  MetadataFetchResponse,
} from '../protocol/messages.ts'
import type { FutureEpochs, ReassignmentCompletion } from '../protocol/profile.ts'
import { formCluster } from './cluster-formation.ts'
import { Controller } from './controller.ts'
import { ControllerDisk } from './metadata-log.ts'
import { ControllerView } from './view.ts'

/** Digests nothing: these tests look at moments. */
export class NullHasher implements Hasher {
  update(): void {}
  copy(): Hasher {
    return new NullHasher()
  }
  digest(): string {
    return ''
  }
}

export function brokerConfig(overrides: Partial<BrokerConfig> = {}): BrokerConfig {
  return { ...(defaultsOf(BROKER_CONFIG) as unknown as BrokerConfig), ...overrides }
}

export function topicConfig(overrides: Partial<TopicConfig> = {}): TopicConfig {
  return { ...(defaultsOf(TOPIC_CONFIG) as unknown as TopicConfig), ...overrides }
}

function defaultsOf(table: typeof BROKER_CONFIG): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(table).map(([name, definition]) => [name, definition.default]))
}

/** A broker's hands: it says what it is told to say and keeps what it hears. */
class Probe implements NodeHandler {
  readonly replies: Map<number, object> = new Map()
  readonly ups: Set<number> = new Set()
  readonly ended: Set<number> = new Set()

  onStart(): void {}
  onMessage(message: unknown): void {
    const reply = message as Envelope
    this.replies.set(reply.correlation, reply.body)
  }
  onSignal(kind: number, connection: number): void {
    if (kind === CONNECTED) this.ups.add(connection)
    if (kind === CLOSED || kind === RESET) this.ended.add(connection)
  }
  onTimer(): void {}
  onDisk(): void {}
  waiting(): readonly string[] {
    return []
  }
}

const ALARM = 99

class Wiring implements SystemHandler {
  private readonly kernel: Kernel
  private readonly network: Network

  constructor(kernel: Kernel, network: Network) {
    this.kernel = kernel
    this.network = network
  }

  onSystemEvent(kind: number, a: number, b: number, payload: unknown): void {
    if (kind === ARRIVAL) this.network.onArrival(a, b, payload)
    else this.kernel.stop()
  }
}

/** The moments of the controller in words, with their time in microseconds. */
class Story implements MomentObserver {
  readonly kinds: readonly number[] = [
    M.controllerStarted,
    M.brokerRegistered,
    M.brokerFenced,
    M.brokerUnfenced,
    M.brokerShutdown,
    M.isrChanged,
    M.leaderElected,
    M.replicasAssigned,
  ]
  readonly lines: string[] = []
  readonly times: number[] = []

  onMoment(kind: number, time: number, _node: number, ...fields: readonly number[]): void {
    this.lines.push(wordsFor(kind, fields))
    this.times.push(time)
  }
}

function wordsFor(kind: number, [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0]: readonly number[]): string {
  const partition = `p${a & 0xffff}`
  switch (kind) {
    case M.controllerStarted:
      return `started at ${a}`
    case M.brokerRegistered:
      return `registered ${a} epoch ${b}${c === 1 ? ' clean' : ''}`
    case M.brokerFenced:
      return `fenced ${a}`
    case M.brokerUnfenced:
      return `unfenced ${a}`
    case M.brokerShutdown:
      return `shutdown ${a}`
    case M.isrChanged:
      return `isr ${partition} [${brokersOf(b, c).join()}] elr [${brokersOf(f, g).join()}] le ${e} pe ${d}`
    case M.replicasAssigned:
      return `replicas ${partition} [${brokersOf(b, c).join()}] + [${brokersOf(d, e).join()}] - [${brokersOf(f, g).join()}]`
    default:
      return `leader ${partition} ${b} [${brokersOf(e, f).join()}] le ${c} pe ${d}${g === 1 ? ' unclean' : ''}`
  }
}

export interface BenchOptions {
  readonly brokers?: number
  readonly partitions?: number
  /** As many as brokers unless given. */
  readonly replicas?: number
  readonly completion?: ReassignmentCompletion
  readonly elr?: boolean
  readonly futureEpochs?: FutureEpochs
  readonly eligibleOnly?: boolean
  readonly reservedTopicIds?: number
  readonly topic?: Partial<TopicConfig>
  readonly config?: Partial<BrokerConfig>
}

export const TOPIC_ID = 1

/** A formed cluster with a real controller on the real kernel and network, and probes in place of its brokers. */
export class Bench {
  readonly disk: ControllerDisk = new ControllerDisk()
  readonly view: ControllerView
  readonly network: Network
  readonly kernel: Kernel
  readonly story: Story = new Story()
  controller: Controller
  private readonly recorder: Recorder
  private readonly options: BenchOptions
  private readonly probes: Probe[] = []
  private readonly connections: Map<number, number> = new Map()
  private correlation = 0

  constructor(options: BenchOptions = {}) {
    const count = options.brokers ?? 3
    const brokers = Array.from({ length: count }, (_, index) => index + 1)
    this.options = options
    this.kernel = new Kernel({ seed: 'controller', hasher: new NullHasher() })
    this.recorder = new Recorder(this.kernel)
    this.recorder.observe(this.story)
    this.network = new Network(this.kernel, this.recorder, new Links(count + 1, constant(100)), true)
    this.kernel.system = new Wiring(this.kernel, this.network)
    const { partitions = 1, replicas: replicationFactor = count } = options
    this.disk.append(
      formCluster({
        brokers,
        topics: [{ name: 't', topicId: TOPIC_ID, partitions, replicationFactor, config: topicConfig(options.topic) }],
      }),
    )
    this.view = new ControllerView(this.disk)
    this.kernel.addNode('controller-1')
    this.controller = this.start()
    for (const broker of brokers) {
      const probe = new Probe()
      this.probes[broker] = probe
      this.kernel.addNode(`broker-${broker}`)
      this.kernel.start(broker, probe)
    }
    this.story.lines.length = 0
    this.story.times.length = 0
  }

  private start(): Controller {
    const { config, elr = true, futureEpochs = 'not-controller', eligibleOnly = true } = this.options
    const { reservedTopicIds = 0, completion = 'all-in-sync' } = this.options
    const env = new Env(0, this.kernel, this.network, this.recorder)
    const options = { config: brokerConfig(config), elr, futureEpochs, eligibleOnly, reservedTopicIds, completion }
    const controller = new Controller(env, options, this.disk)
    this.kernel.start(0, controller)
    this.controller = controller
    this.view.setProcess(0, controller)
    return controller
  }

  /** The controller's process dies and begins again from its disk. */
  restart(): void {
    this.kernel.kill(0)
    this.network.nodeDied(0, false)
    this.connections.clear()
    this.start()
  }

  /** Lets simulated time pass. */
  pass(us: number): void {
    this.kernel.schedule(us, SYSTEM_EVENT, 0, ALARM, 0, 0, null, ALARM, 0)
    this.kernel.run(Number.MAX_SAFE_INTEGER)
  }

  /** A new connection of a broker. */
  connect(broker: number): number {
    const connection = this.network.open(broker, 0)
    while (this.probes[broker]?.ups.has(connection) !== true) this.kernel.step()
    return connection
  }

  /** Sends without waiting; the number asks for the reply. */
  send(broker: number, connection: number, api: ApiKey, body: object): number {
    const correlation = ++this.correlation
    new Env(broker, this.kernel, this.network, this.recorder).request(connection, 0, api, 0, correlation, body)
    return correlation
  }

  reply(broker: number, correlation: number): object | undefined {
    return this.probes[broker]?.replies.get(correlation)
  }

  hasEnded(broker: number, connection: number): boolean {
    return this.probes[broker]?.ended.has(connection) === true
  }

  /** Sends on the broker's own connection and waits for the answer. */
  ask(broker: number, api: ApiKey, body: object): object {
    const connection = this.connections.get(broker) ?? this.connect(broker)
    this.connections.set(broker, connection)
    const correlation = this.send(broker, connection, api, body)
    for (;;) {
      const reply = this.reply(broker, correlation)
      if (reply !== undefined) return reply
      if (!this.kernel.step()) throw new Error('nothing happens any more')
    }
  }

  epochOf(broker: number): number {
    let epoch = -1
    for (const record of this.disk.readFrom(0)) {
      if (record.type === 'RegisterBrokerRecord' && record.brokerId === broker) epoch = record.brokerEpoch
    }
    return epoch
  }

  heartbeat(broker: number, wish: Partial<BrokerHeartbeatRequest> = {}): BrokerHeartbeatResponse {
    const body: BrokerHeartbeatRequest = {
      brokerId: broker,
      brokerEpoch: this.epochOf(broker),
      currentMetadataOffset: this.disk.endOffset - 1,
      wantFence: false,
      wantShutDown: false,
      ...wish,
    }
    return this.ask(broker, Api.BrokerHeartbeat, body) as BrokerHeartbeatResponse
  }

  register(broker: number, incarnationId: number, previousBrokerEpoch = -1): BrokerRegistrationResponse {
    const body = { brokerId: broker, incarnationId, previousBrokerEpoch }
    return this.ask(broker, Api.BrokerRegistration, body) as BrokerRegistrationResponse
  }

  alter(
    broker: number,
    isr: readonly number[],
    wish: Partial<AlterPartitionData> = {},
    brokerEpoch?: number,
  ): AlterPartitionResponse {
    const partition = this.partition(wish.partitionIndex ?? 0)
    const data: AlterPartitionData = {
      topicId: TOPIC_ID,
      partitionIndex: 0,
      leaderEpoch: partition.leaderEpoch,
      partitionEpoch: partition.partitionEpoch,
      newIsrWithEpochs: isr.map((brokerId) => ({ brokerId, brokerEpoch: this.epochOf(brokerId) })),
      leaderRecoveryState: 0,
      ...wish,
    }
    const body = { brokerId: broker, brokerEpoch: brokerEpoch ?? this.epochOf(broker), partitions: [data] }
    return this.ask(broker, Api.AlterPartition, body) as AlterPartitionResponse
  }

  fetch(broker: number, fetchOffset: number, maxWaitMs = 0): MetadataFetchResponse {
    return this.ask(broker, Api.Fetch, { replicaId: broker, maxWaitMs, fetchOffset }) as MetadataFetchResponse
  }

  /** Everybody but the named brokers keeps its session for so long. */
  keepAlive(us: number, ...except: readonly number[]): void {
    const end = this.kernel.now + us
    while (this.kernel.now < end) {
      for (let broker = 1; broker < this.probes.length; broker++) if (!except.includes(broker)) this.heartbeat(broker)
      this.pass(Math.min(2 * SECOND, Math.max(1, end - this.kernel.now)))
    }
  }

  /** The epochs of a partition by the log. */
  partition(index: number): { readonly leaderEpoch: number; readonly partitionEpoch: number } {
    let leaderEpoch = 0
    let partitionEpoch = 0
    for (const record of this.disk.readFrom(0)) {
      if (record.type !== 'PartitionChangeRecord' || record.partitionId !== index) continue
      partitionEpoch++
      if (record.leader !== undefined) leaderEpoch++
    }
    return { leaderEpoch, partitionEpoch }
  }

  /** What has happened since the last call. */
  told(): readonly string[] {
    this.story.times.length = 0
    return this.story.lines.splice(0)
  }
}
