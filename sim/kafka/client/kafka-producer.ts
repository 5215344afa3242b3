import { M } from '../../history/catalogue.ts'
import { tpOf } from '../../history/ids.ts'
import type { TimerHandle } from '../../kernel/kernel.ts'
import type { Envelope } from '../../network/envelope.ts'
import type { Env } from '../env.ts'
import type { KafkaRecord } from '../protocol/batch.ts'
import { Errors } from '../protocol/errors.ts'
import { Idempotence } from './idempotence.ts'
import { PartitionState, TopicState } from './partition-state.ts'
import { BuiltInPartitioner } from './partitioner.ts'
import { sizeAlone } from './producer-batch.ts'
import type { KafkaProducerOptions, ProducerOwner, ProducerTopic } from './producer-owner.ts'
import { NEVER_US, type ProducerSettings, producerSettings } from './producer-settings.ts'
import { type AppendResult, RecordAccumulator } from './record-accumulator.ts'
import { Sender, SENDER_TIMERS } from './sender.ts'
import { TransactionManager } from './transaction/transaction-manager.ts'
import { TransactionalProducer } from './transaction/transactional-producer.ts'

/** Number of timer kinds a producer takes, from its `timerBase` on. */
export const PRODUCER_TIMERS: number = SENDER_TIMERS + 1

/** A send() that waits for metadata or memory. `partition` is undefined when the topic has no such partition. */
interface WaitingSend {
  readonly topic: TopicState
  readonly partition: PartitionState | undefined
  readonly record: KafkaRecord
  readonly sticky: boolean
}

/**
 * `KafkaProducer`: what an application calls. send() may have to wait for metadata or memory, up to `max.block.ms`; the
 * application's thread waits with it, and must not call again before {@link ProducerOwner.onSendReturned}.
 */
export class KafkaProducer {
  /** initTransactions(), beginTransaction() and so on: without a transactional.id each of them is refused. */
  readonly transactions: TransactionalProducer
  private readonly manager: TransactionManager | null
  private readonly env: Env
  private readonly owner: ProducerOwner
  private readonly settings: ProducerSettings
  private readonly topics: readonly TopicState[]
  private readonly accumulator: RecordAccumulator
  private readonly sender: Sender
  private readonly blockTimerKind: number
  private waitingSend: WaitingSend | null = null
  private blockTimer: TimerHandle = 0
  /** close() was called without patience, or is done. */
  private gone = false

  constructor(env: Env, options: KafkaProducerOptions, owner: ProducerOwner) {
    const { timerBase, bootstrap } = options
    const settings = producerSettings(options.config, options.profile)
    const topics = options.topics.map((topic) => topicState(topic, settings))
    const partitions = topics.flatMap((topic) => topic.partitions)
    const manager = transactionManager(env, settings, partitions)
    const policy = manager ?? (settings.idempotent ? new Idempotence(env, settings.switches) : null)
    const accumulator = new RecordAccumulator(env, settings, owner, policy?.sequences ?? null, partitions)
    const sender = new Sender(env, { timerBase, settings, topics, bootstrap, accumulator, policy, callback: owner })
    this.env = env
    this.owner = owner
    this.settings = settings
    this.topics = topics
    this.accumulator = accumulator
    this.manager = manager
    this.sender = sender
    this.blockTimerKind = timerBase + SENDER_TIMERS
    this.transactions = new TransactionalProducer({
      env,
      settings,
      manager,
      sender,
      owner: options.transactionOwner ?? null,
      timerKind: this.blockTimerKind,
    })
  }

  /** The sender's thread begins; an idempotent producer asks for its id before anything is sent. */
  start(): void {
    this.sender.runOnce()
  }

