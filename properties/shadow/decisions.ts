import type { Batches } from './batches.ts'

/** What became of a transactional batch in its partition: nothing yet, or what the marker behind it said. */
export const Decision = { none: 0, committed: 1, aborted: 2 } as const

/**
 * The markers that ended transactions in partitions, and which batches each of them decided, in the order in which leaders
 * wrote them.
 */
export class Decisions {
  private readonly batches: Batches
  /** By partition: batches of producers whose transaction is open there. */
  private readonly open: Map<number, number[]>[]

  constructor(partitions: number, batches: Batches) {
    this.batches = batches
    this.open = Array.from({ length: partitions }, () => new Map<number, number[]>())
  }

  /** A leader appended data of a transaction. */
  onData(partition: number, producerId: number, batch: number): void {
    const open = this.open[partition] as Map<number, number[]>
    const known = open.get(producerId)
    this.batches.decision.put(batch, Decision.none)
    if (known === undefined) open.set(producerId, [batch])
    else known.push(batch)
  }

  /** A leader appended a marker. */
  onMarker(time: number, partition: number, producerId: number, committed: boolean, marker: number): void {
    const decision = committed ? Decision.committed : Decision.aborted
    if (marker >= 0) this.batches.decision.put(marker, decision)
    const open = this.open[partition] as Map<number, number[]>
    for (const batch of open.get(producerId) ?? []) {
      this.batches.decision.put(batch, decision)
      this.batches.decidedAt.put(batch, time)
    }
    open.delete(producerId)
  }
}
