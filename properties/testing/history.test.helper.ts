import { CLUSTER_PROFILES } from '../../sim/kafka/protocol/profile.ts'
import type { Guarantee, Stage } from '../../scenarios/format/vocabulary.ts'
import { GUARANTEES } from '../../scenarios/format/vocabulary.ts'
import { APPENDED_AS_LEADER, maskHigh, maskLow, recordOf, tpOf } from '../../sim/history/ids.ts'
import { M } from '../../sim/history/catalogue.ts'
import type { BrokerConfig } from '../../sim/kafka/protocol/config/broker.ts'
import type { ProducerConfig } from '../../sim/kafka/protocol/config/producer.ts'
import type { TopicConfig } from '../../sim/kafka/protocol/config/topic.ts'
import type { WorldSpec } from '../../sim/spec.ts'
import type { FinalState } from '../../sim/final-state.ts'
import type { Waiting } from '../../sim/waiting.ts'
import type { RunEnd } from '../checkers/checker.ts'
import { Court } from '../court.ts'
import type { Wait } from '../liveness/wait.ts'
import type { InvariantBreach, Verdict } from '../verdict.ts'

export interface HistoryOptions {
  readonly brokers?: number
  readonly partitions?: number
  /** As many as brokers unless given; they are the first ones. */
  readonly replicas?: number
  readonly minIsr?: number
  readonly unclean?: boolean
  readonly elr?: boolean
  readonly acks?: ProducerConfig['acks']
  readonly idempotence?: boolean
  /** Empty without transactions. */
  readonly transactionalId?: string
  /** What else there is in the world. */
  readonly world?: Partial<WorldSpec>
  /** What is judged; without it every guarantee that scenarios may name. */
  readonly expect?: ConstructorParameters<typeof Court>[1]
}

/** Seed of the handwritten histories. */
export const SEED = '1'

/** The world of the handwritten histories: topic `orders` on all brokers, producers `checkout` and `audit`, one instance each. */
export function specOf(options: HistoryOptions): WorldSpec {
  const {
    brokers = 3,
    partitions = 1,
    replicas = brokers,
    minIsr = 1,
    unclean = false,
    elr = true,
    acks = 'all',
    idempotence = true,
    transactionalId = '',
  } = options
  const config = {
    acks,
    'enable.idempotence': idempotence,
    'transactional.id': transactionalId,
    'max.in.flight.requests.per.connection': 5,
  } as ProducerConfig
  const producer = {
    to: ['orders'],
    instances: 1,
    startUs: 0,
    stopUs: null,
    workload: {
      kind: 'send',
      records: 100,
      every: { kind: 'constant', us: 1000 },
      keys: 0,
      size: 100,
      transactions: null,
    },
    onUnknown: 'give-up',
    profile: 'kafka-4.1',
    config,
  } as unknown as Omit<WorldSpec['producers'][number], 'name'>
  return {
    profile: { ...CLUSTER_PROFILES['kafka-4.1'], 'eligible.leader.replicas.version': elr ? 1 : 0 },
    cluster: {
      perfect: false,
      brokers: Array.from({ length: brokers }, () => ({}) as BrokerConfig),
      controllers: 1,
      controllerConfig: {} as BrokerConfig,
    },
    network: { latency: 0 as unknown as WorldSpec['network']['latency'], links: [] },
    topics: [
      {
        name: 'orders',
        partitions,
        replicationFactor: replicas,
        config: { 'min.insync.replicas': minIsr, 'unclean.leader.election.enable': unclean } as TopicConfig,
      },
    ],
    consumers: [],
    processors: [],
    stores: [],
    sinks: [],
    producers: [
      { ...producer, name: 'checkout' },
      { ...producer, name: 'audit' },
    ],
    run: { forUs: 60_000_000, thenHealUs: null, maxEvents: 1000 },
    ...options.world,
  }
}

/** Every guarantee that is judged, without and with a subject. */
function expectations(): ConstructorParameters<typeof Court>[1] {
  return GUARANTEES.filter((guarantee) => guarantee.judged).flatMap((guarantee) => {
    const subjects: (string | null)[] = [null]
    if (guarantee.subject === 'topic') subjects.push('orders')
    else if (guarantee.subject !== 'none') subjects.push('checkout', 'audit')
    return subjects.map((subject) => ({
      guarantee: guarantee.name,
      stage: null,
      subject,
      expected: 'holds' as const,
      kinds: [],
      span: null,
    }))
  })
}

/** What the court said at the end of a handwritten history. */
export class Outcome {
  readonly breaches: readonly InvariantBreach[]
  readonly waiting: readonly Wait[]
  private readonly verdicts: readonly Verdict[]

  constructor(verdicts: readonly Verdict[], breaches: readonly InvariantBreach[], waiting: readonly Wait[]) {
    this.verdicts = verdicts
    this.breaches = breaches
    this.waiting = waiting
  }

