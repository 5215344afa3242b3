import { LAST_TIME } from '../../kernel/kernel.ts'
import { MILLISECOND, ms, SECOND } from '../../kernel/time.ts'
import type { Envelope } from '../../network/envelope.ts'
import type { Env } from '../env.ts'
import { Api } from '../protocol/api.ts'
import type { BrokerConfig } from '../protocol/config/broker.ts'
import { Errors } from '../protocol/errors.ts'
import type { CreateTopicsRequest, CreateTopicsResponse } from '../protocol/group-messages.ts'
import type {
  AllocateProducerIdsRequest,
  AllocateProducerIdsResponse,
  AlterPartitionRequest,
  AlterPartitionResponse,
  BrokerHeartbeatRequest,
  BrokerHeartbeatResponse,
  BrokerRegistrationRequest,
  BrokerRegistrationResponse,
} from '../protocol/messages.ts'
import type { MetadataRecord } from '../protocol/metadata-records.ts'
import type { FutureEpochs, ReassignmentCompletion } from '../protocol/profile.ts'
import type { ControllerImage } from './controller-image.ts'
import { PRODUCER_ID_BLOCK_SIZE } from './producer-ids.ts'
import { OperatorRequests } from './operator-requests.ts'
import { ReplicationControlManager } from './replication-control.ts'
import { createTopics } from './topic-creation.ts'

/** Kinds of a controller's timers; those of its tasks carry the epoch it leads. A voter of a quorum takes more (`quorum-voter.ts`). */
export const ControllerTimer = {
  /** A parked fetch has waited long enough; `a` = its connection. */
  FETCH_WAIT: 1,
  /** `maybeFenceStaleBroker` */
  FENCE_STALE_BROKER: 2,
  /** `electPreferred` */
  BALANCE_LEADERS: 3,
  /** `electUnclean` */
  ELECT_UNCLEAN: 4,
  /** It does not lead the quorum any more. */
  RENOUNCE: 5,
} as const

/** `PeriodicTask.DEFAULT_IMMEDIATE_PERIOD_NS`: the pause before a task that did not finish goes on. */
const IMMEDIATE_PERIOD: number = 10 * MILLISECOND

export interface ControllerOptions {
  /** The controller's own settings. */
  readonly config: BrokerConfig
  /** eligible.leader.replicas.version = 1 */
  readonly elr: boolean
  /** alter.partition.ahead */
  readonly futureEpochs: FutureEpochs
  /** KIP-841: who is fenced or shuts down does not join an in-sync set; true unless told otherwise. */
  readonly eligibleOnly?: boolean
  /** Topic ids up to this one are for topics that operators make; none unless told otherwise. */
  readonly reservedTopicIds?: number
  /** reassignment.completion; as today unless told otherwise. */
  readonly completion?: ReassignmentCompletion
}

/** Where changes of the metadata go. */
export interface MetadataWriter {
  /** Offset that the next record gets. */
  readonly endOffset: number
  /** Appends a batch of records and applies it to the image. */
  commit(records: readonly MetadataRecord[]): void
}

const STALE_HEARTBEAT: BrokerHeartbeatResponse = {
  errorCode: Errors.STALE_BROKER_EPOCH,
  isCaughtUp: false,
  isFenced: true,
  shouldShutDown: false,
}

/** What the active controller does (`QuorumController`): every change is a batch of records, and the answer follows from the image. */
export class ControllerRequests {
  private readonly env: Env
  private readonly config: BrokerConfig
  private readonly image: ControllerImage
  private readonly writer: MetadataWriter
  private readonly replication: ReplicationControlManager
  private readonly operators: OperatorRequests
  private readonly reservedTopicIds: number

  constructor(
    env: Env,
    {
      config,
      elr,
      futureEpochs,
      eligibleOnly = true,
      reservedTopicIds = 0,
      completion = 'all-in-sync',
    }: ControllerOptions,
    image: ControllerImage,
    writer: MetadataWriter,
  ) {
    this.env = env
    this.config = config
    this.image = image
    this.writer = writer
    this.reservedTopicIds = reservedTopicIds
    this.replication = new ReplicationControlManager(image.topics, image.cluster, {
      elr,
      futureEpochs,
      eligibleOnly,
      completion,
      minInsyncReplicas: config['min.insync.replicas'],
      uncleanLeaderElectionEnable: config['unclean.leader.election.enable'],
    })
    this.operators = new OperatorRequests(image, writer, this.replication, elr)
  }

  // --- requests -------------------------------------------------------------------------------------------------------

  /** Carries a request out; the answer holds once what was written is committed. null: the api is not the controller's. */
  answer(request: Envelope): object | null {
    switch (request.api) {
      case Api.BrokerRegistration:
        return this.brokerRegistration(request.body as BrokerRegistrationRequest)
      case Api.BrokerHeartbeat:
        return this.brokerHeartbeat(request.body as BrokerHeartbeatRequest)
      case Api.AlterPartition:
        return this.alterPartition(request.body as AlterPartitionRequest)
      case Api.AllocateProducerIds:
        return this.allocateProducerIds(request.body as AllocateProducerIdsRequest)
      case Api.CreateTopics:
        return this.createTopics(request.body as CreateTopicsRequest)
      default:
        return null
    }
  }

  /** What an operator's tool asks for, by its signal. */
  administer(kind: number, a: number, b: number, payload: unknown): void {
    this.operators.carryOut(kind, a, b, payload)
  }

