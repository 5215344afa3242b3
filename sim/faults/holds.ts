import { type Kernel, SYSTEM_EVENT } from '../kernel/kernel.ts'
import type { Spread } from '../kernel/spread.ts'
import { FAULT_RESTART } from './event-kinds.ts'
import type { FaultHost } from './host.ts'

/** One fault that makes a node's disk slow. */
interface SlowDisk {
  readonly firing: number
  readonly node: number
  readonly by: Spread
}

/**
 * How many faults keep each node down, paused or slow: overlapping faults on a node last for the union of their durations.
 * A pause does not outlive its process: a node restarted meanwhile runs.
 */
export class Holds {
  private readonly host: FaultHost
  private readonly kernel: Kernel
  private readonly down: Int32Array
  private readonly paused: Int32Array
  /** By node that shall start again but is still busy shutting down: its incarnation; 0 for others. */
  private readonly leaving: Int32Array
  private slow: readonly SlowDisk[] = []

  constructor(host: FaultHost) {
    this.host = host
    this.kernel = host.kernel
    this.down = new Int32Array(host.nodeNames.length)
    this.paused = new Int32Array(host.nodeNames.length)
    this.leaving = new Int32Array(host.nodeNames.length)
  }

  /** A fault takes the node down; returns whether that did anything. */
  takeDown(node: number, how: 'crash' | 'power-loss' | 'wipe-disk' | 'stop'): boolean {
    this.down[node] = (this.down[node] as number) + 1
    this.leaving[node] = 0
    switch (how) {
      case 'crash':
        return this.host.crash(node)
      case 'power-loss':
        return this.host.losePower(node)
      case 'wipe-disk':
        return this.host.wipeDisk(node)
      case 'stop':
        return this.host.stop(node)
    }
  }

  /** A fault that took the node down ends; with the last one it starts again. */
  letUp(node: number): void {
    const left = (this.down[node] as number) - 1
    this.down[node] = left
    if (left > 0) return
    if (this.host.isUp(node)) this.leaving[node] = this.incarnation(node)
    else this.host.restart(node)
  }

  pause(node: number): boolean {
    this.paused[node] = (this.paused[node] as number) + 1
    return this.host.pause(node)
  }

  resume(node: number): void {
    this.paused[node] = (this.paused[node] as number) - 1
    if (this.paused[node] === 0) this.host.resume(node)
  }

  /** While several faults slow a disk, the newest says by how much. */
  slowDown(firing: number, node: number, by: Spread): boolean {
    const touched = this.host.isUp(node)
    if (this.slowest(node) !== null) this.host.endSlowDisk(node)
    this.slow = [...this.slow, { firing, node, by }]
    this.host.slowDisk(node, by)
    return touched
  }

  speedUp(firing: number, node: number): void {
    const before = this.slowest(node)
    this.slow = this.slow.filter((slow) => slow.firing !== firing || slow.node !== node)
    const after = this.slowest(node)
    if (before === after) return
    this.host.endSlowDisk(node)
    if (after !== null) this.host.slowDisk(node, after.by)
  }

  /** A node ended in good order: when no fault keeps it down any more it starts again, by an event of its own. */
  onStopped(node: number): void {
    if (this.leaving[node] !== 0 && this.down[node] === 0) {
      this.kernel.schedule(0, SYSTEM_EVENT, 0, FAULT_RESTART, node, 0, null, FAULT_RESTART << 24, -1)
    }
  }

  /** A node's disk is whole again: a process that could not go on without it starts again, unless a fault keeps it down. */
  onMended(node: number): void {
    if (this.isToStart(node)) this.host.restart(node)
  }

  /** A process could not go on without its disk. If that is whole by now, somebody starts it again, by an event of its own. */
  onHalted(node: number): void {
    if (!this.isToStart(node)) return
    this.leaving[node] = this.incarnation(node)
    this.kernel.schedule(0, SYSTEM_EVENT, 0, FAULT_RESTART, node, 0, null, FAULT_RESTART << 24, -1)
  }

  private isToStart(node: number): boolean {
    return this.down[node] === 0 && !this.host.isUp(node) && !this.host.isDiskFailing(node)
  }

  /** Whether a node that shall start again is still busy shutting down. */
  get isAwaitingStart(): boolean {
    return this.leaving.some((incarnation, node) => incarnation !== 0 && incarnation === this.incarnation(node))
  }

  /** The event that {@link onStopped} scheduled. */
  restart(node: number): void {
    if (this.leaving[node] === 0 || (this.down[node] as number) > 0 || this.host.isUp(node)) return
    this.leaving[node] = 0
    this.host.restart(node)
  }

  /** Everything goes on, and everything that is down, or has lost a part of its storage, starts again. */
  startEverything(): void {
    for (let node = 0; node < this.host.nodeNames.length; node++) {
      this.host.resume(node)
      if (!this.host.isUp(node)) this.host.restart(node)
      else if (this.host.isImpaired(node)) this.restartInGoodOrder(node)
    }
  }

  /** What an operator does with a broker that has lost a log directory, when the disk is whole. */
  private restartInGoodOrder(node: number): void {
    this.leaving[node] = this.incarnation(node)
    this.host.stop(node)
  }

  private incarnation(node: number): number {
    return this.kernel.nodes[node]?.incarnation ?? 0
  }

  private slowest(node: number): SlowDisk | null {
    for (let i = this.slow.length - 1; i >= 0; i--) {
      const slow = this.slow[i] as SlowDisk
      if (slow.node === node) return slow
    }
    return null
  }
}
