import { Ints, List } from '../shadow/growable.ts'
import type { Shadow } from '../shadow/shadow.ts'
import type { FinalLogs } from './final-logs.ts'

/**
 * The committed logs at the end of a run, record by record: every *place* (partition, offset) and the record that lies
 * there. Read once, when the first checker asks.
 */
export class CommittedView {
  readonly record: Ints = new Ints()
  readonly partition: Ints = new Ints()
  readonly offset: Ints = new Ints()
  readonly placement: Ints = new Ints()
  readonly entry: Ints = new Ints()
  /** The next place of the same record plus one, in the order of partitions and offsets. */
  readonly next: Ints = new Ints()
  private readonly shadow: Shadow
  private readonly final: FinalLogs
  private readonly first: Ints = new Ints()
  private readonly last: Ints = new Ints()
  /** By partition and offset: place plus one. */
  private readonly at: List[] = []
  private isRead = false

  constructor(shadow: Shadow, final: FinalLogs) {
    this.shadow = shadow
    this.final = final
  }

  /** Reads the logs; to be called when the run is over. */
  read(): this {
    if (this.isRead) return this
    this.isRead = true
    for (let partition = 0; partition < this.shadow.partitions.count; partition++) this.readPartition(partition)
    return this
  }

  get places(): number {
    return this.record.length
  }

  /** The first place of a record, -1 when no committed log holds it; then {@link next} less one. */
  firstOf(record: number): number {
    return this.first.at(record) - 1
  }

  holds(record: number): boolean {
    return this.first.at(record) > 0
  }

  /** The place at an offset, -1 where the committed log has none. */
  placeAt(partition: number, offset: number): number {
    return (this.at[partition]?.at(offset) ?? 0) - 1
  }

  private readPartition(partition: number): void {
    const { logs, batches, records } = this.shadow
    const at = (this.at[partition] = new List())
    for (const entry of this.final.readable(partition)) {
      const batch = logs.batchOf(entry)
      let placement = batch < 0 ? -1 : batches.firstPlacement.at(batch)
      for (; placement >= 0; placement = records.placementInBatch.at(placement)) {
        const offset = logs.entries.base.at(entry) + records.placementIndex.at(placement)
        at.put(offset, this.add(records.placementRecord.at(placement), partition, offset, placement, entry) + 1)
      }
    }
  }

  private add(record: number, partition: number, offset: number, placement: number, entry: number): number {
    const place = this.record.push(record)
    this.partition.push(partition)
    this.offset.push(offset)
    this.placement.push(placement)
    this.entry.push(entry)
    this.next.push(0)
    const last = this.last.at(record) - 1
    if (last < 0) this.first.put(record, place + 1)
    else this.next.put(last, place + 1)
    this.last.put(record, place + 1)
    return place
  }
}
