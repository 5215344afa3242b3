import type { CommitOutcome } from '../../kafka/client/consumer/offset-commits.ts'
import type { ProducerExceptionName, TransactionError } from '../../kafka/client/transaction/transaction-error.ts'
import { Errors, isRetriable } from '../../kafka/protocol/errors.ts'

/**
 * What a thread of Kafka Streams makes of an error: `migrated` (TaskMigratedException) = somebody else has its tasks, so it
 * closes them all and joins again; `corrupted` (TaskCorruptedException) = they begin again where they last committed;
 * `fatal` (StreamsException) = the thread dies, and its client with it.
 */
export type StreamsProblem = 'migrated' | 'corrupted' | 'fatal'

/** `RecordCollectorImpl.recordSendError`, with the default production exception handler: it retries what is retriable. */
export function problemOfSend(error: number): StreamsProblem {
  switch (error) {
    case Errors.PRODUCER_FENCED:
    case Errors.INVALID_PRODUCER_ID_MAPPING:
    case Errors.INVALID_PRODUCER_EPOCH:
    case Errors.OUT_OF_ORDER_SEQUENCE_NUMBER:
      return 'migrated'
    default:
      return isRetriable(error) ? 'corrupted' : 'fatal'
  }
}

const MIGRATED: readonly ProducerExceptionName[] = [
  'ProducerFencedException',
  'InvalidProducerEpochException',
  'InvalidPidMappingException',
  'CommitFailedException',
]

/** `StreamsProducer.commitTransaction` and `TaskExecutor.commitOffsetsOrTransaction`, exactly once. */
export function problemOfTransaction({ kind, exception }: TransactionError): StreamsProblem {
  if (kind === 'timeout') return 'corrupted'
  return MIGRATED.includes(exception) ? 'migrated' : 'fatal'
}

/** `TaskExecutor.commitOffsetsOrTransaction`, at least once; null = nothing is lost, and the next commit brings it. */
export function problemOfCommit(outcome: CommitOutcome): StreamsProblem | null {
  switch (outcome) {
    case 'committed':
    // Tried again with the next commit, until `task.timeout.ms`.
    case 'timed-out':
    case 'retriable':
    case 'woken-up':
    case 'rebalance-in-progress':
      return null
    case 'commit-failed':
      return 'migrated'
    case 'fenced':
    case 'error':
      return 'fatal'
  }
}
