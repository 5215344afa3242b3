import type { Sampler } from '../kernel/sampler.ts'
import { AppendFile } from './append-file.ts'
import { AtomicFile } from './atomic-file.ts'
import type { Decider } from './decider.ts'

/** Keys stay below this, so that purpose and key fit one number. */
const KEYS = 4_294_967_296

/**
 * The files of one node, each under a purpose and a key that its owner chooses (both non-negative integers, a purpose holds
 * one type of file). A disk belongs to the node, not to the incarnation: it stays when the process dies.
 */
export class Disk {
  private readonly appendFiles: Map<number, AppendFile<unknown>> = new Map()
  private readonly atomicFiles: Map<number, AtomicFile<unknown>> = new Map()
  private slowness: Sampler | null = null
  private slowFaults = 0

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

  /** Keys of the append-only files of a purpose, ascending. */
  keysOf(purpose: number): readonly number[] {
    const first = purpose * KEYS
    return sorted(this.appendFiles).flatMap((name) => (name >= first && name < first + KEYS ? [name - first] : []))
  }

  /** Removes a file, whether it exists or not. Who opens it again finds it empty. */
  remove(purpose: number, key: number): void {
    const name = purpose * KEYS + key
    this.appendFiles.delete(name)
    this.atomicFiles.delete(name)
  }

  /** The disk comes back empty. How slow it is has nothing to do with what it holds. */
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

  // --- slowness -----------------------------------------------------------------------------------------------------

  /** Extra time of an operation, in microseconds; null when the disk is as fast as usual. */
  get slowBy(): Sampler | null {
    return this.slowness
  }

  get isSlow(): boolean {
    return this.slowness !== null
  }

  /** One fault makes the disk slow; of overlapping ones the latest tells how slow. True when it was not slow before. */
  beginSlow(by: Sampler): boolean {
    this.slowness = by
    this.slowFaults++
    return this.slowFaults === 1
  }

  /** One such fault ends; the disk stays slow until all have. True when this was the last. */
  endSlow(): boolean {
    if (this.slowFaults === 0) return false
    this.slowFaults--
    if (this.slowFaults === 0) this.slowness = null
    return this.slowFaults === 0
  }
}

function sorted(files: ReadonlyMap<number, unknown>): readonly number[] {
  return [...files.keys()].sort((a, b) => a - b)
}
