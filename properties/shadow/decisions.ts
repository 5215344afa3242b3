import type { Batches } from './batches.ts'
import type { Entries } from './entries.ts'
import type { ShadowLog } from './shadow-log.ts'

/** What became of data of a transaction in its partition: nothing yet, or what the marker behind it said. */
export const Decision = { none: 0, committed: 1, aborted: 2 } as const

/**
 * The markers that ended transactions in partitions, and which entries each of them decided, in the order in which leaders
 * wrote them.
 */
export class Decisions {
  private readonly entries: Entries
  private readonly batches: Batches
  /** By partition: entries of producers whose transaction is open there. */
  private readonly open: readonly Map<number, number[]>[]

  constructor(partitions: number, entries: Entries, batches: Batches) {
    this.entries = entries
    this.batches = batches
    this.open = Array.from({ length: partitions }, () => new Map<number, number[]>())
  }

  /** A leader appended data of a transaction. */
  onData(partition: number, producerId: number, entry: number): void {
    const open = this.open[partition] as Map<number, number[]>
    const known = open.get(producerId)
    if (known === undefined) open.set(producerId, [entry])
    else known.push(entry)
  }

  /**
   * A leader began. What it holds counts from now on, also what it, or whoever it copied it from, had appended unaware of a newer
   * leadership: the next marker of its producer is about that too.
   */
  onBegan(partition: number, log: ShadowLog): void {
    const open = this.open[partition] as Map<number, number[]>
    const { transactional, producerId, decision } = this.entries
    const held = new Map<number, number[]>()
    for (let place = 0; place < log.entries.length; place++) {
      const entry = log.entries.at(place)
      if (transactional.at(entry) === 0) continue
      const producer = producerId.at(entry)
      if (transactional.at(entry) === 2) held.delete(producer)
      else if (decision.at(entry) === Decision.none) held.set(producer, [...(held.get(producer) ?? []), entry])
    }
    for (const [producer, entries] of held) {
      const known = open.get(producer) ?? []
      open.set(producer, [...known, ...entries.filter((entry) => !known.includes(entry))])
    }
  }

  /**
   * A leader appended a marker; `batch` is that of the marker itself. One of an old leader, which goes on unaware, ends nothing in
   * the newer log.
   */
  onMarker(
    time: number,
    partition: number,
    producerId: number,
    committed: boolean,
    batch: number,
    isOld: boolean,
  ): void {
    const decision = committed ? Decision.committed : Decision.aborted
    if (batch >= 0) this.batches.decision.put(batch, decision)
    if (isOld) return
    const open = this.open[partition] as Map<number, number[]>
    for (const entry of open.get(producerId) ?? []) {
      this.entries.decision.put(entry, decision)
      this.entries.decidedAt.put(entry, time)
    }
    open.delete(producerId)
  }
}
