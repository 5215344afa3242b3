import type { Fence, Memory, RowWrite } from './applications.ts'

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

/** On whose behalf a request is made. */
export interface OnBehalf {
  readonly group: string
  /** Generation in which the writer owns what it writes; -1 outside a group. */
  readonly generation: number
  readonly fence: Fence
}

/** One transaction: all of it or nothing. */
export interface StoreWriteRequest extends OnBehalf {
  readonly write: RowWrite
  readonly rows: readonly StoreRow[]
  /** Positions saved with the rows; null when the store keeps none. */
  readonly offsets: readonly NextOffset[] | null
  /** Rows that were written within this time are left out, and the others marked in the same transaction; null = neither. */
  readonly deduplicate: Memory | null
}
export interface StoreWriteResponse {
  /** A newer generation has been here: nothing of the transaction was applied. */
  readonly fenced: boolean
  /** Rows that the offset fence left out. */
  readonly skipped: number
}

/** The first of two phases: all of it is made durable, and shown to nobody yet. */
export interface StorePrepareRequest extends StoreWriteRequest {
  readonly id: number
  /** Where the group stands if it is committed. */
  readonly ends: readonly NextOffset[]
}
export interface StorePrepareResponse {
  readonly fenced: boolean
  /** Another prepared transaction has locks that it needs: nothing was done. */
  readonly locked: boolean
}
/** The second phase. */
export interface StoreFinishRequest extends OnBehalf {
  readonly id: number
  /** Or it is rolled back. */
  readonly commit: boolean
}
export interface StoreListPreparedRequest extends OnBehalf {
  readonly partitions: readonly number[]
}
export interface StoreListPreparedResponse {
  readonly fenced: boolean
  readonly prepared: readonly PreparedTransaction[]
}
/** A transaction in doubt, as its store knows it. */
export interface PreparedTransaction {
  readonly id: number
  readonly ends: readonly NextOffset[]
}

/** Where the group stands: by the positions that a database saved, or by the offsets in the names of files. */
export interface StoreReadOffsetsRequest extends OnBehalf {
  readonly partitions: readonly number[]
}
export interface StoreReadOffsetsResponse {
  readonly fenced: boolean
  readonly offsets: readonly NextOffset[]
}

/** Which records are marked as done. */
export interface StoreReadMarksRequest {
  readonly group: string
  readonly rows: readonly StoreRow[]
  readonly memory: Memory
}
export interface StoreReadMarksResponse {
  /** Numbers of records. */
  readonly marked: readonly number[]
}

/** Marks records as done, in a transaction of its own. */
export interface StoreMarkRequest {
  readonly group: string
  readonly records: readonly number[]
}

/** A file of records of one partition, named by partition, first and last offset. */
export interface StoreFile {
  readonly tp: number
  readonly first: number
  readonly last: number
}

/** Begins a file: under a temporary name that no listing shows, or at once under its own. */
export interface StoreCreateFileRequest extends OnBehalf {
  readonly file: StoreFile
  /** The temporary name, which its writer never takes again; null = none. */
  readonly temporary: number | null
}
export interface StoreAppendFileRequest extends OnBehalf {
  readonly file: StoreFile
  readonly temporary: number | null
  readonly rows: readonly StoreRow[]
}
/** Gives a temporary file its own name. */
export interface StoreRenameFileRequest extends OnBehalf {
  readonly file: StoreFile
  readonly temporary: number
}
export interface StoreFileResponse {
  /** A newer generation has been here, or the offsets belong to another file: nothing was done. */
  readonly fenced: boolean
}

/** One call with a side effect. */
export interface StoreCallRequest {
  readonly group: string
  readonly generation: number
  readonly row: StoreRow
  /** How long the endpoint remembers the idempotency key, which is the record's id; null = no key is sent. */
  readonly idempotencyKey: Memory | null
}

/** A producer writes one of its records: a row whose primary key is the record's id, so that it is there once. */
export interface StoreInsertRowRequest {
  readonly record: number
  readonly key: string | null
}

/** A source asks for rows: at most so many, from one on in the order of their commits. */
export interface StoreReadRowsRequest {
  readonly from: number
  readonly most: number
}
export interface StoreReadRowsResponse {
  /** Keys of the rows. */
  readonly keys: readonly string[]
}
