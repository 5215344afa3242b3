import type { Fence, StoreWrite } from './applications.ts'

/** Bodies of the requests that sinks send to a store; immutable once sent. */

/** A record as a sink writes it. */
export interface StoreRow {
  /** Number of the record that was read. */
  readonly record: number
  readonly tp: number
  readonly offset: number
  readonly key: string | null
}

/** Where a group's reading goes on. */
export interface NextOffset {
  readonly tp: number
  /** -1 = the store knows of none. */
  readonly next: number
}

/** One transaction: all of it or nothing. */
export interface StoreWriteRequest {
  readonly group: string
  /** Generation in which the writer owns what it writes; -1 outside a group. */
  readonly generation: number
  readonly write: StoreWrite
  readonly fence: Fence
  readonly rows: readonly StoreRow[]
  /** Positions saved with the rows; null when the store keeps none. */
  readonly offsets: readonly NextOffset[] | null
}
export interface StoreWriteResponse {
  /** A newer generation has been here: nothing of the transaction was applied. */
  readonly fenced: boolean
  /** Rows that the offset fence left out. */
  readonly skipped: number
}

export interface StoreReadOffsetsRequest {
  readonly group: string
  readonly generation: number
  readonly fence: Fence
  readonly partitions: readonly number[]
}
export interface StoreReadOffsetsResponse {
  readonly fenced: boolean
  readonly offsets: readonly NextOffset[]
}
