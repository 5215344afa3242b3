/** Cells of the shared board before those of the workers. */
const NEXT = 0
const LIMIT = 1
const TOLD = 2
const CURRENT = 3

/** Workers do not run further ahead of the results already told than this, so that a slow run cannot fill the memory. */
const AHEAD = 4096
/** Longest chunk a worker takes at once. */
const CHUNK = 16

/** What the threads share: the next item to take, where to end, what was told, and what each worker is at. */
export class Board {
  readonly buffer: SharedArrayBuffer
  private readonly cells: Int32Array
  private readonly workers: number

  constructor(buffer: SharedArrayBuffer) {
    this.buffer = buffer
    this.cells = new Int32Array(buffer)
    this.workers = this.cells.length - CURRENT
  }

  static create(workers: number, total: number): Board {
    const board = new Board(new SharedArrayBuffer(4 * (CURRENT + workers)))
    Atomics.store(board.cells, LIMIT, total)
    for (let worker = 0; worker < workers; worker++) board.at(worker, -1)
    return board
  }

  /** Takes the next chunk, `[from, to)`; null when nothing is left, `ahead` when others must catch up first. */
  take(): readonly [number, number] | 'ahead' | null {
    for (;;) {
      const limit = Atomics.load(this.cells, LIMIT)
      const from = Atomics.load(this.cells, NEXT)
      if (from >= limit) return null
      if (from > Atomics.load(this.cells, TOLD) + AHEAD) return 'ahead'
      // Long chunks save traffic; towards the end short ones keep all workers busy.
      const to = from + Math.max(1, Math.min(CHUNK, Math.floor((limit - from) / (this.workers * 4))))
      if (Atomics.compareExchange(this.cells, NEXT, from, to) === from) return [from, Math.min(to, limit)]
    }
  }

  /** Blocks a worker until more was told. Its own results must have been sent: others may wait for them. */
  waitForOthers(): void {
    Atomics.wait(this.cells, TOLD, Atomics.load(this.cells, TOLD), 100)
  }

  /** Whether an item already taken is still wanted. */
  wants(index: number): boolean {
    return index < Atomics.load(this.cells, LIMIT)
  }

  /** No item from `limit` on is begun any more. */
  endAt(limit: number): void {
    Atomics.store(this.cells, LIMIT, Math.min(limit, Atomics.load(this.cells, LIMIT)))
    Atomics.notify(this.cells, TOLD)
  }

  told(next: number): void {
    Atomics.store(this.cells, TOLD, next)
    Atomics.notify(this.cells, TOLD)
  }

  /** Notes what a worker is at, so that its death can be told with the run. */
  at(worker: number, index: number): void {
    Atomics.store(this.cells, CURRENT + worker, index)
  }

  currentOf(worker: number): number {
    return Atomics.load(this.cells, CURRENT + worker)
  }
}
