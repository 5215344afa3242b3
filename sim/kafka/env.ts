import type { Recorder } from '../history/recorder.ts'
import type { Kernel, TimerHandle } from '../kernel/kernel.ts'
import type { Site } from '../kernel/site.ts'
import { Envelope } from '../network/envelope.ts'
import type { Network } from '../network/network.ts'

/**
 * All that a node's program may do: read clocks, set timers, decide, send, and say what happened. One per node and
 * incarnation.
 */
export class Env {
  readonly node: number
  readonly kernel: Kernel
  readonly network: Network
  readonly recorder: Recorder

  constructor(node: number, kernel: Kernel, network: Network, recorder: Recorder) {
    this.node = node
    this.kernel = kernel
    this.network = network
    this.recorder = recorder
  }

  /** Microseconds that only ever grow; what Kafka measures with `time.hiResClockMs` and deadlines. */
  monotonic(): number {
    return this.kernel.now
  }

  /** The node's wall clock in microseconds, which faults may move; what Kafka reads with `time.milliseconds()`. */
  wallClock(): number {
    return this.kernel.wallClock(this.node)
  }

  /** Whether the wall clock may be set in this run: then what is due by it cannot be foretold. */
  get clockMayMove(): boolean {
    return this.kernel.clocksMayMove
  }

  /** A timer `delay` microseconds from now; `onTimer(kind, a, b)` follows unless it is cancelled or the process dies. */
  setTimer(kind: number, delay: number, a = 0, b = 0): TimerHandle {
    return this.kernel.setTimer(this.node, kind, delay, a, b)
  }

  /** Cancels a timer; a handle that is spent is harmless. */
  cancel(handle: TimerHandle): void {
    this.kernel.cancel(handle)
  }

  /** An integer in [0, bound) that the seed decides; 0 is the most boring choice. */
  decide(site: Site, bound: number): number {
    return this.kernel.decide(site, bound)
  }

  emit(kind: number, a = 0, b = 0, c = 0, d = 0): void {
    this.recorder.emit(kind, this.node, a, b, c, d)
  }

  emitWide(kind: number, a: number, b: number, c: number, d: number, e: number, f = 0, g = 0, h = 0): void {
    this.recorder.emitWide(kind, this.node, a, b, c, d, e, f, g, h)
  }

  /** Begins to open a connection; the signals CONNECTED or REFUSED tell the end, or nothing does. */
  connect(server: number): number {
    return this.network.open(this.node, server)
  }

  /** Closes a connection in good order. */
  disconnect(connection: number): void {
    this.network.close(this.node, connection)
  }

  request(
    connection: number,
    destination: number,
    api: number,
    apiVersion: number,
    correlation: number,
    body: object,
  ): void {
    this.network.send(new Envelope(false, api, apiVersion, this.node, destination, connection, correlation, body))
  }

  reply(to: Envelope, body: object): void {
    this.network.send(
      new Envelope(true, to.api, to.apiVersion, this.node, to.source, to.connection, to.correlation, body),
    )
  }
}
