import { Kernel, type KernelOptions, MESSAGE_EVENT } from '../../sim/kernel/kernel.ts'
import type { NodeHandler } from '../../sim/kernel/node.ts'
import { samplerOf, type Sampler } from '../../sim/kernel/sampler.ts'
import { LATENCY } from '../../sim/kernel/site.ts'

/** A moment's kind, for the trace. */
const HIT = 11

/** The message that two nodes send to and fro: a new object each time, as every message is. */
class Ball {
  readonly hits: number
  constructor(hits: number) {
    this.hits = hits
  }
}

/** Answers each ball after a latency of 0.2 to 2 ms that the seed decides, and writes one record. `full-loop.c` does the same. */
class Player implements NodeHandler {
  private readonly kernel: Kernel
  private readonly node: number
  private readonly peer: number
  private readonly latency: Sampler

  constructor(kernel: Kernel, node: number, latency: Sampler) {
    this.kernel = kernel
    this.node = node
    this.peer = node ^ 1
    this.latency = latency
  }

  onMessage(message: unknown): void {
    const { kernel, node, peer } = this
    const { hits } = message as Ball
    kernel.nameChild(peer, MESSAGE_EVENT, 0)
    const lane1 = kernel.childName1
    const lane2 = kernel.childName2
    const latency = this.latency.length(kernel.decideFor(LATENCY, lane1, lane2, this.latency.bound))
    kernel.cause = kernel.trace.write(kernel.now, kernel.cause, HIT, node, peer, hits, latency, 0)
    kernel.scheduleNamed(latency, MESSAGE_EVENT, peer, 0, 0, 0, new Ball(hits + 1), lane1, lane2, 0)
  }

  onStart(): void {}
  onSignal(): void {}
  onTimer(): void {}
  onDisk(): void {}
  waiting(): readonly string[] {
    return []
  }
}

/** A kernel with pairs of players that keep one ball in the air each. */
export function pingPongWorld(pairs: number, options: KernelOptions): Kernel {
  const kernel = new Kernel(options)
  const latency = samplerOf({ kind: 'uniform', minUs: 200, maxUs: 2000 })
  for (let node = 0; node < pairs * 2; node++) {
    kernel.addNode(`player-${node}`)
    kernel.start(node, new Player(kernel, node, latency))
  }
  for (let node = 0; node < pairs * 2; node += 2) {
    kernel.schedule(0, MESSAGE_EVENT, node, 0, 0, 0, new Ball(0), 0, 0)
  }
  return kernel
}
