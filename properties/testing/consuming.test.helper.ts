import { type Guarantee, GUARANTEES, type Stage } from '../../scenarios/format/vocabulary.ts'
import { M } from '../../sim/history/catalogue.ts'
import { recordOf, topicIdOf, tpOf } from '../../sim/history/ids.ts'
import { partitionFor } from '../../sim/kafka/group/partition-for.ts'
import type { BrokerConfig } from '../../sim/kafka/protocol/config/broker.ts'
import type { ConsumerConfig } from '../../sim/kafka/protocol/config/consumer.ts'
import type { TopicConfig } from '../../sim/kafka/protocol/config/topic.ts'
import type { ConsumerSpec, ProcessorSpec, ReaderSpec, SinkSpec, TopicSpec, WorldSpec } from '../../sim/spec.ts'
import type { Court } from '../court.ts'
import { History } from './history.test.helper.ts'

type Expectations = ConstructorParameters<typeof Court>[1]

/** Who reads: `billing` processes orders; `service` makes payments of orders, which `writer` puts into `ledger`. */
export type ReaderName = 'billing' | 'service' | 'writer'

export interface ConsumingOptions {
  readonly readers: readonly ReaderName[]
  /**
   * Whether the service is the user's own code, which puts some records into a retry topic; and where the retrier reads, which writes
   * payments too, or that the service reads that topic itself. Billing reads the payments.
   */
  readonly retries?: 'retry' | 'orders' | 'itself'
  /** Outputs of the service for each record. */
  readonly outputs?: number
  /** Whether the service counts by key instead, with a changelog. */
  readonly counts?: boolean
  readonly fence?: SinkSpec['fence']
  readonly write?: SinkSpec['write']
  /** Another application, `billing-old` with one instance, in the group of billing. */
  readonly twoApplications?: boolean
  readonly elr?: boolean
  /** Another sink, `archiver` with one instance, that upserts into the ledger what the writer inserts there. */
  readonly archiver?: boolean
  /** Settings of every broker, besides those that the helper needs. */
  readonly broker?: Partial<BrokerConfig>
  /** Settings of billing's consumers. */
  readonly consumer?: Partial<ConsumerConfig>
  /** Whether the writer marks in the ledger what is done. */
  readonly deduplicates?: boolean
  /** Whether a handler says what the writer writes. */
  readonly handler?: boolean
  /** Whether `state-equivalence` is judged, too. */
  readonly state?: boolean
  /** Whether billing is a share group. */
  readonly shared?: boolean
  /** Whether orders are compacted. */
  readonly compacted?: boolean
  /** Steps of billing. */
  readonly steps?: ConsumerSpec['steps']
}

export const ORDERS: number = tpOf(1, 0)
export const OTHER_ORDERS: number = tpOf(1, 1)
export const PAYMENTS: number = tpOf(2, 0)
/** Of a service that counts: the changelog of the task that reads {@link ORDERS}. */
export const CHANGELOG: number = tpOf(3, 0)
/** Of a service that has its retries: the topic of these. */
export const RETRY: number = tpOf(3, 0)

const OFFSETS_PARTITIONS = 50

/** Numbers of the groups' texts. */
export const GROUPS: Readonly<Record<ReaderName, number>> = { billing: 40, service: 41, writer: 42 }

/** Guarantees of consuming applications. */
export const CONSUMED: readonly Guarantee[] = [
  'at-most-once',
  'at-least-once',
  'exactly-once',
  'no-ghosts',
  'order-per-key',
  'fencing',
  'offset-safety',
  'single-owner',
  'progress',
]

function topic(name: string, partitions: number, policy: TopicConfig['cleanup.policy'] = 'delete'): TopicSpec {
  const rules = { 'min.insync.replicas': 1, 'unclean.leader.election.enable': false, 'cleanup.policy': policy } as const
  const config = rules as Partial<TopicConfig> as TopicConfig
  return { name, partitions, replicationFactor: 3, config }
}

function reader(name: ReaderName, from: string): ReaderSpec {
  return {
    name,
    from: [from],
    instances: 2,
    startUs: 0,
    stopUs: null,
    process: { kind: 'constant', us: 1000 },
    commitEvery: 'poll',
    commitCall: 'sync',
    handling: { kind: 'in-order' },
    assign: null,
    profile: 'kafka-4.1',
    config: { 'group.id': `${name}-group` } as ConsumerConfig,
  } as unknown as ReaderSpec
}

const OWN_CODE = { kind: 'handler', code: { module: 'own.mjs', entry: 'own' } } as const