  private brokerRegistration(body: BrokerRegistrationRequest): BrokerRegistrationResponse {
    const decision = this.image.cluster.decideRegistration(body, this.env.monotonic())
    if (decision.kind === 'duplicate') return { errorCode: Errors.DUPLICATE_BROKER_REGISTRATION, brokerEpoch: -1 }
    const { brokerId, incarnationId } = body
    const where = body.rack === undefined ? null : { rack: body.rack }
    if (decision.kind === 'amended') {
      const { brokerEpoch, fenced, inControlledShutdown } = decision.existing
      this.writer.commit([
        { type: 'RegisterBrokerRecord', brokerId, incarnationId, brokerEpoch, fenced, inControlledShutdown, ...where },
      ])
      return { errorCode: Errors.NONE, brokerEpoch }
    }
    const { clean } = decision
    const cleanUp = this.replication.brokerShutdown(brokerId, clean)
    const brokerEpoch = this.writer.endOffset + cleanUp.length
    const registered = {
      brokerId,
      incarnationId,
      brokerEpoch,
      fenced: true,
      inControlledShutdown: false,
      ...where,
      clean,
    }
    this.writer.commit([...cleanUp, { type: 'RegisterBrokerRecord', ...registered }])
    return { errorCode: Errors.NONE, brokerEpoch }
  }

  private brokerHeartbeat(body: BrokerHeartbeatRequest): BrokerHeartbeatResponse {
    const { brokerId, brokerEpoch } = body
    const { cluster } = this.image
    // First of all, and also when the heartbeat is then refused (`trackBrokerHeartbeat`).
    cluster.heartbeats.tracker.updateContactTime(brokerId, brokerEpoch, this.env.monotonic())
    const known = cluster.registration(brokerId)
    if (known === undefined || known.brokerEpoch !== brokerEpoch) return STALE_HEARTBEAT
    // First what it cannot lead, then what it may: Kafka knows the former from the registration.
    this.writer.commit(this.replication.directoriesOffline(body, known))
    const broker = cluster.registration(brokerId) ?? known
    const { records, reply } = this.replication.brokerHeartbeat(body, broker)
    this.writer.commit(records)
    if (reply.next === 'controlled-shutdown') {
      cluster.heartbeats.maybeUpdateControlledShutdownOffset(brokerId, this.writer.endOffset - 1)
    }
    return {
      errorCode: Errors.NONE,
      isCaughtUp: reply.isCaughtUp,
      isFenced: reply.next === 'fenced' || reply.next === 'shutdown-now',
      shouldShutDown: reply.next === 'shutdown-now',
    }
  }

  private alterPartition(body: AlterPartitionRequest): AlterPartitionResponse {
    const { records, reply } = this.replication.alterPartition(body)
    this.writer.commit(records)
    return reply
  }

  private allocateProducerIds(body: AllocateProducerIdsRequest): AllocateProducerIdsResponse {
    const { cluster, producerIds } = this.image
    if (!cluster.hasEpoch(body.brokerId, body.brokerEpoch)) {
      return { errorCode: Errors.STALE_BROKER_EPOCH, producerIdStart: -1, producerIdLen: 0 }
    }
    const producerIdStart = producerIds.blockStart
    this.writer.commit([producerIds.generate(body.brokerId, body.brokerEpoch)])
    return { errorCode: Errors.NONE, producerIdStart, producerIdLen: PRODUCER_ID_BLOCK_SIZE }
  }

  private createTopics(body: CreateTopicsRequest): CreateTopicsResponse {
    const { topics, cluster } = this.image
    const unclean = this.config['unclean.leader.election.enable']
    const { records, reply } = createTopics(body, topics, cluster, unclean, this.reservedTopicIds)
    this.writer.commit(records)
    return reply
  }

  // --- periodic tasks -------------------------------------------------------------------------------------------------

  /** Begins the tasks of an active controller; their timers carry its epoch. */
  startTasks(epoch: number): void {
    this.repeat(ControllerTimer.FENCE_STALE_BROKER, this.fencePeriod(), epoch)
    this.repeat(ControllerTimer.ELECT_UNCLEAN, this.uncleanPeriod(), epoch)
    if (this.config['auto.leader.rebalance.enable']) {
      this.repeat(ControllerTimer.BALANCE_LEADERS, this.balancePeriod(), epoch)
    }
  }

  /** A task's time has come. */
  onTask(kind: number, epoch: number): void {
    switch (kind) {
      case ControllerTimer.FENCE_STALE_BROKER: {
        const { records, reply } = this.replication.fenceOneStaleBroker(this.env.monotonic())
        this.writer.commit(records)
        this.repeat(kind, reply ? IMMEDIATE_PERIOD : this.fencePeriod(), epoch)
        break
      }
      case ControllerTimer.BALANCE_LEADERS:
        this.writer.commit(this.replication.balanceLeaders())
        this.repeat(kind, this.balancePeriod(), epoch)
        break
      case ControllerTimer.ELECT_UNCLEAN:
        this.writer.commit(this.replication.electUncleanLeaders())
        this.repeat(kind, this.uncleanPeriod(), epoch)
        break
    }
  }

  /** An interval that reaches past the end of all time means "never". */
  private repeat(kind: number, period: number, epoch: number): void {
    if (this.env.monotonic() + period < LAST_TIME) this.env.setTimer(kind, period, epoch)
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
