import type { Sample } from '../sample.ts'
import { timed } from '../sample.ts'
import { Delays } from './delays.ts'

/** What every request's answer cancels, in microseconds. */
export const TIMEOUT_US = 30_000_000

/** What flies: a new object each time, as in the full kernel's game. */
export class Ball {
  readonly hits: number
  constructor(hits: number) {
    this.hits = hits
  }
}

/** What the engines of others are given to do: as much as the full kernel, but for decisions, records and digest. */
export class Rally {
  thrown = 0
  private most = 0
  private readonly delays: Delays = new Delays()

  /** Whether another ball may be thrown: not every engine can be told how many events to handle. */
  on(): boolean {
    return this.thrown < this.most
  }

  /** Throws a ball: how long it flies, 0.2 to 2 ms. */
  throw(): number {
    this.thrown++
    return this.delays.short()
  }

  begin(events: number): void {
    this.thrown = 0
    this.most = events
  }
}

/**
 * Measures an engine, after a tenth to warm up. `play` throws the first balls and gives the virtual time when the last one
 * has landed: the same in every engine that keeps equal times in order.
 */
export function measureRally(count: number, rally: Rally, play: () => number): Sample {
  rally.begin(Math.ceil(count / 10))
  play()
  rally.begin(count)
  let end = 0
  const ns = timed(() => {
    end = play()
  })
  if (rally.thrown < count) throw new Error(`${rally.thrown} of ${count} events were handled`)
  return { count: rally.thrown, ns, check: String(end) }
}
