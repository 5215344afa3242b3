import { M } from '../../sim/history/catalogue.ts'
import type { MomentObserver } from '../../sim/history/recorder.ts'
import type { WorldSpec } from '../../sim/spec.ts'
import { InternalTopic } from './internal-topic.ts'
import type { Shadow } from './shadow.ts'

/** Whether anybody may begin a transaction. */
export function isTransactional({ producers, processors }: WorldSpec): boolean {
  const ids = [...producers.map(({ config }) => config), ...processors.map(({ producerConfig }) => producerConfig)]
  return ids.some((config) => config['transactional.id'] !== '')
}

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
  /** The coordinator that told of the state, and when. */
  readonly coordinator: number
  readonly sinceUs: number
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
  /** By text: the newest coordinator epoch that told of a transaction. */
  private readonly epochs: Map<number, number> = new Map()
  /** By text: in which coordinator epoch its newest transaction was told to be open. */
  private readonly opened: Map<number, number> = new Map()
  /** By text: the node that registered last. */
  private readonly owners: Map<number, number> = new Map()
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
        if (this.isOver(a, b, c)) return
        this.noteEpoch(a, d)
        this.opened.set(a, d)
        this.marked.delete(b)
        return this.put(a, 'ongoing', 0, b, c, node, time, new Set())
      case M.txnPartitionAdded:
        if (!this.isOver(a, c, d)) this.add(a, b)
        return
      case M.txnPrepared:
        this.noteEpoch(a, e)
        return this.put(a, 'prepared', b === 1 ? End.commit : End.abort, c, d, node, time, this.partitionsOf(a))
      case M.txnCompleted:
        if (!this.isReplaced(a, e)) this.complete(time, node, a, b === 1 ? End.commit : End.abort, c, d)
        return
      case M.markerWritten:
        return this.mark(a, c, e === 1 ? End.commit : End.abort)
      case M.producerRegistered:
        this.owners.set(a, d)
        return
      default:
        this.topic.onMoment(kind, time, node, a, b, c, d, e, f, g)
    }
  }

  of(text: number): CoordinatedTransaction | null {
    return this.newest.get(text) ?? null
  }

  /** Whether a coordinator of a newer epoch has told of a transaction since: a replaced one may come late with its own. */
  isReplaced(text: number, coordinatorEpoch: number): boolean {
    return coordinatorEpoch < (this.epochs.get(text) ?? -1)
  }

  /**
   * Whether the newest transaction was told to be open in this coordinator epoch. What an earlier coordinator told of may have
   * been a record of its log that was never replicated.
   */
  isOpenedIn(text: number, coordinatorEpoch: number): boolean {
    return this.opened.get(text) === coordinatorEpoch
  }

  private noteEpoch(text: number, coordinatorEpoch: number): void {
    if (!this.isReplaced(text, coordinatorEpoch)) this.epochs.set(text, coordinatorEpoch)
  }

  /** The newest transaction of every transactional id. */
  all(): readonly CoordinatedTransaction[] {
    return [...this.newest.values()]
  }

  /** The node that a transactional id was given to last, -1 while nothing told it. */
  ownerOf(text: number): number {
    return this.owners.get(text) ?? -1
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
    sinceUs: number,
    partitions: ReadonlySet<number>,
  ): void {
    this.newest.set(text, { text, producerId, producerEpoch, state, end, coordinator, sinceUs, partitions })
  }

  /** What is completed already is only found again, maybe under the name that its producer goes on with. */
  private complete(time: number, node: number, text: number, end: number, producerId: number, epoch: number): void {
    const known = this.newest.get(text)
    if (known?.state === 'completed') return
    const partitions = known?.producerId === producerId ? known.partitions : new Set<number>()
    this.put(text, 'completed', end, producerId, epoch, node, time, partitions)
  }

  /** Whether a newer epoch is known: a coordinator that was replaced may tell late of what came before. */
  private isOver(text: number, producerId: number, producerEpoch: number): boolean {
    const known = this.newest.get(text)
    return known?.producerId === producerId && producerEpoch < known.producerEpoch
  }

  private partitionsOf(text: number): ReadonlySet<number> {
    return this.newest.get(text)?.partitions ?? new Set()
  }

  private add(text: number, tp: number): void {
    const known = this.newest.get(text)
    if (known !== undefined) this.newest.set(text, { ...known, partitions: new Set([...known.partitions, tp]) })
  }

  private mark(tp: number, producerId: number, end: number): void {
    let marked = this.marked.get(producerId)
    if (marked === undefined) this.marked.set(producerId, (marked = new Map()))
    marked.set(tp, (marked.get(tp) ?? 0) | end)
  }
}
