import { M } from '../../sim/history/catalogue.ts'
import type { MomentObserver } from '../../sim/history/recorder.ts'
import { Api } from '../../sim/kafka/protocol/api.ts'
import { Errors, isRetriable } from '../../sim/kafka/protocol/errors.ts'
import { S } from './names.ts'

/** What a coordinator told last of a transactional id. */
interface Known {
  readonly state: 'ongoing' | 'prepared' | 'completed'
  readonly coordinator: number
  readonly producerId: number
  readonly producerEpoch: number
}

/** An offset that waits for the end of its transaction. */
interface Pending {
  readonly group: number
  readonly tp: number
  readonly producerId: number
}

/** Situations of transactions, their coordinators, markers and offsets. */
export class TransactionSituations implements MomentObserver {
  readonly kinds: readonly number[] = [
    M.txnOpened,
    M.txnPrepared,
    M.txnCompleted,
    M.markerWritten,
    M.producerRegistered,
    M.producerRefused,
    M.produceAnswered,
    M.txnVerified,
    M.txnUnknown,
    M.txnHung,
    M.offsetPending,
    M.offsetDropped,
    M.partitionAssigned,
  ]
  private readonly counts: Int32Array
  /** By text of the transactional id. */
  private readonly known: Map<number, Known> = new Map()
  /** By producer id: text of its transactional id. */
  private readonly owners: Map<number, number> = new Map()
  private readonly registered: Set<number> = new Set()
  private pending: Pending[] = []

  constructor(counts: Int32Array) {
    this.counts = counts
  }

  onMoment(
    kind: number,
    _time: number,
    node: number,
    a: number,
    b: number,
    c: number,
    d: number,
    _e: number,
    f: number,
  ): void {
    switch (kind) {
      case M.txnOpened:
        return this.onOpened(node, a, b, c)
      case M.txnPrepared:
        return this.onPrepared(node, a, c, d, f === 1)
      case M.txnCompleted:
        this.known.set(a, { state: 'completed', coordinator: node, producerId: c, producerEpoch: d })
        this.pending = this.pending.filter(({ producerId }) => producerId !== c)
        return
      case M.markerWritten:
        return this.onMarker(c)
      case M.producerRegistered:
        if (this.registered.has(a)) this.hit(S.producerReplaced)
        this.registered.add(a)
        return
      case M.producerRefused:
        return b === Api.EndTxn && isFenced(c) ? this.hit(S.endRefused) : undefined
      case M.produceAnswered:
        return isFenced(c) ? this.hit(S.produceFenced) : undefined
      case M.txnVerified:
        // Retriable is what the coordinator could not say just now.
        return d === Errors.NONE || isRetriable(d) ? undefined : this.hit(S.verificationRefused)
      case M.txnUnknown:
        return this.hit(S.unknownEnd)
      case M.txnHung:
        return this.hit(S.hangingTransaction)
      case M.offsetPending:
        this.pending.push({ group: a, tp: b, producerId: f })
        return
      case M.offsetDropped:
        return this.hit(S.pendingOffsetDropped)
      default:
        if (this.pending.some(({ group, tp }) => group === a && tp === b)) this.hit(S.assignedWithPendingOffset)
    }
  }

  private hit(situation: number): void {
    this.counts[situation] = (this.counts[situation] as number) + 1
  }

  /** A coordinator that takes over tells again of what it found. */
  private onOpened(coordinator: number, text: number, producerId: number, producerEpoch: number): void {
    const before = this.known.get(text)
    if (before?.state === 'ongoing' && before.coordinator !== coordinator) this.hit(S.openTransactionMoves)
    this.owners.set(producerId, text)
    this.known.set(text, { state: 'ongoing', coordinator, producerId, producerEpoch })
  }

  private onPrepared(
    coordinator: number,
    text: number,
    producerId: number,
    producerEpoch: number,
    timedOut: boolean,
  ): void {
    const before = this.known.get(text)
    if (timedOut) this.hit(S.transactionTimedOut)
    if (before?.state === 'prepared' && before.coordinator !== coordinator) this.hit(S.preparedTransactionMoves)
    const isRaised = before?.producerId === producerId && before.producerEpoch < producerEpoch
    if (before?.state === 'ongoing' && !timedOut && isRaised) this.hit(S.epochRaisedByEnd)
    this.known.set(text, { state: 'prepared', coordinator, producerId, producerEpoch })
  }

  /** A marker is of what was decided: while a transaction is open, one can only be of one before it. */
  private onMarker(producerId: number): void {
    const text = this.owners.get(producerId)
    const known = text === undefined ? undefined : this.known.get(text)
    if (known?.state === 'ongoing' && known.producerId === producerId) this.hit(S.lateMarker)
  }
}

function isFenced(error: number): boolean {
  return error === Errors.INVALID_PRODUCER_EPOCH || error === Errors.PRODUCER_FENCED
}
