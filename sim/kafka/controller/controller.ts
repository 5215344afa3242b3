import { M } from '../../history/catalogue.ts'
import { LAST_TIME } from '../../kernel/kernel.ts'
import type { NodeHandler } from '../../kernel/node.ts'
import { MILLISECOND, ms, SECOND } from '../../kernel/time.ts'
import { CLOSED, RESET } from '../../network/connection.ts'
import type { Envelope } from '../../network/envelope.ts'
import type { Env } from '../env.ts'
import { Api, BROKER_VERSIONS } from '../protocol/api.ts'
import type { BrokerConfig } from '../protocol/config/broker.ts'
import { Errors } from '../protocol/errors.ts'
import type { CreateTopicsRequest, CreateTopicsResponse } from '../protocol/group-messages.ts'
import type {
  AllocateProducerIdsRequest,
  AllocateProducerIdsResponse,
  AlterPartitionRequest,
  ApiVersionsResponse,
  BrokerHeartbeatRequest,
  BrokerHeartbeatResponse,
  BrokerRegistrationRequest,
  BrokerRegistrationResponse,
} from '../protocol/messages.ts'
import type { MetadataRecord } from '../protocol/metadata-records.ts'
import { ControllerImage } from './controller-image.ts'
import { emitCommitted } from './controller-moments.ts'
import { MetadataFetches } from './metadata-fetches.ts'
import type { ControllerDisk } from './metadata-log.ts'
import { PRODUCER_ID_BLOCK_SIZE } from './producer-ids.ts'
import { ReplicationControlManager } from './replication-control.ts'
import { createPartitions, createTopics } from './topic-creation.ts'

/** Kinds of the controller's timers. */
export const ControllerTimer = {
  /** A parked fetch has waited long enough; `a` = its connection. */
  FETCH_WAIT: 1,
  /** `maybeFenceStaleBroker` */
  FENCE_STALE_BROKER: 2,
  /** `electPreferred` */
  BALANCE_LEADERS: 3,
  /** `electUnclean` */
  ELECT_UNCLEAN: 4,
} as const

/** A signal: an operator's tool asks for more partitions of the topic `a`, `b` in all (`CreatePartitions`). */
export const CREATE_PARTITIONS = 48

/** `PeriodicTask.DEFAULT_IMMEDIATE_PERIOD_NS`: the pause before a task that did not finish goes on. */
const IMMEDIATE_PERIOD: number = 10 * MILLISECOND

export interface ControllerOptions {
  /** The controller's own settings. */
  readonly config: BrokerConfig
  /** eligible.leader.replicas.version = 1 */
  readonly elr: boolean
}

const API_VERSIONS: ApiVersionsResponse = {
  errorCode: Errors.NONE,
  apiKeys: [
    Api.Fetch,
    Api.ApiVersions,
    Api.AlterPartition,
    Api.BrokerRegistration,
    Api.BrokerHeartbeat,
    Api.AllocateProducerIds,
    Api.CreateTopics,
  ].map((apiKey) => ({ apiKey, minVersion: BROKER_VERSIONS[apiKey].min, maxVersion: BROKER_VERSIONS[apiKey].max })),
  finalizedFeatures: [],
}

const STALE_HEARTBEAT: BrokerHeartbeatResponse = {
  errorCode: Errors.STALE_BROKER_EPOCH,
  isCaughtUp: false,
  isFenced: true,
  shouldShutDown: false,
}

/**
 * `QuorumController`, the only voter of its quorum: what it appends is committed at once. Every change is a batch of records
 * that is appended to the log, then applied by the same code that replays the log at start, and only then answered.
 */
export class Controller implements NodeHandler {
  /** Whether it has replayed its log and serves. */
  isActive = false
  private readonly env: Env
  private readonly config: BrokerConfig
  private readonly disk: ControllerDisk
  private readonly image: ControllerImage
  private readonly replication: ReplicationControlManager
  private readonly fetches: MetadataFetches

  constructor(env: Env, options: ControllerOptions, disk: ControllerDisk) {
    const { config, elr } = options
    this.env = env
    this.config = config
    this.disk = disk
    this.fetches = new MetadataFetches(env, disk, ControllerTimer.FETCH_WAIT)
    this.image = new ControllerImage(ms(config['broker.session.timeout.ms']))
    this.replication = new ReplicationControlManager(this.image.topics, this.image.cluster, {
      elr,
      minInsyncReplicas: config['min.insync.replicas'],
      uncleanLeaderElectionEnable: config['unclean.leader.election.enable'],
    })
  }

