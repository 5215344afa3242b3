import { MOMENTS, momentOfKind } from '../../../history/catalogue.ts'
import { recordOf, tpOf } from '../../../history/ids.ts'
import { Recorder } from '../../../history/recorder.ts'
import type { Hasher } from '../../../host.ts'
import { Kernel } from '../../../kernel/kernel.ts'
import type { NodeHandler, SystemHandler } from '../../../kernel/node.ts'
import { constant, type Spread } from '../../../kernel/spread.ts'
import { MILLISECOND } from '../../../kernel/time.ts'
import type { Envelope } from '../../../network/envelope.ts'
import { Links } from '../../../network/links.ts'
import { ARRIVAL, Network } from '../../../network/network.ts'
import { Env } from '../../env.ts'
import { Api, BROKER_VERSIONS } from '../../protocol/api.ts'
import type { KafkaRecord, LogEntry } from '../../protocol/batch.ts'
import { CONSUMER_CONFIG, type ConsumerConfig } from '../../protocol/config/consumer.ts'
import { Errors } from '../../protocol/errors.ts'
import {
  EARLIEST_TIMESTAMP,
  type HeartbeatRequest,
  type JoinGroupRequest,
  type LeaveGroupRequest,
  type ListOffsetsRequest,
  type OffsetCommitRequest,
  type OffsetFetchRequest,
  type OffsetForLeaderEpochRequest,
  type SyncGroupRequest,
} from '../../protocol/group-messages.ts'
import {
  type FetchPartition,
  type FetchPartitionResponse,
  type FetchRequest,
  type MetadataRequest,
  NO_LEADER_HINT,
} from '../../protocol/messages.ts'
import { FakeGroup, type Replier } from './fake-group.test.support.ts'

class NullHasher implements Hasher {
  update(): void {}
  copy(): Hasher {
    return new NullHasher()
  }
  digest(): string {
    return ''
  }
}

export function consumerConfig(overrides: Partial<ConsumerConfig> = {}): ConsumerConfig {
  const defaults = Object.fromEntries(
    Object.entries(CONSUMER_CONFIG).map(([name, definition]) => [name, definition.default]),
  )
  const texts = {
    'client.rack': '',
    'group.id': 'billing',
    'group.instance.id': '',
    'group.protocol': 'classic' as const,
    'group.remote.assignor': '',
    'partition.assignment.strategy': 'range, cooperative-sticky',
  }
  return { ...(defaults as unknown as ConsumerConfig), ...texts, 'auto.offset.reset': 'earliest', ...overrides }
}

export interface Seen {
  readonly name: string
  readonly time: number
  readonly node: number
  readonly fields: readonly number[]
}

/** What a fake broker does with a request instead of answering it as it should. */
export type Trouble =
  | 'ok'
  /** Does what is asked; the answer and all later ones on the connection are never sent. */
  | 'silent'
  /** Does nothing and resets the connection. */
  | 'reset'
  /** Does what is asked, then resets the connection instead of answering. */
  | 'act-reset'
  /** Answers with an error and does nothing. */
  | { readonly error: number; readonly leader?: number }

class FakeLog {
  readonly entries: LogEntry[] = []
  readonly epochs: { readonly epoch: number; readonly start: number }[] = []
  leader: number
  epoch = 0
  start = 0
  end = 0

  constructor(leader: number) {
    this.leader = leader
  }

  /** `OffsetForLeaderEpoch`: the largest epoch up to the one asked for, and where it ends. */
  endOf(epoch: number): { readonly leaderEpoch: number; readonly endOffset: number } {
    const at = this.epochs.findLastIndex((each) => each.epoch <= epoch)
    const found = this.epochs[at]
    if (found === undefined) return { leaderEpoch: -1, endOffset: -1 }
    return { leaderEpoch: found.epoch, endOffset: this.epochs[at + 1]?.start ?? this.end }
  }
}

