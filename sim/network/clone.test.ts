import { describe, expect, it } from 'vitest'
import { M } from '../history/catalogue.ts'
import { Recorder } from '../history/recorder.ts'
import { cloneGraph } from '../kernel/clone.ts'
import { DOWN, type Kernel, PAUSED, RUNNING, SYSTEM_EVENT, type TimerHandle } from '../kernel/kernel.ts'
import type { NodeHandler, SystemHandler } from '../kernel/node.ts'
import { samplerOf } from '../kernel/sampler.ts'
import { CHOICE, JITTER, TARGET } from '../kernel/site.ts'
import { testKernel } from '../kernel/world.test.support.ts'
import { CONNECTED } from './connection.ts'
import { Envelope } from './envelope.ts'
import { Links } from './links.ts'
import { ARRIVAL, Network } from './network.ts'
import { StreamRule } from './stream-rule.ts'

const NODES = 5
const RETRY = 1
const TIMEOUT = 2
const MISCHIEF = 9

/** Opens a connection to somebody and plays ping-pong on it; when it hears nothing for a while it closes and tries another. */
class Pinger implements NodeHandler {
  private readonly world: ToyWorld
  private readonly node: number
  private connection = 0
  private peer = -1
  private correlation = 0
  private timeout: TimerHandle = 0

  constructor(world: ToyWorld, node: number) {
    this.world = world
    this.node = node
  }

  onStart(): void {
    this.later()
  }

  onSignal(kind: number, a: number, b: number): void {
    if (a !== this.connection) return
    if (kind === CONNECTED) this.ping(a, b)
    else this.later()
  }

  onMessage(message: unknown): void {
    const { reply, source, connection, correlation } = message as Envelope
    if (!reply)
      this.world.network.send(new Envelope(true, 0, 1, this.node, source, connection, correlation, { correlation }))
    else if (connection === this.connection) this.ping(connection, source)
  }

  onTimer(kind: number): void {
    if (kind === TIMEOUT) this.world.network.close(this.node, this.connection)
    const hop = 1 + this.world.kernel.decide(CHOICE, NODES - 1)
    this.peer = (this.node + hop) % NODES
    this.connection = this.world.network.open(this.node, this.peer)
    this.watch()
  }

  onDisk(): void {}
  waiting(): readonly string[] {
    return [`node ${this.peer}`]
  }

  private ping(connection: number, peer: number): void {
    this.watch()
    this.correlation++
    this.world.network.send(
      new Envelope(false, 0, 1, this.node, peer, connection, this.correlation, { balls: [this.correlation] }),
    )
  }

  private watch(): void {
    this.world.kernel.cancel(this.timeout)
    this.timeout = this.world.kernel.setTimer(this.node, TIMEOUT, 20_000, 0, 0)
  }

  private later(): void {
    this.world.kernel.cancel(this.timeout)
    this.timeout = this.world.kernel.setTimer(this.node, RETRY, 500 + this.world.kernel.decide(JITTER, 500), 0, 0)
  }
}

/** Pingers on a network that is cut, reset, paused and killed at random. */
class ToyWorld implements SystemHandler {
  readonly kernel: Kernel
  readonly network: Network
  readonly recorder: Recorder

  constructor(seed: string, queue: 'heap' | 'wheel') {
    this.kernel = testKernel({ seed, queue, keepTrace: true })
    this.recorder = new Recorder(this.kernel)
    this.network = new Network(this.kernel, this.recorder, new Links(NODES, { kind: 'exponential', meanUs: 900 }), true)
    this.kernel.system = this
    const delay = samplerOf({ kind: 'uniform', minUs: 0, maxUs: 9000 })
    const rule = { id: 1, from: [0], to: null, api: 0, reply: false, nth: 30, count: 20, sameConnection: true }
    this.network.addRule(new StreamRule({ ...rule, delay }))
    this.network.addRule(new StreamRule({ ...rule, id: 2, from: [1], delay: null }))
    for (let node = 0; node < NODES; node++) this.kernel.start(this.kernel.addNode(`n${node}`), new Pinger(this, node))
    this.kernel.schedule(1000, SYSTEM_EVENT, 0, MISCHIEF, 0, 0, null, 0, 0)
  }

  onSystemEvent(kind: number, a: number, b: number, payload: unknown): void {
    if (kind === ARRIVAL) {
      this.network.onArrival(a, b, payload)
      return
    }
    this.mischief(this.kernel.decide(TARGET, NODES), this.kernel.decide(TARGET, NODES), this.kernel.decide(TARGET, 7))
    this.kernel.schedule(3000, SYSTEM_EVENT, 0, MISCHIEF, 0, 0, null, 0, 0)
  }

  private mischief(node: number, other: number, what: number): void {
    const { kernel, network } = this
    const state = kernel.nodes[node]?.state
    if (state === DOWN) {
      network.hostUp(node)
      kernel.start(node, new Pinger(this, node))
    } else if (state === PAUSED) {
      kernel.resume(node)
    } else if (what === 0 || what === 1) {
      kernel.kill(node)
      network.nodeDied(node, what === 1)
      this.recorder.emit(M.nodeCrashed, node, 0, 0, 0, 0)
    } else if (what === 2) {
      kernel.pause(node)
    } else if (what === 3) {
      network.disconnect(node, other)
    } else if (network.links.isCut(node, other)) {
      network.heal(node, other)
    } else if (what === 4 && state === RUNNING) {
      network.cut(node, other)
    }
  }
}

const EVENTS = 4000
const finish = (world: ToyWorld): string => {
  world.kernel.run(EVENTS)
  return world.kernel.digest()
}

describe('a running world', () => {
  const digests = new Map(['1', '2', '3', '4'].map((seed) => [seed, finish(new ToyWorld(seed, 'heap'))]))

  it('is a function of the seed', () => {
    expect(new Set(digests.values()).size).toBe(4)
    for (const [seed, digest] of digests) expect(finish(new ToyWorld(seed, 'heap'))).toBe(digest)
  })

  it('is the same on heap and wheel', () => {
    for (const [seed, digest] of digests) expect(finish(new ToyWorld(seed, 'wheel'))).toBe(digest)
  })

  it('sees faults and messages', () => {
    const world = new ToyWorld('1', 'heap')
    finish(world)
    const { counts } = world.recorder
    for (const kind of [
      M.requestDelivered,
      M.requestDropped,
      M.connectionOpened,
      M.connectionClosed,
      M.nodeCrashed,
      M.linkCut,
      M.linkHealed,
    ]) {
      expect(counts[kind]).toBeGreaterThan(0)
    }
    expect(counts[M.requestDelivered]).toBeGreaterThan(1000)
  })

  it.each(['heap', 'wheel'] as const)('cloned at any event, both go on to the same digest (%s)', (queue) => {
    for (const [seed, digest] of digests) {
      for (const at of [0, 1, 17, 500, 1333, 2048, 3999]) {
        const world = new ToyWorld(seed, queue)
        world.kernel.run(at)
        const clone = cloneGraph(world)
        expect(finish(clone)).toBe(digest)
        expect(finish(world)).toBe(digest)
      }
    }
  })

  it('a clone of a clone, and one that is not finished, change nothing', () => {
    const world = new ToyWorld('1', 'heap')
    world.kernel.run(700)
    const first = cloneGraph(world)
    first.kernel.run(900)
    const second = cloneGraph(first)
    second.kernel.run(1000)
    expect([finish(world), finish(first)]).toEqual([digests.get('1'), digests.get('1')])
  })
})
