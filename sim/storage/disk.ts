import type { Sampler } from '../kernel/sampler.ts'
import type { AppendFile } from './append-file.ts'
import type { AtomicFile } from './atomic-file.ts'
import type { Decider } from './decider.ts'
import { Directory } from './directory.ts'

/**
 * The storage of one node: one directory, or several on devices of their own. It belongs to the node, not to the
 * incarnation: it stays when the process dies.
 */
export class Disk {
  readonly directories: readonly Directory[]
  private slowness: Sampler | null = null
  private slowFaults = 0

  constructor(directories = 1) {
    this.directories = Array.from({ length: directories }, () => new Directory())
  }

  /** The directory of a node that has one; else its first. */
  get directory(): Directory {
    return this.directories[0] as Directory
  }

  /** The file in the directory that has it; see {@link Directory.appendFile}. */
  appendFile<T>(purpose: number, key: number): AppendFile<T> {
    const holder = this.directories.find((each) => each.has(purpose, key)) ?? this.directory
    return holder.appendFile(purpose, key)
  }

  /** See {@link Directory.atomicFile}, of the first directory. */
  atomicFile<T>(purpose: number, key: number): AtomicFile<T> {
    return this.directory.atomicFile(purpose, key)
  }

  /** Keys of the append-only files of a purpose in all directories, ascending. */
  keysOf(purpose: number): readonly number[] {
    const { directories } = this
    if (directories.length === 1) return this.directory.keysOf(purpose)
    return directories.flatMap((each) => each.keysOf(purpose)).sort((a, b) => a - b)
  }

  /** The disk comes back empty. How slow it is has nothing to do with what it holds. */
  wipe(): void {
    for (const directory of this.directories) directory.wipe()
  }

  /** The host loses power; see {@link AppendFile.losePower}. Returns the number of entries lost in all files. */
  losePower(decider: Decider): number {
    return this.directories.reduce((lost, directory) => lost + directory.losePower(decider), 0)
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
