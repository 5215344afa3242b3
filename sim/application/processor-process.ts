import type { CodeOutput } from '../host.ts'
import type { ConsumedRecord } from '../kafka/client/consumer/completed-fetch.ts'
import { PRODUCER_TIMERS } from '../kafka/client/kafka-producer.ts'
import type { ProducerTopic } from '../kafka/client/producer-owner.ts'
import type { ConsumerGroupMetadata } from '../kafka/client/transaction/txn-request.ts'
import type { Env } from '../kafka/env.ts'
import type { ProducerConfig } from '../kafka/protocol/config/producer.ts'
import type { ProcessorTransactions, Transform } from './applications.ts'
import { type HandlerOwner, HandlerWork, type OwnCode } from './handler-work.ts'
import type { MadeOutput } from './output.ts'
import type { OwnCodeHost } from './process-host.ts'
import type { ProcessorJournal } from './processor-journal.ts'
import { ProcessorOutput } from './processor-output.ts'
import { copiesOf, type OutputMaker } from './processor-sends.ts'
import type { ReaderProcessOptions } from './reader-options.ts'
import { READER_TIMERS, ReaderProcess } from './reader-process.ts'
import { CheckpointedOutput, type CheckpointedThread } from './two-phase/checkpointed-output.ts'
import { TRANSACTIONAL_TIMERS, TransactionalOutput } from './transactional-output.ts'

export interface ProcessorProcessOptions extends ReaderProcessOptions {
  /** Topics it writes to. */
  readonly to: readonly ProducerTopic[]
  readonly transform: Transform
  /** null: it does not commit in transactions. */
  readonly transactions: ProcessorTransactions | null
  readonly producerConfig: ProducerConfig
  /** Which of its processes it is, counted from 1. */
  readonly incarnation: number
  readonly instance: number
  /** Node of the store that keeps its checkpoints; -1 = none. */
  readonly checkpoints: number
}

const HANDLER: number = READER_TIMERS + PRODUCER_TIMERS + TRANSACTIONAL_TIMERS
const CHECKPOINTS: number = HANDLER + 1

/**
 * One instance of a processor: consumes, transforms, produces. `after-output` waits for every acknowledgement before it
 * commits; a send that fails ends the batch, and the application begins again where it last committed. Otherwise failed sends
 * are only logged. `in-transaction` commits outputs and offsets together, once per poll.
 */
export class ProcessorProcess extends ReaderProcess implements CheckpointedThread, HandlerOwner {
  private readonly processor: ProcessorProcessOptions
  private readonly journal: ProcessorJournal
  private readonly own: OwnCode | null
  private readonly processorHost: OwnCodeHost
  private made: MadeOutput | null = null
  private transactional: TransactionalOutput | null = null
  private checkpointed: CheckpointedOutput | null = null
  private handler: HandlerWork | null = null

  constructor(
    env: Env,
    options: ProcessorProcessOptions,
    journal: ProcessorJournal,
    host: OwnCodeHost,
    own: OwnCode | null = null,
  ) {
    super(env, options, host)
    this.processor = options
    this.journal = journal
    this.processorHost = host
    this.own = own
  }

  protected makeOutput(): MadeOutput {
    this.made = this.newOutput(this.maker())
    return this.made
  }

  private newOutput(maker: OutputMaker): MadeOutput {
    const { to, bootstrap, producerConfig, profile, tellSteps, transactions } = this.processor
    const producer = { timerBase: READER_TIMERS, topics: to, bootstrap, config: producerConfig, profile }
    if (transactions === null) return new ProcessorOutput(this.env, this, producer, maker, this.journal, tellSteps)
    const { abort, rewindOnAbort } = transactions
    const options = { producer, maker, abort, rewindOnAbort, tellSteps, timerBase: READER_TIMERS + PRODUCER_TIMERS }
    const { checkpoints: store, config } = this.processor
    if (store < 0) {
      this.transactional = new TransactionalOutput(this.env, this, options, this.journal)
      return this.transactional
    }
    const checkpointed = { ...options, store, storeTimers: CHECKPOINTS, group: config['group.id'] }
    this.checkpointed = new CheckpointedOutput(this.env, this, checkpointed, this.journal)
    this.transactional = this.checkpointed
    return this.checkpointed
  }

  private maker(): OutputMaker {
    const { transform } = this.processor
    if (transform.kind === 'count-by-key') throw new Error('only Kafka Streams counts by key')
    if (transform.kind !== 'handler') return copiesOf(transform)
    const { env, own } = this
    if (own === null) throw new Error("a world with handlers needs the port to the user's code")
    const { name: application, instance, incarnation, topics, to } = this.processor
    const { code } = transform
    const target = { kind: 'topics', topics: to } as const
    const options = { code, timer: HANDLER, application, instance, incarnation, topics, target }
    this.handler = new HandlerWork(env, options, own, this)
    return { kind: 'handler', work: this.handler, values: own.values }
  }

  override onTimer(kind: number, a: number, b: number): void {
    if (this.handler?.onTimer(kind, a) !== true) super.onTimer(kind, a, b)
  }

  // --- HandlerOwner -------------------------------------------------------------------------------------------------

  onMade(worker: number, polled: ConsumedRecord, outputs: readonly CodeOutput[]): void {
    this.made?.onMade(worker, polled, outputs)
  }

  onThrew(message: string): void {
    this.processorHost.threw(this.env.node, message)
  }

  // --- checkpoints --------------------------------------------------------------------------------------------------

  /** Nothing is read before the newest checkpoint is known, and what it names is ended. */
  protected override proceed(): void {
    if (this.checkpointed === null || this.checkpointed.isRecovered) super.proceed()
  }

  onRecovered(): void {
    if (this.state !== 'not-begun') return
    this.seekToCheckpoint([...this.owned])
    this.proceed()
  }

  private seekToCheckpoint(partitions: readonly number[]): void {
    for (const tp of partitions) {
      const position = this.checkpointed?.position(tp) ?? -1
      if (position >= 0) this.consumer?.seek(tp, position)
    }
  }

  override onPartitionsAssigned(partitions: readonly number[]): void {
    super.onPartitionsAssigned(partitions)
    this.seekToCheckpoint(partitions)
  }

  groupMetadata(): ConsumerGroupMetadata {
    const { config, transactions } = this.processor
    const groupId = config['group.id']
    const { consumer } = this
    if (transactions?.groupMetadata !== true || consumer === null) {
      return { groupId, generationId: -1, memberId: '', groupInstanceId: null }
    }
    const groupInstanceId = config['group.instance.id'] === '' ? null : config['group.instance.id']
    return { groupId, ...consumer.groupMetadata, groupInstanceId }
  }

  /** Where nobody knows whether the transaction was committed, the group's coordinator is asked. */
  protected override rewind(to: readonly { readonly tp: number; readonly offset: number }[]): void {
    if (this.transactional?.inDoubt === true) this.consumer?.seekToCommitted()
    else super.rewind(to)
  }
}
