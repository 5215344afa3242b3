import { M } from '../../history/catalogue.ts'
import type { NodeHandler } from '../../kernel/node.ts'
import { ms } from '../../kernel/time.ts'
import { CLOSED, RESET, SHUT_DOWN } from '../../network/connection.ts'
import type { Envelope } from '../../network/envelope.ts'
import type { Disk } from '../../storage/disk.ts'
import type { Env } from '../env.ts'
import { Api } from '../protocol/api.ts'
import type { MetadataRecord } from '../protocol/metadata-records.ts'
import type { QuorumFetchRequest } from '../protocol/quorum-messages.ts'
import { QuorumVoter } from '../quorum/quorum-voter.ts'
import type { VoterListener, VoterOptions } from '../quorum/voter-options.ts'
import type { CommittedLog } from './committed-log.ts'
import { apiVersions, CONTROLLER_APIS } from './controller.ts'
import { ControllerImage } from './controller-image.ts'
import {
  type ControllerOptions,
  ControllerRequests,
  ControllerTimer,
  type MetadataWriter,
} from './controller-requests.ts'
import { isAdministration } from './operator-requests.ts'
import { MetadataFetches } from './metadata-fetches.ts'
import { notController } from './not-controller.ts'

const API_VERSIONS = apiVersions([...CONTROLLER_APIS, Api.Vote, Api.BeginQuorumEpoch, Api.EndQuorumEpoch])

/** An answer that holds once the log is committed up to an offset (`DeferredEvent`). */
interface DeferredReply {
  readonly request: Envelope
  readonly body: object
  readonly offset: number
}

/** Who is told of a controller's end. */
export interface ControllerHost {
  /** It ended in good order. */
  exited(node: number): void
  /** It died of what it could not go on with. */
  threw(node: number, message: string): void
}

/**
 * `QuorumController`, one of several voters. The active one leads the quorum and has applied everything committed before its
 * epoch; it decides by what it has written, and answers when that is committed. One that is deposed forgets what is not.
 */
export class QuorumController implements NodeHandler, VoterListener, MetadataWriter {
  isActive = false
  readonly voter: QuorumVoter
  private readonly env: Env
  private readonly options: ControllerOptions
  private readonly committed: CommittedLog
  private readonly host: ControllerHost
  private readonly fetches: MetadataFetches
  private readonly deferred: DeferredReply[] = []
  private image: ControllerImage
  private requests: ControllerRequests
  /** Offset after the last record that the image holds. */
  private applied = 0
  private stopping = false
  /** The epoch in which it became active. */
  private claimEpoch = -1
  /** A change could not be written: it does not lead any more. */
  private refused = false

  constructor(
    env: Env,
    options: ControllerOptions,
    voter: VoterOptions,
    disk: Disk,
    committed: CommittedLog,
    host: ControllerHost,
  ) {
    this.env = env
    this.options = options
    this.committed = committed
    this.host = host
    this.voter = new QuorumVoter(env, voter, disk, this)
    this.fetches = new MetadataFetches(env, this.voter.fetched, ControllerTimer.FETCH_WAIT)
    this.image = this.newImage()
    this.requests = new ControllerRequests(env, options, this.image, this)
  }

  /** The epoch in which it became active last. */
  get epoch(): number {
    return this.claimEpoch
  }

  // --- events ---------------------------------------------------------------------------------------------------------

  onStart(): void {
    this.voter.start()
    // A quorum that stands when the run begins has an active controller.
    if (this.voter.highWatermark > 0) this.onCommitted()
  }

  onMessage(message: unknown): void {
    const envelope = message as Envelope
    if (envelope.reply) this.voter.onMessage(envelope)
    else if (!this.fetches.queue(envelope)) this.work(envelope)
    this.finish()
  }

  onSignal(kind: number, connection: number, b: number, payload: unknown): void {
    if (isAdministration(kind)) {
      if (this.isActive) this.requests.administer(kind, connection, b, payload)
      if (this.refused) this.renounce()
    } else if (kind === SHUT_DOWN) {
      this.stopping = true
      this.voter.resign()
    }
    if (kind === CLOSED || kind === RESET) this.onConnectionGone(kind, connection)
    this.voter.onSignal(kind, connection, b)
    this.finish()
  }

  /** What the peer sent before it closed has arrived and is worked off, though nobody waits for the answers. */
  private onConnectionGone(kind: number, connection: number): void {
    let behind = this.fetches.drop(connection)
    if (kind === RESET) return
    while (behind.length > 0) {
      this.workAll(behind)
      behind = this.fetches.drop(connection)
    }
    this.env.disconnect(connection)
  }

  onTimer(kind: number, a: number, b: number): void {
    if (kind === ControllerTimer.FETCH_WAIT) this.workAll(this.fetches.timedOut(a))
    else if (!this.voter.onTimer(kind, a, b) && this.isActive && a === this.claimEpoch) this.onOwnTimer(kind, a)
    this.finish()
  }

