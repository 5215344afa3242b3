import { partitionOf, topicIdOf } from '../../history/ids.ts'
import type { FetchPartition } from '../protocol/messages.ts'
import type { LogTruncation } from '../protocol/profile.ts'
import type { Partition } from './partition.ts'

/** What a follower must learn from its leader before it fetches a partition. */
export type Question =
  | 'none'
  /** Where the log begins and ends: the fetch was out of range (`fetchOffsetAndTruncate`). */
  | 'bounds'
  /** Where the follower's last epoch ends (`AbstractFetcherThread.truncateToEpochEndOffsets`). */
  | 'epoch-end'

/** Where a follower stands with one partition (`PartitionFetchState`). */
export interface FetchState {
  readonly partition: Partition
  /** Leader epoch the fetcher was started under. */
  readonly leaderEpoch: number
  /** What the fetcher's requests carry of it: -1 before KIP-320. */
  readonly toldEpoch: number
  question: Question
  /** Not fetched before this time. */
  delayedUntil: number
  /** The leader said our epoch is fenced: parked until new metadata arrives. */
  failed: boolean
  /** What the last fetch said of it: mostly the next one says the same. */
  named: FetchPartition | null
}

/** Begins to follow: before KIP-595 the log is cut, or the leader asked where to, before anything is fetched. */
export function fetchStateOf(partition: Partition, truncation: LogTruncation): FetchState {
  const { leaderEpoch, log } = partition
  const asks = truncation === 'leader-epoch' || truncation === 'leader-epoch-iterated'
  const question: Question = asks && log.latestEpoch >= 0 ? 'epoch-end' : 'none'
  if (truncation !== 'on-fetch' && question === 'none') log.truncateTo(log.highWatermark)
  const toldEpoch = truncation === 'on-fetch' ? leaderEpoch : -1
  return { partition, leaderEpoch, toldEpoch, question, delayedUntil: 0, failed: false, named: null }
}

/**
 * Whether an answer still speaks of the partition as it is: it may have got another leader epoch or been cut while the fetch
 * was under way, and then another leadership's words must not be taken for this one's (KAFKA-18723). Who has to ask its leader
 * first takes none (`PartitionFetchState.isReadyForFetch`).
 */
export function isCurrent(state: FetchState, wanted: FetchPartition | undefined): boolean {
  return (
    wanted !== undefined &&
    state.question === 'none' &&
    wanted.currentLeaderEpoch === state.toldEpoch &&
    wanted.fetchOffset === state.partition.log.logEndOffset
  )
}

/** What the next fetch says of the partition. */
export function namedBy(state: FetchState, partitionMaxBytes: number): FetchPartition {
  const { named, toldEpoch } = state
  const { tp, log } = state.partition
  const { logEndOffset, logStartOffset } = log
  const lastFetchedEpoch = toldEpoch < 0 ? -1 : log.latestEpoch
  const isSame =
    named !== null &&
    named.fetchOffset === logEndOffset &&
    named.lastFetchedEpoch === lastFetchedEpoch &&
    named.logStartOffset === logStartOffset
  if (isSame) return named
  state.named = {
    topicId: topicIdOf(tp),
    partition: partitionOf(tp),
    currentLeaderEpoch: toldEpoch,
    fetchOffset: logEndOffset,
    lastFetchedEpoch,
    logStartOffset,
    partitionMaxBytes,
  }
  return state.named
}

/** Whether the next fetch names the partition. */
export function mayFetch(state: FetchState, now: number): boolean {
  return state.question === 'none' && mayAsk(state, now)
}

/** Whether anything may be asked about the partition by now. */
export function mayAsk(state: FetchState, now: number): boolean {
  return !state.failed && state.delayedUntil <= now
}

/** Where the state of a partition stands, looking from `likely` on and then before it; -1 = nowhere. */
export function indexOf(states: readonly FetchState[], tp: number, likely: number): number {
  for (let at = likely; at < states.length; at++) if ((states[at] as FetchState).partition.tp === tp) return at
  for (let at = 0; at < likely && at < states.length; at++) {
    if ((states[at] as FetchState).partition.tp === tp) return at
  }
  return -1
}