/** Fake brokers with logs and one group, on the real kernel and network. Brokers are nodes 1.., consumers follow. */
export class FakeBrokers implements SystemHandler {
  readonly kernel: Kernel
  readonly recorder: Recorder
  readonly network: Network
  readonly seen: Seen[] = []
  readonly group: FakeGroup = new FakeGroup()
  readonly logs: Map<number, FakeLog> = new Map()
  readonly brokers: readonly number[]
  readonly consumers: readonly number[]
  readonly topics: { readonly name: string; readonly topicId: number; partitions: number }[]
  /** Every request that reached a broker, by api. */
  readonly requests: { readonly api: number; readonly time: number; readonly broker: number; readonly body: object }[] =
    []
  /** Members that are silent for so long expire; 0 = never. */
  expiryUs = 0
  readonly counts: Map<number, number> = new Map()
  coordinator = 1
  /** Leaders send readers there (KIP-392), where {@link readReplicaError} is answered unless it is 0; -1 = nowhere. */
  readReplica = -1
  readReplicaError = 0
  /** Called with the api, how many requests of it came before, and the broker. */
  trouble: (api: number, n: number, broker: number) => Trouble = () => 'ok'
  alarm: (what: number) => void = () => {}
  private records = 0

  constructor(
    options: {
      readonly brokers?: number
      readonly consumers?: number
      readonly topics?: readonly { readonly name: string; readonly topicId: number; readonly partitions: number }[]
      readonly latency?: Spread
      readonly seed?: string
    } = {},
  ) {
    const { brokers = 1, consumers = 1, topics = [{ name: 'orders', topicId: 1, partitions: 1 }] } = options
    this.topics = topics.map((topic) => ({ ...topic }))
    this.kernel = new Kernel({ seed: options.seed ?? '1', hasher: new NullHasher(), queue: 'wheel' })
    this.recorder = new Recorder(this.kernel)
    const nodes = 1 + brokers + consumers
    this.network = new Network(this.kernel, this.recorder, new Links(nodes, options.latency ?? constant(1000)), true)
    this.kernel.system = this
    this.kernel.addNode('controller-1')
    this.brokers = Array.from({ length: brokers }, (_, n) => this.kernel.addNode(`broker-${n + 1}`))
    this.consumers = Array.from({ length: consumers }, (_, n) => this.kernel.addNode(`billing#${n}`))
    for (const { topicId, partitions } of topics) {
      for (let p = 0; p < partitions; p++) this.logs.set(tpOf(topicId, p), new FakeLog(1 + (p % brokers)))
    }
    this.recorder.observe({
      kinds: MOMENTS.map((moment) => moment.kind),
      onMoment: (kind, time, node, ...fields) => {
        this.seen.push({ name: momentOfKind(kind)?.name ?? '', time, node, fields })
      },
    })
    for (const broker of this.brokers) this.startBroker(broker)
  }

  startBroker(node: number): void {
    this.kernel.start(node, new FakeBroker(this.env(node), this))
  }

  crash(node: number): void {
    this.kernel.kill(node)
    this.network.nodeDied(node, false)
  }

  env(node: number): Env {
    return new Env(node, this.kernel, this.network, this.recorder)
  }

  at(us: number, what: number): void {
    this.kernel.schedule(us - this.kernel.now, 0, 0, 99, what, 0, null, what, 0)
  }

  /** Runs up to a time in milliseconds, or until nothing is left to happen. */
  runUntil(milliseconds: number): void {
    this.at(milliseconds * MILLISECOND, -1)
    this.kernel.run(3_000_000)
  }

  onSystemEvent(kind: number, a: number, b: number, payload: unknown): void {
    if (kind === ARRIVAL) this.network.onArrival(a, b, payload)
    else if (a === -1) this.kernel.stop()
    else this.alarm(a)
  }

  of(name: string): readonly Seen[] {
    return this.seen.filter((moment) => moment.name === name)
  }

  /** Requests of an api that reached brokers. */
  asked(api: number): readonly { readonly time: number; readonly broker: number; readonly body: object }[] {
    return this.requests.filter((request) => request.api === api)
  }

  log(tp: number): FakeLog {
    const log = this.logs.get(tp)
    if (log === undefined) throw new Error(`no partition ${tp}`)
    return log
  }

