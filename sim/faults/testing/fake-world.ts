import type { Hasher } from '../../host.ts'
import { M } from '../../history/catalogue.ts'
import { maskHigh, maskLow, tpOf } from '../../history/ids.ts'
import { type MomentObserver, Recorder } from '../../history/recorder.ts'
import { DOWN, Kernel, type NodeSlot, PAUSED, RUNNING } from '../../kernel/kernel.ts'
import type { NodeHandler } from '../../kernel/node.ts'
import { constant, type Spread } from '../../kernel/spread.ts'
import { MILLISECOND, SECOND } from '../../kernel/time.ts'
import { nodesOf, reads } from '../../layout.ts'
import { Envelope } from '../../network/envelope.ts'
import { Links } from '../../network/links.ts'
import { ARRIVAL, Network } from '../../network/network.ts'
import type { WorldSpec } from '../../spec.ts'
import type { FaultHost } from '../host.ts'
import { Injector } from '../injector.ts'
import type { AlteredTopic, CorruptionMatch, FaultPlan } from '../plan.ts'

/** A digest that is good enough to tell two histories apart. */
class PlainHasher implements Hasher {
  private state = 0
  update(chunk: Uint8Array): void {
    for (const byte of chunk) this.state = (Math.imul(this.state ^ byte, 0x01000193) + 1) | 0
  }
  copy(): Hasher {
    const copy = new PlainHasher()
    copy.state = this.state
    return copy
  }
  digest(): string {
    return (this.state >>> 0).toString(16)
  }
}

/** A node that keeps one connection to each of its peers and now and then sends something on it. */
class ChattyNode implements NodeHandler {
  readonly received: Envelope[] = []
  readonly signals: number[] = []
  private readonly world: FakeWorld
  private readonly node: number
  private connections: Map<number, number> = new Map()

  constructor(world: FakeWorld, node: number) {
    this.world = world
    this.node = node
  }

  onStart(): void {
    this.world.recorder.emit(M.nodeStarted, this.node, 0, 0, 0, 0)
    for (const peer of this.world.peersOf(this.node))
      this.connections.set(peer, this.world.network.open(this.node, peer))
  }
  onMessage(message: unknown): void {
    this.received.push(message as Envelope)
  }
  onSignal(kind: number): void {
    this.signals.push(kind)
  }
  onTimer(): void {}
  onDisk(): void {}
  waiting(): readonly string[] {
    return []
  }

  connectionTo(peer: number): number {
    return this.connections.get(peer) ?? 0
  }

  say(peer: number, api: number, reply: boolean): void {
    const connection = this.connections.get(peer) ?? this.world.handlerOf(peer)?.connectionTo(this.node) ?? 0
    this.world.network.send(new Envelope(reply, api, 0, this.node, peer, connection, 1, {}))
  }
}

/** What happened, as tests want to see it. */
export interface Happening {
  readonly kind: number
  readonly time: number
  readonly node: number
  readonly a: number
  readonly b: number
}

class Diary implements MomentObserver {
  readonly kinds: readonly number[]
  readonly happenings: Happening[] = []
  constructor(kinds: readonly number[]) {
    this.kinds = kinds
  }
  onMoment(kind: number, time: number, node: number, a: number, b: number): void {
    this.happenings.push({ kind, time, node, a, b })
  }
}

const SHUTDOWN_DONE = 100
const TALK = 101
const TALK_BACK = 102
const APPEND = 103

/**
 * A world for the injector's tests: the real kernel, history and network, and nodes that only crash, pause and talk. Every
 * partition has all brokers as replicas; its leader is the first one that is up. A clean shutdown takes `shutdownUs`.
 */
