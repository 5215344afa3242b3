import { tpOf } from '../../history/ids.ts'
import { ms } from '../../kernel/time.ts'
import { JITTER } from '../../kernel/site.ts'
import type { Env } from '../env.ts'
import type { FetchPartition, FetchPartitionResponse } from '../protocol/messages.ts'
import type { ClusterProfile } from '../protocol/profile.ts'
import type { Partition } from './partition.ts'
import type { ByPartition } from './partition-table.ts'
import type { AnsweredFetch } from './replica-fetcher.ts'
import { BrokerTimer } from './timers.ts'

/** What may come between two steps of the fetcher's thread: other threads' work. */
const THREAD_LAG_US: number = ms(5)

/**
 * A follower that is told where its log parts from the leader's, in two steps, as it was before 3.5 (KAFKA-14704): it took over
 * the leader's high watermark, as far as its own log goes, and cut afterwards. Who reads from it in between is given records
 * that were never committed.
 */
export class SplitTruncation {
  private readonly env: Env
  private readonly partitions: ByPartition<Partition>
  /** Answers of which the first step is done, by their number. */
  private readonly begun: Map<number, AnsweredFetch> = new Map()
  private serial = 0

  private constructor(env: Env, partitions: ByPartition<Partition>) {
    this.env = env
    this.partitions = partitions
  }

  /** null: cutting is one step. */
  static of(profile: ClusterProfile, env: Env, partitions: ByPartition<Partition>): SplitTruncation | null {
    return profile['fetch.diverging.high.watermark'] === 'taken-over' ? new SplitTruncation(env, partitions) : null
  }

  /** The first step of an answer; false: there is only one. */
  begin(fetch: AnsweredFetch): boolean {
    const { request, response } = fetch
    let isDiverging = false
    for (let i = 0; i < response.responses.length; i++) {
      const data = response.responses[i] as FetchPartitionResponse
      if (data.divergingEpoch !== null && this.expose(data, request.partitions[i])) isDiverging = true
    }
    if (!isDiverging) return false
    this.begun.set(++this.serial, fetch)
    this.env.setTimer(BrokerTimer.FetchTruncation, this.env.decide(JITTER, THREAD_LAG_US), this.serial)
    return true
  }

  /** The answer whose second step is due. */
  due(serial: number): AnsweredFetch | undefined {
    const fetch = this.begun.get(serial)
    this.begun.delete(serial)
    return fetch
  }

  private expose(data: FetchPartitionResponse, wanted: FetchPartition | undefined): boolean {
    const partition = this.partitions.get(tpOf(data.topicId, data.partitionIndex))
    if (partition === undefined || partition.isLeader || wanted?.currentLeaderEpoch !== partition.leaderEpoch)
      return false
    const { log, leaderEpoch } = partition
    log.setHighWatermark(Math.min(data.highWatermark, log.logEndOffset), leaderEpoch, false)
    return true
  }
}
