import type { AtomicFile } from '../../storage/atomic-file.ts'

/** A checkpoint file with one offset per partition (`OffsetCheckpointFile`). */
export class OffsetCheckpoint {
  private readonly file: AtomicFile<ReadonlyMap<number, number>>

  constructor(file: AtomicFile<ReadonlyMap<number, number>>) {
    this.file = file
  }

  /** The partition's offset, 0 when the file does not tell. */
  read(tp: number): number {
    return this.file.read()?.get(tp) ?? 0
  }

  /** Replaces the file by these offsets, one per partition; what is written already is not written again. */
  write(tps: readonly number[], offsets: readonly number[]): void {
    if (!this.says(tps, offsets)) this.file.write(new Map(tps.map((tp, index) => [tp, offsets[index] as number])))
  }

  private says(tps: readonly number[], offsets: readonly number[]): boolean {
    const written = this.file.read()
    if (written === null || written.size !== tps.length) return false
    return tps.every((tp, index) => written.get(tp) === offsets[index])
  }
}
