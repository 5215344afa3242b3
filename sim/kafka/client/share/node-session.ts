import { INITIAL_SHARE_SESSION_EPOCH } from '../../protocol/share-messages.ts'
import type { AcknowledgedByTp } from './acknowledgements.ts'

/** A commitSync() or commitAsync(), until every broker has answered. */
export interface ShareCommit {
  readonly token: number
  /** Whether retriable errors are tried again, until this time (monotonic microseconds); 0 = they are not. */
  readonly deadline: number
  unanswered: number
  failed: boolean
}

/** Acknowledgements for one broker outside of fetches. */
export interface AcknowledgeJob {
  readonly commit: ShareCommit | null
  readonly acknowledged: AcknowledgedByTp
  readonly attempts: number
  readonly notBefore: number
}

/** What goes to one broker: one request at a time, for all of them carry the session's epoch (`ShareSessionHandler`). */
export class NodeSession {
  readonly node: number
  epoch: number = INITIAL_SHARE_SESSION_EPOCH
  isBusy = false
  isOver = false
  /** Go with the next fetch. */
  readonly withFetch: AcknowledgedByTp = new Map()
  readonly jobs: AcknowledgeJob[] = []
  /** What is under way outside of fetches. */
  job: AcknowledgeJob | null = null

  constructor(node: number) {
    this.node = node
  }
}