  onStart(): void {
    const { disk, image, env, config } = this
    for (let offset = 0; offset < disk.endOffset; offset++) image.replay(disk.recordAt(offset), offset)
    image.cluster.activate(env.monotonic())
    this.isActive = true
    this.repeat(ControllerTimer.FENCE_STALE_BROKER, this.fencePeriod())
    this.repeat(ControllerTimer.ELECT_UNCLEAN, this.uncleanPeriod())
    if (config['auto.leader.rebalance.enable']) this.repeat(ControllerTimer.BALANCE_LEADERS, this.balancePeriod())
    env.emit(M.controllerStarted, disk.endOffset)
  }

  onMessage(message: unknown): void {
    const request = message as Envelope
    if (!this.fetches.queue(request)) this.work(request)
    this.answerFetches()
  }

  onSignal(kind: number, connection: number, b: number): void {
    if (kind === CREATE_PARTITIONS) {
      this.commit(createPartitions(connection, b, this.image.topics, this.image.cluster))
      this.answerFetches()
      return
    }
    if (kind !== CLOSED && kind !== RESET) return
    let behind = this.fetches.drop(connection)
    if (kind === RESET) return
    // What the peer sent before it closed has arrived and is worked off, though nobody waits for the answers.
    while (behind.length > 0) {
      this.workAll(behind)
      behind = this.fetches.drop(connection)
    }
    this.env.disconnect(connection)
    this.answerFetches()
  }

  onTimer(kind: number, a: number): void {
    switch (kind) {
      case ControllerTimer.FETCH_WAIT:
        this.workAll(this.fetches.timedOut(a))
        break
      case ControllerTimer.FENCE_STALE_BROKER: {
        const { records, reply } = this.replication.fenceOneStaleBroker(this.env.monotonic())
        this.commit(records)
        this.repeat(ControllerTimer.FENCE_STALE_BROKER, reply ? IMMEDIATE_PERIOD : this.fencePeriod())
        break
      }
      case ControllerTimer.BALANCE_LEADERS:
        this.commit(this.replication.balanceLeaders())
        this.repeat(ControllerTimer.BALANCE_LEADERS, this.balancePeriod())
        break
      case ControllerTimer.ELECT_UNCLEAN:
        this.commit(this.replication.electUncleanLeaders())
        this.repeat(ControllerTimer.ELECT_UNCLEAN, this.uncleanPeriod())
        break
    }
    this.answerFetches()
  }

  onDisk(): void {
    // Appends to the metadata log are flushed within the event that makes them: nothing is ever pending.
  }

  waiting(): readonly string[] {
    return []
  }

  // --- requests -------------------------------------------------------------------------------------------------------

  private work(request: Envelope): void {
    switch (request.api) {
      case Api.ApiVersions:
        this.env.reply(request, API_VERSIONS)
        break
      case Api.Fetch:
        this.fetches.fetch(request)
        break
      case Api.BrokerRegistration:
        this.env.reply(request, this.brokerRegistration(request.body as BrokerRegistrationRequest))
        break
      case Api.BrokerHeartbeat:
        this.env.reply(request, this.brokerHeartbeat(request.body as BrokerHeartbeatRequest))
        break
      case Api.AlterPartition: {
        const { records, reply } = this.replication.alterPartition(request.body as AlterPartitionRequest)
        this.commit(records)
        this.env.reply(request, reply)
        break
      }
      case Api.AllocateProducerIds:
        this.env.reply(request, this.allocateProducerIds(request.body as AllocateProducerIdsRequest))
        break
      case Api.CreateTopics:
        this.env.reply(request, this.createTopics(request.body as CreateTopicsRequest))
        break
      default:
        // The socket server hangs up on requests that its listener does not serve.
        this.env.disconnect(request.connection)
    }
  }

  private brokerRegistration(body: BrokerRegistrationRequest): BrokerRegistrationResponse {
    const decision = this.image.cluster.decideRegistration(body, this.env.monotonic())
    if (decision.kind === 'duplicate') return { errorCode: Errors.DUPLICATE_BROKER_REGISTRATION, brokerEpoch: -1 }
    const { brokerId, incarnationId } = body
    if (decision.kind === 'amended') {
      const { brokerEpoch, fenced, inControlledShutdown } = decision.existing
      this.commit([
        { type: 'RegisterBrokerRecord', brokerId, incarnationId, brokerEpoch, fenced, inControlledShutdown },
      ])
      return { errorCode: Errors.NONE, brokerEpoch }
    }
    const cleanUp = this.replication.brokerShutdown(brokerId, decision.clean)
    const brokerEpoch = this.disk.endOffset + cleanUp.length
    const registered = { brokerId, incarnationId, brokerEpoch, fenced: true, inControlledShutdown: false }
    this.commit([...cleanUp, { type: 'RegisterBrokerRecord', ...registered }])
    this.env.emit(M.brokerRegistered, brokerId, brokerEpoch, decision.clean ? 1 : 0)
    return { errorCode: Errors.NONE, brokerEpoch }
  }