export class FakeWorld implements FaultHost {
  readonly kernel: Kernel
  readonly recorder: Recorder
  readonly network: Network
  readonly nodeNames: readonly string[]
  readonly injector: Injector
  readonly diary: Diary
  /** What operators asked for. */
  readonly grown: string[] = []
  /** Nodes that go on without a part of their storage. */
  readonly impaired: number[] = []
  /** Disk faults that last: `node operations directory`. */
  readonly failing: string[] = []
  readonly disks: (readonly [time: number, node: number, by: Spread | null])[] = []
  readonly corrupted: (readonly [time: number, node: number, match: CorruptionMatch])[] = []
  shutdownUs: number = 20 * MILLISECOND
  inFlight = true
  done = false
  leaderless = false
  private readonly spec: WorldSpec
  private leader = 1

  constructor(spec: WorldSpec, plan: FaultPlan, seed = 'test', watch: readonly number[] = []) {
    this.spec = spec
    this.kernel = new Kernel({ seed, hasher: new PlainHasher() })
    this.kernel.system = this
    this.recorder = new Recorder(this.kernel)
    this.nodeNames = nodesOf(spec).map((node) => node.name)
    this.network = new Network(
      this.kernel,
      this.recorder,
      new Links(this.nodeNames.length, constant(MILLISECOND)),
      true,
    )
    for (const name of this.nodeNames) this.kernel.addNode(name)
    this.diary = new Diary([
      M.nodeCrashed,
      M.nodePowerLost,
      M.diskWiped,
      M.nodeStopped,
      M.nodePaused,
      M.nodeResumed,
      M.nodeStarted,
      M.linkCut,
      M.linkHealed,
      M.faultFired,
      M.faultEnded,
      M.diskSlow,
      ...watch,
    ])
    this.recorder.observe(this.diary)
    this.injector = new Injector(this, spec, plan)
    for (let node = 0; node < this.nodeNames.length; node++) this.restart(node)
    this.injector.start()
  }

  /** Runs until a time; events after it wait. */
  runUntil(time: number): void {
    this.kernel.scheduleNamed(time - this.kernel.now, 0, 0, 0, 0, 0, null, 0, 0, 1)
    while (this.kernel.now < time && this.kernel.step());
  }

  /** Makes the node say something to a peer at a time. */
  talk(at: number, from: number, to: number, api = 0): void {
    this.kernel.schedule(at - this.kernel.now, 0, 0, TALK, (from << 8) | to, api, null, 77, 0)
  }

  /** As {@link talk}, but it is an answer. */
  talkBack(at: number, from: number, to: number, api: number): void {
    this.kernel.schedule(at - this.kernel.now, 0, 0, TALK_BACK, (from << 8) | to, api, null, 79, 0)
  }

  /** One record's way: sent, appended, below the high watermark, answered, acknowledged. */
  append(at: number): void {
    this.kernel.schedule(at - this.kernel.now, 0, 0, APPEND, 0, 0, null, 80, 0)
  }

  node(node: number): ChattyNode {
    return (this.kernel.nodes[node] as NodeSlot).handler as ChattyNode
  }

  /** Null while its process is down. */
  handlerOf(node: number): ChattyNode | null {
    return (this.kernel.nodes[node]?.handler ?? null) as ChattyNode | null
  }

  peersOf(node: number): readonly number[] {
    return this.nodeNames.map((_, peer) => peer).filter((peer) => peer > node)
  }

  happened(kind: number): readonly Happening[] {
    return this.diary.happenings.filter((happening) => happening.kind === kind)
  }

  onSystemEvent(kind: number, a: number, b: number, payload: unknown): void {
    if (kind === ARRIVAL) this.network.onArrival(a, b, payload)
    else if (kind === SHUTDOWN_DONE) this.die(a, M.nodeStopped, false)
    else if (kind === TALK) {
      if (this.kernel.nodes[a >> 8]?.state === RUNNING) this.node(a >> 8).say(a & 255, b, false)
    } else if (kind === TALK_BACK) {
      if (this.kernel.nodes[a >> 8]?.state === RUNNING) this.node(a >> 8).say(a & 255, b, true)
    } else if (kind === APPEND) this.appendNow()
    else this.injector.onSystemEvent(kind, a)
  }

