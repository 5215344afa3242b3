/** What one measurement in a process of its own gave: how much of what it counts, and in how long. */
export interface Sample {
  readonly count: number
  /** Nanoseconds, at least 1. */
  readonly ns: number
  /** A digest or checksum, which must not depend on speed; '' when there is nothing to compare. */
  readonly check: string
  /** Other numbers worth printing. */
  readonly extra?: Readonly<Record<string, number>>
}

/** A module of `workloads/`: does `count` of what it counts after warming up by a tenth of it. */
export interface Workload {
  readonly run: (count: number, options: readonly string[]) => Sample | Promise<Sample>
}

/**
 * Nanoseconds of processor time that something takes, those of the engine's helper threads included: unlike the time on
 * the wall it hardly depends on what else the machine does.
 */
export function timed(work: () => void): number {
  const begin = process.cpuUsage()
  work()
  const { user, system } = process.cpuUsage(begin)
  return Math.max(1, user + system) * 1000
}

/** How many per second. */
export function rate(sample: Sample): number {
  return (sample.count * 1e9) / sample.ns
}
