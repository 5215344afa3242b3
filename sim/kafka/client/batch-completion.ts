import { M } from '../../history/catalogue.ts'
import { tpOf } from '../../history/ids.ts'
import type { Env } from '../env.ts'
import { appendOutcome, Errors, invalidatesMetadata, isRetriable } from '../protocol/errors.ts'
import { NO_LEADER_HINT, type PartitionProduceResponse, type ProduceResponse } from '../protocol/messages.ts'
import type { Completion } from './client-request.ts'
import { FreshAttempts, makesFreshAttempts } from './fresh-attempts.ts'
import type { ErrorPolicy } from './error-policy.ts'
import type { Metadata } from './metadata.ts'
import type { PartitionState } from './partition-state.ts'
import type { ProducerBatch } from './producer-batch.ts'
import type { ProducerSettings } from './producer-settings.ts'
import type { RecordAccumulator } from './record-accumulator.ts'

/** The callback of each send(), called exactly once per attempt. */
export interface SendCallback {
  /** `offset` is -1 with acks=0 and for a duplicate whose offset the broker has forgotten. */
  onAcked(record: number, attempt: number, offset: number): void
  /** The record is certainly not in the log. */
  onFailed(record: number, attempt: number, error: number): void
  /** The record may be in the log, now or later. */
  onUnknown(record: number, attempt: number, error: number): void
}

/**
 * What an answer, or the lack of one, does to the batches of a request: `Sender.completeBatch` and `failBatch`. It also draws
 * the application's conclusion: a batch that failed is *unknown* when any request that carried it ended in doubt.
 */
export class BatchCompletion {
  private readonly env: Env
  private readonly settings: ProducerSettings
  private readonly accumulator: RecordAccumulator
  private readonly metadata: Metadata
  private readonly policy: ErrorPolicy | null
  private readonly callback: SendCallback
  private readonly attempts: FreshAttempts | null

  constructor(
    env: Env,
    settings: ProducerSettings,
    accumulator: RecordAccumulator,
    metadata: Metadata,
    policy: ErrorPolicy | null,
    callback: SendCallback,
  ) {
    this.env = env
    this.settings = settings
    this.accumulator = accumulator
    this.metadata = metadata
    this.policy = policy
    this.callback = callback
    this.attempts = makesFreshAttempts(settings.switches)
      ? new FreshAttempts(env, settings.switches, accumulator, policy?.sequences ?? null)
      : null
  }

  /** `Sender.handleProduceResponse`: a request that carried these batches ended. */
  onProduceCompletion(batches: readonly ProducerBatch[], response: ProduceResponse | null, cause: Completion): void {
    if (cause !== 'response') {
      const error = cause === 'timed-out' ? Errors.REQUEST_TIMED_OUT : Errors.NETWORK_EXCEPTION
      for (const batch of batches) this.answered(batch, error, null)
    } else if (response === null) {
      for (const batch of batches) this.acknowledged(batch, -1)
    } else {
      for (let i = 0; i < response.partitionResponses.length; i++) {
        const answer = response.partitionResponses[i] as PartitionProduceResponse
        const batch = batchOf(batches, answer, i)
        if (batch === undefined) continue
        if (answer.errorCode === Errors.NONE) this.acknowledged(batch, answer.baseOffset)
        else this.answered(batch, answer.errorCode, answer)
      }
    }
  }

  /** Another request that left together with this one failed (`retry.siblings`). */
  sendAgain(batches: readonly ProducerBatch[]): void {
    for (const batch of batches) this.attempts?.sendAgain(batch)
  }

  /** `delivery.timeout.ms` is over. The caller has taken it out of the queue; in flight it still is. */
  expire(batch: ProducerBatch, inFlight: boolean): void {
    const { env, policy } = this
    env.emit(M.batchExpired, batch.id, batch.partition.tp, inFlight ? 1 : 0)
    this.fail(batch, Errors.REQUEST_TIMED_OUT, false)
    if (policy !== null && batch.inRetry && batch.hasSequence()) policy.sequences.markUnresolved(batch)
  }

  /** Nothing is sent any more (`abortIncompleteBatches`, `abortBatches`): what waits and what is in flight gets this error. */
  abortAll(error: number): void {
    for (const { queue, inFlight } of this.accumulator.partitions) {
      for (const batch of [...inFlight, ...queue.all()]) if (!batch.done) this.callBack(batch, error)
      queue.clear()
    }
  }

  /** `abortUndrainedBatches`: the transaction is given up, so what has no sequence yet is not sent any more. */
  abortUndrained(error: number): void {
    for (const { queue } of this.accumulator.partitions) {
      for (const batch of queue.all()) {
        if (batch.hasSequence()) continue
        queue.remove(batch)
        if (!batch.done) this.callBack(batch, error)
      }
    }
  }

  // --- one batch ----------------------------------------------------------------------------------------------------

  private acknowledged(batch: ProducerBatch, baseOffset: number): void {
    batch.inRequest = false
    this.succeed(batch, baseOffset)
    this.unmute(batch.partition)
  }