  of(guarantee: Guarantee, subject: string | null = null, stage: Stage | null = null): Verdict {
    const verdict = this.verdicts.find(
      (candidate) =>
        candidate.guarantee === guarantee &&
        candidate.subject === subject &&
        (stage === null || candidate.stage === stage),
    )
    if (verdict === undefined) throw new Error(`no verdict for ${guarantee}`)
    return verdict
  }

  /** Everything that is violated, as `[subject:][stage/]guarantee: kinds`. */
  findings(): readonly string[] {
    return this.verdicts
      .filter((verdict) => verdict.observed === 'violated')
      .map(({ subject, stage, guarantee, violations }) => {
        const kinds = [...new Set(violations.map((violation) => violation.kind))].sort((a, b) => (a < b ? -1 : 1))
        return `${subject === null ? '' : `${subject}:`}${stage === null ? '' : `${stage}/`}${guarantee}: ${kinds.join(' ')}`
      })
  }

  /** Guarantees that are violated, without subjects, in the order of the vocabulary. */
  violated(): readonly Guarantee[] {
    return this.verdicts
      .filter((verdict) => verdict.subject === null && verdict.observed === 'violated')
      .map((verdict) => verdict.guarantee)
  }

  /** Names of broken invariants, each once, sorted. */
  broken(): readonly string[] {
    return [...new Set(this.breaches.map((breach) => breach.invariant))].sort((a, b) => (a < b ? -1 : 1))
  }
}

/** Builds a history moment by moment and shows it to the court, as the world would. */
export class History {
  readonly spec: WorldSpec
  readonly brokers: readonly number[]
  readonly checkout: number
  readonly audit: number
  time = 0
  private readonly court: Court
  readonly tp: number

  constructor(options: HistoryOptions = {}, partition = 0) {
    this.spec = specOf(options)
    this.brokers = this.spec.cluster.brokers.map((_, index) => index + 1)
    this.checkout = this.brokers.length + 1
    this.audit = this.brokers.length + 2
    this.tp = tpOf(1, partition)
    this.court = new Court(this.spec, options.expect ?? expectations(), true)
  }

  emit(kind: number, node: number, a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0): this {
    if (this.court.kinds.includes(kind)) this.court.onMoment(kind, this.time, node, a, b, c, d, e, f, g, h)
    return this
  }

  /** Sets the clock, in milliseconds. */
  at(ms: number): this {
    this.time = ms * 1000
    return this
  }

  // --- time 0 -------------------------------------------------------------------------------------------------------

  /** The cluster stands: broker 1 leads in epoch 0 and everybody is in sync. */
  formed(): this {
    const replicas = this.brokers.slice(0, this.spec.topics[0]?.replicationFactor)
    this.elect(1, 0, 0, replicas)
    for (const node of [0, ...this.brokers, this.checkout, this.audit]) this.emit(M.nodeStarted, node, 1)
    for (const node of replicas) this.loaded(node, 0, 0)
    this.began(1, 0, 0, 0, replicas)
    for (const node of replicas.slice(1)) this.followed(node, 1, 0, 0)
    return this
  }

  // --- producers ----------------------------------------------------------------------------------------------------

  /** `send()` of record n, which goes into a batch of its own or a given one. */
  sent(n: number, batch: number = n, attempt = 0, index = 0, node: number = this.checkout): this {
    const record = recordOf(node, n)
    this.emit(M.recordSent, node, record, attempt, this.tp, -1)
    return this.emit(M.recordBatched, node, record, attempt, recordOf(node, batch), index)
  }

  acked(n: number, offset: number, attempt = 0, node: number = this.checkout): this {
    return this.emit(M.produceAcked, node, recordOf(node, n), attempt, this.tp, offset)
  }

  failed(n: number, error: number, attempt = 0): this {
    return this.emit(M.produceFailed, this.checkout, recordOf(this.checkout, n), attempt, this.tp, error)
  }

  unknown(n: number, error = 7, attempt = 0): this {
    return this.emit(M.produceUnknown, this.checkout, recordOf(this.checkout, n), attempt, this.tp, error)
  }

  retried(batch: number, error: number): this {
    return this.emit(M.batchRetried, this.checkout, recordOf(this.checkout, batch), this.tp, error, 1)
  }

  producerRestarted(): this {
    return this.emit(M.producerRestarted, this.checkout, 1)
  }

  // --- logs ---------------------------------------------------------------------------------------------------------

  appended(
    node: number,
    batch: number,
    offset: number,
    epoch: number,
    size = 1,
    producer: number = this.checkout,
  ): this {
    const last = offset + size - 1
    return this.emit(
      M.logAppended,
      node,
      this.tp,
      offset,
      last,
      epoch,
      recordOf(producer, batch),
      -1,
      -1 & (APPENDED_AS_LEADER - 1),
      -1,
    )
  }