  /** Appends a batch of records of 100 bytes. */
  append(tp: number, count: number): void {
    const log = this.log(tp)
    const records = Array.from({ length: count }, (): KafkaRecord => ({
      record: recordOf(0, this.records++),
      attempt: 0,
      key: null,
      size: 100,
      timestamp: 0,
    }))
    const batch = {
      id: log.entries.length,
      producerId: -1,
      producerEpoch: -1,
      baseSequence: -1,
      isTransactional: false,
      marker: null,
      records,
      size: 61 + 107 * count,
      maxTimestamp: 0,
    }
    if (log.epochs.at(-1)?.epoch !== log.epoch) log.epochs.push({ epoch: log.epoch, start: log.end })
    log.entries.push({ baseOffset: log.end, lastOffset: log.end + count - 1, leaderEpoch: log.epoch, batch })
    log.end += count
  }

  /** A new leader, which may have less of the log. */
  elect(tp: number, leader: number, keep: number = Number.MAX_SAFE_INTEGER): void {
    const log = this.log(tp)
    log.leader = leader
    log.epoch++
    while ((log.entries.at(-1)?.lastOffset ?? -1) >= keep) log.entries.pop()
    log.end = Math.max(log.start, (log.entries.at(-1)?.lastOffset ?? log.start - 1) + 1)
    while ((log.epochs.at(-1)?.start ?? -1) > log.end) log.epochs.pop()
    log.epochs.push({ epoch: log.epoch, start: log.end })
  }
}

interface Parked {
  readonly envelope: Envelope
  readonly deadline: number
}

class FakeBroker implements NodeHandler, Replier {
  private readonly env: Env
  private readonly cluster: FakeBrokers
  /** Connections on which an answer was withheld: answers come in order, so none may follow. */
  private readonly mute: Set<number> = new Set()
  /** A connection's requests are worked off one by one: what waits behind the one that is not answered yet. */
  private readonly queues: Map<number, Envelope[]> = new Map()
  private parked: Parked[] = []
  private isExpiring = false
  private isWatching = false

  constructor(env: Env, cluster: FakeBrokers) {
    this.env = env
    this.cluster = cluster
  }

  onMessage(message: unknown): void {
    const envelope = message as Envelope
    const queue = this.queues.get(envelope.connection)
    if (queue !== undefined) {
      queue.push(envelope)
      return
    }
    this.queues.set(envelope.connection, [])
    this.handle(envelope)
  }

  private handle(envelope: Envelope): void {
    const { api, body } = envelope
    const { cluster, env } = this
    if (api === Api.ApiVersions) {
      this.reply(envelope, { errorCode: 0, apiKeys: versions, finalizedFeatures: [] })
      return
    }
    const before = cluster.counts.get(api) ?? 0
    cluster.counts.set(api, before + 1)
    const trouble = cluster.trouble(api, before, env.node)
    cluster.requests.push({ api, time: env.monotonic(), broker: env.node, body })
    if (trouble === 'silent' || trouble === 'act-reset') this.mute.add(envelope.connection)
    if (trouble === 'reset') {
      cluster.network.disconnect(envelope.source, env.node)
      return
    }
    this.act(envelope, typeof trouble === 'object' ? trouble.error : 0, typeof trouble === 'object' ? trouble : {})
    if (trouble === 'act-reset') cluster.network.disconnect(envelope.source, env.node)
  }

  reply(to: Envelope, body: object): void {
    if (!this.mute.has(to.connection)) this.env.reply(to, body)
    const next = this.queues.get(to.connection)?.shift()
    if (next === undefined) this.queues.delete(to.connection)
    else this.handle(next)
  }

  private act(envelope: Envelope, error: number, hint: { readonly leader?: number }): void {
    const { cluster } = this
    const { group } = cluster
    const { body } = envelope
    group.now = this.env.monotonic()
    if (envelope.api === Api.JoinGroup && cluster.expiryUs > 0 && !this.isExpiring) {
      this.isExpiring = true
      this.env.setTimer(2, cluster.expiryUs)
    }
    switch (envelope.api) {
      case Api.Metadata:
        this.onMetadata(envelope, body as MetadataRequest)
        break
      case Api.Fetch:
        this.onFetch(envelope, body as FetchRequest, error, hint.leader ?? -1)
        break
      case Api.ListOffsets:
        this.onListOffsets(envelope, body as ListOffsetsRequest, error)
        break
      case Api.OffsetForLeaderEpoch:
        this.onEpochs(envelope, body as OffsetForLeaderEpochRequest, error)
        break
      case Api.FindCoordinator:
        this.reply(envelope, { errorCode: error, nodeId: error === 0 ? cluster.coordinator : -1 })
        break
      case Api.JoinGroup:
        if (this.notCoordinator(error) === 0) group.onJoin(this, envelope, body as JoinGroupRequest)
        else this.reply(envelope, joinError(this.notCoordinator(error)))
        break
      case Api.SyncGroup:
        if (this.notCoordinator(error) === 0) group.onSync(this, envelope, body as SyncGroupRequest)
        else this.reply(envelope, { errorCode: this.notCoordinator(error), assignment: [] })
        break
      case Api.Heartbeat:
        this.reply(envelope, { errorCode: this.notCoordinator(error) || group.heartbeat(body as HeartbeatRequest) })
        break
      case Api.LeaveGroup:
        group.onLeave(body as LeaveGroupRequest)
        this.reply(envelope, { errorCode: 0 })
        break
      case Api.OffsetCommit:
        this.onCommit(envelope, body as OffsetCommitRequest, error)
        break
      case Api.OffsetFetch:
        this.onOffsetFetch(envelope, body as OffsetFetchRequest, error)
        break
    }
  }