function worldOf(options: ConsumingOptions): Partial<WorldSpec> {
  const { readers, outputs = 1, fence = 'none', write = 'insert', steps = null } = options
  const retries = options.retries !== undefined
  const common = reader('billing', retries ? 'payments' : 'orders')
  const config = { ...common.config, ...options.consumer }
  const share = options.shared === true ? { share: { releasePerMille: 0, rejectPerMille: 0 } } : {}
  const billing: ConsumerSpec = { ...common, config, commit: 'after-processing', steps, ...share }
  const service = {
    ...reader('service', 'orders'),
    from: options.retries === 'itself' ? ['orders', 'retry'] : ['orders'],
    to: retries ? ['payments', 'retry'] : ['payments'],
    commit: 'after-output',
    ...(options.counts === true
      ? { transform: { kind: 'count-by-key' }, streams: { changelog: 'changelog' } }
      : { transform: retries ? OWN_CODE : outputs === 1 ? { kind: 'copy' } : { kind: 'fan-out', count: outputs } }),
    producerConfig: { acks: 'all', 'enable.idempotence': true, 'transactional.id': '' },
  } as unknown as ProcessorSpec
  const retrier: ProcessorSpec = {
    ...service,
    name: 'retrier',
    instances: 1,
    from: [options.retries === 'orders' ? 'orders' : 'retry'],
    to: ['payments'],
    config: { 'group.id': 'retrier-group' } as ConsumerConfig,
  }
  const writer: SinkSpec = {
    ...reader('writer', 'payments'),
    into: 'ledger',
    commit: 'after-output',
    write,
    fence,
    deduplicate: options.deduplicates === true ? { windowUs: null, mark: 'with-output' } : null,
    idempotencyKey: null,
    rename: true,
    connect: null,
    ...(options.handler === true ? { handler: { module: '/own.mjs', entry: '' } } : {}),
  }
  const archiver: SinkSpec = {
    ...writer,
    name: 'archiver',
    instances: 1,
    write: 'upsert',
    config: { 'group.id': 'archiver-group' } as ConsumerConfig,
  }
  const broker = { 'offsets.topic.num.partitions': OFFSETS_PARTITIONS, ...options.broker } as BrokerConfig
  return {
    cluster: { perfect: false, brokers: [broker, broker, broker], controllers: 1, controllerConfig: broker },
    topics: [
      topic('orders', 2, options.compacted === true ? 'compact' : 'delete'),
      topic('payments', 1),
      ...(options.counts === true ? [topic('changelog', 2)] : []),
      ...(retries ? [topic('retry', 1)] : []),
    ],
    consumers: !readers.includes('billing')
      ? []
      : options.twoApplications === true
        ? [billing, { ...billing, name: 'billing-old', instances: 1 }]
        : [billing],
    processors: readers.includes('service') ? (hasRetrier(options) ? [service, retrier] : [service]) : [],
    sinks: !readers.includes('writer') ? [] : options.archiver === true ? [writer, archiver] : [writer],
    stores: readers.includes('writer')
      ? [{ name: 'ledger', kind: 'database', latency: { kind: 'constant', us: 0 } } as never]
      : [],
  }
}

function hasRetrier({ retries }: ConsumingOptions): boolean {
  return retries === 'retry' || retries === 'orders'
}

/** Everything that concerns consuming applications, at every stage, with and without subjects. */
function expectations(readers: readonly string[]): Expectations {
  return CONSUMED.flatMap((guarantee) => {
    const { stages, subject: kind } = GUARANTEES.find(({ name }) => name === guarantee) as (typeof GUARANTEES)[number]
    const subjects = kind === 'none' ? [null] : [null, 'checkout', ...readers]
    const at: readonly (Stage | null)[] = stages.length === 0 ? [null] : stages
    return subjects.flatMap((subject) =>
      at.map((stage) => ({ guarantee, stage, subject, expected: 'holds' as const, kinds: [], span: null })),
    )
  })
}

/** What stores show at the end. */
const STATE = {
  guarantee: 'state-equivalence',
  stage: null,
  subject: null,
  expected: 'holds',
  kinds: [],
  span: null,
} as const

export interface PutOptions {
  readonly tp?: number
  readonly key?: number
  readonly acked?: boolean
  readonly node?: number
  readonly batch?: number
}

/**
 * Histories of worlds in which somebody reads. Broker 1 leads everything from the start. Every instance of a reader is a
 * node: `h.billing[1]` is `billing#1`.
 */
export class ConsumingHistory extends History {
  readonly billing: readonly number[]
  readonly oldBilling: number
  readonly service: readonly number[]
  readonly retrier: number
  readonly writer: readonly number[]
  readonly archiver: number
  readonly ledger: number
  /** Next offset by partition. */
  readonly ends: Map<number, number> = new Map()

