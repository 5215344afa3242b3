/** What a process asks of a file system, as bits; faults make some of it fail. */
export const IoOperation = { read: 1, write: 2, flush: 4 } as const

/** Every operation: what fails on a disk that is broken. */
export const EVERY_OPERATION = 7

const BITS: readonly number[] = [IoOperation.read, IoOperation.write, IoOperation.flush]

/** Which operations fail, by how many faults: overlapping faults last for the union of their durations. */
export class IoFailures {
  private readonly faults: number[] = [0, 0, 0]
  private failing = 0

  /** Whether any of these operations fails now. */
  fails(operations: number): boolean {
    return (this.failing & operations) !== 0
  }

  /** A fault makes these operations fail. */
  begin(operations: number): void {
    this.count(operations, 1)
  }

  /** One such fault is over. */
  end(operations: number): void {
    this.count(operations, -1)
  }

  private count(operations: number, by: number): void {
    this.failing = 0
    BITS.forEach((bit, at) => {
      if ((operations & bit) !== 0) this.faults[at] = Math.max(0, (this.faults[at] as number) + by)
      if ((this.faults[at] as number) > 0) this.failing |= bit
    })
  }
}
