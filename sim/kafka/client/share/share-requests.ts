import { partitionOf, topicIdOf, tpOf } from '../../../history/ids.ts'
import type { Env } from '../../env.ts'
import { Api } from '../../protocol/api.ts'
import { Errors, invalidatesMetadata, isRetriable } from '../../protocol/errors.ts'
import {
  FINAL_SHARE_SESSION_EPOCH,
  INITIAL_SHARE_SESSION_EPOCH,
  type ShareAcknowledgePartition,
  type ShareAcknowledgeRequest,
  type ShareAcknowledgeResponse,
  type ShareFetchRequest,
  type ShareFetchResponse,
} from '../../protocol/share-messages.ts'
import { exponentialBackoff } from '../exponential-backoff.ts'
import type { Metadata } from '../metadata.ts'
import type { ConsumerNetworkClient } from '../consumer/consumer-network-client.ts'
import type { ConsumerSettings } from '../consumer/consumer-settings.ts'
import type { ConsumerTopics } from '../consumer/consumer-topics.ts'
import type { WakeTimer } from '../consumer/wake-timer.ts'
import {
  type AcknowledgedByTp,
  acknowledgePartitions,
  addAcknowledgements,
  only,
  tellFailed,
} from './acknowledgements.ts'
import { type AcknowledgeJob, NodeSession, type ShareCommit } from './node-session.ts'
import type { ShareBuffer } from './share-buffer.ts'

export interface ShareRequestsParts {
  readonly env: Env
  readonly settings: ConsumerSettings
  readonly topics: ConsumerTopics
  readonly metadata: Metadata
  readonly client: ConsumerNetworkClient
  readonly wake: WakeTimer
  readonly buffer: ShareBuffer
  readonly memberId: string
  /** The group's name in moments. */
  readonly group: number
}

/** `ShareConsumeRequestManager`: fetches from the leaders of what is assigned, and brings acknowledgements to whoever gave the records. */
export class ShareRequests {
  /** Commits that are over, in order. */
  readonly completed: ShareCommit[] = []
  private readonly parts: ShareRequestsParts
  private readonly sessions: Map<number, NodeSession> = new Map()
  /** Fetches under way that carry acknowledgements. */
  private inFetch = 0

  constructor(parts: ShareRequestsParts) {
    this.parts = parts
  }

  // --- what is asked ------------------------------------------------------------------------------------------------

  /** Acknowledgements that go with the next fetches. */
  acknowledgeWithFetch(byNode: ReadonlyMap<number, AcknowledgedByTp>): void {
    for (const [node, acknowledged] of byNode) addAcknowledgements(this.session(node).withFetch, acknowledged)
  }

  /** Acknowledgements that are sent at once; null when nobody waits for them. */
  acknowledge(byNode: ReadonlyMap<number, AcknowledgedByTp>, commit: ShareCommit | null): void {
    for (const [node, acknowledged] of byNode) {
      if (commit !== null) commit.unanswered++
      this.session(node).jobs.push({ commit, acknowledged, attempts: 0, notBefore: 0 })
    }
    if (commit !== null && commit.unanswered === 0) this.completed.push(commit)
  }

  /** Whether some acknowledgement has no answer yet. */
  get isAcknowledging(): boolean {
    for (const { withFetch, jobs, job, isBusy, epoch } of this.sessions.values()) {
      if (withFetch.size > 0 || jobs.length > 0 || job !== null) return true
      if (isBusy && epoch < 0) return true
    }
    return this.inFetch > 0
  }

  private session(node: number): NodeSession {
    let session = this.sessions.get(node)
    if (session === undefined) {
      session = new NodeSession(node)
      this.sessions.set(node, session)
    }
    return session
  }

  // --- sending ------------------------------------------------------------------------------------------------------

  /** One turn. `assignment` is fetched if the application waits for records; null = it does not. */
  run(assignment: readonly number[] | null): void {
    const led = assignment === null ? null : this.byLeader(assignment)
    for (const session of this.sessions.values()) {
      if (!session.isBusy) this.next(session, led?.get(session.node) ?? null)
    }
  }

  /** `close()`: every session ends with what is still to be acknowledged. True when all have. */
  close(): boolean {
    let isOver = true
    for (const session of this.sessions.values()) {
      if (session.isOver) continue
      if (!session.isBusy) this.endSession(session)
      if (!session.isOver) isOver = false
    }
    return isOver
  }

