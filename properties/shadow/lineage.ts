import { Ints, Times } from './growable.ts'

/** More than a world has. */
const MOST_READERS = 0x10000

/**
 * Where records come from. A record that a processor made is *derived* from the one it read; an *item* is what all
 * records have in common that are the same output of the same input, however often the work was done: a root record, or
 * (item of the input, reader, index).
 */
export class Lineage {
  /** By derived record: the record it was made of plus one, 0 for a root. */
  private readonly inputOf: Ints = new Ints()
  private readonly readers: Ints = new Ints()
  private readonly indexes: Ints = new Ints()
  /** Where the input lay that was read; -1 when nothing told it. */
  private readonly inputPartition: Ints = new Ints()
  private readonly inputOffset: Ints = new Ints()
  private readonly times: Times = new Times()
  private readonly items: Ints = new Ints()

  /** By item: the root record it comes from. */
  readonly rootOf: Ints = new Ints()
  /** By item: number of the way it came: readers and indexes; 0 for roots. */
  readonly pathOf: Ints = new Ints()
  /** By item: records that are it, newest first, plus one; then {@link beforeInItem}. */
  private readonly newestInItem: Ints = new Ints()
  private readonly inItem: Ints = new Ints()
  private readonly itemsFrom: Forest = new Forest()
  private readonly paths: Forest = new Forest()

  /** By item and reader: of how many outputs a handler told when it was done with it last. */
  private readonly told: Map<number, number> = new Map()

  /** By item and reader: the keys that a sink's handler named, by their texts, the last at the end; -1 for no key. */
  private readonly keyed: Map<number, number[]> = new Map()

  /** By item and reader: the topics that the handler named last, by id, of its outputs in order. */
  private readonly routed: Map<number, number[]> = new Map()

  constructor() {
    this.paths.child(-1, 0, 0)
  }

  onDerived(
    time: number,
    record: number,
    input: number,
    reader: number,
    index: number,
    partition: number,
    offset: number,
  ): void {
    if (this.inputOf.at(record) > 0) return
    this.inputOf.put(record, input + 1)
    this.readers.put(record, reader)
    this.indexes.put(record, index)
    this.inputPartition.put(record, partition)
    this.inputOffset.put(record, offset)
    this.times.put(record, time)
    const from = this.itemOf(input)
    const item = this.itemsFrom.child(from, reader, index)
    if (item === this.rootOf.length) {
      this.rootOf.push(this.rootOf.at(from))
      this.pathOf.push(this.paths.child(this.pathOf.at(from), reader, index))
    }
    this.assign(record, item)
  }

  /** The item that a record is. */
  itemOf(record: number): number {
    const known = this.items.at(record)
    if (known > 0) return known - 1
    const item = this.itemsFrom.root()
    this.rootOf.push(record)
    this.pathOf.push(0)
    this.assign(record, item)
    return item
  }

  private assign(record: number, item: number): void {
    this.items.put(record, item + 1)
    this.inItem.put(record, this.newestInItem.at(item))
    this.newestInItem.put(item, record + 1)
  }

  /** A handler names the topic of an output. */
  onRouted(record: number, reader: number, index: number, topic: number): void {
    const key = this.itemOf(record) * MOST_READERS + reader
    const topics = this.routed.get(key)
    if (topics === undefined || index === 0) this.routed.set(key, [topic])
    else topics[index] = topic
  }

  /** The topic that a handler named of an output, by id; -1 = it named none. */
  toldTopic(item: number, reader: number, index: number): number {
    return this.routed.get(item * MOST_READERS + reader)?.[index] ?? -1
  }

  /** A handler is done with a record and made so many outputs of it. */
  onFinished(record: number, reader: number, outputs: number): void {
    this.told.set(this.itemOf(record) * MOST_READERS + reader, outputs)
  }

  /** A sink's handler names the key under which something is to be written, by its text; -1 = no key. */
  onKeyed(record: number, reader: number, text: number): void {
    const key = this.itemOf(record) * MOST_READERS + reader
    const texts = this.keyed.get(key)
    if (texts === undefined) this.keyed.set(key, [text])
    else texts.push(text)
  }

  /** The keys that a sink's handler named each time that it let an item through, the last at the end; -1 = no key. */
  toldKeys(item: number, reader: number): readonly number[] {
    return this.keyed.get(item * MOST_READERS + reader) ?? []
  }

  /** How many outputs a handler made of an item when it was done with it last; -1 = it never was. */
  toldOutputs(item: number, reader: number): number {
    return this.told.get(item * MOST_READERS + reader) ?? -1
  }

  /** The output of an item by a reader, -1 when it never made it. */
  outputOf(item: number, reader: number, index: number): number {
    return this.itemsFrom.find(item, reader, index)
  }

  /** The newest record that is an item, -1 without; then {@link beforeInItem}. */
  newestRecordOf(item: number): number {
    return this.newestInItem.at(item) - 1
  }
  beforeInItem(record: number): number {
    return this.inItem.at(record) - 1
  }

  isRoot(record: number): boolean {
    return this.inputOf.at(record) === 0
  }
  inputOfRecord(record: number): number {
    return this.inputOf.at(record) - 1
  }
  readerOf(record: number): number {
    return this.readers.at(record)
  }
  indexOf(record: number): number {
    return this.indexes.at(record)
  }
  inputPartitionOf(record: number): number {
    return this.inputPartition.at(record)
  }
  inputOffsetOf(record: number): number {
    return this.inputOffset.at(record)
  }
  derivedAt(record: number): number {
    return this.times.at(record)
  }
}

/** Numbers for things that are named by a parent and two integers. */
class Forest {
  private readonly a: Ints = new Ints()
  private readonly b: Ints = new Ints()
  private readonly sibling: Ints = new Ints()
  private readonly newest: Ints = new Ints()

  /** A new thing without a parent. */
  root(): number {
    this.a.push(0)
    this.b.push(0)
    return this.sibling.push(0)
  }

  find(parent: number, a: number, b: number): number {
    let child = this.newest.at(parent) - 1
    while (child >= 0 && (this.a.at(child) !== a || this.b.at(child) !== b)) child = this.sibling.at(child) - 1
    return child
  }

  child(parent: number, a: number, b: number): number {
    if (parent < 0) return this.root()
    const known = this.find(parent, a, b)
    if (known >= 0) return known
    this.a.push(a)
    this.b.push(b)
    const child = this.sibling.push(this.newest.at(parent))
    this.newest.put(parent, child + 1)
    return child
  }
}
