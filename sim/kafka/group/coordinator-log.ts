import type { LogEntry, RecordBatch } from '../protocol/batch.ts'

/** The coordinator's way to its partitions (`CoordinatorPartitionWriter` and `CoordinatorLoader`). */
export interface CoordinatorLog {
  /** Appends with acks=-1: NONE, or why nothing was written. The high watermark is another matter. */
  appendAsCoordinator(tp: number, batch: RecordBatch): number
  /** Everything in the log. */
  entriesOf(tp: number): readonly LogEntry[]
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
