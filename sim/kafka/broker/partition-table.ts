import { partitionOf, topicIdOf } from '../../history/ids.ts'

/** Finds a value by partition (`tp`). A `Map` of numbers will do; a broker uses a {@link PartitionTable}. */
export interface ByPartition<T> {
  get(tp: number): T | undefined
}

/**
 * Values by partition (`tp`): what every request looks up some of, so two array indexes stand in for a hash. {@link values} are
 * in the order in which partitions were first set.
 */
export class PartitionTable<T> implements ByPartition<T> {
  /** Place in {@link all} by topic id and partition index; -1 = none. */
  private readonly places: number[][] = []
  private readonly all: T[] = []

  get size(): number {
    return this.all.length
  }

  get(tp: number): T | undefined {
    const topicId = topicIdOf(tp)
    if (topicId >= this.places.length) return undefined
    const places = this.places[topicId] as number[]
    const index = partitionOf(tp)
    if (index >= places.length) return undefined
    const place = places[index] as number
    return place < 0 ? undefined : this.all[place]
  }

  set(tp: number, value: T): void {
    const topicId = topicIdOf(tp)
    while (this.places.length <= topicId) this.places.push([])
    const places = this.places[topicId] as number[]
    const index = partitionOf(tp)
    while (places.length <= index) places.push(-1)
    const place = places[index] as number
    if (place >= 0) {
      this.all[place] = value
    } else {
      places[index] = this.all.length
      this.all.push(value)
    }
  }

  /** Takes the partition out; the others keep their order. Rare, and as dear as there are partitions. */
  remove(tp: number): void {
    const places = this.places[topicIdOf(tp)]
    const place = places?.[partitionOf(tp)] ?? -1
    if (places === undefined || place < 0) return
    places[partitionOf(tp)] = -1
    this.all.splice(place, 1)
    for (const row of this.places) {
      for (let at = 0; at < row.length; at++) if ((row[at] as number) > place) row[at] = (row[at] as number) - 1
    }
  }

  values(): readonly T[] {
    return this.all
  }
}