  /**
   * `KafkaProducer.send()`. `topic` is an index into the options' topics, `partition` -1 for the partitioner's choice,
   * `keyHash` from `keyHash()` or -1 without a key, `keyId` the application's number for the key. Returns false when the
   * call must wait. On a closed producer the record fails at once.
   */
  send(topic: number, partition: number, keyHash: number, keyId: number, record: KafkaRecord): boolean {
    const state = this.topics[topic] as TopicState
    const sticky = partition < 0 && (keyHash < 0 || this.settings.ignoreKeys)
    const chosen = sticky
      ? state.partitioner.peek(this.env, state.partitions)
      : state.partitions[partition >= 0 ? partition : keyHash % state.partitions.length]
    this.env.emit(
      M.recordSent,
      record.record,
      record.attempt,
      chosen === undefined ? tpOf(state.topicId, partition) : chosen.tp,
      keyId,
    )
    if (this.accumulator.closed || this.gone) {
      this.refuse(record, tpOf(state.topicId, chosen?.index ?? partition), Errors.UNKNOWN_SERVER_ERROR)
      return true
    }
    const error = this.sendError(record)
    if (error !== Errors.NONE) {
      this.refuse(record, tpOf(state.topicId, chosen?.index ?? partition), error)
      return true
    }
    if (state.known && chosen !== undefined && this.append(state, chosen, record, sticky)) return true
    this.wait({ topic: state, partition: chosen, record, sticky })
    return false
  }

  /** `flush()`: everything sent so far leaves at once; {@link ProducerOwner.onFlushed} tells when all callbacks are made. */
  flush(): void {
    this.accumulator.flushing = true
    this.sender.runOnce()
    this.settle()
  }

  /** `close()`: takes no more records, completes what it has, then is gone. */
  close(): void {
    this.refuseWaiting(Errors.UNKNOWN_SERVER_ERROR)
    this.accumulator.closed = true
    this.sender.runOnce()
    this.settle()
  }

  /** `close(Duration.ZERO)`: what is not complete is aborted, with callbacks; nothing further happens. */
  closeNow(): void {
    if (this.gone) return
    this.gone = true
    this.refuseWaiting(Errors.UNKNOWN_SERVER_ERROR)
    this.sender.close()
    this.sender.completion.abortAll(Errors.UNKNOWN_SERVER_ERROR)
    this.transactions.close()
  }

  /** Batches whose callbacks are open, and a call that waits. */
  hasPending(): boolean {
    return this.accumulator.incomplete > 0 || this.waitingSend !== null || this.transactions.isWaiting
  }

  // --- what happens -------------------------------------------------------------------------------------------------

  onMessage(envelope: Envelope): void {
    if (this.gone) return
    this.sender.client.onMessage(envelope)
    this.goOn()
  }

  onSignal(kind: number, connection: number, peer: number): void {
    if (this.gone) return
    this.sender.client.onSignal(kind, connection, peer)
    this.goOn()
  }

  /** Takes a timer of the producer; false when it is not one of its own. */
  onTimer(kind: number, a: number, b: number): boolean {
    if (kind === this.blockTimerKind) {
      if (this.transactions.isWaiting) this.transactions.onTimer()
      else this.onSendTimeout()
    } else if (!this.sender.onTimer(kind, a, b)) return false
    if (!this.gone) this.goOn()
    return true
  }

  /** In words, for naming a deadlock. */
  waiting(): readonly string[] {
    if (this.transactions.waitsFor !== null) return [`${this.transactions.waitsFor}() to return`]
    if (this.waitingSend !== null) return [`room or metadata for ${this.waitingSend.topic.name}`]
    return this.accumulator.incomplete > 0 ? [`${this.accumulator.incomplete} batches to be answered`] : []
  }

  // --- inner workings -----------------------------------------------------------------------------------------------

  private goOn(): void {
    this.sender.runOnce()
    this.settle()
  }

  /** Lets those go on who waited for what just happened. */
  private settle(): void {
    const { accumulator } = this
    this.transactions.settle()
    if (this.waitingSend !== null && this.waitingSend.topic.known) this.tryWaiting(this.waitingSend)
    if (accumulator.incomplete > 0 || this.waitingSend !== null) return
    if (accumulator.flushing) {
      accumulator.flushing = false
      this.owner.onFlushed()
    }
    if (accumulator.closed && !this.gone && !this.sender.hasRequests() && this.transactions.finish()) {
      this.gone = true
      this.sender.close()
      this.transactions.close()
      this.owner.onClosed()
    }
  }

