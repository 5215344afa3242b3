import { PRODUCER_TIMERS } from '../kafka/client/kafka-producer.ts'
import type { ProducerTopic } from '../kafka/client/producer-owner.ts'
import type { ConsumerGroupMetadata } from '../kafka/client/transaction/txn-request.ts'
import type { Env } from '../kafka/env.ts'
import type { ProducerConfig } from '../kafka/protocol/config/producer.ts'
import type { ProcessorTransactions, Transform } from './applications.ts'
import type { Output } from './output.ts'
import type { ProcessHost } from './process-host.ts'
import type { ProcessorJournal } from './processor-journal.ts'
import { ProcessorOutput } from './processor-output.ts'
import type { ReaderProcessOptions } from './reader-options.ts'
import { READER_TIMERS, ReaderProcess } from './reader-process.ts'
import { TransactionalOutput, type TransactionalThread } from './transactional-output.ts'

export interface ProcessorProcessOptions extends ReaderProcessOptions {
  /** Topics it writes to. */
  readonly to: readonly ProducerTopic[]
  readonly transform: Transform
  /** null: it does not commit in transactions. */
  readonly transactions: ProcessorTransactions | null
  readonly producerConfig: ProducerConfig
}

/**
 * One instance of a processor: consumes, transforms, produces. `after-output` waits for every acknowledgement before it
 * commits; a send that fails ends the batch, and the application begins again where it last committed. Otherwise failed sends
 * are only logged. `in-transaction` commits outputs and offsets together, once per poll.
 */
export class ProcessorProcess extends ReaderProcess implements TransactionalThread {
  private readonly processor: ProcessorProcessOptions
  private readonly journal: ProcessorJournal
  private transactional: TransactionalOutput | null = null

  constructor(
    env: Env,
    options: ProcessorProcessOptions,
    journal: ProcessorJournal,
    host: Pick<ProcessHost, 'exited'>,
  ) {
    super(env, options, host)
    this.processor = options
    this.journal = journal
  }

  protected makeOutput(): Output {
    const { to, bootstrap, producerConfig, profile, transform, tellSteps, transactions } = this.processor
    const producer = { timerBase: READER_TIMERS, topics: to, bootstrap, config: producerConfig, profile }
    if (transactions === null) return new ProcessorOutput(this.env, this, producer, transform, this.journal, tellSteps)
    const { abort, rewindOnAbort } = transactions
    const options = { producer, transform, abort, rewindOnAbort, tellSteps, timerBase: READER_TIMERS + PRODUCER_TIMERS }
    this.transactional = new TransactionalOutput(this.env, this, options, this.journal)
    return this.transactional
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
