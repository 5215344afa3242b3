import type { PreparedTransaction, StorePrepareRequest } from '../store-messages.ts'

/** The transactions that a group has prepared in a database: durable, invisible, and their locks kept until they end. */
export class PreparedTransactions {
  private readonly byId: Map<number, StorePrepareRequest> = new Map()
  /** Which transaction holds the lock of a key. */
  private readonly locks: Map<string, number> = new Map()

  get count(): number {
    return this.byId.size
  }

  /** Whether a row of the request waits for another transaction's lock. An insert has a row of its own, and waits for none. */
  isLocked({ id, rows, write }: StorePrepareRequest): boolean {
    if (write === 'insert') return false
    return rows.some(({ key }) => key !== null && (this.locks.get(key) ?? id) !== id)
  }

  /** Prepares a transaction; again is once. */
  prepare(request: StorePrepareRequest): void {
    this.byId.set(request.id, request)
    if (request.write === 'insert') return
    for (const { key } of request.rows) if (key !== null) this.locks.set(key, request.id)
  }

  /** Ends a transaction and lets its locks go; null when there is none with that id, or none any more. */
  take(id: number): StorePrepareRequest | null {
    const request = this.byId.get(id)
    if (request === undefined) return null
    this.byId.delete(id)
    for (const { key } of request.rows) if (key !== null && this.locks.get(key) === id) this.locks.delete(key)
    return request
  }

  /** Those with rows of some of the partitions, in the order in which they were prepared. */
  in(partitions: readonly number[]): readonly PreparedTransaction[] {
    return [...this.byId.values()]
      .filter(({ ends }) => ends.some(({ tp }) => partitions.includes(tp)))
      .map(({ id, ends }) => ({ id, ends }))
  }
}