  constructor(options: ConsumingOptions) {
    super({
      elr: options.elr ?? true,
      world: worldOf(options),
      expect: [
        ...expectations(options.archiver === true ? [...options.readers, 'archiver'] : options.readers),
        ...(options.state === true ? [STATE] : []),
      ],
    })
    let next = this.audit + 1
    const instances = (name: ReaderName): readonly number[] =>
      options.readers.includes(name) ? [next++, next++] : [-1, -1]
    this.billing = instances('billing')
    this.oldBilling = options.twoApplications === true ? next++ : -1
    this.service = instances('service')
    this.retrier = hasRetrier(options) ? next++ : -1
    this.writer = instances('writer')
    this.archiver = options.archiver === true ? next++ : -1
    this.ledger = next
    this.begin(options.counts === true ? [CHANGELOG] : options.retries !== undefined ? [RETRY] : [])
  }

  private begin(others: readonly number[]): void {
    for (let node = 0; node <= this.ledger; node++) this.emit(M.nodeStarted, node, 1)
    for (const tp of [ORDERS, OTHER_ORDERS, PAYMENTS, ...others]) {
      this.emit(M.leaderElected, 0, tp, 1, 0, 0, 0b1110, 0, 0)
      for (const node of this.brokers) this.emit(M.logLoaded, node, tp, 0, 0, 0)
      this.emit(M.leaderBegan, 1, tp, 0, 0, 0).emit(M.isrAdopted, 1, tp, 0b1110, 0, 0, 0)
      for (const node of this.brokers.slice(1)) this.emit(M.followerBegan, node, tp, 1, 0, 0)
    }
  }

  /** Number of record n of a node. */
  record(n: number, node: number = this.checkout): number {
    return recordOf(node, n)
  }

  // --- the log ------------------------------------------------------------------------------------------------------

  /** `send()` alone: nothing is appended. */
  send(n: number, { tp = ORDERS, key = -1, node = this.checkout, batch = n }: PutOptions = {}): this {
    const record = recordOf(node, n)
    this.emit(M.recordSent, node, record, 0, tp, key)
    return this.emit(M.recordBatched, node, record, 0, recordOf(node, batch), 0)
  }

  /** Appends a batch of one record everywhere and commits it; returns its offset. */
  append(batch: number, { tp = ORDERS, node = this.checkout }: PutOptions = {}): number {
    const offset = this.ends.get(tp) ?? 0
    this.ends.set(tp, offset + 1)
    for (const broker of this.brokers)
      this.emit(M.logAppended, broker, tp, offset, offset, 0, recordOf(node, batch), -1, 0xffff, -1)
    for (const broker of this.brokers.slice(1)) this.emit(M.followerFetched, 1, tp, broker, offset + 1, 0)
    this.emit(M.hwAdvanced, 1, tp, offset + 1, 0, 1)
    for (const broker of this.brokers.slice(1)) this.emit(M.hwAdvanced, broker, tp, offset + 1, 0, 0)
    return offset
  }

  ack(n: number, offset: number, { tp = ORDERS, node = this.checkout }: PutOptions = {}): this {
    return this.emit(M.produceAcked, node, recordOf(node, n), 0, tp, offset)
  }

  /** Record n in a batch of its own: sent, appended, committed and acknowledged; returns its offset. */
  put(n: number, options: PutOptions = {}): number {
    this.send(n, options)
    const offset = this.append(options.batch ?? n, options)
    if (options.acked !== false) this.ack(n, offset, options)
    return offset
  }

  // --- reading ------------------------------------------------------------------------------------------------------

  got(node: number, record: number, offset: number, tp: number = ORDERS): this {
    return this.emit(M.recordDelivered, node, record, 0, tp, offset)
  }

  works(node: number, record: number, offset: number, tp: number = ORDERS): this {
    return this.got(node, record, offset, tp).emit(M.workStarted, node, record, tp, offset)
  }

  /** A consumer is done with a record. */
  processed(node: number, record: number, offset: number, tp: number = ORDERS, generation = 1): this {
    return this.emit(M.effectApplied, node, record, tp, offset, 0, -1, -1, generation, node)
  }

  /** Got, worked on, done. */
  handles(node: number, record: number, offset: number, tp: number = ORDERS, generation = 1): this {
    return this.works(node, record, offset, tp).processed(node, record, offset, tp, generation)
  }

  /** The store takes what a sink writes: the archiver, if there is one, upserts. */
  stored(
    record: number,
    offset: number,
    what = 1,
    generation = 1,
    tp: number = PAYMENTS,
    by: number = this.archiver >= 0 && what !== 1 ? this.archiver : (this.writer[0] as number),
  ): this {
    return this.emit(M.effectApplied, this.ledger, record, tp, offset, what, this.ledger, -1, generation, by)
  }

  /** The same under a key, as a store names it. */
  shows(record: number, offset: number, key: number, what: number, generation = 1, tp: number = PAYMENTS): this {
    const by = this.writer[0] as number
    return this.emit(M.effectApplied, this.ledger, record, tp, offset, what, this.ledger, key, generation, by)
  }

