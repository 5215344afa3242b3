import type { ProducerTopic } from '../kafka/client/producer-owner.ts'
import type { Env } from '../kafka/env.ts'
import type { ProducerConfig } from '../kafka/protocol/config/producer.ts'
import type { Transform } from './applications.ts'
import type { Output } from './output.ts'
import type { ProcessHost } from './process-host.ts'
import type { ProcessorJournal } from './processor-journal.ts'
import { ProcessorOutput } from './processor-output.ts'
import type { ReaderProcessOptions } from './reader-options.ts'
import { READER_TIMERS, ReaderProcess } from './reader-process.ts'

export interface ProcessorProcessOptions extends ReaderProcessOptions {
  /** Topics it writes to. */
  readonly to: readonly ProducerTopic[]
  readonly transform: Transform
  readonly producerConfig: ProducerConfig
}

/**
 * One instance of a processor: consumes, transforms, produces. `after-output` waits for every acknowledgement before it
 * commits; a send that fails ends the batch, and the application begins again where it last committed. Otherwise failed sends
 * are only logged.
 */
export class ProcessorProcess extends ReaderProcess {
  private readonly processor: ProcessorProcessOptions
  private readonly journal: ProcessorJournal

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
    const { to, bootstrap, producerConfig, profile, transform, tellSteps } = this.processor
    const producer = { timerBase: READER_TIMERS, topics: to, bootstrap, config: producerConfig, profile }
    return new ProcessorOutput(this.env, this, producer, transform, this.journal, tellSteps)
  }
}
