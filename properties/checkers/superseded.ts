import { M } from '../../sim/history/catalogue.ts'
import type { Consumption } from '../shadow/consumption.ts'
import { Ints } from '../shadow/growable.ts'
import type { CommittedView } from './committed-view.ts'
import { Pairs } from './pairs.ts'

/**
 * What compaction promises: whoever reads a compacted topic gets at least the last record of every key. A record that had a newer
 * one of its key behind it when it was removed was not owed to those who had not read it by then.
 */
export class Superseded {
  readonly kinds: readonly number[]
  private readonly consumption: Consumption
  private readonly view: CommittedView
  private readonly pairs: Pairs = new Pairs()
  /** By record: number of its key plus one, 0 without a key. */
  private readonly keys: Ints = new Ints()
  /** By partition and key: offset of the last record plus one. */
  private last: Map<number, Ints> | null = null

  constructor(consumption: Consumption, view: CommittedView) {
    this.consumption = consumption
    this.view = view
    this.kinds = consumption.shadow.partitions.compacted.includes(true) ? [M.recordSent] : []
  }

  /** `record.sent` */
  onSent(node: number, id: number, key: number): void {
    if (key < 0) return
    const { applications, shadow } = this.consumption
    this.keys.put(shadow.records.numberOf(id), this.pairs.of(applications.keySpaceOf[node] as number, key) + 1)
  }

  /** Whether every copy that a reader could have read was removed in favour of a newer one, before it ever got one. */
  excuses(reader: number, record: number): boolean {
    const key = this.keys.at(record)
    if (key === 0 || this.wasDelivered(reader, record)) return false
    const { view } = this
    const { reads } = this.consumption.applications.reader(reader)
    for (let place = view.firstOf(record); place >= 0; place = view.next.at(place) - 1) {
      const partition = view.partition.at(place)
      if (reads[partition] === true && !this.wasRemoved(partition, view.offset.at(place), key)) return false
    }
    return true
  }

  private wasRemoved(partition: number, offset: number, key: number): boolean {
    const { shadow } = this.consumption
    const leader = shadow.leaderships.newestNode(partition)
    if (leader < 0 || shadow.logs.of(leader, partition).cleanedTo <= offset) return false
    this.last ??= this.readLast()
    return (this.last.get(partition)?.at(key) ?? 0) > offset + 1
  }

  private readLast(): Map<number, Ints> {
    const { view } = this
    const last = new Map<number, Ints>()
    for (let place = 0; place < view.places; place++) {
      const key = this.keys.at(view.record.at(place))
      const partition = view.partition.at(place)
      if (key === 0 || this.consumption.shadow.partitions.compacted[partition] !== true) continue
      const ofPartition = last.get(partition) ?? new Ints()
      last.set(partition, ofPartition)
      ofPartition.put(key, Math.max(ofPartition.at(key), view.offset.at(place) + 1))
    }
    return last
  }

  private wasDelivered(reader: number, record: number): boolean {
    const { deliveries } = this.consumption
    let delivery = deliveries.newestOf(record)
    for (; delivery >= 0; delivery = deliveries.beforeOfRecord.at(delivery) - 1)
      if (deliveries.reader.at(delivery) === reader) return true
    return false
  }
}
