import { M, type Row } from './kinds.ts'

/** Moments of stores whose transactions end in two steps. */
export const STORE_ROWS: readonly Row[] = [
  [
    'store.prepared',
    M.storePrepared,
    'a store has prepared a transaction of so many rows: it is durable, invisible, and keeps its locks until it is ended',
    'group:text transaction rows by:node',
  ],
  [
    'store.finished',
    M.storeFinished,
    'a store commits a transaction that was prepared (commit 1), or rolls it back (0)',
    'group:text transaction commit by:node',
  ],
  [
    'checkpoint.saved',
    M.checkpointSaved,
    'a store keeps a checkpoint: positions, and the transaction that has what came before them and is to be committed now',
    'group:text txn:record by:node',
  ],
]
