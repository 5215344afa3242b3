import { Ints, Times } from './growable.ts'

/** What an effect did, as `effect.applied` tells it. */
export const What = { processed: 0, inserted: 1, changed: 2, incremented: 3, unchanged: 4 } as const

/** Why a store refused, as `effect.refused` tells it: by its generation fence (1), or by this. */
export const BY_OFFSET_FENCE = 2

/** Records handed to applications by `poll()`, oldest first. */
export class Deliveries {
  readonly reader: Ints = new Ints()
  readonly record: Ints = new Ints()
  readonly partition: Ints = new Ints()
  readonly offset: Ints = new Ints()
  readonly node: Ints = new Ints()
  readonly at: Times = new Times()
  /** When the work on it began plus one, 0 = not yet. */
  readonly startedAt: Times = new Times()
  /** The delivery before it at the same place to the same reader plus one. */
  readonly before: Ints = new Ints()
  /** The delivery before it of the same record, to whomever, plus one. */
  readonly beforeOfRecord: Ints = new Ints()
  private readonly newestByRecord: Ints = new Ints()
  private readonly newest: (Ints | undefined)[] = []
  private readonly partitions: number

  constructor(partitions: number) {
    this.partitions = partitions
  }

  get length(): number {
    return this.reader.length
  }

  /** The newest delivery of a place to a reader, -1 without; then {@link before} less one. */
  newestAt(reader: number, partition: number, offset: number): number {
    return (this.newest[reader * this.partitions + partition]?.at(offset) ?? 0) - 1
  }

  /** The newest delivery of a record to anybody, -1 without; then {@link beforeOfRecord} less one. */
  newestOf(record: number): number {
    return this.newestByRecord.at(record) - 1
  }

  /** One more than the highest offset that a reader was given. */
  endOf(reader: number, partition: number): number {
    return this.newest[reader * this.partitions + partition]?.length ?? 0
  }

  add(time: number, reader: number, record: number, partition: number, offset: number, node: number): number {
    const places = (this.newest[reader * this.partitions + partition] ??= new Ints())
    const delivery = this.reader.push(reader)
    this.record.push(record)
    this.partition.push(partition)
    this.offset.push(offset)
    this.node.push(node)
    this.at.push(time)
    this.startedAt.push(0)
    this.before.push(places.at(offset))
    places.put(offset, delivery + 1)
    this.beforeOfRecord.push(this.newestByRecord.at(record))
    this.newestByRecord.put(record, delivery + 1)
    return delivery
  }
}

/** What stores refused or applications did for good, in the order in which it happened. */
export class Effects {
  readonly reader: Ints = new Ints()
  readonly record: Ints = new Ints()
  readonly partition: Ints = new Ints()
  readonly offset: Ints = new Ints()
  /** The consumer's node, or the store's. */
  readonly node: Ints = new Ints()
  readonly at: Times = new Times()
  /** See {@link What}; of refused ones the reason. */
  readonly what: Ints = new Ints()
  readonly generation: Ints = new Ints()
  /** The one before it of the same record plus one. */
  readonly before: Ints = new Ints()
  private readonly newest: Ints = new Ints()

  get length(): number {
    return this.reader.length
  }

  add(
    time: number,
    reader: number,
    record: number,
    partition: number,
    offset: number,
    node: number,
    what: number,
    generation: number,
  ): number {
    const effect = this.reader.push(reader)
    this.record.push(record)
    this.partition.push(partition)
    this.offset.push(offset)
    this.node.push(node)
    this.at.push(time)
    this.what.push(what)
    this.generation.push(generation)
    this.before.push(this.newest.at(record))
    this.newest.put(record, effect + 1)
    return effect
  }

  /** The newest of a reader for a record, -1 without. */
  newestOf(reader: number, record: number): number {
    let effect = this.newest.at(record) - 1
    while (effect >= 0 && this.reader.at(effect) !== reader) effect = this.before.at(effect) - 1
    return effect
  }

  /** The newest of a reader for a record as it lies at an offset, -1 without. */
  newestAt(reader: number, record: number, partition: number, offset: number): number {
    let effect = this.newest.at(record) - 1
    for (; effect >= 0; effect = this.before.at(effect) - 1) {
      if (this.reader.at(effect) !== reader || this.offset.at(effect) !== offset) continue
      if (this.partition.at(effect) === partition) return effect
    }
    return -1
  }
}
