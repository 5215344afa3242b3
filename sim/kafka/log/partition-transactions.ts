/** A transaction in one partition (`TxnMetadata`). */
export interface TxnMetadata {
  readonly producerId: number
  readonly firstOffset: number
  /** Offset of its marker; -1 while it is open. */
  readonly lastOffset: number
}

/**
 * The transactions of a partition that readers of committed records cannot pass: those that are open, and those whose marker
 * is not below the high watermark yet (`ProducerStateManager.ongoingTxns`, `unreplicatedTxns`). Both in the order of their
 * first offsets.
 */
export class PartitionTransactions {
  private readonly ongoing: TxnMetadata[] = []
  private readonly unreplicated: TxnMetadata[] = []

  /** No transaction is open, and every marker is replicated. */
  get isEmpty(): boolean {
    return this.ongoing.length === 0 && this.unreplicated.length === 0
  }

  get hasUnreplicated(): boolean {
    return this.unreplicated.length > 0
  }

  /** The open transaction that began first (`firstUndecidedOffset`). */
  get oldest(): TxnMetadata | undefined {
    return this.ongoing[0]
  }

  /** `firstUnstableOffset`: the first offset that is undecided, or decided by a marker that may still be lost; -1 = none. */
  get firstUnstable(): number {
    const undecided = this.ongoing[0]
    const unreplicated = this.unreplicated[0]
    if (undecided === undefined) return unreplicated === undefined ? -1 : unreplicated.firstOffset
    if (unreplicated === undefined) return undecided.firstOffset
    return Math.min(undecided.firstOffset, unreplicated.firstOffset)
  }

  begin(producerId: number, firstOffset: number): void {
    insert(this.ongoing, { producerId, firstOffset, lastOffset: -1 })
  }

  /**
   * `completeTxn`: the transaction that began at `firstOffset` has its marker at `lastOffset`. Returns the last stable offset
   * that the transaction index notes for it, which knows nothing of replication.
   */
  complete(firstOffset: number, lastOffset: number): number {
    const at = this.ongoing.findIndex((txn) => txn.firstOffset === firstOffset)
    const [txn] = at < 0 ? [] : this.ongoing.splice(at, 1)
    if (txn === undefined) throw new Error(`a transaction ends that did not begin at offset ${firstOffset}`)
    insert(this.unreplicated, { producerId: txn.producerId, firstOffset, lastOffset })
    return this.ongoing[0]?.firstOffset ?? lastOffset + 1
  }

  /** Markers below this offset are replicated (`removeUnreplicatedTransactions`). */
  replicatedUpTo(offset: number): void {
    const { unreplicated } = this
    let kept = 0
    for (const txn of unreplicated) if (txn.lastOffset >= offset) unreplicated[kept++] = txn
    unreplicated.length = kept
  }

  clear(): void {
    this.ongoing.length = 0
    this.unreplicated.length = 0
  }
}

function insert(list: TxnMetadata[], txn: TxnMetadata): void {
  let at = list.length
  while (at > 0 && (list[at - 1] as TxnMetadata).firstOffset > txn.firstOffset) at--
  list.splice(at, 0, txn)
}
