import type { ConsumerTopics } from './consumer-topics.ts'
import { INITIALIZING, TopicPartitionState } from './topic-partition-state.ts'

/** An offset to commit: the next one to read, with the leader epoch of the record before it (-1 = unknown). */
export interface CommitOffset {
  readonly tp: number
  readonly offset: number
  readonly leaderEpoch: number
}

/** `SubscriptionState`: which partitions the consumer reads, and where it stands in each. */
export class SubscriptionState {
  /** Assigned partitions, in the order in which they are fetched. */
  readonly partitions: TopicPartitionState[] = []
  private readonly topics: ConsumerTopics
  private readonly byTp: Map<number, TopicPartitionState> = new Map()

  constructor(topics: ConsumerTopics) {
    this.topics = topics
  }

  get(tp: number): TopicPartitionState | undefined {
    return this.byTp.get(tp)
  }

  /** Assigned partitions in ascending order. */
  assigned(): readonly number[] {
    return this.partitions.map((state) => state.tp).sort((a, b) => a - b)
  }

  /** Takes over an assignment; partitions that stay keep their positions (`assignFromSubscribed`). */
  assign(tps: readonly number[]): void {
    const before = this.partitions.splice(0)
    for (const state of before) if (!tps.includes(state.tp)) this.forget(state)
    for (const tp of tps) {
      let state = this.byTp.get(tp)
      if (state === undefined) {
        state = new TopicPartitionState(tp, this.topics.leadership(tp))
        this.byTp.set(tp, state)
      }
      this.partitions.push(state)
    }
  }

  /** `allConsumed`: what has been returned by poll(), of partitions whose position is valid. */
  allConsumed(): readonly CommitOffset[] {
    const offsets: CommitOffset[] = []
    for (const state of this.partitions) {
      if (state.hasValidPosition) offsets.push({ tp: state.tp, offset: state.offset, leaderEpoch: state.offsetEpoch })
    }
    return offsets.sort((a, b) => a.tp - b.tp)
  }

  /** Partitions without any position, in ascending order. */
  initializing(): readonly TopicPartitionState[] {
    return this.partitions.filter((state) => state.fetchState === INITIALIZING).sort((a, b) => a.tp - b.tp)
  }

  hasAllFetchPositions(): boolean {
    const { partitions } = this
    for (let i = 0; i < partitions.length; i++)
      if (!(partitions[i] as TopicPartitionState).hasValidPosition) return false
    return true
  }

  /** It has had its turn: the others are fetched before it. */
  moveToEnd(state: TopicPartitionState): void {
    const { partitions } = this
    const last = partitions.length - 1
    if (state.unassigned || partitions[last] === state) return
    let at = partitions.indexOf(state)
    for (; at < last; at++) partitions[at] = partitions[at + 1] as TopicPartitionState
    partitions[last] = state
  }

  /** They go soon: nothing of them is fetched or returned any more. */
  markPendingRevocation(tps: readonly number[]): void {
    for (const state of this.partitions) if (tps.includes(state.tp)) state.pendingRevocation = true
  }

  private forget(state: TopicPartitionState): void {
    state.unassigned = true
    this.byTp.delete(state.tp)
  }
}
