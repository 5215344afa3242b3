import { momentOfKind } from '../../history/catalogue.ts'
import { tpOf } from '../../history/ids.ts'
import { type MomentObserver, Recorder } from '../../history/recorder.ts'
import { MOMENTS } from '../../history/catalogue.ts'
import type { Hasher } from '../../host.ts'
import { Kernel } from '../../kernel/kernel.ts'
import type { NodeHandler, SystemHandler } from '../../kernel/node.ts'
import { constant, type Spread } from '../../kernel/spread.ts'
import type { Envelope } from '../../network/envelope.ts'
import { Links } from '../../network/links.ts'
import { ARRIVAL, Network } from '../../network/network.ts'
import { Env } from '../env.ts'
import { Api, BROKER_VERSIONS } from '../protocol/api.ts'
import type { RecordBatch } from '../protocol/batch.ts'
import { PRODUCER_CONFIG, type ProducerConfig } from '../protocol/config/producer.ts'
import { Errors } from '../protocol/errors.ts'
import type {
  MetadataRequest,
  MetadataResponse,
  PartitionProduceResponse,
  ProduceRequest,
} from '../protocol/messages.ts'

/** Hashes nothing: these tests look at moments. */
class NullHasher implements Hasher {
  update(): void {}
  copy(): Hasher {
    return new NullHasher()
  }
  digest(): string {
    return ''
  }
}

export function producerConfig(overrides: Partial<ProducerConfig> = {}): ProducerConfig {
  const defaults = Object.fromEntries(
    Object.entries(PRODUCER_CONFIG).map(([name, definition]) => [name, definition.default]),
  )
  return { ...(defaults as unknown as ProducerConfig), 'transactional.id': '', ...overrides }
}

export interface Seen {
  readonly name: string
  readonly time: number
  readonly node: number
  readonly fields: readonly number[]
}

/** What a fake broker does with one Produce request. */
export type Reaction =
  /** Appends, then answers. */
  | 'ok'
  /** Appends; the answer is never sent. */
  | 'append-silent'
  /** Appends nothing, answers nothing. */
  | 'silent'
  /** Appends, then the connection is reset. */
  | 'append-reset'
  | 'reset'
  /** Answers with an error, without or after appending. */
  | { readonly error: number; readonly appended?: boolean; readonly leader?: number; readonly onlyPartition?: number }

export interface FakeTopic {
  readonly name: string
  readonly topicId: number
  readonly partitions: number
}

/** Leaders, logs and reactions shared by the fake brokers. */
export class FakeCluster implements SystemHandler {
  readonly kernel: Kernel
  readonly recorder: Recorder
  readonly network: Network
  readonly seen: Seen[] = []
  readonly logs: Map<number, RecordBatch[]> = new Map()
  readonly leaders: Map<number, { leader: number; epoch: number }> = new Map()
  topics: readonly FakeTopic[]
  readonly brokers: readonly number[]
  /** Node of the only client. */
  readonly client: number
  /** Every Produce request that reached a broker. */
  readonly produces: { readonly broker: number; readonly time: number; readonly request: ProduceRequest }[] = []
  metadataRequests = 0
  /** Reaction to the nth Produce request (from 0). */
  react: (n: number, request: ProduceRequest, broker: number) => Reaction = () => 'ok'
  /** Reaction to the nth InitProducerId request: error code. */
  initError: (n: number) => number = () => 0
  /** Epoch that the next InitProducerId is answered with. */
  producerEpoch = 0
  /** Log start that answers to Produce tell. */
  logStartOffset = 0
  answerMetadata = true
  /** Answers requests to coordinators; null = the request is none of its business. */
  coordinate: (envelope: Envelope, env: Env) => object | 'silent' | 'reset' | null = () => null
  /** `transaction.version` of the cluster. */
  transactionVersion = 0
  /** Whether metadata tells of any topic. */
  knowsTopics = true
  /** Whether sequences are looked at. */
  deduplicate = true
  alarm: (what: number) => void = () => {}
  private nextProducerId = 1000
  private inits = 0

  constructor(
    options: {
      brokers?: number
      topics?: readonly FakeTopic[]
      latency?: Spread
      seed?: string
      boring?: boolean
    } = {},
  ) {
    const count = options.brokers ?? 1
    this.topics = options.topics ?? [{ name: 'orders', topicId: 1, partitions: 1 }]
    this.kernel = new Kernel({
      seed: options.seed ?? '1',
      hasher: new NullHasher(),
      queue: 'wheel',
      bases: options.boring === true ? { jitter: 'boring', choice: 'boring' } : {},
    })
    this.recorder = new Recorder(this.kernel)
    const nodes = count + 2
    this.network = new Network(this.kernel, this.recorder, new Links(nodes, options.latency ?? constant(1000)), true)
    this.kernel.system = this
    this.kernel.addNode('controller-1')
    const brokers: number[] = []
    for (let i = 1; i <= count; i++) brokers.push(this.kernel.addNode(`broker-${i}`))
    this.client = this.kernel.addNode('checkout#0')
    this.brokers = brokers
    for (const topic of this.topics) {
      for (let p = 0; p < topic.partitions; p++) {
        this.leaders.set(tpOf(topic.topicId, p), { leader: brokers[p % count] as number, epoch: 0 })
      }
    }
    const observer: MomentObserver = {
      kinds: MOMENTS.map((moment) => moment.kind),
      onMoment: (kind, time, node, ...fields) => {
        this.seen.push({ name: momentOfKind(kind)?.name ?? '', time, node, fields })
      },
    }
    this.recorder.observe(observer)
    for (const broker of brokers) this.startBroker(broker)
  }