  private onOwnTimer(kind: number, epoch: number): void {
    if (kind === ControllerTimer.RENOUNCE) this.renounce()
    else this.requests.onTask(kind, epoch)
    if (this.refused) this.renounce()
  }

  onDisk(): void {
    this.voter.onDisk()
    this.finish()
  }

  waiting(): readonly string[] {
    return this.deferred.length > 0 ? [`a majority of the controllers for ${this.deferred.length} answers`] : []
  }

  // --- requests -------------------------------------------------------------------------------------------------------

  private work(request: Envelope): void {
    switch (request.api) {
      case Api.ApiVersions:
        this.env.reply(request, API_VERSIONS)
        break
      case Api.Fetch:
        this.voter.onFetch(request.body as QuorumFetchRequest)
        this.fetches.fetch(request)
        break
      case Api.Vote:
      case Api.BeginQuorumEpoch:
      case Api.EndQuorumEpoch:
        this.voter.onRequest(request)
        break
      default: {
        const body = this.isActive ? this.requests.answer(request) : notController(request)
        if (body === null) this.env.disconnect(request.connection)
        else if (this.refused) {
          this.renounce()
          this.env.reply(request, notController(request) as object)
        } else this.replyWhenCommitted(request, body)
      }
    }
  }

  /** Also an answer that wrote nothing may go by what others wrote, and waits with them. */
  private replyWhenCommitted(request: Envelope, body: object): void {
    const offset = this.endOffset
    if (!this.isActive || offset <= this.voter.highWatermark) this.env.reply(request, body)
    else this.deferred.push({ request, body, offset })
  }

  private workAll(requests: readonly Envelope[]): void {
    for (const request of requests) if (!this.fetches.queue(request)) this.work(request)
  }

  /** Ends what an event set off: polls that have news now, and a process that may go. */
  private finish(): void {
    for (let next = this.fetches.answerReady(); next !== null; next = this.fetches.answerReady()) this.workAll(next)
    if (this.stopping && this.voter.isResignationKnown) this.host.exited(this.env.node)
  }

  // --- the metadata log -----------------------------------------------------------------------------------------------

  get endOffset(): number {
    return this.voter.log.endOffset
  }

  /** Appends a batch of records and goes by them at once; others see them when a majority has them. */
  commit(records: readonly MetadataRecord[]): void {
    if (records.length === 0) return
    if (!this.leads()) {
      // `NotLeaderException`
      this.refused = true
      return
    }
    this.voter.append(records)
    this.applyUpTo(this.endOffset)
  }

  onCommitted(): void {
    if (this.isActive && !this.leads()) this.renounce()
    const { voter, deferred, env } = this
    const { highWatermark } = voter
    if (voter.isLeader) this.committed.advance(env, voter.log, highWatermark)
    this.applyUpTo(highWatermark)
    while (deferred.length > 0 && (deferred[0] as DeferredReply).offset <= highWatermark) {
      const { request, body } = deferred.shift() as DeferredReply
      env.reply(request, body)
    }
    if (voter.isLeader && !this.isActive && highWatermark > voter.epochStartOffset) this.claim()
  }

  /** The record that began its epoch is committed, so everything before it is: it is the active controller (`claim`). */
  private claim(): void {
    this.isActive = true
    this.claimEpoch = this.voter.state.epoch
    this.image.cluster.activate(this.env.monotonic())
    this.requests.startTasks(this.claimEpoch)
    this.env.emit(M.controllerStarted, this.endOffset, this.claimEpoch)
  }

  /**
   * The voter knows first, and the controller when it has worked what had come in before (`KafkaEventQueue`): until then it
   * answers by what it knows, and writes nothing.
   */
  onLeadershipLost(): void {
    if (this.isActive) this.env.setTimer(ControllerTimer.RENOUNCE, 0, this.claimEpoch)
  }

  /** Whether it still leads the epoch in which it became active. */
  private leads(): boolean {
    return this.voter.isLeader && this.voter.state.epoch === this.claimEpoch
  }

  /**
   * Another one may lead (`renounce`): whoever waits for an answer asks there, and what is not committed is as if it had never
   * been decided (`SnapshotRegistry.revertToSnapshot`).
   */
  private renounce(): void {
    this.refused = false
    if (!this.isActive) return
    this.isActive = false
    this.env.emit(M.controllerDeposed, this.claimEpoch, this.voter.highWatermark, this.applied)
    for (const { request } of this.deferred.splice(0)) this.env.reply(request, notController(request) as object)
    this.image = this.newImage()
    this.requests = new ControllerRequests(this.env, this.options, this.image, this)
    this.applied = 0
    this.applyUpTo(this.voter.highWatermark)
  }

  onFatal(message: string): void {
    this.host.threw(this.env.node, message)
  }

  private applyUpTo(end: number): void {
    const { log } = this.voter
    for (; this.applied < end; this.applied++) this.image.replay(log.entryAt(this.applied).record, this.applied)
  }

  private newImage(): ControllerImage {
    return new ControllerImage(ms(this.options.config['broker.session.timeout.ms']))
  }
}
