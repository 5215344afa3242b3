import type { LogEntry, RecordBatch } from '../protocol/batch.ts'
import type { ProducerIdentity } from '../protocol/coordinator-records.ts'

/** The coordinator's way to its partitions (`CoordinatorPartitionWriter` and `CoordinatorLoader`). */
export interface CoordinatorLog {
  /**
   * Appends with acks=-1: NONE, or why nothing was written. The high watermark is another matter. `guard` is what the
   * verification of a transactional batch gave, `transactionVersion` of a marker what counts of its coordinator's word.
   */
  appendAsCoordinator(tp: number, batch: RecordBatch, guard?: number, transactionVersion?: number): number
  /** Everything in the log; null when its disk does not give it. */
  entriesOf(tp: number): readonly LogEntry[] | null
  logEndOffset(tp: number): number
  highWatermark(tp: number): number
  /** Of one batch. */
  readonly maxMessageBytes: number
}

/** The disk's queue, as far as the coordinator waits in it. False: `onDisk` follows. */
export interface DiskGate {
  admit(kind: number, a: number, b: number, payload: unknown): boolean
}

/** Disk operations of the coordinator; a broker's own kinds are below. `a` = tp, `b` = life of the coordinator partition. */
export const CoordinatorDisk = {
  load: 10,
  append: 11,
} as const

/** Whose transaction a marker ends. */
export interface EndedTransaction extends ProducerIdentity {
  /** As its coordinator says it, where that counts (KIP-1228); else 0. */
  readonly transactionVersion: number
}

/** Who asks transactions' coordinators whether a producer may write to a partition (`maybeStartTransactionVerification`). */
export interface TransactionVerifier {
  /**
   * Answered, perhaps at once, by {@link VerificationListener.onOffsetsVerified} with the same token. From `apiVersion` 5 of
   * TxnOffsetCommit on the partition joins the transaction, with version 4 it must be in it, before nobody is asked.
   */
  verifyOffsets(
    tp: number,
    transactionalId: string,
    producerId: number,
    producerEpoch: number,
    apiVersion: number,
    token: number,
  ): void
}

export interface VerificationListener {
  /** `guard` opens the log for the batch, if `error` is NONE. */
  onOffsetsVerified(tp: number, token: number, error: number, guard: number): void
}

/** Who handles WriteTxnMarkers: told when a marker in a partition of the offsets topic is replicated, or why it is not there. */
export interface MarkerListener {
  onMarkerWritten(tp: number, token: number, error: number): void
}