  startBroker(node: number): void {
    this.kernel.start(node, new FakeBroker(this.env(node), this))
  }

  crashBroker(node: number): void {
    this.kernel.kill(node)
    this.network.nodeDied(node, false)
  }

  env(node: number): Env {
    return new Env(node, this.kernel, this.network, this.recorder)
  }

  startClient(handler: NodeHandler): void {
    this.kernel.start(this.client, handler)
  }

  /** Calls {@link alarm} at a time. */
  at(us: number, what: number): void {
    this.kernel.schedule(us - this.kernel.now, 0, 0, 99, what, 0, null, what, 0)
  }

  /** Runs up to a time, or until nothing is left to happen. */
  runUntil(us: number): void {
    this.at(us, -1)
    this.kernel.run(1_000_000)
  }

  onSystemEvent(kind: number, a: number, b: number, payload: unknown): void {
    if (kind === ARRIVAL) this.network.onArrival(a, b, payload)
    else if (a === -1) this.kernel.stop()
    else this.alarm(a)
  }

  /** Moments of a name. */
  of(name: string): readonly Seen[] {
    return this.seen.filter((moment) => moment.name === name)
  }

  log(tp: number): RecordBatch[] {
    const log = this.logs.get(tp) ?? []
    this.logs.set(tp, log)
    return log
  }

  /** Ordinals of the records in a partition's log. */
  ordinals(partition = 0, topicId = 1): readonly number[] {
    return this.log(tpOf(topicId, partition)).flatMap((batch) => batch.records.map((record) => record.record & 0xfffff))
  }

  setLeader(partition: number, leader: number, topicId = 1): void {
    const state = this.leaders.get(tpOf(topicId, partition))
    if (state === undefined) return
    state.leader = leader
    state.epoch++
  }

  /** Every topic is deleted and made again under its name, with another id, led by the same brokers in epoch 0. */
  makeAgain(topicId: number): void {
    this.topics = this.topics.map((topic) => {
      for (let p = 0; p < topic.partitions; p++) {
        const { leader } = this.leaders.get(tpOf(topic.topicId, p)) ?? { leader: -1 }
        this.leaders.set(tpOf(topicId, p), { leader, epoch: 0 })
      }
      return { ...topic, topicId }
    })
  }

  newProducerId(): { errorCode: number; producerId: number; producerEpoch: number } {
    const errorCode = this.initError(this.inits++)
    return errorCode === 0
      ? { errorCode, producerId: this.nextProducerId++, producerEpoch: this.producerEpoch }
      : { errorCode, producerId: -1, producerEpoch: -1 }
  }

  metadata(request: MetadataRequest): MetadataResponse {
    this.metadataRequests++
    const topics = this.topics.filter((topic) => request.topics === null || request.topics.includes(topic.name))
    return {
      brokers: this.brokers,
      topics: topics.map((topic) => ({
        errorCode: this.knowsTopics ? 0 : Errors.UNKNOWN_TOPIC_OR_PARTITION,
        name: topic.name,
        topicId: topic.topicId,
        partitions: Array.from({ length: this.knowsTopics ? topic.partitions : 0 }, (_, partitionIndex) => {
          const { leader, epoch } = this.leaders.get(tpOf(topic.topicId, partitionIndex)) ?? { leader: -1, epoch: 0 }
          const errorCode = leader < 0 ? Errors.LEADER_NOT_AVAILABLE : 0
          return {
            errorCode,
            partitionIndex,
            leaderId: leader,
            leaderEpoch: epoch,
            replicaNodes: this.brokers,
            isrNodes: this.brokers,
          }
        }),
      })),
    }
  }

