import type { OpenTransaction } from '../../kafka/client/transaction/open-transaction.ts'
import type { NextOffset } from '../store-messages.ts'

/** What an application begins with after a failure: where it stands, and the transaction with what came before. */
export interface Checkpoint {
  readonly positions: readonly NextOffset[]
  /** Everything of it is in the logs; only its end is missing. */
  readonly open: OpenTransaction
}

/** A checkpoint is written, and then what it names may be committed. */
export interface StoreSaveCheckpointRequest {
  readonly group: string
  readonly checkpoint: Checkpoint
}
export interface StoreReadCheckpointRequest {
  readonly group: string
}
export interface StoreReadCheckpointResponse {
  /** The newest; null = there is none yet. */
  readonly checkpoint: Checkpoint | null
}
