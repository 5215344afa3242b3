import { Ints, List, Times } from './growable.ts'
import { type Column, Table } from './table.ts'

/** What an effect did, as `effect.applied` tells it. */
export const What = {
  processed: 0,
  inserted: 1,
  changed: 2,
  incremented: 3,
  unchanged: 4,
  called: 5,
  filed: 6,
} as const

/** Why a store refused, as `effect.refused` tells it: by its generation fence (1), or by these. */
export const BY_OFFSET_FENCE = 2
export const BY_MEMORY = 3

/** Records handed to applications by `poll()`, oldest first. */
export class Deliveries {
  private readonly table: Table = new Table()
  readonly reader: Column = this.table.column()
  readonly record: Column = this.table.column()
  readonly partition: Column = this.table.column()
  readonly offset: Column = this.table.column()
  readonly node: Column = this.table.column()
  readonly at: Times = new Times()
  /** When the work on it began plus one, 0 = not yet. */
  readonly startedAt: Times = new Times()
  /** The delivery before it at the same place to the same reader plus one. */
  readonly before: Column = this.table.column()
  /** The delivery before it of the same record, to whomever, plus one. */
  readonly beforeOfRecord: Column = this.table.column()
  private readonly newestByRecord: Ints = new Ints()
  private readonly newest: (List | undefined)[] = []
  private readonly partitions: number

  constructor(partitions: number) {
    this.partitions = partitions
  }

  get length(): number {
    return this.table.length
  }

  /** The newest delivery of a place to a reader, -1 without; then {@link before} less one. */
  newestAt(reader: number, partition: number, offset: number): number {
    return (this.newest[reader * this.partitions + partition]?.at(offset) ?? 0) - 1
  }

  /** The newest delivery of a record to anybody, -1 without; then {@link beforeOfRecord} less one. */
  newestOf(record: number): number {
    return this.newestByRecord.at(record) - 1
  }

  /** The newest delivery of a place to a node, -1 without. */
  newestTo(node: number, reader: number, partition: number, offset: number): number {
    let delivery = this.newestAt(reader, partition, offset)
    while (delivery >= 0 && this.node.at(delivery) !== node) delivery = this.before.at(delivery) - 1
    return delivery
  }

  /** The delivery of a record that a node began to work on last, -1 when nothing told of it. */
  workOn(reader: number, node: number, record: number): number {
    let latest = -1
    let delivery = this.newestOf(record)
    for (; delivery >= 0; delivery = this.beforeOfRecord.at(delivery) - 1) {
      if (this.reader.at(delivery) !== reader || this.node.at(delivery) !== node) continue
      if (latest < 0 || this.startedAt.at(delivery) > this.startedAt.at(latest)) latest = delivery
    }
    return latest
  }

  /** One more than the highest offset that a reader was given. */
  endOf(reader: number, partition: number): number {
    return this.newest[reader * this.partitions + partition]?.length ?? 0
  }

  add(time: number, reader: number, record: number, partition: number, offset: number, node: number): number {
    const places = (this.newest[reader * this.partitions + partition] ??= new List())
    const delivery = this.table.add()
    this.reader.put(delivery, reader)
    this.record.put(delivery, record)
    this.partition.put(delivery, partition)
    this.offset.put(delivery, offset)
    this.node.put(delivery, node)
    this.at.push(time)
    this.startedAt.push(0)
    this.before.put(delivery, places.at(offset))
    places.put(offset, delivery + 1)
    this.beforeOfRecord.put(delivery, this.newestByRecord.at(record))
    this.newestByRecord.put(record, delivery + 1)
    return delivery
  }
}

/** What stores refused or applications did for good, in the order in which it happened. */
export class Effects {
  private readonly table: Table = new Table()
  readonly reader: Column = this.table.column()
  readonly record: Column = this.table.column()
  readonly partition: Column = this.table.column()
  readonly offset: Column = this.table.column()
  /** The consumer's node, or the store's. */
  readonly node: Column = this.table.column()
  readonly at: Times = new Times()
  /** See {@link What}; of refused ones the reason. */
  readonly what: Column = this.table.column()
  readonly generation: Column = this.table.column()
  /** The one before it of the same record plus one. */
  readonly before: Column = this.table.column()
  private readonly newest: Ints = new Ints()

  get length(): number {
    return this.table.length
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
    const effect = this.table.add()
    this.reader.put(effect, reader)
    this.record.put(effect, record)
    this.partition.put(effect, partition)
    this.offset.put(effect, offset)
    this.node.put(effect, node)
    this.at.push(time)
    this.what.put(effect, what)
    this.generation.put(effect, generation)
    this.before.put(effect, this.newest.at(record))
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
