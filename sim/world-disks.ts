import { M } from './history/catalogue.ts'
import type { Recorder } from './history/recorder.ts'
import type { Broker } from './kafka/broker/broker.ts'
import { DOWN, type Kernel, type NodeSlot, SIGNAL_EVENT, SYSTEM_EVENT } from './kernel/kernel.ts'
import { JITTER } from './kernel/site.ts'
import { MILLISECOND } from './kernel/time.ts'
import type { NodeLayout } from './layout.ts'
import { METADATA_WRITTEN } from './network/connection.ts'
import { EVERY_OPERATION } from './storage/io-failures.ts'
import { METADATA_LOG_GREW, type WorldNodes } from './world-nodes.ts'

/** `metadata.max.idle.interval.ms`: no longer than that is nothing written to the metadata log. */
const MOST_IDLE: number = 500 * MILLISECOND

/** Disks of nodes that fail, and when that is noticed. */
export class WorldDisks {
  private readonly kernel: Kernel
  private readonly recorder: Recorder
  private readonly layout: readonly NodeLayout[]
  private readonly nodes: WorldNodes

  constructor(kernel: Kernel, recorder: Recorder, layout: readonly NodeLayout[], nodes: WorldNodes) {
    this.kernel = kernel
    this.recorder = recorder
    this.layout = layout
    this.nodes = nodes
  }

  /**
   * Disk operations of the node begin to fail. A process may not need its disk for a while; but the active controller writes
   * to the metadata log every half second at the latest (`metadata.max.idle.interval.ms`), and everybody keeps a copy.
   */
  fail(node: number, operations: number, directory: string | null): void {
    for (const failures of this.nodes.failuresOf(node, directory)) failures.begin(operations)
    const delay = this.kernel.decide(JITTER, MOST_IDLE + 1)
    this.kernel.schedule(delay, SYSTEM_EVENT, node, METADATA_LOG_GREW, node, 0, null, 0xe03, -1)
  }

  mend(node: number, operations: number, directory: string | null): void {
    for (const failures of this.nodes.failuresOf(node, directory)) failures.end(operations)
  }

  isFailing(node: number): boolean {
    return this.nodes.failuresOf(node, null).some((failures) => failures.fails(EVERY_OPERATION))
  }

  /** Whether a broker goes on without one of its log directories. */
  isImpaired(node: number): boolean {
    const { state, handler } = this.kernel.nodes[node] as NodeSlot
    if (this.layout[node]?.role !== 'broker' || state === DOWN) return false
    return (handler as Broker).logs.directories.some(({ isOnline }) => !isOnline)
  }

  /** A node is to write what the active controller wrote; a controller whose disk fails ends there, a broker sees to it itself. */
  onMetadataLogGrew(node: number): void {
    if ((this.kernel.nodes[node] as NodeSlot).state === DOWN) return
    if (this.layout[node]?.role === 'broker') this.kernel.deliver(node, SIGNAL_EVENT, METADATA_WRITTEN, 0, 0, null)
    else if (this.isFailing(node)) {
      const { recorder } = this
      recorder.emit(M.logDirFailed, node, recorder.text('metadata'), recorder.text('write'), 0, 0)
      this.nodes.halted(node)
    }
  }
}