  crash(node: number): boolean {
    return this.die(node, M.nodeCrashed, false)
  }
  losePower(node: number): boolean {
    return this.die(node, M.nodePowerLost, true)
  }
  wipeDisk(node: number): boolean {
    const died = this.die(node, M.nodeCrashed, false)
    if (died) this.recorder.emit(M.diskWiped, node, 0, 0, 0, 0)
    return died
  }
  stop(node: number): boolean {
    if (!this.isUp(node)) return false
    this.kernel.schedule(this.shutdownUs, 0, 0, SHUTDOWN_DONE, node, 0, null, 78, 0)
    return true
  }
  pause(node: number): boolean {
    if ((this.kernel.nodes[node] as NodeSlot).state !== RUNNING) return false
    this.kernel.pause(node)
    this.recorder.emit(M.nodePaused, node, 0, 0, 0, 0)
    return true
  }
  resume(node: number): boolean {
    if ((this.kernel.nodes[node] as NodeSlot).state !== PAUSED) return false
    this.kernel.resume(node)
    this.recorder.emit(M.nodeResumed, node, 0, 0, 0, 0)
    return true
  }
  restart(node: number): boolean {
    if (this.isUp(node)) return false
    this.network.hostUp(node)
    this.kernel.start(node, new ChattyNode(this, node))
    return true
  }
  slowDisk(node: number, by: Spread): boolean {
    this.disks.push([this.kernel.now, node, by])
    return true
  }
  corrupt(node: number, match: CorruptionMatch): boolean {
    this.corrupted.push([this.kernel.now, node, match])
    return true
  }

  endSlowDisk(node: number): void {
    this.disks.push([this.kernel.now, node, null])
  }
  failDisk(node: number, operations: number, directory: string | null): void {
    this.failing.push(`${node} ${operations} ${directory ?? 'all'}`)
  }
  mendDisk(node: number, operations: number, directory: string | null): void {
    this.failing.splice(this.failing.indexOf(`${node} ${operations} ${directory ?? 'all'}`), 1)
  }
  isImpaired(node: number): boolean {
    return this.impaired.includes(node)
  }
  isDiskFailing(node: number): boolean {
    return this.failing.some((fault) => fault.startsWith(`${node} `))
  }
  addPartitions(topic: string, partitions: number): boolean {
    this.grown.push(`${topic} ${partitions}`)
    return !this.leaderless
  }

  electLeader(topic: string, partition: number, election: 'preferred' | 'unclean'): boolean {
    this.grown.push(`${topic}-${partition} ${election}`)
    return !this.leaderless
  }
  alterConfig({ topic }: AlteredTopic): boolean {
    this.grown.push(`${topic} altered`)
    return !this.leaderless
  }

  createTopic(topic: string): boolean {
    this.grown.push(`${topic} made`)
    return !this.leaderless
  }

  deleteTopic(topic: string): boolean {
    this.grown.push(`${topic} deleted`)
    return !this.leaderless
  }

  moveLeader(topic: string, partition: number, broker: number): boolean {
    this.grown.push(`${topic}-${partition} to ${broker}`)
    return !this.leaderless
  }
  reassign(topic: string, partition: number, brokers: readonly number[] | null): boolean {
    this.grown.push(`${topic}-${partition} at ${brokers?.join(',') ?? 'its own'}`)
    return !this.leaderless
  }

  isUp(node: number): boolean {
    return (this.kernel.nodes[node] as NodeSlot).state !== DOWN
  }
  leaderOf(): number {
    return this.leaderless || !this.isUp(this.leader) ? -1 : this.leader
  }
  groupCoordinator(): number {
    return this.spec.consumers.length > 0 ? this.leaderOf() : -1
  }
  transactionCoordinator(): number {
    return this.spec.producers.some(({ config }) => config['transactional.id'] !== '') ? this.leaderOf() : -1
  }
  replicasOf(): readonly number[] {
    return this.spec.cluster.brokers.map((_, index) => index + 1)
  }
  activeController(): number {
    return this.isUp(0) ? 0 : -1
  }
  workInFlight(): boolean {
    return this.inFlight
  }
  workDone(): boolean {
    return this.done
  }

