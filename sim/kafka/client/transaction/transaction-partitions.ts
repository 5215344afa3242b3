import type { PartitionState } from '../partition-state.ts'

/** Partitions of the transaction: in version 2 from their first record on, in version 1 when their coordinator has added them. */
export class TransactionPartitions {
  /** Version 1: not asked for yet (`newPartitionsInTransaction`). */
  private fresh: PartitionState[] = []
  /** Version 1: asked for (`pendingPartitionsInTransaction`). */
  private pending: PartitionState[] = []
  private readonly members: PartitionState[] = []

  get hasNew(): boolean {
    return this.fresh.length > 0
  }

  get isEmpty(): boolean {
    return this.members.length === 0
  }

  all(): readonly PartitionState[] {
    return [...this.members]
  }

  join(partition: PartitionState): void {
    if (partition.inTransaction) return
    partition.inTransaction = true
    this.members.push(partition)
  }

  /** Its coordinator is to add it. */
  want(partition: PartitionState): void {
    if (!this.fresh.includes(partition) && !this.pending.includes(partition)) this.fresh.push(partition)
  }

  /** What was not asked for yet is not wanted any more. */
  dropNew(): void {
    this.fresh.length = 0
  }

  /** All that its coordinator is asked for with the next request. */
  ask(): readonly PartitionState[] {
    this.pending.push(...this.fresh)
    this.fresh.length = 0
    return [...this.pending]
  }

  /** The coordinator has answered for these. */
  answered(partitions: readonly PartitionState[], added: boolean): void {
    this.pending = this.pending.filter((partition) => !partitions.includes(partition))
    if (added) for (const partition of partitions) this.join(partition)
  }

  clear(): void {
    for (const partition of this.members) partition.inTransaction = false
    this.members.length = 0
    this.fresh.length = 0
    this.pending.length = 0
  }
}