  private byLeader(assignment: readonly number[]): ReadonlyMap<number, readonly number[]> {
    const { topics, metadata } = this.parts
    const led = new Map<number, number[]>()
    for (const tp of assignment) {
      const { leader } = topics.leadership(tp)
      if (leader < 0) {
        metadata.requestUpdate()
        continue
      }
      const tps = led.get(leader) ?? []
      led.set(leader, tps)
      tps.push(tp)
      this.session(leader)
    }
    return led
  }

  private next(session: NodeSession, tps: readonly number[] | null): void {
    const { env, wake, client } = this.parts
    const [job] = session.jobs
    if (job !== undefined && job.notBefore > env.monotonic()) wake.wakeAt(job.notBefore)
    else if (job !== undefined) {
      session.jobs.shift()
      this.sendJob(session, job)
      return
    }
    if (tps !== null && !client.isUnavailable(session.node)) this.fetch(session, tps)
    // What was to go with a fetch that will not be made.
    else if (tps === null && session.withFetch.size > 0) this.flush(session)
  }

  private flush(session: NodeSession): void {
    const acknowledged = new Map(session.withFetch)
    session.withFetch.clear()
    this.sendJob(session, { commit: null, acknowledged, attempts: 0, notBefore: 0 })
  }

  private fetch(session: NodeSession, tps: readonly number[]): void {
    const { settings, client, memberId } = this.parts
    const acknowledged = new Map(session.withFetch)
    session.withFetch.clear()
    // A session that begins has nothing to acknowledge: the broker has released it all.
    const mayAcknowledge = session.epoch !== INITIAL_SHARE_SESSION_EPOCH
    if (!mayAcknowledge) this.tellFailed(acknowledgePartitions(acknowledged), Errors.SHARE_SESSION_NOT_FOUND)
    const request: ShareFetchRequest = {
      groupId: settings.groupId ?? '',
      memberId,
      shareSessionEpoch: session.epoch,
      maxWaitMs: settings.fetchMaxWaitMs,
      minBytes: settings.fetchMinBytes,
      maxBytes: settings.fetchMaxBytes,
      maxRecords: settings.maxPollRecords,
      partitions: tps.map((tp) => ({ topicId: topicIdOf(tp), partition: partitionOf(tp) })),
      acknowledgements: mayAcknowledge ? acknowledgePartitions(acknowledged) : [],
    }
    session.isBusy = client.send(session.node, Api.ShareFetch, request)
    if (request.acknowledgements.length === 0) return
    if (session.isBusy) this.inFetch++
    else this.tellFailed(request.acknowledgements, Errors.NETWORK_EXCEPTION)
  }

  private sendJob(session: NodeSession, job: AcknowledgeJob): void {
    const { client } = this.parts
    const acknowledgements = acknowledgePartitions(job.acknowledged)
    if (session.epoch === INITIAL_SHARE_SESSION_EPOCH) {
      this.endJob(job, acknowledgements, Errors.SHARE_SESSION_NOT_FOUND)
      return
    }
    session.isBusy = client.send(
      session.node,
      Api.ShareAcknowledge,
      this.acknowledgeRequest(session.epoch, acknowledgements),
    )
    if (session.isBusy) session.job = job
    else this.endJob(job, acknowledgements, Errors.NETWORK_EXCEPTION)
  }

  private endSession(session: NodeSession): void {
    const { client } = this.parts
    const acknowledged = new Map(session.withFetch)
    for (const job of session.jobs.splice(0)) addAcknowledgements(acknowledged, job.acknowledged)
    session.withFetch.clear()
    if (session.epoch === INITIAL_SHARE_SESSION_EPOCH) {
      session.isOver = true
      return
    }
    const acknowledgements = acknowledgePartitions(acknowledged)
    session.epoch = FINAL_SHARE_SESSION_EPOCH
    session.isBusy = client.send(
      session.node,
      Api.ShareAcknowledge,
      this.acknowledgeRequest(FINAL_SHARE_SESSION_EPOCH, acknowledgements),
    )
    session.isOver = !session.isBusy
  }

  private acknowledgeRequest(
    shareSessionEpoch: number,
    acknowledgements: readonly ShareAcknowledgePartition[],
  ): ShareAcknowledgeRequest {
    const { settings, memberId } = this.parts
    return { groupId: settings.groupId ?? '', memberId, shareSessionEpoch, acknowledgements }
  }

  // --- answers ------------------------------------------------------------------------------------------------------

