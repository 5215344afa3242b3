import { M } from '../../history/catalogue.ts'
import { tpOf } from '../../history/ids.ts'
import type { TimerHandle } from '../../kernel/kernel.ts'
import type { Envelope } from '../../network/envelope.ts'
import type { Env } from '../env.ts'
import type { KafkaRecord } from '../protocol/batch.ts'
import type { ProducerConfig } from '../protocol/config/producer.ts'
import { Errors } from '../protocol/errors.ts'
import type { ClientProfile } from '../protocol/profile.ts'
import type { SendCallback } from './batch-completion.ts'
import { Idempotence } from './idempotence.ts'
import { PartitionState, TopicState } from './partition-state.ts'
import { BuiltInPartitioner } from './partitioner.ts'
import { sizeAlone } from './producer-batch.ts'
import { NEVER_US, type ProducerSettings, producerSettings } from './producer-settings.ts'
import { type AppendResult, type BatchNumbers, RecordAccumulator } from './record-accumulator.ts'
import { Sender, SENDER_TIMERS } from './sender.ts'

/** Number of timer kinds a producer takes, from its `timerBase` on. */
export const PRODUCER_TIMERS: number = SENDER_TIMERS + 1

/** A topic the application publishes to. */
export interface ProducerTopic {
  readonly name: string
  readonly topicId: number
  readonly partitions: number
}

export interface KafkaProducerOptions {
  readonly timerBase: number
  readonly topics: readonly ProducerTopic[]
  /** Node numbers of the bootstrap servers: every broker. */
  readonly bootstrap: readonly number[]
  readonly config: ProducerConfig
  readonly profile: ClientProfile
}

/** The application behind a producer. Every call comes from within one of the producer's own methods. */
export interface ProducerOwner extends SendCallback, BatchNumbers {
  /** A send() that had to wait is over, one way or the other: the application's thread goes on. */
  onSendReturned(): void
  /** Everything sent before flush() has had its callback. */
  onFlushed(): void
  /** close() is over; the producer is no longer there. */
  onClosed(): void
}

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
    const idempotence = settings.idempotent ? new Idempotence(env, options.profile) : null
    const accumulator = new RecordAccumulator(
      env,
      settings,
      owner,
      idempotence?.sequences ?? null,
      topics.flatMap((topic) => topic.partitions),
    )
    this.env = env
    this.owner = owner
    this.settings = settings
    this.topics = topics
    this.accumulator = accumulator
    this.sender = new Sender(env, { timerBase, settings, topics, bootstrap, accumulator, idempotence, callback: owner })
    this.blockTimerKind = timerBase + SENDER_TIMERS
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
    if (this.sender.fatalError !== Errors.NONE) {
      // `TransactionManager.maybeFailWithError`
      this.refuse(record, tpOf(state.topicId, chosen?.index ?? partition), this.sender.fatalError)
      return true
    }
    const size = sizeAlone(record)
    if (size > this.settings.maxRequestSize || size > this.settings.bufferMemory) {
      this.refuse(record, tpOf(state.topicId, chosen?.index ?? partition), Errors.MESSAGE_TOO_LARGE)
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
  }

  /** Batches whose callbacks are open, and a send() that waits. */
  hasPending(): boolean {
    return this.accumulator.incomplete > 0 || this.waitingSend !== null
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
      this.blockTimer = 0
      this.refuseWaiting(Errors.REQUEST_TIMED_OUT)
      this.owner.onSendReturned()
    } else if (!this.sender.onTimer(kind, a, b)) return false
    if (!this.gone) this.goOn()
    return true
  }

  /** In words, for naming a deadlock. */
  waiting(): readonly string[] {
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
    if (this.waitingSend !== null && this.waitingSend.topic.known) this.tryWaiting(this.waitingSend)
    if (accumulator.incomplete > 0 || this.waitingSend !== null) return
    if (accumulator.flushing) {
      accumulator.flushing = false
      this.owner.onFlushed()
    }
    if (accumulator.closed && !this.gone && !this.sender.hasRequests()) {
      this.gone = true
      this.sender.close()
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