  private notCoordinator(error: number): number {
    return error !== 0 ? error : this.cluster.coordinator === this.env.node ? 0 : Errors.NOT_COORDINATOR
  }

  private onMetadata(envelope: Envelope, request: MetadataRequest): void {
    const { cluster } = this
    const topics = cluster.topics.filter((topic) => request.topics?.includes(topic.name) ?? true)
    this.reply(envelope, {
      brokers: cluster.brokers,
      topics: topics.map(({ name, topicId, partitions }) => ({
        errorCode: 0,
        name,
        topicId,
        partitions: Array.from({ length: partitions }, (_, partitionIndex) => {
          const { leader, epoch } = cluster.log(tpOf(topicId, partitionIndex))
          const errorCode = leader < 0 ? Errors.LEADER_NOT_AVAILABLE : 0
          return {
            errorCode,
            partitionIndex,
            leaderId: leader,
            leaderEpoch: epoch,
            replicaNodes: cluster.brokers,
            isrNodes: [],
          }
        }),
      })),
    })
  }

  private onFetch(envelope: Envelope, request: FetchRequest, error: number, leader: number): void {
    const responses = request.partitions.map((asked) => this.read(asked, error, leader))
    const isNews = responses.some(isWorthAnAnswer)
    if (isNews || request.maxWaitMs === 0) {
      this.reply(envelope, { responses })
      return
    }
    this.parked.push({ envelope, deadline: this.env.monotonic() + request.maxWaitMs * MILLISECOND })
    this.watch()
  }

  /** Looks again soon whether parked fetches can be answered. */
  private watch(): void {
    if (this.isWatching || this.parked.length === 0) return
    this.isWatching = true
    this.env.setTimer(1, 5 * MILLISECOND)
  }

  private read(asked: FetchPartition, error: number, hint: number): FetchPartitionResponse {
    const log = this.cluster.log(tpOf(asked.topicId, asked.partition))
    const errorCode = error !== 0 ? error : this.fetchError(asked, log)
    const { readReplica } = this.cluster
    const redirects = errorCode === 0 && readReplica >= 0 && log.leader === this.env.node && readReplica !== log.leader
    const first =
      errorCode === 0 && !redirects ? log.entries.findIndex((entry) => entry.lastOffset >= asked.fetchOffset) : -1
    const records: LogEntry[] = []
    let bytes = 0
    for (let at = first; at >= 0 && at < log.entries.length; at++) {
      const entry = log.entries[at] as LogEntry
      bytes += entry.batch.size
      if (records.length > 0 && bytes > asked.partitionMaxBytes) break
      records.push(entry)
    }
    const currentLeader = hint >= 0 ? { leaderId: hint, leaderEpoch: log.epoch } : NO_LEADER_HINT
    return {
      topicId: asked.topicId,
      partitionIndex: asked.partition,
      errorCode,
      highWatermark: log.end,
      lastStableOffset: log.end,
      logStartOffset: log.start,
      abortedTransactions: null,
      divergingEpoch: null,
      currentLeader,
      ...(redirects && { preferredReadReplica: readReplica }),
      records,
    }
  }