  private brokerHeartbeat(body: BrokerHeartbeatRequest): BrokerHeartbeatResponse {
    const { brokerId, brokerEpoch } = body
    const { cluster } = this.image
    // First of all, and also when the heartbeat is then refused (`trackBrokerHeartbeat`).
    cluster.heartbeats.tracker.updateContactTime(brokerId, brokerEpoch, this.env.monotonic())
    const broker = cluster.registration(brokerId)
    if (broker === undefined || broker.brokerEpoch !== brokerEpoch) return STALE_HEARTBEAT
    const { records, reply } = this.replication.brokerHeartbeat(body, broker)
    this.commit(records)
    if (reply.next === 'controlled-shutdown') {
      cluster.heartbeats.maybeUpdateControlledShutdownOffset(brokerId, this.disk.endOffset - 1)
    }
    return {
      errorCode: Errors.NONE,
      isCaughtUp: reply.isCaughtUp,
      isFenced: reply.next === 'fenced' || reply.next === 'shutdown-now',
      shouldShutDown: reply.next === 'shutdown-now',
    }
  }

  private allocateProducerIds(body: AllocateProducerIdsRequest): AllocateProducerIdsResponse {
    const { cluster, producerIds } = this.image
    if (!cluster.hasEpoch(body.brokerId, body.brokerEpoch)) {
      return { errorCode: Errors.STALE_BROKER_EPOCH, producerIdStart: -1, producerIdLen: 0 }
    }
    const producerIdStart = producerIds.blockStart
    this.commit([producerIds.generate(body.brokerId, body.brokerEpoch)])
    return { errorCode: Errors.NONE, producerIdStart, producerIdLen: PRODUCER_ID_BLOCK_SIZE }
  }

  private createTopics(body: CreateTopicsRequest): CreateTopicsResponse {
    const { topics, cluster } = this.image
    const unclean = this.config['unclean.leader.election.enable']
    const { records, reply } = createTopics(body, topics, cluster, unclean)
    reply.topics.forEach(({ name, errorCode, topicId }, index) => {
      const wanted = body.topics[index]
      if (errorCode !== Errors.NONE || wanted === undefined) return
      const text = this.env.recorder.text(name)
      this.env.emit(M.topicCreated, text, topicId, wanted.numPartitions, wanted.replicationFactor)
    })
    this.commit(records)
    return reply
  }

  // --- the metadata log -----------------------------------------------------------------------------------------------

  /** Appends, applies and tells of a batch of records. */
  private commit(records: readonly MetadataRecord[]): void {
    if (records.length === 0) return
    let offset = this.disk.append(records)
    for (const record of records) {
      emitCommitted(this.env, record, this.image.topics)
      this.image.replay(record, offset++)
    }
  }

  /** Works requests in order; one that follows a poll on its connection waits for it. */
  private workAll(requests: readonly Envelope[]): void {
    for (const request of requests) if (!this.fetches.queue(request)) this.work(request)
  }

  /** Committed records end the polls that wait for them. */
  private answerFetches(): void {
    for (let next = this.fetches.answerReady(); next !== null; next = this.fetches.answerReady()) this.workAll(next)
  }

  // --- periodic tasks -------------------------------------------------------------------------------------------------

  /** An interval that reaches past the end of all time means "never". */
  private repeat(kind: number, period: number): void {
    if (this.env.monotonic() + period < LAST_TIME) this.env.setTimer(kind, period)
  }

  /** `maybeFenceStaleBrokerPeriodNs`: eight checks per session, so fencing comes at most an eighth of it late. */
  private fencePeriod(): number {
    return Math.max(MILLISECOND, Math.floor(ms(this.config['broker.session.timeout.ms']) / 8))
  }

  private uncleanPeriod(): number {
    return ms(this.config['unclean.leader.election.interval.ms'])
  }

  private balancePeriod(): number {
    return this.config['leader.imbalance.check.interval.seconds'] * SECOND
  }
}
