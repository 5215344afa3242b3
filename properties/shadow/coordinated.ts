import { M } from '../../sim/history/catalogue.ts'
import type { MomentObserver } from '../../sim/history/recorder.ts'
import type { WorldSpec } from '../../sim/spec.ts'
import { Ints } from './growable.ts'
import { InternalTopic } from './internal-topic.ts'
import type { Shadow } from './shadow.ts'

/** Whether anybody may begin a transaction. */
export function isTransactional({ producers, processors }: WorldSpec): boolean {
  const ids = [...producers.map(({ config }) => config), ...processors.map(({ producerConfig }) => producerConfig)]
  return ids.some((config) => config['transactional.id'] !== '')
}

/** One incarnation of a process: ids may differ from one to the next. */
export interface Life {
  readonly node: number
  readonly incarnation: number
}

const NOWHERE: ReadonlySet<number> = new Set()

/** Both ends of transactions, as a set. */
export const End = { commit: 1, abort: 2 } as const

/** A transaction as its coordinator tells of it, the newest of its transactional id. */
export interface CoordinatedTransaction {
  readonly text: number
  readonly producerId: number
  readonly producerEpoch: number
  readonly state: 'ongoing' | 'prepared' | 'completed'
  /** See {@link End}; 0 while it is ongoing. */
  readonly end: number
  /** The coordinator that told of the state, in which epoch of its own, and when. */
  readonly coordinator: number
  readonly coordinatorEpoch: number
  readonly sinceUs: number
  /** All that it wrote to, as this coordinator told; none where it only found a completed transaction in its log. */
  readonly partitions: ReadonlySet<number>
}

/**
 * Transactions as their coordinators and the leaders' markers tell of them, by the text of the transactional id, and who may
 * coordinate them: the leaders of `__transaction_state`.
 */
export class Coordinated implements MomentObserver {
  readonly kinds: readonly number[]
  readonly topic: InternalTopic
  private readonly newest: Map<number, CoordinatedTransaction> = new Map()
  /** By producer id: partitions that got a marker since its transaction was opened, with the ends that they told. */
  private readonly marked: Map<number, Map<number, number>> = new Map()
  /** By text: who goes by the id, or went by it last. */
  private readonly owners: Map<number, Life> = new Map()
  /** By node: its incarnation. */
  private readonly incarnations: Ints = new Ints()
  private readonly topics: number

