/** What a child process measured: how much of what it counts, in how long, and a value that must not depend on speed. */
export interface Sample {
  readonly count: number
  readonly ns: number
  /** A digest or checksum; '' when there is nothing to compare. */
  readonly check: string
  /** Other numbers worth printing. */
  readonly extra?: Readonly<Record<string, number>>
}

/** A piece of work that a child process runs once: `scale` 1 is a full round. Warms up by itself. */
export type Workload = (scale: number, options: readonly string[]) => Sample | Promise<Sample>

/** Nanoseconds that something takes. */
export function timed(work: () => void): number {
  const begin = process.hrtime.bigint()
  work()
  return Number(process.hrtime.bigint() - begin)
}
