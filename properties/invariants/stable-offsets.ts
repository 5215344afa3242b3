import { M } from '../../sim/history/catalogue.ts'
import type { MomentObserver } from '../../sim/history/recorder.ts'
import type { ShadowLog } from '../shadow/shadow-log.ts'
import type { Shadow } from '../shadow/shadow.ts'
import type { Breaches } from './breaches.ts'

/** `producer.id.expiration.ms` where a handwritten world does not say. */
const EXPIRATION_MS = 86_400_000

/** Data of a transaction, and a marker that ends one, as {@link Entries.transactional} has them. */
const DATA = 1
const MARKER = 2

/**
 * What holds of transactions in one log: its last stable offset (`UnifiedLog.lastStableOffset`), and the epochs of its
 * producers (`ProducerAppendInfo.checkProducerEpoch`).
 */
export class StableOffsetInvariants implements MomentObserver {
  readonly kinds: readonly number[] = [M.lsoAdvanced, M.leaderBegan, M.logAppended]
  private readonly shadow: Shadow
  private readonly breaches: Breaches
  /** By node and partition: the last stable offset of the present leadership, -1 while none was told. */
  private readonly stable: Map<number, number> = new Map()
  /** By node and partition: where the log ended when the present leadership began. */
  private readonly began: Map<number, number> = new Map()
  /** By node and partition: the newest entry of each producer. */
  private readonly newest: Map<number, Map<number, number>> = new Map()
  /** A producer that has been idle for so long may be forgotten, and its epochs with it; 0 = at any time. */
  private readonly memoryUs: number

  constructor(shadow: Shadow, breaches: Breaches) {
    this.shadow = shadow
    this.breaches = breaches
    const { cluster, profile } = shadow.spec
    const least = Math.min(...cluster.brokers.map((config) => config['producer.id.expiration.ms'] ?? EXPIRATION_MS))
    // It goes by timestamps, which are of the time of sending and of the sender's clock: half of it is certain.
    this.memoryUs = profile['producer.state.expiration'] === 'since-last-write' ? least * 500 : 0
  }

  onMoment(kind: number, time: number, node: number, tp: number, offset: number, end: number): void {
    if (kind === M.logAppended) return this.onAppended(time, node)
    const partition = this.shadow.partitions.indexOf(tp)
    if (partition < 0) return
    const at = node * this.shadow.partitions.count + partition
    if (kind === M.leaderBegan) {
      this.stable.delete(at)
      this.began.set(at, end)
    } else this.onStable(time, this.shadow.logs.of(node, partition), at, offset)
  }

  private onStable(time: number, log: ShadowLog, at: number, offset: number): void {
    const before = this.stable.get(at) ?? -1
    this.stable.set(at, offset)
    if (offset > log.highWatermark)
      this.tell('lso-within-hw', time, log, `to ${offset}, but its high watermark is ${log.highWatermark}`)
    if (offset < before) this.tell('lso-monotonic', time, log, `from ${before} to ${offset} within one leadership`)
    const decidedTo = Math.max(log.highWatermark, this.began.get(at) ?? 0)
    const open = this.firstOpen(log, Math.max(before, log.start), offset, decidedTo)
    if (open >= 0) this.tellOpen(time, log, offset, open)
  }

  /**
   * The first entry in [from, to) of a transaction whose marker is not in the log, or not below `decidedTo`; -1 without. That
   * is the high watermark, or where the leader began: which markers wait for their replication no snapshot tells, so a broker
   * that was shut down in good order and leads again has forgotten it. A transaction that began before `from` was open when
   * the last stable offset passed there.
   */
  private firstOpen(log: ShadowLog, from: number, to: number, decidedTo: number): number {
    const { base, producerId, transactional } = this.shadow.logs.entries
    const open = new Map<number, number>()
    for (let place = log.placeOf(from); place < log.entries.length; place++) {
      const entry = log.entries.at(place)
      const offset = base.at(entry)
      if (offset >= decidedTo || (offset >= to && open.size === 0)) break
      const producer = producerId.at(entry)
      if (transactional.at(entry) === MARKER) open.delete(producer)
      else if (transactional.at(entry) === DATA && offset < to && !open.has(producer)) open.set(producer, entry)
    }
    let first = -1
    for (const entry of open.values()) if (first < 0 || base.at(entry) < base.at(first)) first = entry
    return first
  }

  private tellOpen(time: number, log: ShadowLog, offset: number, entry: number): void {
    const { base, producerId } = this.shadow.logs.entries
    const what = `to ${offset}, but producer id ${producerId.at(entry)} has an open transaction there from offset ${base.at(entry)}`
    this.tell('lso-before-open-transaction', time, log, what)
  }

  private tell(invariant: string, time: number, { node, partition }: ShadowLog, what: string): void {
    const { names, partitions } = this.shadow
    const said = `${names.node(node)} moved its last stable offset ${what} (${partitions.names[partition]})`
    this.breaches.add(invariant, time, said)
  }

  // --- epochs -------------------------------------------------------------------------------------------------------

  private onAppended(time: number, node: number): void {
    const { current: log, entry, entries } = this.shadow.logs
    if (log === null || this.memoryUs === 0) return
    const producer = entries.producerId.at(entry)
    if (producer < 0) return
    const before = this.replace(node * this.shadow.partitions.count + log.partition, producer, entry)
    if (before < 0 || entries.producerEpoch.at(entry) >= entries.producerEpoch.at(before)) return
    if (!log.holds(before) || entries.at.at(entry) - entries.at.at(before) >= this.memoryUs) return
    const { names, partitions } = this.shadow
    const said =
      `${names.node(node)} appended epoch ${entries.producerEpoch.at(entry)} of producer id ${producer} at offset ${entries.base.at(entry)}, ` +
      `after epoch ${entries.producerEpoch.at(before)} at offset ${entries.base.at(before)} (${partitions.names[log.partition]})`
    this.breaches.add('producer-epoch-monotonic', time, said)
  }

  /** Returns the newest entry of the producer so far, -1 without. */
  private replace(at: number, producer: number, entry: number): number {
    let producers = this.newest.get(at)
    if (producers === undefined) this.newest.set(at, (producers = new Map()))
    const before = producers.get(producer) ?? -1
    producers.set(producer, entry)
    return before
  }
}
