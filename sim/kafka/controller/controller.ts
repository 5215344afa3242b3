import { M } from '../../history/catalogue.ts'
import { ms } from '../../kernel/time.ts'
import type { NodeHandler } from '../../kernel/node.ts'
import { CLOSED, RESET } from '../../network/connection.ts'
import type { Envelope } from '../../network/envelope.ts'
import type { Env } from '../env.ts'
import { Api, type ApiKey, BROKER_VERSIONS } from '../protocol/api.ts'
import { Errors } from '../protocol/errors.ts'
import type { ApiVersionsResponse } from '../protocol/messages.ts'
import type { MetadataRecord } from '../protocol/metadata-records.ts'
import { ControllerImage } from './controller-image.ts'
import { emitCommitted } from './controller-moments.ts'
import {
  type ControllerOptions,
  ControllerRequests,
  ControllerTimer,
  type MetadataWriter,
} from './controller-requests.ts'
import { isAdministration } from './operator-requests.ts'
import { MetadataFetches } from './metadata-fetches.ts'
import type { ControllerDisk } from './metadata-log.ts'

/** What a controller's listener serves to brokers. */
export const CONTROLLER_APIS: readonly ApiKey[] = [
  Api.Fetch,
  Api.ApiVersions,
  Api.AlterPartition,
  Api.BrokerRegistration,
  Api.BrokerHeartbeat,
  Api.AllocateProducerIds,
  Api.CreateTopics,
]

const API_VERSIONS: ApiVersionsResponse = apiVersions(CONTROLLER_APIS)

export function apiVersions(apis: readonly ApiKey[]): ApiVersionsResponse {
  return {
    errorCode: Errors.NONE,
    apiKeys: apis.map((apiKey) => {
      const { min, max } = BROKER_VERSIONS[apiKey]
      return { apiKey, minVersion: min, maxVersion: max }
    }),
    finalizedFeatures: [],
  }
}

/**
 * `QuorumController`, the only voter of its quorum: what it appends is committed at once. Every change is a batch of records
 * that is appended to the log, then applied by the same code that replays the log at start, and only then answered.
 */
export class Controller implements NodeHandler, MetadataWriter {
  /** Whether it has replayed its log and serves. */
  isActive = false
  /** Of one voter there is one epoch. */
  readonly epoch = 0
  private readonly env: Env
  private readonly disk: ControllerDisk
  private readonly image: ControllerImage
  private readonly requests: ControllerRequests
  private readonly fetches: MetadataFetches

  constructor(env: Env, options: ControllerOptions, disk: ControllerDisk) {
    this.env = env
    this.disk = disk
    this.fetches = new MetadataFetches(env, disk, ControllerTimer.FETCH_WAIT)
    this.image = new ControllerImage(ms(options.config['broker.session.timeout.ms']))
    this.requests = new ControllerRequests(env, options, this.image, this)
  }

  onStart(): void {
    const { disk, image, env } = this
    for (let offset = 0; offset < disk.endOffset; offset++) image.replay(disk.recordAt(offset), offset)
    image.cluster.activate(env.monotonic())
    this.isActive = true
    this.requests.startTasks(this.epoch)
    env.emit(M.controllerStarted, disk.endOffset)
  }

  onMessage(message: unknown): void {
    const request = message as Envelope
    if (!this.fetches.queue(request)) this.work(request)
    this.answerFetches()
  }

  onSignal(kind: number, connection: number, b: number, payload: unknown): void {
    if (isAdministration(kind)) {
      this.requests.administer(kind, connection, b, payload)
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
    if (kind === ControllerTimer.FETCH_WAIT) this.workAll(this.fetches.timedOut(a))
    else this.requests.onTask(kind, a)
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
    if (request.api === Api.ApiVersions) {
      this.env.reply(request, API_VERSIONS)
      return
    }
    if (request.api === Api.Fetch) {
      this.fetches.fetch(request)
      return
    }
    const answer = this.requests.answer(request)
    // The socket server hangs up on requests that its listener does not serve.
    if (answer === null) this.env.disconnect(request.connection)
    else this.env.reply(request, answer)
  }

  // --- the metadata log -----------------------------------------------------------------------------------------------

  get endOffset(): number {
    return this.disk.endOffset
  }

  /** Appends, applies and tells of a batch of records. */
  commit(records: readonly MetadataRecord[]): void {
    if (records.length === 0) return
    let offset = this.disk.append(records)
    records.forEach((record, at) => {
      emitCommitted(this.env, records, at, this.image.topics)
      this.image.replay(record, offset++)
    })
  }

  /** Works requests in order; one that follows a poll on its connection waits for it. */
  private workAll(requests: readonly Envelope[]): void {
    for (const request of requests) if (!this.fetches.queue(request)) this.work(request)
  }

  /** Committed records end the polls that wait for them. */
  private answerFetches(): void {
    for (let next = this.fetches.answerReady(); next !== null; next = this.fetches.answerReady()) this.workAll(next)
  }
}
