import { DISK_EVENT, type Kernel } from '../kernel/kernel.ts'
import type { Sampler } from '../kernel/sampler.ts'
import { DISK_TIME } from '../kernel/site.ts'
import type { Disk } from './disk.ts'

/**
 * The queue before a process's disk, one per incarnation. While the disk is as fast as usual an operation takes no time;
 * while it is slow, operations take a decided extra time each and finish in the order in which they were asked for.
 */
export class DiskQueue {
  private readonly kernel: Kernel
  private readonly node: number
  private readonly disk: Disk
  /** Operations that the process still waits for. */
  private waiting = 0
  /** When the last of them is done. */
  private busyUntil = 0

  constructor(kernel: Kernel, node: number, disk: Disk) {
    this.kernel = kernel
    this.node = node
    this.disk = disk
  }

  /** Number of operations under way. */
  get length(): number {
    return this.waiting
  }

  /**
   * True: the operation takes no time, do it now. False: `onDisk(kind, a, b, payload)` follows when it may be done, and
   * the handler must call {@link completed} first.
   */
  admit(kind: number, a: number, b: number, payload: unknown): boolean {
    if (this.waiting === 0 && this.disk.slowBy === null) return true
    this.schedule(kind, a, b, payload)
    return false
  }

  /** A delayed operation's turn has come. */
  completed(): void {
    this.waiting--
  }

  private schedule(kind: number, a: number, b: number, payload: unknown): void {
    const { kernel, node } = this
    kernel.nameChild(node, DISK_EVENT, kind)
    const lane1 = kernel.childName1
    const lane2 = kernel.childName2
    const done = kernel.now + this.extraTime(this.disk.slowBy, lane1, lane2)
    // Never before an earlier one: a disk that is fast again, or a short draw, must not overtake.
    this.busyUntil = this.waiting === 0 ? done : Math.max(done, this.busyUntil)
    this.waiting++
    kernel.scheduleNamed(this.busyUntil - kernel.now, DISK_EVENT, node, kind, a, b, payload, lane1, lane2, 0)
  }

  private extraTime(slowBy: Sampler | null, lane1: number, lane2: number): number {
    return slowBy === null ? 0 : slowBy.length(this.kernel.decideFor(DISK_TIME, lane1, lane2, slowBy.bound))
  }
}
