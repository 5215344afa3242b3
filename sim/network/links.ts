import { type Sampler, samplerOf } from '../kernel/sampler.ts'
import { constant, type Spread } from '../kernel/spread.ts'

/** How long a message takes from a process to itself. */
const LOOPBACK_US = 50

/** Would it pass, and how long does it take: latencies and cuts per ordered pair of nodes, apart from delivery. */
export class Links {
  /** Number of nodes in the world. */
  readonly nodes: number
  private readonly samplers: Sampler[]
  /** Which sampler an ordered pair has. */
  private readonly samplerOf: Uint16Array
  /** How many faults cut an ordered pair; overlapping ones last for their union. */
  private readonly cuts: Uint16Array

  constructor(nodes: number, latency: Spread) {
    this.nodes = nodes
    this.samplers = [samplerOf(latency), samplerOf(constant(LOOPBACK_US))]
    this.samplerOf = new Uint16Array(nodes * nodes)
    for (let node = 0; node < nodes; node++) this.samplerOf[node * nodes + node] = 1
    this.cuts = new Uint16Array(nodes * nodes)
  }

  /** Gives a pair a latency of its own, both ways. */
  setLatency(a: number, b: number, latency: Spread): void {
    this.samplers.push(samplerOf(latency))
    this.samplerOf[a * this.nodes + b] = this.samplers.length - 1
    this.samplerOf[b * this.nodes + a] = this.samplers.length - 1
  }

  latency(from: number, to: number): Sampler {
    return this.samplers[this.samplerOf[from * this.nodes + to] as number] as Sampler
  }

  /** True when this cut is the first on the pair. */
  cut(from: number, to: number): boolean {
    const pair = from * this.nodes + to
    this.cuts[pair] = (this.cuts[pair] as number) + 1
    return this.cuts[pair] === 1
  }

  /** True when this was the last cut on the pair. */
  heal(from: number, to: number): boolean {
    const pair = from * this.nodes + to
    this.cuts[pair] = (this.cuts[pair] as number) - 1
    return this.cuts[pair] === 0
  }

  isCut(from: number, to: number): boolean {
    return (this.cuts[from * this.nodes + to] as number) > 0
  }
}