  private append(topic: TopicState, partition: PartitionState, record: KafkaRecord, sticky: boolean): boolean {
    const { accumulator, sender } = this
    const last = partition.queue.last
    const before = last === undefined ? 0 : last.size
    const result = accumulator.append(partition, record)
    if (result === 'no-memory') return false
    const batch = partition.queue.last as NonNullable<typeof last>
    if (this.manager !== null) this.manager.addPartition(partition)
    this.env.emit(M.recordBatched, record.record, record.attempt, batch.id, batch.records.length - 1)
    if (sticky)
      topic.partitioner.appended(
        this.env,
        topic.partitions,
        partition,
        batch === last ? batch.size - before : batch.size,
      )
    if (batch !== last) {
      batch.sticky = sticky
      sender.batchCreated()
    } else if (!sticky) batch.sticky = false
    this.wake(partition, result)
    return true
  }

  /** What send() fails with at once; NONE = the record may be taken. */
  private sendError(record: KafkaRecord): number {
    const refusal = this.transactions.sendRefusal()
    if (refusal !== null) return refusal.error
    // `TransactionManager.maybeFailWithError`
    if (this.sender.fatalError !== Errors.NONE) return this.sender.fatalError
    const size = sizeAlone(record)
    if (size <= this.settings.maxRequestSize && size <= this.settings.bufferMemory) return Errors.NONE
    if (this.manager !== null) this.manager.onRefused(Errors.MESSAGE_TOO_LARGE)
    return Errors.MESSAGE_TOO_LARGE
  }

  private onSendTimeout(): void {
    this.blockTimer = 0
    this.refuseWaiting(Errors.REQUEST_TIMED_OUT)
    if (this.manager !== null) this.manager.onRefused(Errors.REQUEST_TIMED_OUT)
    this.owner.onSendReturned()
  }

  /** `KafkaProducer.doSend`: the sender is woken for a new batch and for one that has become full. */
  private wake(partition: PartitionState, result: AppendResult): void {
    if (result === 'appended' || !this.sender.canUse(partition)) return
    this.sender.wakeIn(result === 'new-batch' && partition.leader >= 0 ? this.settings.lingerUs : 0)
  }

  private wait(send: WaitingSend): void {
    const { maxBlockUs } = this.settings
    this.waitingSend = send
    if (!send.topic.known) {
      this.sender.metadata.add(send.topic)
      this.sender.metadata.requestUpdate()
    } else this.accumulator.exhausted = true
    if (maxBlockUs < NEVER_US) this.blockTimer = this.env.setTimer(this.blockTimerKind, maxBlockUs)
    this.sender.wakeIn(0)
  }

  private tryWaiting(send: WaitingSend): void {
    const { topic, partition, record, sticky } = send
    if (partition === undefined) return
    const refusal = this.transactions.sendRefusal()
    if (refusal !== null) {
      this.refuseWaiting(refusal.error)
      this.owner.onSendReturned()
      return
    }
    if (!this.append(topic, partition, record, sticky)) {
      if (!this.accumulator.exhausted) {
        this.accumulator.exhausted = true
        this.sender.wakeIn(0)
      }
      return
    }
    this.stopWaiting()
    this.owner.onSendReturned()
  }

  /** The send() that waits fails: its record never left the client. */
  private refuseWaiting(error: number): void {
    const send = this.waitingSend
    if (send === null) return
    this.stopWaiting()
    this.refuse(send.record, send.partition?.tp ?? tpOf(send.topic.topicId, 0), error)
  }

  private stopWaiting(): void {
    this.waitingSend = null
    this.accumulator.exhausted = false
    this.env.cancel(this.blockTimer)
    this.blockTimer = 0
  }

  private refuse(record: KafkaRecord, tp: number, error: number): void {
    this.env.emit(M.produceFailed, record.record, record.attempt, tp, error)
    this.owner.onFailed(record.record, record.attempt, error)
  }
}

function topicState(topic: ProducerTopic, settings: ProducerSettings): TopicState {
  const partitions: PartitionState[] = []
  for (let index = 0; index < topic.partitions; index++) partitions.push(new PartitionState(topic.topicId, index))
  return new TopicState(topic.name, topic.topicId, partitions, new BuiltInPartitioner(settings.batchSize))
}

function transactionManager(
  env: Env,
  settings: ProducerSettings,
  partitions: readonly PartitionState[],
): TransactionManager | null {
  const { transactionalId, transactionTimeoutMs, switches } = settings
  if (transactionalId === null) return null
  return new TransactionManager(env, { transactionalId, transactionTimeoutMs, switches, partitions })
}
