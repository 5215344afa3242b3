import { admits } from './generation-fence.ts'
import { Marks } from './marks.ts'
import { CHANGED, INCREMENTED, INSERTED, UNCHANGED } from './store-effects.ts'
import type { Checkpoint } from './two-phase/checkpoint.ts'
import { PreparedTransactions } from './two-phase/prepared-transactions.ts'
import type {
  StoreListPreparedRequest,
  StoreReadOffsetsRequest,
  StoreRow,
  StoreWriteRequest,
} from './store-messages.ts'

/** What one application keeps in the database: a table of rows, and beside it where it stands in its partitions. */
class Table {
  /** Rows inserted; their keys count up. */
  inserted = 0
  /** Source of the row that each key shows. */
  readonly rows: Map<string, StoreRow> = new Map()
  readonly counters: Map<string, number> = new Map()
  readonly nextOffsets: Map<number, number> = new Map()
  /** Highest generation that wrote or read positions, per partition. */
  readonly generations: Map<number, number> = new Map()
  readonly marks: Marks = new Marks()
  readonly prepared: PreparedTransactions = new PreparedTransactions()
  checkpoint: Checkpoint | null = null
}

/**
 * The data of a database, which survives its process and its host: a commit is flushed before it is answered. Every group
 * has a table of its own.
 */
export class Database {
  private tables: Map<string, Table> = new Map()
  /** Rows that stood there before anything was written. */
  private rowsAtStart: number
  /** Keys of the rows that were inserted since, by whatever group, in the order of their commits. */
  private added: string[] = []
  private readonly keyNumbers: Map<string, number> = new Map()
  /** Row by record, of rows whose primary key is the record's id. */
  private rowOf: Map<number, number> = new Map()

  constructor(rows = 0) {
    this.rowsAtStart = rows
  }

  /** Rows that a source finds, numbered from 0 in the order of their commits: none is ever changed or taken away. */
  get rowCount(): number {
    return this.rowsAtStart + this.added.length
  }

  /** Keys of at most so many rows from one on. */
  keysFrom(from: number, most: number): readonly string[] {
    const end = Math.min(from + most, this.rowCount)
    return Array.from({ length: Math.max(0, end - from) }, (_, index) => this.keyOf(from + index))
  }

  /** The same number for the same key. */
  keyNumber(row: number): number {
    const key = this.keyOf(row)
    const known = this.keyNumbers.get(key)
    if (known !== undefined) return known
    const number = this.keyNumbers.size
    this.keyNumbers.set(key, number)
    return number
  }

  private keyOf(row: number): string {
    return row < this.rowsAtStart ? `k${row}` : (this.added[row - this.rowsAtStart] as string)
  }

  /** The disk is emptied. */
  wipe(): void {
    this.tables = new Map()
    this.rowsAtStart = 0
    this.added = []
    this.rowOf = new Map()
  }

  /** Whether the generation fence lets a request pass; what passes raises the fence for its partitions. */
  admit(request: StoreWriteRequest | StoreReadOffsetsRequest | StoreListPreparedRequest): boolean {
    return admits(this.table(request.group).generations, request, partitionsOf(request))
  }

  /** Writes one row of an admitted transaction; returns what it did, or 0 when the offset fence refuses it. */
  write(request: StoreWriteRequest, row: StoreRow): number {
    const table = this.table(request.group)
    if (request.fence === 'offset') {
      if (row.offset < (table.nextOffsets.get(row.tp) ?? 0)) return 0
      // The fence is only as good as what it remembers: it advances with each row, whoever else saves positions.
      table.nextOffsets.set(row.tp, row.offset + 1)
    }
    switch (request.write) {
      case 'insert':
        table.inserted++
        this.added.push(row.key ?? sourceKey(row))
        return INSERTED
      case 'upsert': {
        const key = row.key ?? sourceKey(row)
        const before = table.rows.get(key)
        table.rows.set(key, row)
        return before?.record === row.record ? UNCHANGED : CHANGED
      }
      case 'increment': {
        const key = row.key ?? ''
        table.counters.set(key, (table.counters.get(key) ?? 0) + 1)
        return INCREMENTED
      }
    }
  }

  /** Inserts a row whose primary key is the record's id; returns its number, or -1 when it is there already. */
  insertRow(record: number, key: string | null): number {
    if (this.rowOf.has(record)) return -1
    const row = this.rowCount
    this.rowOf.set(record, row)
    this.added.push(key ?? `r${record}`)
    return row
  }

  /** Saves the positions of a transaction. With the offset fence they never move back. */
  savePositions(request: StoreWriteRequest): void {
    const { nextOffsets } = this.table(request.group)
    for (const { tp, next } of request.offsets ?? []) {
      const known = nextOffsets.get(tp) ?? -1
      nextOffsets.set(tp, request.fence === 'offset' ? Math.max(known, next) : next)
    }
  }

  /** Where a group goes on in a partition; -1 = unknown. */
  nextOffset(group: string, tp: number): number {
    return this.table(group).nextOffsets.get(tp) ?? -1
  }

  /** What a group has prepared and not ended. */
  prepared(group: string): PreparedTransactions {
    return this.table(group).prepared
  }

  /** The newest checkpoint of a group; null = it has none. */
  checkpoint(group: string): Checkpoint | null {
    return this.table(group).checkpoint
  }

  saveCheckpoint(group: string, checkpoint: Checkpoint): void {
    this.table(group).checkpoint = checkpoint
  }

  /** Transactions of all groups that are prepared and not ended. */
  get inDoubt(): number {
    let sum = 0
    for (const { prepared } of this.tables.values()) sum += prepared.count
    return sum
  }

  /** What a group has marked as done. */
  marks(group: string): Marks {
    return this.table(group).marks
  }

  /** Rows inserted for a group. */
  insertedRows(group: string): number {
    return this.table(group).inserted
  }

  /** How often counters of a group were incremented. */
  increments(group: string): number {
    let sum = 0
    for (const count of this.table(group).counters.values()) sum += count
    return sum
  }

  /** What a group's table shows under a key: the number of the record that wrote it, or -1. */
  shown(group: string, key: string): number {
    return this.table(group).rows.get(key)?.record ?? -1
  }

  counter(group: string, key: string): number {
    return this.table(group).counters.get(key) ?? 0
  }

  private table(group: string): Table {
    const known = this.tables.get(group)
    if (known !== undefined) return known
    const table = new Table()
    this.tables.set(group, table)
    return table
  }
}

/** What a request writes rows of, or positions. */
function partitionsOf(
  request: StoreWriteRequest | StoreReadOffsetsRequest | StoreListPreparedRequest,
): readonly number[] {
  if (!('rows' in request)) return request.partitions
  const tps = request.rows.map(({ tp }) => tp)
  for (const { tp } of request.offsets ?? []) if (!tps.includes(tp)) tps.push(tp)
  return tps
}

/** A record without a key is kept under its own place in the log. */
function sourceKey(row: StoreRow): string {
  return `#${row.tp}/${row.offset}`
}