  /** The writer's handler is done with a record: it names a key, or leaves the record out. */
  tells(record: number, key: number | null): this {
    const by = this.writer[0] as number
    if (key !== null) this.emit(M.handlerKeyed, by, record, key)
    return this.emit(M.handlerFinished, by, record, key === null ? 0 : 1, 0)
  }

  refused(
    record: number,
    offset: number,
    reason: number,
    tp: number = PAYMENTS,
    by: number = this.writer[0] as number,
  ): this {
    return this.emit(M.effectRefused, this.ledger, record, tp, offset, this.ledger, reason, by)
  }

  /** The service makes record n of its own of one it read, and sends it. */
  derives(node: number, n: number, input: number, index = 0): this {
    this.emit(M.recordDerived, node, recordOf(node, n), input, index)
    return this.send(n, { tp: PAYMENTS, node })
  }

  /** The same, and the record is appended and acknowledged; returns its offset. */
  forwards(node: number, n: number, input: number, index = 0): number {
    this.derives(node, n, input, index)
    const offset = this.append(n, { tp: PAYMENTS, node })
    this.ack(n, offset, { tp: PAYMENTS, node })
    return offset
  }

  /** A handler makes records of one, from number n of its own, each in the topic that it names; returns the offsets. */
  says(node: number, n: number, input: number, tps: readonly number[]): readonly number[] {
    tps.forEach((tp, index) => this.emit(M.handlerRouted, node, input, index, topicIdOf(tp)))
    this.emit(M.handlerFinished, node, input, tps.length, 0)
    return tps.map((tp, index) => {
      this.emit(M.recordDerived, node, recordOf(node, n + index), input, index)
      return this.put(n + index, { tp, node })
    })
  }

  /** It does so with a record that it reads. */
  passes(
    node: number,
    n: number,
    input: number,
    offset: number,
    from: number,
    tps: readonly number[],
  ): readonly number[] {
    return this.works(node, input, offset, from).says(node, n, input, tps)
  }

  // --- counting -----------------------------------------------------------------------------------------------------

  /** A task opens its local store. */
  opens(node: number, wiped = 0): this {
    return this.emit(M.stateOpened, node, CHANGELOG, -1, wiped)
  }

  /** The service counts an input in: record n of its own says so in the changelog, and n + 1 forwards it. */
  counts(node: number, n: number, input: number, count: number, previous: number, key: number): this {
    const [logged, forwarded] = [recordOf(node, n), recordOf(node, n + 1)]
    this.emit(M.stateUpdated, node, logged, input, previous, count, CHANGELOG, key)
    this.emit(M.recordDerived, node, logged, input, 1).emit(M.recordDerived, node, forwarded, input, 0)
    return this.send(n, { tp: CHANGELOG, node, key }).send(n + 1, { tp: PAYMENTS, node, key })
  }

  /** What it counted is committed. */
  keeps(node: number, n: number): this {
    for (const [at, tp] of [
      [n, CHANGELOG],
      [n + 1, PAYMENTS],
    ] as const)
      this.ack(at, this.append(at, { tp, node }), { tp, node })
    return this
  }

  // --- groups -------------------------------------------------------------------------------------------------------

  commits(
    name: ReaderName,
    member: number,
    offset: number,
    generation = 1,
    tp: number = ORDERS,
    coordinator = 1,
  ): this {
    return this.emit(M.offsetCommitted, coordinator, GROUPS[name], tp, offset, generation, member, 0)
  }

  rebalanced(name: ReaderName, generation: number): this {
    return this.emit(M.groupRebalanced, 1, GROUPS[name], generation, 2)
  }

  fetchedOffset(name: ReaderName, member: number, offset: number, generation: number, tp: number = ORDERS): this {
    return this.emit(M.offsetFetched, member, GROUPS[name], tp, offset, generation)
  }

  /** A broker becomes the coordinator of a group; what it finds it has told at this time. */
  loads(name: ReaderName, coordinator: number, epoch: number): this {
    return this.emit(
      M.coordinatorLoaded,
      coordinator,
      tpOf(9, partitionFor(`${name}-group`, OFFSETS_PARTITIONS)),
      epoch,
      1,
    )
  }

  assigned(name: ReaderName, node: number, generation: number, tp: number = ORDERS): this {
    return this.emit(M.partitionAssigned, node, GROUPS[name], tp, generation)
  }

  revoked(name: ReaderName, node: number, generation: number, tp: number = ORDERS): this {
    return this.emit(M.partitionRevoked, node, GROUPS[name], tp, generation)
  }

  lost(name: ReaderName, node: number, generation: number, tp: number = ORDERS): this {
    return this.emit(M.partitionLost, node, GROUPS[name], tp, generation)
  }
}
