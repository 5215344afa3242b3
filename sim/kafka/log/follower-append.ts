import { M } from '../../history/catalogue.ts'
import type { Env } from '../env.ts'
import type { LogEntry } from '../protocol/batch.ts'

/**
 * Whether a follower may append what it fetched. Not when the first batch begins before the log's end
 * (`UnexpectedAppendOffsetException`); compaction leaves gaps, so it may begin behind it (`UnifiedLog.append`). And nothing of
 * it when the checksum of any batch is wrong, not even what lies before that (`UnifiedLog.analyzeAndValidateRecords`,
 * `CorruptRecordException`): a fetcher backs off and asks for the same again.
 */
export function isAppendable(
  env: Env,
  tp: number,
  logEndOffset: number,
  entries: readonly LogEntry[],
  fetchedUnderEpoch: number,
): boolean {
  for (let at = 0; at < entries.length; at++) {
    const entry = entries[at] as LogEntry
    if (at === 0 && entry.baseOffset < logEndOffset) return false
    // What comes from here on is dropped unread.
    if (entry.leaderEpoch > fetchedUnderEpoch) return true
    if (entry.batch.isCorrupt !== true) continue
    env.emit(M.corruptionFound, tp, entry.baseOffset, entry.batch.id)
    return false
  }
  return true
}