  onFetched(node: number, request: ShareFetchRequest, response: ShareFetchResponse | null): void {
    const session = this.session(node)
    session.isBusy = false
    if (request.acknowledgements.length > 0) this.inFetch--
    const errorCode = response === null ? Errors.NETWORK_EXCEPTION : response.errorCode
    if (response === null || errorCode !== Errors.NONE) {
      session.epoch = INITIAL_SHARE_SESSION_EPOCH
      this.tellFailed(request.acknowledgements, errorCode)
      this.parts.metadata.requestUpdate()
      return
    }
    session.epoch++
    for (const one of response.responses) {
      const tp = tpOf(one.topicId, one.partition)
      this.onPartitionError(tp, one.errorCode, one.currentLeader)
      if (one.acknowledgeErrorCode !== Errors.NONE) {
        this.onPartitionError(tp, one.acknowledgeErrorCode, one.currentLeader)
        this.tellFailed(only(request.acknowledgements, tp), one.acknowledgeErrorCode)
      }
      if (one.acquiredRecords.length > 0) this.parts.buffer.add(node, one)
    }
  }

  onAcknowledged(node: number, request: ShareAcknowledgeRequest, response: ShareAcknowledgeResponse | null): void {
    const session = this.session(node)
    const { job } = session
    session.isBusy = false
    session.job = null
    const errorCode = response === null ? Errors.NETWORK_EXCEPTION : response.errorCode
    if (request.shareSessionEpoch === FINAL_SHARE_SESSION_EPOCH) {
      session.isOver = true
      if (errorCode !== Errors.NONE) this.tellFailed(request.acknowledgements, errorCode)
      return
    }
    if (job === null) return
    if (response === null || errorCode !== Errors.NONE) {
      session.epoch = INITIAL_SHARE_SESSION_EPOCH
      this.parts.metadata.requestUpdate()
      this.endJob(job, request.acknowledgements, errorCode)
      return
    }
    session.epoch++
    this.onJobAnswered(session, job, request, response)
  }

  /** `handleShareAcknowledgeSuccess`: commitSync() tries again what is retriable, unless the leader has changed. */
  private onJobAnswered(
    session: NodeSession,
    job: AcknowledgeJob,
    request: ShareAcknowledgeRequest,
    { responses }: ShareAcknowledgeResponse,
  ): void {
    const { env, settings } = this.parts
    const again: AcknowledgedByTp = new Map()
    let failed = false
    for (const { topicId, partition, errorCode, currentLeader } of responses) {
      if (errorCode === Errors.NONE) continue
      const tp = tpOf(topicId, partition)
      this.onPartitionError(tp, errorCode, currentLeader)
      const offsets = job.acknowledged.get(tp)
      const isLate = job.commit === null || env.monotonic() >= job.commit.deadline
      if (!isLate && offsets !== undefined && isRetriable(errorCode) && !invalidatesMetadata(errorCode)) {
        again.set(tp, offsets)
        continue
      }
      failed = true
      this.tellFailed(only(request.acknowledgements, tp), errorCode)
    }
    if (job.commit !== null && failed) job.commit.failed = true
    if (again.size === 0) {
      this.endJob(job, [], Errors.NONE)
      return
    }
    const wait = exponentialBackoff(env, settings.retryBackoffUs, settings.retryBackoffMaxUs, job.attempts)
    const notBefore = env.monotonic() + wait
    session.jobs.unshift({ commit: job.commit, acknowledged: again, attempts: job.attempts + 1, notBefore })
  }

  private endJob({ commit }: AcknowledgeJob, failed: readonly ShareAcknowledgePartition[], errorCode: number): void {
    if (errorCode !== Errors.NONE) this.tellFailed(failed, errorCode)
    if (commit === null) return
    if (errorCode !== Errors.NONE) commit.failed = true
    if (--commit.unanswered === 0) this.completed.push(commit)
  }

  private onPartitionError(
    tp: number,
    errorCode: number,
    currentLeader: ShareFetchResponse['responses'][number]['currentLeader'],
  ): void {
    const { metadata, topics, settings } = this.parts
    if (errorCode === Errors.NONE) return
    if (settings.leaderHints) metadata.updateLeader(topics.leadership(tp), currentLeader)
    if (invalidatesMetadata(errorCode)) metadata.requestUpdate()
  }

  private tellFailed(failed: readonly ShareAcknowledgePartition[], errorCode: number): void {
    tellFailed(this.parts.env, this.parts.group, failed, errorCode)
  }
}
