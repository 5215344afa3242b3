import { seconds } from '../words.ts'

/** What does not go on: each is an anomaly of `progress` unless it is excused. */
export type Stuck = 'stuck-send' | 'stuck-group' | 'stuck-transaction' | 'stuck-replication'

/** Something that had not come to rest when a run ended without settling. Plain data: crosses threads and ends in JSON. */
export interface Wait {
  readonly kind: Stuck
  /** A record, a group, a partition or a process, by its name. */
  readonly who: string
  /** Completes "waits for". */
  readonly waitsFor: string
  /** Virtual microseconds; null where nothing tells. */
  readonly sinceUs: number | null
  /** The rule that lets it wait, with Kafka's names; null where nothing tells. */
  readonly rule: string | null
  /** Why the configuration leaves no way out; null when there is one. */
  readonly excuse: string | null
  /** Ids of the records it is about. */
  readonly records: readonly string[]
}

/** `orders-0 waits for a leader since 9.100s: no electable leader, ...`. */
export function waitInWords({ who, waitsFor, sinceUs, rule }: Wait): string {
  const since = sinceUs === null ? '' : ` since ${seconds(sinceUs)}`
  return `${who} waits for ${waitsFor}${since}${rule === null ? '' : `: ${rule}`}`
}
