/** Somebody who had not come to rest when a run ended, as the world itself sees it. Plain data: crosses worker threads. */
export interface Waiting {
  /** What does not go on: a producer, an application that reads, a transaction, a partition, or another process. */
  readonly kind: 'send' | 'group' | 'transaction' | 'replication' | 'process'
  /** Name of the node or the partition. */
  readonly who: string
  /** Completes "waits for". */
  readonly waitsFor: string
  /** Completes "because"; null where the world knows no more. */
  readonly because: string | null
  /** The partition it is about, -1 when it is about no single one. */
  readonly tp: number
  /** The node it happens at, -1 for a partition. */
  readonly node: number
}

/** `checkout#0 waits for 3 batches to be answered`. */
export function waitingInWords({ who, waitsFor, because }: Waiting): string {
  return `${who} waits for ${waitsFor}${because === null ? '' : `, because ${because}`}`
}