  private fetchError({ fetchOffset, currentLeaderEpoch }: FetchPartition, log: FakeLog): number {
    const { readReplica, readReplicaError } = this.cluster
    const isFollower = log.leader !== this.env.node && readReplica === this.env.node
    if (isFollower && readReplicaError !== 0) return readReplicaError
    if (log.leader !== this.env.node && !isFollower) return Errors.NOT_LEADER_OR_FOLLOWER
    if (currentLeaderEpoch >= 0 && currentLeaderEpoch < log.epoch) return Errors.FENCED_LEADER_EPOCH
    return fetchOffset > log.end || fetchOffset < log.start ? Errors.OFFSET_OUT_OF_RANGE : 0
  }

  private onListOffsets(envelope: Envelope, request: ListOffsetsRequest, error: number): void {
    this.reply(envelope, {
      partitions: request.partitions.map(({ topicId, partition, timestamp }) => {
        const log = this.cluster.log(tpOf(topicId, partition))
        const errorCode = error !== 0 ? error : log.leader === this.env.node ? 0 : Errors.NOT_LEADER_OR_FOLLOWER
        const offset = errorCode !== 0 ? -1 : timestamp === EARLIEST_TIMESTAMP ? log.start : log.end
        return { topicId, partition, errorCode, offset, leaderEpoch: errorCode === 0 ? log.epoch : -1 }
      }),
    })
  }

  private onEpochs(envelope: Envelope, request: OffsetForLeaderEpochRequest, error: number): void {
    this.reply(envelope, {
      partitions: request.partitions.map(({ topicId, partition, leaderEpoch }) => {
        const log = this.cluster.log(tpOf(topicId, partition))
        const errorCode = error !== 0 ? error : log.leader === this.env.node ? 0 : Errors.NOT_LEADER_OR_FOLLOWER
        const found = errorCode === 0 ? log.endOf(leaderEpoch) : { leaderEpoch: -1, endOffset: -1 }
        return { topicId, partition, errorCode, ...found }
      }),
    })
  }

  private onCommit(envelope: Envelope, request: OffsetCommitRequest, error: number): void {
    const errorCode = this.notCoordinator(error) || this.cluster.group.commit(request)
    this.reply(envelope, {
      partitions: request.partitions.map(({ topicId, partition }) => ({ topicId, partition, errorCode })),
    })
  }

  private onOffsetFetch(envelope: Envelope, request: OffsetFetchRequest, error: number): void {
    const errorCode = this.notCoordinator(error)
    const partitions = (request.partitions ?? []).map(({ topicId, partition }) => {
      const found = this.cluster.group.offsets.get(tpOf(topicId, partition))
      return {
        topicId,
        partition,
        committedOffset: found?.offset ?? -1,
        committedLeaderEpoch: found?.epoch ?? -1,
        errorCode: 0,
      }
    })
    this.reply(envelope, { errorCode, partitions: errorCode === 0 ? partitions : [] })
  }

  onTimer(kind: number): void {
    const now = this.env.monotonic()
    if (kind === 2) {
      this.cluster.group.now = now
      this.cluster.group.expire(this.cluster.expiryUs)
      this.isExpiring = this.cluster.group.members.size > 0
      if (this.isExpiring) this.env.setTimer(2, this.cluster.expiryUs)
      return
    }
    const waiting = this.parked
    this.parked = []
    this.isWatching = false
    for (const { envelope, deadline } of waiting) {
      const request = envelope.body as FetchRequest
      const responses = request.partitions.map((asked) => this.read(asked, 0, -1))
      const isNews = responses.some(isWorthAnAnswer)
      if (isNews || now >= deadline) this.reply(envelope, { responses })
      else this.parked.push({ envelope, deadline })
    }
    this.watch()
  }

  onStart(): void {}
  onSignal(): void {}
  onDisk(): void {}
  waiting(): readonly string[] {
    return []
  }
}

function isWorthAnAnswer({ errorCode, records, preferredReadReplica }: FetchPartitionResponse): boolean {
  return errorCode !== 0 || records.length > 0 || preferredReadReplica !== undefined
}

function joinError(errorCode: number): object {
  return { errorCode, generationId: -1, protocolName: '', leader: '', skipAssignment: false, memberId: '', members: [] }
}

const versions: readonly object[] = Object.entries(BROKER_VERSIONS).map(([api, { min, max }]) => ({
  apiKey: Number(api),
  minVersion: min,
  maxVersion: max,
}))