  private appendNow(): void {
    const { recorder, leader } = this
    recorder.emit(M.recordSent, 4, 0, 0, tpOf(1, 0), 0)
    recorder.emitWide(M.logAppended, leader, tpOf(1, 0), 0, 0, 0, 0, -1, -1, -1)
    recorder.emit(M.hwAdvanced, leader, tpOf(1, 0), 1, 0, 1)
    recorder.emitWide(M.produceAnswered, leader, tpOf(1, 0), 0, 0, 4, -1, 1, 0, 0)
    recorder.emit(M.produceAcked, 4, 0, 0, tpOf(1, 0), 0)
    this.transactNow()
    for (const [node, { role }] of nodesOf(this.spec).entries()) if (reads(role)) this.readNow(node)
  }

  /** One transaction's way. */
  private transactNow(): void {
    const { recorder, leader } = this
    recorder.emitWide(M.txnBegan, 4, 0, 0, 0, 0, 0, 0, 0, 0)
    recorder.emitWide(M.txnOpened, leader, 0, 0, 0, 0, 0, 0, 0, 0)
    recorder.emitWide(M.txnPartitionAdded, leader, 0, 0, 0, 0, 0, 0, 0, 0)
    recorder.emitWide(M.txnEnding, 4, 0, 0, 0, 0, 0, 0, 0, 0)
    recorder.emitWide(M.txnPrepared, leader, 0, 0, 0, 0, 0, 0, 0, 0)
    recorder.emitWide(M.markerWritten, leader, 0, 0, 0, 0, 0, 0, 0, 0)
    recorder.emitWide(M.txnCompleted, leader, 0, 0, 0, 0, 0, 0, 0, 0)
  }

  /** One record's way through an application that reads. */
  private readNow(node: number): void {
    const { recorder, leader } = this
    const groups = [...this.spec.consumers, ...this.spec.processors, ...this.spec.sinks].map(
      ({ config }) => config['group.id'],
    )
    recorder.emit(M.recordDelivered, node, 0, 0, tpOf(1, 0), 0)
    recorder.emit(M.stepBeforeOutput, node, 0, 0, 0, 0)
    recorder.emit(M.stepAfterOutput, node, 0, 0, 0, 0)
    recorder.emit(M.stepBeforeCommit, node, 0, 0, 0, 0)
    for (const group of groups)
      recorder.emitWide(M.offsetCommitted, leader, recorder.text(group), tpOf(1, 0), 0, 1, node, 0, 0, 0)
    recorder.emit(M.stepAfterCommit, node, 0, 0, 0, 0)
  }

  private die(node: number, kind: number, silent: boolean): boolean {
    if (!this.isUp(node)) return false
    this.kernel.kill(node)
    this.network.nodeDied(node, silent)
    this.recorder.emit(kind, node, 0, 0, 0, 0)
    if (node === this.leader) this.elect()
    return true
  }

  private elect(): void {
    const next = this.replicasOf().find((replica) => this.isUp(replica))
    if (next === undefined) return
    this.leader = next
    const isr = this.replicasOf().filter((replica) => this.isUp(replica))
    this.recorder.emitWide(M.leaderElected, 0, tpOf(1, 0), next, 1, 1, maskLow(isr), maskHigh(isr), 0, 0)
  }
}

/** A fault of entry 0 at a time, in seconds. */
export function at(
  seconds: number,
  action: FaultPlan[number]['action'],
  forSeconds: number | null = null,
): FaultPlan[number] {
  return {
    entry: 0,
    trigger: { kind: 'at', atUs: seconds * SECOND },
    action,
    forUs: forSeconds === null ? null : forSeconds * SECOND,
  }
}