  startMoved(node: number, offset: number, was: number): this {
    return this.emit(M.logStartMoved, node, this.tp, offset, was)
  }
  truncated(node: number, offset: number, end: number): this {
    return this.emit(M.logTruncated, node, this.tp, offset, end)
  }

  loaded(node: number, end: number, high: number): this {
    return this.emit(M.logLoaded, node, this.tp, end, high, 0)
  }

  high(node: number, offset: number, epoch: number, leader = true): this {
    return this.emit(M.hwAdvanced, node, this.tp, offset, epoch, leader ? 1 : 0)
  }

  fetched(leader: number, follower: number, offset: number, epoch: number): this {
    return this.emit(M.followerFetched, leader, this.tp, follower, offset, epoch)
  }

  answered(node: number, batch: number, offset: number, acks = -1, error = 0): this {
    return this.emit(
      M.produceAnswered,
      node,
      this.tp,
      offset,
      error,
      this.checkout,
      acks,
      0,
      0,
      recordOf(this.checkout, batch),
    )
  }

  /** Record n in a batch of its own: appended by the leader, copied by followers, committed, answered, acknowledged. */
  published(
    n: number,
    offset: number = n,
    leader = 1,
    epoch = 0,
    followers: readonly number[] = this.brokers.filter((node) => node !== leader),
  ): this {
    this.sent(n).appended(leader, n, offset, epoch)
    for (const follower of followers) this.appended(follower, n, offset, epoch)
    for (const follower of followers) this.fetched(leader, follower, offset + 1, epoch)
    this.high(leader, offset + 1, epoch)
    for (const follower of followers) this.high(follower, offset + 1, epoch, false)
    return this.answered(leader, n, offset).acked(n, offset)
  }

  // --- leaders ------------------------------------------------------------------------------------------------------

  elect(leader: number, epoch: number, partitionEpoch: number, isr: readonly number[], unclean = false): this {
    return this.emit(
      M.leaderElected,
      0,
      this.tp,
      leader,
      epoch,
      partitionEpoch,
      maskLow(isr),
      maskHigh(isr),
      unclean ? 1 : 0,
    )
  }

  isr(isr: readonly number[], partitionEpoch: number, epoch: number, elr: readonly number[] = []): this {
    return this.emit(
      M.isrChanged,
      0,
      this.tp,
      maskLow(isr),
      maskHigh(isr),
      partitionEpoch,
      epoch,
      maskLow(elr),
      maskHigh(elr),
    )
  }

  adopted(node: number, isr: readonly number[], partitionEpoch: number, epoch: number): this {
    return this.emit(M.isrAdopted, node, this.tp, maskLow(isr), maskHigh(isr), epoch, partitionEpoch)
  }

  began(
    node: number,
    epoch: number,
    offset: number,
    high: number,
    isr: readonly number[],
    partitionEpoch: number = epoch,
  ): this {
    return this.emit(M.leaderBegan, node, this.tp, epoch, offset, high).adopted(node, isr, partitionEpoch, epoch)
  }

  /** A reassignment: the replicas from now on, told before the change that it is part of. */
  reassigned(replicas: readonly number[]): this {
    return this.emit(M.replicasAssigned, 0, this.tp, maskLow(replicas), maskHigh(replicas))
  }

  deleted(node: number, end: number): this {
    return this.emit(M.logDeleted, node, this.tp, end)
  }

  followed(node: number, leader: number, epoch: number, offset: number): this {
    return this.emit(M.followerBegan, node, this.tp, leader, epoch, offset)
  }

  // --- nodes --------------------------------------------------------------------------------------------------------

  crashed(node: number): this {
    return this.emit(M.nodeCrashed, node, 1)
  }

  powerLost(node: number): this {
    return this.emit(M.nodePowerLost, node, 1)
  }

  wiped(node: number): this {
    return this.emit(M.nodeCrashed, node, 1).emit(M.diskWiped, node, 1)
  }

  started(node: number): this {
    return this.emit(M.nodeStarted, node, 2)
  }

  registered(node: number): this {
    return this.emit(M.brokerRegistered, 0, node, 9, 0)
  }

  unfenced(node: number): this {
    return this.emit(M.brokerUnfenced, 0, node, 9)
  }

  fenced(node: number): this {
    return this.emit(M.brokerFenced, 0, node, 9)
  }

  healing(): this {
    return this.emit(M.runHealing, 0)
  }

  /** Names of the hard situations so far. */
  reached(): readonly string[] {
    return Object.keys(this.court.reached() ?? {})
  }

  // --- the end ------------------------------------------------------------------------------------------------------

  ended(
    ended: RunEnd['ended'] = 'settled',
    final: Partial<FinalState> = {},
    waiting: readonly Waiting[] = [],
  ): Outcome {
    const end: RunEnd = { ended, virtualUs: this.time, waiting, seed: SEED }
    return new Outcome(this.court.verdicts(end), this.court.broken(end, final), this.court.waiting(end))
  }
}
