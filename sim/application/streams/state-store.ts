import type { AtomicFile } from '../../storage/atomic-file.ts'

/** What a store has under a key. */
export interface StateEntry {
  readonly count: number
  /** Number of the changelog record that holds it, for the history alone. */
  readonly record: number
}

/** What the files of a store hold. */
export type StateFile = AtomicFile<ReadonlyMap<string, StateEntry>>

/**
 * `RocksDBStore`: what is written stays in the memory of the process (the write-ahead log is off) until it is flushed: before a
 * checkpoint, and when the store is closed in whatever way. The death of the process takes the rest.
 */
export class StateStore {
  private readonly file: StateFile
  private readonly entries: Map<string, StateEntry>

  constructor(file: StateFile) {
    this.file = file
    this.entries = new Map(file.read())
    // An open database has files of its own, even when it holds nothing.
    if (file.read() === null) this.flush()
  }

  get(key: string): StateEntry | undefined {
    return this.entries.get(key)
  }

  put(key: string, entry: StateEntry): void {
    this.entries.set(key, entry)
  }

  flush(): void {
    this.file.write(new Map(this.entries))
  }

  get all(): ReadonlyMap<string, StateEntry> {
    return this.entries
  }
}
