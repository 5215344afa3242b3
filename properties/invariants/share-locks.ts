import { M } from '../../sim/history/catalogue.ts'
import type { MomentObserver } from '../../sim/history/recorder.ts'
import type { Shadow } from '../shadow/shadow.ts'
import type { Breaches } from './breaches.ts'

/** What one leader has told of a record. */
interface Known {
  readonly state: 'acquired' | 'available' | 'over'
  readonly node: number
  readonly count: number
}

const STATE_OF = new Map<number, Known['state']>([
  [M.shareAcquired, 'acquired'],
  [M.shareReleased, 'available'],
  [M.shareAcknowledged, 'over'],
  [M.shareArchived, 'over'],
])

/** A leader of a share partition gives a record to one member at a time, not too often, and never after it is done with. */
export class ShareLockInvariants implements MomentObserver {
  readonly kinds: readonly number[] = [...STATE_OF.keys(), M.shareLoaded]
  private readonly shadow: Shadow
  private readonly breaches: Breaches
  /** By leader, group and partition, then by offset: what it has told since it loaded. */
  private readonly known: Map<string, Map<number, Known>> = new Map()

  constructor(shadow: Shadow, breaches: Breaches) {
    this.shadow = shadow
    this.breaches = breaches
  }

  onMoment(
    kind: number,
    time: number,
    leader: number,
    text: number,
    tp: number,
    offset: number,
    last: number,
    count: number,
    node: number,
  ): void {
    const key = `${leader} ${text} ${tp}`
    const state = STATE_OF.get(kind)
    if (state === undefined) {
      this.known.set(key, new Map())
      return
    }
    const records = this.known.get(key)
    if (records === undefined) return
    for (let at = offset; at <= last; at++) {
      if (state === 'acquired') this.onAcquired(time, leader, tp, at, records.get(at), node, count)
      records.set(at, { state, node, count })
    }
  }

  private onAcquired(
    time: number,
    leader: number,
    tp: number,
    offset: number,
    before: Known | undefined,
    node: number,
    count: number,
  ): void {
    const { names, partitions, spec } = this.shadow
    const where = `offset ${offset} of ${partitions.names[partitions.indexOf(tp)] ?? 'a partition'}`
    const given = `${names.node(leader)} gave ${where} to ${names.node(node)}`
    if (before?.state === 'acquired')
      this.breaches.add('share-lock-exclusive', time, `${given} while ${names.node(before.node)} had it`)
    if (before?.state === 'over')
      this.breaches.add('share-lock-exclusive', time, `${given} though the group was done with it`)
    const limit = spec.cluster.brokers[leader - 1]?.['group.share.delivery.count.limit'] ?? 0
    if (limit > 0 && count > limit)
      this.breaches.add('share-delivery-limit', time, `${given} for the ${count}th time, and the limit is ${limit}`)
  }
}
