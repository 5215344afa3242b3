import { M } from '../../sim/history/catalogue.ts'
import { APPENDED_AS_LEADER, CONTROL_BATCH, recordOf, TRANSACTIONAL_BATCH, tpOf } from '../../sim/history/ids.ts'
import { History, type HistoryOptions } from './history.test.helper.ts'

/** Text of the transactional id, and its producer id. */
export const ID = 7
export const PRODUCER = 1000
/** A partition of `__consumer_offsets`. */
export const OFFSETS: number = tpOf(9, 3)
/** First number of the markers' batches. */
export const MARKERS = 900

/** A history of one transactional producer, whose leader is broker 1 and whose followers copy everything at once. */
export class TransactionalHistory extends History {
  end = 0
  private markers = 0
  private txns = 0

  constructor(options: HistoryOptions = {}) {
    super({ transactionalId: 'checkout-${instance}', ...options })
    this.formed().at(10)
  }

  registers(epoch: number, node: number = this.checkout, producerId: number = PRODUCER): this {
    return this.emit(M.producerRegistered, 1, ID, producerId, epoch, node)
  }

  begins(epoch = 0): this {
    return this.emit(M.txnBegan, this.checkout, ID, ++this.txns, PRODUCER, epoch)
  }

  /** Record n is sent and its callback succeeds. */
  writes(n: number, epoch = 0, attempt = 0): this {
    this.sent(n, n * 10 + attempt, attempt)
    this.data(n * 10 + attempt, epoch)
    return this.acked(n, this.end - 1, attempt)
  }

  /** A batch comes to the leader. */
  data(batch: number, epoch = 0): this {
    const offset = this.end++
    return this.append(recordOf(this.checkout, batch), offset, epoch | TRANSACTIONAL_BATCH)
  }

  marker(committed: boolean, epoch = 0): this {
    const offset = this.end++
    const batch = recordOf(1, MARKERS + this.markers++)
    this.append(batch, offset, epoch | TRANSACTIONAL_BATCH | CONTROL_BATCH)
    return this.emit(M.markerWritten, 1, this.tp, offset, PRODUCER, epoch, committed ? 1 : 0, 0, batch)
  }

  private append(batch: number, offset: number, flags: number): this {
    for (const node of this.brokers) {
      const asLeader = node === 1 ? APPENDED_AS_LEADER : 0
      this.emit(M.logAppended, node, this.tp, offset, offset, 0, batch, PRODUCER, flags | asLeader, 0)
      if (node > 1) this.fetched(1, node, offset + 1, 0)
    }
    for (const node of this.brokers) this.high(node, offset + 1, 0, node === 1)
    return this
  }

  ends(kind: number, error = 0): this {
    return this.emit(kind, this.checkout, ID, this.txns, error)
  }

  committed(epoch = 0): this {
    return this.marker(true, epoch).ends(M.txnCommitted)
  }

  reads(n: number, offset: number, attempt = 0): this {
    return this.emit(M.recordDelivered, this.audit + 1, recordOf(this.checkout, n), attempt, this.tp, offset)
  }
}

/** What coordinators and leaders tell of transactions besides what the log shows. */
export class CoordinatedHistory extends TransactionalHistory {
  private coordinator = 2
  private coordinatorEpoch = 0

  /** From now on another broker coordinates, or one that does not know yet that it was replaced. */
  coordinatedBy(node: number, epoch: number): this {
    this.coordinator = node
    this.coordinatorEpoch = epoch
    return this
  }

  opens(epoch = 0): this {
    return this.emit(M.txnOpened, this.coordinator, ID, PRODUCER, epoch, this.coordinatorEpoch)
  }

  adds(tp: number = this.tp, epoch = 0): this {
    return this.emit(M.txnPartitionAdded, this.coordinator, ID, tp, PRODUCER, epoch)
  }

  prepares(commit: boolean, epoch = 0): this {
    const { coordinator, coordinatorEpoch } = this
    return this.emit(M.txnPrepared, coordinator, ID, commit ? 1 : 0, PRODUCER, epoch, coordinatorEpoch, 0)
  }

  completes(commit: boolean, epoch = 0): this {
    return this.emit(M.txnCompleted, this.coordinator, ID, commit ? 1 : 0, PRODUCER, epoch, this.coordinatorEpoch)
  }

  stable(offset: number, node = 1): this {
    return this.emit(M.lsoAdvanced, node, this.tp, offset, 0)
  }

  marksOffsets(commit: boolean, epoch = 0): this {
    return this.emit(M.markerWritten, 2, OFFSETS, 5, PRODUCER, epoch, commit ? 1 : 0, 0, -1)
  }

  waits(offset: number, epoch = 0): this {
    return this.emit(M.offsetPending, 2, 8, this.tp, offset, 1, this.audit, PRODUCER, epoch)
  }

  takes(offset: number, member: number = this.audit): this {
    return this.emit(M.offsetCommitted, 2, 8, this.tp, offset, 1, member, 0)
  }

  drops(offset: number): this {
    return this.emit(M.offsetDropped, 2, 8, this.tp, offset, PRODUCER, 0)
  }

  /** What an invariant said, or that it said nothing. */
  said(invariant: string): readonly string[] {
    return this.ended('max-events').breaches.flatMap((breach) => (breach.invariant === invariant ? breach.message : []))
  }
}
