import type { LogEntry } from '../../protocol/batch.ts'
import type { AbortedTransaction } from '../../protocol/transaction-messages.ts'

/**
 * Which batches of a fetch a reader of committed records must not see (`CompletedFetch.nextFetchedRecord`): those of a producer
 * from where its aborted transaction begins to the marker that aborts it. Batches are looked at once, in order.
 */
export class AbortedRecords {
  /** In the order in which they begin; those up to {@link next} have begun. */
  private readonly transactions: readonly AbortedTransaction[]
  private next = 0
  private readonly producerIds: Set<number> = new Set()
  /** Last offset of the batch that was looked at last: one that is left half is looked at again. */
  private seen = -1
  private hidden = false

  constructor(transactions: readonly AbortedTransaction[]) {
    this.transactions = transactions.toSorted((a, b) => a.firstOffset - b.firstOffset)
  }

  /** Whether a transactional batch, or marker, is hidden. */
  hides(entry: LogEntry): boolean {
    if (entry.lastOffset > this.seen) {
      this.seen = entry.lastOffset
      this.hidden = this.look(entry)
    }
    return this.hidden
  }

  private look({ batch, lastOffset }: LogEntry): boolean {
    const { transactions, producerIds } = this
    let begun = transactions[this.next]
    while (begun !== undefined && begun.firstOffset <= lastOffset) {
      producerIds.add(begun.producerId)
      begun = transactions[++this.next]
    }
    const { marker, producerId } = batch
    if (marker?.type === 'ABORT') producerIds.delete(producerId)
    return marker !== null || producerIds.has(producerId)
  }
}
