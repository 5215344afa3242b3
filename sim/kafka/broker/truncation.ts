import type { EpochEndOffset } from '../log/leader-epoch-cache.ts'
import type { PartitionLog } from '../log/partition-log.ts'
import type { LogTruncation } from '../protocol/profile.ts'

/**
 * Cuts a follower's log to what it may share with its leader, who says where the follower's last epoch ends there
 * (`getOffsetTruncationState`). False = the two have an older epoch in common at best: the follower has to ask again.
 */
export function truncateToLeader(log: PartitionLog, leaders: EpochEndOffset, truncation: LogTruncation): boolean {
  const { epoch, endOffset } = leaders
  if (endOffset < 0) {
    log.truncateTo(log.highWatermark)
    return true
  }
  // KIP-101's answer had no epoch, so nobody could tell that it spoke of an older one (KAFKA-6361).
  const own = truncation === 'leader-epoch' ? null : log.endOffsetForEpoch(epoch)
  if (own === null || own.epoch < 0) {
    log.truncateTo(Math.min(endOffset, log.logEndOffset))
    return true
  }
  const isSame = own.epoch === epoch
  log.truncateTo(Math.min(isSame ? endOffset : own.endOffset, own.endOffset, log.logEndOffset))
  return isSame
}

/**
 * A fetch that was out of range (`fetchOffsetAndTruncate`): a log that goes beyond the leader's is cut there, one that ends
 * before the leader's begins starts anew there, any other stays.
 */
export function truncateToBounds(log: PartitionLog, leaderStart: number, leaderEnd: number): void {
  if (leaderEnd < log.logEndOffset) log.truncateTo(leaderEnd)
  else if (leaderStart > log.logEndOffset) log.truncateFullyAndStartAt(leaderStart)
}
