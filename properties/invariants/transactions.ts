import { M } from '../../sim/history/catalogue.ts'
import type { MomentObserver } from '../../sim/history/recorder.ts'
import { type Coordinated, End } from '../shadow/coordinated.ts'
import type { Shadow } from '../shadow/shadow.ts'
import type { Breaches } from './breaches.ts'

/** An offset that waits for the end of its transaction. */
interface Pending {
  readonly group: number
  readonly tp: number
  readonly offset: number
  readonly generation: number
  readonly member: number
  readonly producerId: number
  readonly producerEpoch: number
}

/**
 * What holds between a transaction's coordinator, the markers in its partitions, and the offsets that it commits. What a
 * coordinator has not told is not held against anybody.
 */
export class TransactionInvariants implements MomentObserver {
  readonly kinds: readonly number[] = [
    M.txnPrepared,
    M.txnCompleted,
    M.markerWritten,
    M.offsetPending,
    M.offsetCommitted,
    M.offsetDropped,
  ]
  private readonly shadow: Shadow
  private readonly coordinated: Coordinated
  private readonly breaches: Breaches
  /** By producer id and epoch: which ends coordinators have told of. */
  private readonly decided: Map<number, Map<number, number>> = new Map()
  private pending: Pending[] = []
  /** Those that were decided rightly, by their end: after a restart of all brokers they are told once more. */
  private readonly settled: Map<number, Pending[]> = new Map()
  /** Before KAFKA-17507 offsets are taken over some time after the marker, when the next transaction may be open. */
  private readonly materializesLater: boolean

  /** @param coordinated sees every moment first. */
  constructor(shadow: Shadow, coordinated: Coordinated, breaches: Breaches) {
    this.shadow = shadow
    this.coordinated = coordinated
    this.breaches = breaches
    this.materializesLater = shadow.spec.profile['transaction.offsets.materialized'] === 'later'
  }

  onMoment(
    kind: number,
    time: number,
    node: number,
    a: number,
    b: number,
    c: number,
    d: number,
    e: number,
    f: number,
    g: number,
  ): void {
    switch (kind) {
      case M.txnPrepared:
        return this.onPrepared(c, d, b === 1 ? End.commit : End.abort)
      case M.txnCompleted:
        if (!this.coordinated.isReplaced(a, e)) this.onCompleted(time, node, a, c, d, b === 1)
        return
      case M.markerWritten:
        return this.onMarker(time, node, a, c, d, e === 1)
      case M.offsetPending:
        this.pending.push({ group: a, tp: b, offset: c, generation: d, member: e, producerId: f, producerEpoch: g })
        return
      case M.offsetCommitted:
        return this.onOffsetCommitted(time, node, a, b, c, d, e)
      default:
        return this.onOffsetDropped(time, node, a, b, c, d)
    }
  }

  // --- the coordinator and its markers ------------------------------------------------------------------------------

  private onPrepared(producerId: number, epoch: number, end: number): void {
    let epochs = this.decided.get(producerId)
    if (epochs === undefined) this.decided.set(producerId, (epochs = new Map()))
    epochs.set(epoch, (epochs.get(epoch) ?? 0) | end)
  }

  /** Under transaction version 1 one epoch has many transactions: only an end that none of them had is wrong. */
  private contradicts(producerId: number, epoch: number, committed: boolean): boolean {
    const told = this.decided.get(producerId)?.get(epoch) ?? 0
    return told !== 0 && (told & (committed ? End.commit : End.abort)) === 0
  }

  private onMarker(
    time: number,
    node: number,
    tp: number,
    producerId: number,
    epoch: number,
    committed: boolean,
  ): void {
    if (!this.contradicts(producerId, epoch, committed)) return
    const [is, told] = committed ? ['COMMIT', 'abort'] : ['ABORT', 'commit']
    const what = `wrote ${is} for producer id ${producerId} and epoch ${epoch} to ${this.partition(tp)}, but the coordinator had decided to ${told}`
    this.tell('marker-as-decided', time, node, what)
  }

  private isGone(tp: number): boolean {
    const { partitions } = this.shadow
    const partition = partitions.indexOf(tp)
    return partition >= 0 && partitions.isGone(partition)
  }

  private onCompleted(
    time: number,
    node: number,
    text: number,
    producerId: number,
    epoch: number,
    committed: boolean,
  ): void {
    if (this.contradicts(producerId, epoch, committed)) {
      const what = `completed the transaction of producer id ${producerId} and epoch ${epoch} as ${committed ? 'committed' : 'aborted'}, but had decided otherwise`
      this.tell('marker-as-decided', time, node, what)
    }
    const known = this.coordinated.of(text)
    if (known?.producerId !== producerId) return
    for (const tp of known.partitions) {
      // Of a topic that was deleted no marker is owed.
      if (this.coordinated.endsIn(tp, producerId) !== 0 || this.isGone(tp)) continue
      const what = `completed the transaction of producer id ${producerId} and epoch ${epoch}, but ${this.partition(tp)}, which belongs to it, has got no marker`
      this.tell('completed-after-markers', time, node, what)
    }
  }

  // --- offsets ------------------------------------------------------------------------------------------------------

  /** A plain commit looks alike, but not of the same member, generation and offset. */
  private onOffsetCommitted(
    time: number,
    node: number,
    group: number,
    tp: number,
    offset: number,
    generation: number,
    member: number,
  ): void {
    this.decide(time, node, 'current', End.commit, (one) => {
      const isSame = one.group === group && one.tp === tp && one.offset === offset
      return isSame && one.generation === generation && one.member === member
    })
  }

  private onOffsetDropped(
    time: number,
    node: number,
    group: number,
    tp: number,
    offset: number,
    producerId: number,
  ): void {
    this.decide(time, node, 'void', End.abort, (one) => {
      return one.group === group && one.tp === tp && one.offset === offset && one.producerId === producerId
    })
  }

  private decide(time: number, node: number, what: string, end: number, isIt: (one: Pending) => boolean): void {
    const one = this.pending.findLast(isIt)
    if (one === undefined) return
    // A request that was sent again has left the same offset more than once: one marker decides them all.
    this.pending = this.pending.filter((other) => other.producerId !== one.producerId || !isIt(other))
    if (this.materializesLater) return
    if ((this.coordinated.endsAmongOffsets(one.producerId) & end) !== 0) return this.settle(one, end)
    if (this.settled.get(end)?.some((other) => isSame(one, other)) === true) return
    const marker = end === End.commit ? 'COMMIT' : 'ABORT'
    const said = `made offset ${one.offset} of ${this.partition(one.tp)} ${what}, which waited for the end of a transaction of producer id ${one.producerId}, although no ${marker} had been written among offsets`
    this.tell('txn-offset-by-marker', time, node, said)
  }

  private settle(one: Pending, end: number): void {
    const others = this.settled.get(end)
    if (others === undefined) this.settled.set(end, [one])
    else others.push(one)
  }

  private partition(tp: number): string {
    return this.shadow.partitions.names[this.shadow.partitions.indexOf(tp)] ?? 'a partition of offsets'
  }

  private tell(invariant: string, time: number, node: number, what: string): void {
    this.breaches.add(invariant, time, `${this.shadow.names.node(node)} ${what}`)
  }
}

function isSame(one: Pending, other: Pending): boolean {
  const isPlace = one.group === other.group && one.tp === other.tp && one.offset === other.offset
  const isProducer = one.producerId === other.producerId && one.producerEpoch === other.producerEpoch
  return isPlace && isProducer && one.generation === other.generation && one.member === other.member
}
