import { SECOND } from './time.ts'

/**
 * A host's wall clock: a line over simulated time, which faults shift and tilt. It belongs to the host, so it outlives the
 * processes; what measures how long something takes does not look at it.
 */
export class WallClock {
  /** Microseconds that it is ahead of simulated time, apart from what it gains. */
  private offset = 0
  /** Microseconds that it gains in a second, counted from time 0. */
  private gain = 0

  /** What it shows at a time, in microseconds; before the run began it is below 0. */
  at(now: number): number {
    return this.gain === 0 ? now + this.offset : now + this.offset + gained(this.gain, now)
  }

  /** It is set forward, or back. */
  step(by: number): void {
    this.offset += by
  }

  /** From a time on it gains so much more in a second, or less. The negative, from the same time, takes all of that back. */
  tilt(perSecond: number, since: number): void {
    this.gain += perSecond
    this.offset -= gained(perSecond, since)
  }
}

function gained(perSecond: number, us: number): number {
  return Math.trunc((us / SECOND) * perSecond)
}
