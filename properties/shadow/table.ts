import { roomFor } from './growable.ts'

const NOTHING = new Int32Array(0)

/**
 * Rows of 32-bit integers, numbered from 0, that begin with zeros. What is known of one thing lies side by side: a moment
 * touches one row, and the table grows once for all its columns.
 */
export class Table {
  data: Int32Array<ArrayBuffer> = NOTHING
  length = 0
  /** Number of columns; all of them are there before the first row. */
  width = 0

  column(): Column {
    return new Column(this, this.width++)
  }

  /** Adds a row and returns its number. */
  add(): number {
    const row = this.length++
    const end = this.length * this.width
    if (end > this.data.length) this.reserve(end)
    return row
  }

  private reserve(least: number): void {
    const grown = new Int32Array(roomFor(least, this.data.length))
    grown.set(this.data)
    this.data = grown
  }
}

/** One integer of every row of a {@link Table}. */
export class Column {
  private readonly table: Table
  private readonly place: number

  constructor(table: Table, place: number) {
    this.table = table
    this.place = place
  }

  /** The value in a row, 0 where there is none. */
  at(row: number): number {
    const { table } = this
    return row < table.length ? (table.data[row * table.width + this.place] as number) : 0
  }

  /** Writes into a row that is there. */
  put(row: number, value: number): void {
    const { table } = this
    table.data[row * table.width + this.place] = value
  }

  /** Adds to a row that is there. */
  add(row: number, value: number): void {
    const { table } = this
    const place = row * table.width + this.place
    table.data[place] = (table.data[place] as number) + value
  }
}