  private answered(batch: ProducerBatch, error: number, answer: PartitionProduceResponse | null): void {
    batch.inRequest = false
    if (appendOutcome(error) === 'in-doubt') batch.inDoubt = true
    if (error === Errors.MESSAGE_TOO_LARGE && batch.records.length > 1 && !batch.done) this.split(batch)
    else if (this.canRetry(batch, error, answer)) this.retry(batch, error)
    else if (error === Errors.DUPLICATE_SEQUENCE_NUMBER) this.succeed(batch, -1)
    else this.fail(batch, error, batch.attempts < this.settings.retries)
    if (invalidatesMetadata(error)) {
      if (
        this.settings.leaderHints &&
        (error === Errors.NOT_LEADER_OR_FOLLOWER || error === Errors.FENCED_LEADER_EPOCH)
      ) {
        this.metadata.updateLeader(batch.partition, answer?.currentLeader ?? NO_LEADER_HINT)
      }
      this.metadata.requestUpdate()
    }
    this.unmute(batch.partition)
  }

  private canRetry(batch: ProducerBatch, error: number, answer: PartitionProduceResponse | null): boolean {
    if (batch.done || batch.attempts >= this.settings.retries) return false
    if (this.env.monotonic() - batch.createdAt >= this.settings.deliveryTimeoutUs) return false
    return this.policy === null ? isRetriable(error) : this.policy.canRetry(batch, error, answer?.logStartOffset ?? -1)
  }

  private retry(batch: ProducerBatch, error: number): void {
    const again = this.attempts === null ? batch : this.attempts.next(batch)
    this.accumulator.reenqueue(again)
    batch.partition.dropInFlight(batch)
    this.env.emit(M.batchRetried, batch.id, batch.partition.tp, error, again.attempts)
  }

  private split(batch: ProducerBatch): void {
    const { env, accumulator } = this
    batch.partition.txn.remove(batch)
    const parts = accumulator.split(batch)
    env.emit(M.batchSplit, batch.id, batch.partition.tp, parts.length)
    for (const part of parts) {
      part.inDoubt = batch.inDoubt
      for (let i = 0; i < part.records.length; i++) {
        const record = part.records[i] as ProducerBatch['records'][number]
        env.emit(M.recordBatched, record.record, record.attempt, part.id, i)
      }
    }
    batch.done = true
    batch.partition.dropInFlight(batch)
    accumulator.deallocate(batch)
  }

  private succeed(batch: ProducerBatch, baseOffset: number): void {
    if (this.policy !== null) this.policy.sequences.onCompleted(batch, baseOffset)
    if (!batch.done) this.callBackAcked(batch, baseOffset)
    else {
      const successor = this.attempts === null ? null : this.attempts.late(batch)
      if (successor !== null) this.callBackAcked(successor, baseOffset)
    }
  }

  private callBackAcked(batch: ProducerBatch, baseOffset: number): void {
    batch.done = true
    batch.partition.dropInFlight(batch)
    this.accumulator.deallocate(batch)
    const { records, partition, sentTp } = batch
    const tp = sentTp < 0 ? partition.tp : sentTp
    for (let i = 0; i < records.length; i++) {
      const { record, attempt } = records[i] as ProducerBatch['records'][number]
      const offset = baseOffset < 0 ? -1 : baseOffset + i
      this.env.emit(M.produceAcked, record, attempt, tp, offset)
      this.callback.onAcked(record, attempt, offset)
    }
  }

  private fail(batch: ProducerBatch, error: number, adjustSequences: boolean): void {
    if (batch.done) {
      if (batch.successor !== null) this.policy?.sequences.release(batch)
      return
    }
    if (this.policy !== null) this.policy.onFailed(batch, error, adjustSequences)
    this.callBack(batch, error)
  }

  /** An expired batch in an unanswered request may still be appended: that is doubt too. */
  private callBack(batch: ProducerBatch, error: number): void {
    const { env, callback } = this
    const { partition, records } = batch
    const unknown = batch.inDoubt || batch.inRequest
    batch.done = true
    partition.dropInFlight(batch)
    this.accumulator.deallocate(batch)
    for (const { record, attempt } of records) {
      env.emit(unknown ? M.produceUnknown : M.produceFailed, record, attempt, partition.tp, error)
      if (unknown) callback.onUnknown(record, attempt, error)
      else callback.onFailed(record, attempt, error)
    }
  }

  private unmute(partition: PartitionState): void {
    partition.muted = false
  }
}

/** Answers come in the order of the request; anything else is searched for. */
function batchOf(
  batches: readonly ProducerBatch[],
  answer: PartitionProduceResponse,
  at: number,
): ProducerBatch | undefined {
  const likely = batches[at]
  const tp = tpOf(answer.topicId, answer.index)
  return likely?.sentTp === tp ? likely : batches.find(({ sentTp }) => sentTp === tp)
}
