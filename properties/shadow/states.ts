import { M } from '../../sim/history/catalogue.ts'
import type { MomentObserver } from '../../sim/history/recorder.ts'
import type { Consumption } from './consumption.ts'
import { Ints } from './growable.ts'

/** The local store of one task on one instance, by what moments told. */
export interface LocalStore {
  readonly node: number
  /** Number of the partition of its changelog. */
  readonly partition: number
  isOpen: boolean
  /** By text of the key: the changelog record that it stands at. */
  entries: Map<number, number>
  /** What its files hold. */
  files: ReadonlyMap<number, number>
}

/**
 * What stateful steps of Kafka Streams did. Every changelog record knows the one that its key stood at before: so what a count
 * is made of can be followed back, input by input. It sees a moment after the {@link Consumption}.
 */
export class States implements MomentObserver {
  readonly kinds: readonly number[] = [
    M.stateOpened,
    M.stateReplayed,
    M.stateUpdated,
    M.stateCheckpointed,
    M.stateClosed,
    M.nodeCrashed,
    M.nodePowerLost,
    M.nodeStopped,
    M.diskWiped,
  ]
  /** Changelog records that were made, in order. */
  readonly made: Ints = new Ints()
  /** By changelog record: its count; 0 for all others. */
  readonly counts: Ints = new Ints()
  private readonly keys: Ints = new Ints()
  private readonly before: Ints = new Ints()
  private readonly stores: Map<number, LocalStore> = new Map()
  private readonly consumption: Consumption

  constructor(consumption: Consumption) {
    this.consumption = consumption
  }

  /** Text of the key that a changelog record is about. */
  keyOf(record: number): number {
    return this.keys.at(record)
  }

  /** The changelog record that a key stood at before it was counted on; -1 = none. */
  previousOf(record: number): number {
    return this.before.at(record) - 1
  }

  /** Every local store that was ever opened. */
  get all(): readonly LocalStore[] {
    return [...this.stores.values()]
  }

  onMoment(
    kind: number,
    _time: number,
    node: number,
    a: number,
    b: number,
    c: number,
    d: number,
    e: number,
    f: number,
  ): void {
    switch (kind) {
      case M.stateUpdated:
        return this.onUpdated(node, a, c, d, e, f)
      case M.stateReplayed:
        return this.onReplayed(node, a, b)
      case M.stateOpened:
        return this.onOpened(node, a, c === 1)
      case M.stateCheckpointed:
        return this.flush(this.storeAt(node, a))
      case M.stateClosed:
        return this.onClosed(this.storeAt(node, a), b === 2)
      default:
        return this.onEnded(node, kind === M.diskWiped)
    }
  }

  private onUpdated(node: number, id: number, previous: number, count: number, tp: number, key: number): void {
    const { records } = this.consumption.shadow
    const record = records.numberOf(id)
    this.made.push(record)
    this.counts.put(record, count)
    this.keys.put(record, key)
    this.before.put(record, previous < 0 ? 0 : records.numberOf(previous) + 1)
    this.storeAt(node, tp).entries.set(key, record)
  }

  private onReplayed(node: number, id: number, tp: number): void {
    const record = this.consumption.shadow.records.numberOf(id)
    this.storeAt(node, tp).entries.set(this.keyOf(record), record)
  }

  private onOpened(node: number, tp: number, wiped: boolean): void {
    const store = this.storeAt(node, tp)
    if (wiped) store.files = new Map()
    store.isOpen = true
    store.entries = new Map(store.files)
  }

  private flush(store: LocalStore): void {
    store.files = new Map(store.entries)
  }

  private onClosed(store: LocalStore, wiped: boolean): void {
    store.isOpen = false
    store.files = wiped ? new Map() : new Map(store.entries)
  }

  private onEnded(node: number, wiped: boolean): void {
    for (const store of this.stores.values()) {
      if (store.node !== node) continue
      store.isOpen = false
      if (wiped) store.files = new Map()
    }
  }

  private storeAt(node: number, tp: number): LocalStore {
    const { partitions } = this.consumption.shadow
    const partition = partitions.indexOf(tp)
    const number = node * partitions.count + partition
    const known = this.stores.get(number)
    if (known !== undefined) return known
    const store = { node, partition, isOpen: false, entries: new Map<number, number>(), files: new Map() }
    this.stores.set(number, store)
    return store
  }
}
