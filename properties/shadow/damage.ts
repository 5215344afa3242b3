/** A batch whose bytes on one replica's disk are not those that were written. */
export interface Damage {
  /** Number of the entry that was written (see `Entries`). */
  readonly entry: number
  /** When the bytes changed, or were copied from a replica where they had. */
  readonly at: number
  /** Its checksum fits what it holds now: nobody will notice. */
  readonly isHidden: boolean
}

/** What of one replica's log is damaged, in the order in which it was told. */
export class Damages {
  private all: readonly Damage[] = []

  get list(): readonly Damage[] {
    return this.all
  }

  of(entry: number): Damage | undefined {
    return this.all.length === 0 ? undefined : this.all.find((damage) => damage.entry === entry)
  }

  add(entry: number, at: number, isHidden: boolean): void {
    if (entry >= 0 && this.of(entry) === undefined) this.all = [...this.all, { entry, at, isHidden }]
  }

  /** Compaction wrote the batch anew: what was damaged is gone from it, or cannot be told any more. */
  rewrite(entry: number, isHealed: boolean): void {
    const known = this.of(entry)
    if (known === undefined) return
    this.drop((each) => each === entry)
    if (!isHealed) this.add(entry, known.at, true)
  }

  /** Forgets what is not in the log any more. */
  drop(isGone: (entry: number) => boolean): void {
    if (this.all.length > 0) this.all = this.all.filter(({ entry }) => !isGone(entry))
  }
}