  /** Appends as a leader does; sequences as in rules 1, 3, 6 and 7 of the broker's validation. */
  append(tp: number, batch: RecordBatch): { errorCode: number; baseOffset: number } {
    const log = this.log(tp)
    if (this.deduplicate && batch.producerId >= 0) {
      const mine = log.filter((other) => other.producerId === batch.producerId)
      const last = mine[mine.length - 1]
      if (last !== undefined) {
        const duplicate = mine
          .slice(-5)
          .find((other) => other.producerEpoch === batch.producerEpoch && other.baseSequence === batch.baseSequence)
        if (duplicate !== undefined) return { errorCode: 0, baseOffset: offsetOf(log, duplicate) }
        if (batch.producerEpoch < last.producerEpoch)
          return { errorCode: Errors.INVALID_PRODUCER_EPOCH, baseOffset: -1 }
        const expected = batch.producerEpoch > last.producerEpoch ? 0 : last.baseSequence + last.records.length
        if (batch.baseSequence !== expected) return { errorCode: Errors.OUT_OF_ORDER_SEQUENCE_NUMBER, baseOffset: -1 }
      }
    }
    const baseOffset = log.reduce((sum, other) => sum + other.records.length, 0)
    log.push(batch)
    return { errorCode: 0, baseOffset }
  }
}

function offsetOf(log: readonly RecordBatch[], batch: RecordBatch): number {
  let offset = 0
  for (const other of log) {
    if (other === batch) return offset
    offset += other.records.length
  }
  return -1
}

class FakeBroker implements NodeHandler {
  private readonly env: Env
  private readonly cluster: FakeCluster
  /** Connections on which an answer was withheld: answers come in order, so none may follow. */
  private readonly silent: Set<number> = new Set()

  constructor(env: Env, cluster: FakeCluster) {
    this.env = env
    this.cluster = cluster
  }

  onMessage(message: unknown): void {
    const envelope = message as Envelope
    const coordinated = this.cluster.coordinate(envelope, this.env)
    if (coordinated !== null) {
      if (typeof coordinated === 'object') this.reply(envelope, coordinated)
      else this.withhold(envelope, coordinated === 'reset')
      return
    }
    switch (envelope.api) {
      case Api.ApiVersions:
        this.reply(envelope, { errorCode: 0, apiKeys: versions, finalizedFeatures: this.features() })
        break
      case Api.Metadata:
        if (!this.cluster.answerMetadata) this.silent.add(envelope.connection)
        this.reply(envelope, this.cluster.metadata(envelope.body as MetadataRequest))
        break
      case Api.InitProducerId:
        this.reply(envelope, this.cluster.newProducerId())
        break
      case Api.Produce:
        this.onProduce(envelope, envelope.body as ProduceRequest)
        break
    }
  }

  private onProduce(envelope: Envelope, request: ProduceRequest): void {
    const { cluster, env } = this
    const n = cluster.produces.length
    cluster.produces.push({ broker: env.node, time: env.monotonic(), request })
    const reaction = cluster.react(n, request, env.node)
    const partitionResponses = request.partitionData.map(({ topicId, index, records }): PartitionProduceResponse => {
      const tp = tpOf(topicId, index)
      const { leader, epoch } = cluster.leaders.get(tp) ?? { leader: -1, epoch: -1 }
      const answer = (errorCode: number, baseOffset: number, hint = -1): PartitionProduceResponse => ({
        topicId,
        index,
        errorCode,
        baseOffset,
        logStartOffset: cluster.logStartOffset,
        currentLeader: { leaderId: hint, leaderEpoch: hint < 0 ? -1 : epoch },
      })
      if (reaction === 'silent' || reaction === 'reset') return answer(0, -1)
      if (typeof reaction === 'object' && (reaction.onlyPartition ?? index) === index) {
        if (reaction.appended === true) cluster.append(tp, records)
        return answer(reaction.error, -1, reaction.leader ?? -1)
      }
      if (leader !== env.node) return answer(Errors.NOT_LEADER_OR_FOLLOWER, -1)
      const { errorCode, baseOffset } = cluster.append(tp, records)
      return answer(errorCode, baseOffset)
    })
    // Both ends learn of a reset on its way; until then no later answer may overtake the one that is missing.
    if (reaction !== 'ok' && typeof reaction === 'string') this.silent.add(envelope.connection)
    if (reaction === 'append-reset' || reaction === 'reset') cluster.network.disconnect(envelope.source, env.node)
    else if (request.acks !== 0) this.reply(envelope, { partitionResponses })
  }

  private features(): readonly object[] {
    return [{ name: 'transaction.version', maxVersionLevel: this.cluster.transactionVersion }]
  }

  private withhold(envelope: Envelope, reset: boolean): void {
    this.silent.add(envelope.connection)
    if (reset) this.cluster.network.disconnect(envelope.source, this.env.node)
  }

  private reply(envelope: Envelope, body: object): void {
    if (!this.silent.has(envelope.connection)) this.env.reply(envelope, body)
  }

  onStart(): void {}
  onSignal(): void {}
  onTimer(): void {}
  onDisk(): void {}
  waiting(): readonly string[] {
    return []
  }
}

const versions: readonly object[] = Object.entries(BROKER_VERSIONS).map(([api, { min, max }]) => ({
  apiKey: Number(api),
  minVersion: min,
  maxVersion: max,
}))