  constructor(shadow: Shadow) {
    this.topics = shadow.spec.topics.length
    this.topic = new InternalTopic(shadow.spec, 'transactions')
    this.kinds = [
      ...this.topic.kinds,
      M.txnOpened,
      M.txnPartitionAdded,
      M.txnPrepared,
      M.txnCompleted,
      M.markerWritten,
      M.producerRegistered,
      M.txnBegan,
      M.nodeStarted,
    ]
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
      case M.txnOpened:
        if (this.isReplaced(a, d)) return
        if (!this.isOver(a, b, c)) this.marked.delete(b)
        return this.put(a, 'ongoing', 0, b, c, node, d, time, NOWHERE)
      case M.txnPartitionAdded:
        return this.add(node, a, b)
      case M.txnPrepared:
        if (!this.isReplaced(a, e)) this.prepare(time, node, a, b === 1 ? End.commit : End.abort, c, d, e)
        return
      case M.txnCompleted:
        if (!this.isReplaced(a, e)) this.complete(time, node, a, b === 1 ? End.commit : End.abort, c, d, e)
        return
      case M.markerWritten:
        return this.mark(a, c, e === 1 ? End.commit : End.abort)
      case M.producerRegistered:
        // Maybe of a life before: who begins a transaction tells.
        if (this.owners.get(a)?.node !== d) this.owners.set(a, this.lifeOf(d))
        return
      case M.txnBegan:
        this.owners.set(a, this.lifeOf(node))
        return
      case M.nodeStarted:
        return this.incarnations.put(node, a)
      default:
        this.topic.onMoment(kind, time, node, a, b, c, d, e, f, g)
    }
  }

  of(text: number): CoordinatedTransaction | null {
    return this.newest.get(text) ?? null
  }

  /** Whether a coordinator of a newer epoch has told of a transaction since: a replaced one may come late with its own. */
  isReplaced(text: number, coordinatorEpoch: number): boolean {
    return coordinatorEpoch < (this.newest.get(text)?.coordinatorEpoch ?? -1)
  }

  /** The newest transaction of every transactional id. */
  all(): readonly CoordinatedTransaction[] {
    return [...this.newest.values()]
  }

  /** Whose id it is, or was last; null while nothing told it. */
  ownerOf(text: number): Life | null {
    return this.owners.get(text) ?? null
  }

  /** A process as it is now. */
  lifeOf(node: number): Life {
    return { node, incarnation: this.incarnations.at(node) }
  }

  /** Which markers a partition got of a producer since its transaction was opened, as a set; see {@link End}. */
  endsIn(tp: number, producerId: number): number {
    return this.marked.get(producerId)?.get(tp) ?? 0
  }

  /** The same over all partitions of internal topics. */
  endsAmongOffsets(producerId: number): number {
    let all = 0
    for (const [tp, ends] of this.marked.get(producerId) ?? []) if (tp >>> 16 > this.topics) all |= ends
    return all
  }

  private put(
    text: number,
    state: CoordinatedTransaction['state'],
    end: number,
    producerId: number,
    producerEpoch: number,
    coordinator: number,
    coordinatorEpoch: number,
    sinceUs: number,
    partitions: ReadonlySet<number>,
  ): void {
    const one = { text, producerId, producerEpoch, state, end, coordinator, coordinatorEpoch, sinceUs, partitions }
    this.newest.set(text, one)
  }

  /** A coordinator that finds the decision in its log tells next which partitions it is about. */
  private prepare(
    time: number,
    node: number,
    text: number,
    end: number,
    producerId: number,
    producerEpoch: number,
    coordinatorEpoch: number,
  ): void {
    const partitions = this.partitionsOf(text, 'ongoing', coordinatorEpoch)
    this.put(text, 'prepared', end, producerId, producerEpoch, node, coordinatorEpoch, time, partitions)
  }

  /** What is completed already is only found again, maybe under the name that its producer goes on with. */
  private complete(
    time: number,
    node: number,
    text: number,
    end: number,
    producerId: number,
    producerEpoch: number,
    coordinatorEpoch: number,
  ): void {
    if (this.newest.get(text)?.state === 'completed') return
    const partitions = this.partitionsOf(text, 'prepared', coordinatorEpoch)
    this.put(text, 'completed', end, producerId, producerEpoch, node, coordinatorEpoch, time, partitions)
  }

  /** Whether a newer epoch is known: who leads after a loss may find what is long over in its log. */
  private isOver(text: number, producerId: number, producerEpoch: number): boolean {
    const known = this.newest.get(text)
    return known?.producerId === producerId && producerEpoch < known.producerEpoch
  }

  /**
   * Those of the newest transaction, if this coordinator told of the state before, too: what an earlier one told may have been a
   * record of its log that was never replicated.
   */
  private partitionsOf(
    text: number,
    before: CoordinatedTransaction['state'],
    coordinatorEpoch: number,
  ): ReadonlySet<number> {
    const known = this.newest.get(text)
    return known?.state === before && known.coordinatorEpoch === coordinatorEpoch ? known.partitions : NOWHERE
  }

  private add(node: number, text: number, tp: number): void {
    const known = this.newest.get(text)
    if (known?.coordinator === node) this.newest.set(text, { ...known, partitions: new Set([...known.partitions, tp]) })
  }

  private mark(tp: number, producerId: number, end: number): void {
    let marked = this.marked.get(producerId)
    if (marked === undefined) this.marked.set(producerId, (marked = new Map()))
    marked.set(tp, (marked.get(tp) ?? 0) | end)
  }
}
