import type { ConsumedRecord } from '../kafka/client/consumer/completed-fetch.ts'

/** What the last poll() returned, and the unit of it that is worked on. */
export class Hand {
  private held: readonly ConsumedRecord[] = []
  private from = 0
  private to = 0

  get records(): readonly ConsumedRecord[] {
    return this.held
  }

  get isEmpty(): boolean {
    return this.held.length === 0
  }

  take(records: readonly ConsumedRecord[]): void {
    this.held = records
    this.from = 0
    this.to = 0
  }

  /** Moves past the unit; false when nothing is left behind it. */
  advance(): boolean {
    this.from = this.to
    return this.from < this.held.length
  }

  /** The unit becomes the next `count` records, as far as there are. */
  widen(count: number): void {
    this.to = Math.min(this.held.length, this.from + count)
  }

  /** Whether nothing is left behind the unit. */
  get isLastUnit(): boolean {
    return this.to === this.held.length
  }

  unit(): readonly ConsumedRecord[] {
    const { held, from, to } = this
    return to - from === held.length ? held : held.slice(from, to)
  }

  /** The unit and all behind it. */
  rest(): readonly ConsumedRecord[] {
    return this.held.slice(this.from)
  }
}
