import { M } from '../history/catalogue.ts'
import { type MomentObserver, Recorder } from '../history/recorder.ts'
import { type Kernel, type KernelOptions, SYSTEM_EVENT } from '../kernel/kernel.ts'
import type { NodeHandler, SystemHandler } from '../kernel/node.ts'
import { constant, type Spread } from '../kernel/spread.ts'
import { testKernel } from '../kernel/world.test.support.ts'
import { CLOSED, CONNECTED, REFUSED, RESET } from './connection.ts'
import { Envelope } from './envelope.ts'
import { Links } from './links.ts'
import { ARRIVAL, Network } from './network.ts'

const SIGNALS: Readonly<Record<number, string>> = {
  [CONNECTED]: 'connected',
  [REFUSED]: 'refused',
  [CLOSED]: 'closed',
  [RESET]: 'reset',
}

/** A process that writes down what the network tells it. */
export class Host implements NodeHandler {
  readonly lines: string[] = []
  private readonly kernel: Kernel

  constructor(kernel: Kernel) {
    this.kernel = kernel
  }
  onStart(): void {}
  onMessage(message: unknown): void {
    const { correlation, source } = message as Envelope
    this.lines.push(`${this.kernel.now} ${correlation} from ${source}`)
  }
  onSignal(kind: number, _connection: number, peer: number): void {
    this.lines.push(`${this.kernel.now} ${SIGNALS[kind]} ${peer}`)
  }
  onTimer(): void {}
  onDisk(): void {}
  waiting(): readonly string[] {
    return []
  }
}

const ACTION = 2

/** A few hosts and a script: actions of the world at given times. */
export class TestNetwork implements SystemHandler, MomentObserver {
  readonly kinds: readonly number[] = [M.requestSent, M.requestDelivered, M.requestDropped]
  readonly kernel: Kernel
  readonly recorder: Recorder
  readonly network: Network
  readonly hosts: Host[] = []
  sent = 0
  delivered = 0
  dropped = 0
  private readonly script: (() => void)[] = []

  constructor(nodes: number, latency: Spread = constant(100), options: Partial<KernelOptions> = {}) {
    this.kernel = testKernel(options)
    this.recorder = new Recorder(this.kernel)
    this.recorder.observe(this)
    this.network = new Network(this.kernel, this.recorder, new Links(nodes, latency), true)
    this.kernel.system = this
    for (let node = 0; node < nodes; node++) {
      this.kernel.addNode(`host-${node}`)
      this.start(node)
    }
  }

  onSystemEvent(kind: number, a: number, b: number, payload: unknown): void {
    if (kind === ARRIVAL) this.network.onArrival(a, b, payload)
    else this.script[a]?.()
  }

  onMoment(kind: number): void {
    if (kind === M.requestSent) this.sent++
    else if (kind === M.requestDelivered) this.delivered++
    else this.dropped++
  }

  start(node: number): void {
    const host = new Host(this.kernel)
    this.hosts[node] = host
    this.kernel.start(node, host)
  }

  /** The process dies; `silent`: the host with it. */
  die(node: number, silent = false): void {
    this.kernel.kill(node)
    this.network.nodeDied(node, silent)
  }

  /** The host has power again, and its process starts. */
  powerUp(node: number): void {
    this.network.hostUp(node)
    this.start(node)
  }

  at(time: number, action: () => void): this {
    this.script.push(action)
    this.kernel.schedule(time - this.kernel.now, SYSTEM_EVENT, 0, ACTION, this.script.length - 1, 0, null, 0x100, 0)
    return this
  }

  /** Sends one way on a connection; `correlation` names the message. */
  send(connection: number, source: number, destination: number, correlation: number, reply = false): void {
    this.network.send(new Envelope(reply, 0, 9, source, destination, connection, correlation, { correlation }))
  }

  /** Opens a connection from 0 to 1 and waits until it stands. */
  connected(client = 0, server = 1): number {
    const id = this.network.open(client, server)
    this.run()
    this.hosts.forEach((host) => (host.lines.length = 0))
    return id
  }

  run(): void {
    if (this.kernel.run(1_000_000) !== 'idle') throw new Error('the test never ends')
  }

  lines(node: number): readonly string[] {
    return this.hosts[node]?.lines ?? []
  }

  /** What a host got, without times. */
  got(node: number): readonly string[] {
    return this.lines(node).map((line) => line.slice(line.indexOf(' ') + 1))
  }
}
