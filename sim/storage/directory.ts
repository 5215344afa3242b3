import { AppendFile } from './append-file.ts'
import { AtomicFile } from './atomic-file.ts'
import type { Decider } from './decider.ts'
import { IoFailures } from './io-failures.ts'

/** Keys stay below this, so that purpose and key fit one number. */
const KEYS = 4_294_967_296

/**
 * A directory on a device of its own: its files, each under a purpose and a key that its owner chooses (both non-negative
 * integers, a purpose holds one type of file).
 */
export class Directory {
  /** What fails here; the owner asks before it reads or writes. It has nothing to do with what the directory holds. */
  readonly failures: IoFailures = new IoFailures()
  private readonly appendFiles: Map<number, AppendFile<unknown>> = new Map()
  private readonly atomicFiles: Map<number, AtomicFile<unknown>> = new Map()

  /** Opens the file, empty if it does not exist yet. */
  appendFile<T>(purpose: number, key: number): AppendFile<T> {
    const name = purpose * KEYS + key
    let file = this.appendFiles.get(name)
    if (file === undefined) {
      file = new AppendFile<unknown>()
      this.appendFiles.set(name, file)
    }
    return file as AppendFile<T>
  }

  /** Opens the file, without a value if it does not exist yet. */
  atomicFile<T>(purpose: number, key: number): AtomicFile<T> {
    const name = purpose * KEYS + key
    let file = this.atomicFiles.get(name)
    if (file === undefined) {
      file = new AtomicFile<unknown>()
      this.atomicFiles.set(name, file)
    }
    return file as AtomicFile<T>
  }

  /** Whether there is such an append-only file. */
  has(purpose: number, key: number): boolean {
    return this.appendFiles.has(purpose * KEYS + key)
  }

  /** Removes a file, whether it exists or not. Who opens it again finds it empty. */
  remove(purpose: number, key: number): void {
    const name = purpose * KEYS + key
    this.appendFiles.delete(name)
    this.atomicFiles.delete(name)
  }

  /** Keys of the append-only files of a purpose, ascending. */
  keysOf(purpose: number): readonly number[] {
    const first = purpose * KEYS
    return sorted(this.appendFiles).flatMap((name) => (name >= first && name < first + KEYS ? [name - first] : []))
  }

  /** It comes back empty. */
  wipe(): void {
    this.appendFiles.clear()
    this.atomicFiles.clear()
  }

  /** The host loses power; see {@link AppendFile.losePower}. Returns the number of entries lost in all files. */
  losePower(decider: Decider): number {
    let lost = 0
    for (const name of sorted(this.appendFiles))
      lost += (this.appendFiles.get(name) as AppendFile<unknown>).losePower(decider)
    return lost
  }
}

function sorted(files: ReadonlyMap<number, unknown>): readonly number[] {
  return [...files.keys()].sort((a, b) => a - b)
}
