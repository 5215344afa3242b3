import { type FaultPlan, movesClocks } from './faults/plan.ts'
import { type FinalState, finalStateOf } from './final-state.ts'
import { Injector } from './faults/injector.ts'
import type { FaultOutcome } from './faults/tally.ts'
import { momentOfKind, M } from './history/catalogue.ts'
import { maskHigh, maskLow, tpOf } from './history/ids.ts'
import { type MomentObserver, Recorder } from './history/recorder.ts'
import type { Hasher, UserCode } from './host.ts'
import { healLimitUs } from './heal-limit.ts'
import type { MetadataRecord } from './kafka/protocol/metadata-records.ts'
import { Kernel, type KernelOptions, SYSTEM_EVENT } from './kernel/kernel.ts'
import { MILLISECOND } from './kernel/time.ts'
import { isApplication, type NodeLayout, nodesOf } from './layout.ts'
import { Links } from './network/links.ts'
import { ARRIVAL, Network } from './network/network.ts'
import { Settlement } from './settlement.ts'
import type { WorldSpec } from './spec.ts'
import type { Waiting } from './waiting.ts'
import { WorldLife } from './world-life.ts'
import { METADATA_LOG_GREW, PROCESS_EXITED, PROCESS_HALTED, PROCESS_THREW, WorldNodes } from './world-nodes.ts'
import type { ProducerProcess } from './application/producer-process.ts'
import type { ReaderProcess } from './application/reader-process.ts'
import type { SourceProcess } from './application/source-process.ts'

/** System events of the world: the end of the working phase, the end of healing, and a look at whether all is done. */
const WORK_ENDS = 33
const HEALING_ENDS = 34
const LOOK = 35
/** Whoever watches over a process that died of an exception starts it again; `a` = node. */
const RESTART = 37

/** How often the world looks whether everything is done. */
const LOOK_EVERY: number = 50 * MILLISECOND

/** How long a process is down that died of an exception. */
const RESTART_PAUSE: number = 1000 * MILLISECOND

export interface RunOptions {
  readonly hasher: Hasher
  readonly observers?: readonly MomentObserver[]
  /** The user's own code; a world with handlers needs it. */
  readonly code?: UserCode | undefined
  readonly queue?: 'heap' | 'wheel'
  readonly keepTrace?: boolean
  /** Debug mode: message bodies are frozen when sent, so that a change after sending throws. */
  readonly freeze?: boolean
  readonly bases?: NonNullable<KernelOptions['bases']>
  readonly overrides?: NonNullable<KernelOptions['overrides']>
}

export type WorldEnd = 'settled' | 'heal-limit' | 'max-events' | 'deadlock'

export interface WorldResult {
  readonly digest: string
  readonly events: number
  readonly virtualUs: number
  readonly ended: WorldEnd
  /** Who waits for what, when it did not settle. */
  readonly waiting: readonly Waiting[]
  /** How often each moment occurred since time 0, by name. */
  readonly counts: Readonly<Record<string, number>>
  readonly faults: readonly FaultOutcome[]
  readonly mattered: boolean
  readonly hadFaults: boolean
  /** The world as it really is then. */
  readonly final: FinalState
  /** The kept trace; empty unless asked for. */
  readonly chunks: readonly Uint8Array[]
}

/**
 * A world: nodes, network, disks and faults on one kernel, from time 0 until it has settled after healing. A pure function
 * of spec, plan and seed; observers and a kept trace change nothing.
 */
export class World {
  readonly kernel: Kernel
  readonly recorder: Recorder
  readonly network: Network
  readonly nodes: WorldNodes
  readonly settlement: Settlement
  private readonly spec: WorldSpec
  private readonly plan: FaultPlan
  private readonly layout: readonly NodeLayout[]
  private readonly life: WorldLife
  private readonly injector: Injector
  private phase: 'working' | 'healing' | 'over' = 'working'
  private ended: WorldEnd = 'heal-limit'

  constructor(spec: WorldSpec, plan: FaultPlan, seed: string, options: RunOptions) {
    const { hasher, queue = 'heap', keepTrace = false, bases = {}, overrides = [] } = options
    this.spec = spec
    this.plan = plan
    this.layout = nodesOf(spec)
    this.kernel = new Kernel({ seed, hasher, queue, keepTrace, bases, overrides })
    this.kernel.clocksMayMove = movesClocks(plan)
    this.recorder = new Recorder(this.kernel)
    this.network = new Network(this.kernel, this.recorder, this.links(), options.freeze ?? false)
    const code = options.code ?? null
    const tellSteps = waitsForSteps(plan)
    this.nodes = new WorldNodes(this.kernel, this.network, this.recorder, spec, this.layout, seed, tellSteps, code)
    this.settlement = new Settlement(this.kernel, this.recorder, spec, this.layout, this.nodes.view, this.nodes.thrown)
    this.life = new WorldLife(this.kernel, this.network, this.recorder, this.layout, this.nodes, this.settlement)
    this.injector = new Injector(this.life, spec, plan)
    this.kernel.system = this
    for (const observer of options.observers ?? []) this.recorder.observe(observer)
    this.begin()
  }

  /** Runs to the end; or, given a number of events, until so many have been handled. Returns whether it is over. */
  run(maxEvents: number = this.spec.run.maxEvents): boolean {
    if (this.phase === 'over') return true
    const end = this.kernel.run(Math.min(maxEvents, this.spec.run.maxEvents))
    if (end === 'max-events' && this.kernel.events < this.spec.run.maxEvents) return false
    if (end !== 'stopped') this.finish(end === 'idle' ? 'deadlock' : 'max-events')
    return true
  }

  result(): WorldResult {
    const { kernel } = this
    const digest = kernel.digest()
    return {
      digest,
      events: kernel.events,
      virtualUs: kernel.now,
      ended: this.ended,
      waiting: this.ended === 'settled' ? [] : this.settlement.waiting(),
      counts: this.counts(),
      faults: this.injector.outcomes(),
      mattered: this.injector.mattered,
      hadFaults: this.plan.length > 0,
      final: finalStateOf(kernel, this.spec, this.layout, this.nodes),
      chunks: kernel.trace.chunks(),
    }
  }

  // --- time 0 -------------------------------------------------------------------------------------------------------

  private links(): Links {
    const { network } = this.spec
    const links = new Links(this.layout.length, network.latency)
    const number = (name: string): number => this.layout.findIndex((node) => node.name === name)
    for (const { between, latency } of network.links) links.setLatency(number(between[0]), number(between[1]), latency)
    return links
  }

  /** The cluster is formed, topics exist, leaders are elected; only then do moments count and applications start. */
  private begin(): void {
    const { kernel, recorder, spec } = this
    for (const [number, node] of this.layout.entries()) {
      kernel.addNode(node.name)
      recorder.emit(M.nodeDefined, number, recorder.text(node.name), recorder.text(node.role), 0, 0)
    }
    const formed = this.nodes.form()
    spec.topics.forEach((topic, index) => {
      if (topic.madeLater === true) return
      recorder.emit(M.topicCreated, 0, recorder.text(topic.name), index + 1, topic.partitions, topic.replicationFactor)
    })
    this.tellFirstLeaders(formed)
    for (const [number, node] of this.layout.entries()) {
      if (!isApplication(node.role)) this.nodes.start(number, node.role === 'broker' ? formed : null)
    }
    recorder.counts.fill(0)
    this.injector.start()
    this.nodes.moments = this.injector
    for (const [number, node] of this.layout.entries()) {
      if (isApplication(node.role)) this.nodes.start(number, null)
    }
    kernel.schedule(spec.run.forUs, SYSTEM_EVENT, 0, WORK_ENDS, 0, 0, null, 0xd00, 0)
    this.look()
  }

  private tellFirstLeaders(formed: readonly MetadataRecord[]): void {
    for (const record of formed) {
      if (record.type !== 'PartitionRecord') continue
      const { leader, isr, leaderEpoch, partitionEpoch } = record
      const tp = tpOf(record.topicId, record.partitionId)
      this.recorder.emitWide(
        M.leaderElected,
        0,
        tp,
        leader,
        leaderEpoch,
        partitionEpoch,
        maskLow(isr),
        maskHigh(isr),
        0,
        0,
      )
    }
  }

  // --- events -------------------------------------------------------------------------------------------------------

  onSystemEvent(kind: number, a: number, b: number, payload: unknown): void {
    if (kind === ARRIVAL) {
      this.network.onArrival(a, b, payload)
      return
    }
    switch (kind) {
      case PROCESS_EXITED:
        this.life.exited(a)
        break
      case PROCESS_THREW:
        this.life.crash(a)
        this.kernel.schedule(RESTART_PAUSE, SYSTEM_EVENT, 0, RESTART, a, 0, null, 0xd03, a)
        break
      case PROCESS_HALTED:
        this.life.crash(a)
        this.injector.onHalted(a)
        break
      case METADATA_LOG_GREW:
        this.life.disks.onMetadataLogGrew(a)
        break
      case RESTART:
        this.life.restart(a)
        break
      case WORK_ENDS:
        if (this.phase === 'working') this.heal()
        break
      case HEALING_ENDS:
        this.finish('heal-limit')
        break
      case LOOK:
        this.onLook()
        break
      default:
        this.injector.onSystemEvent(kind, a)
    }
  }

  private look(): void {
    this.kernel.schedule(LOOK_EVERY, SYSTEM_EVENT, 0, LOOK, 0, 0, null, 0xd01, 0)
  }

  private onLook(): void {
    if (this.phase === 'working' && this.settlement.workDone() && this.injector.spent()) this.heal()
    const isQuiet = this.phase === 'healing' && !this.injector.isAwaitingStart
    if (isQuiet && this.settlement.isSettled()) this.finish('settled')
    else this.look()
  }

  /** Every fault ends and everything is restarted; from here on things may only get better. */
  private heal(): void {
    this.phase = 'healing'
    this.recorder.emit(M.runHealing, 0, 0, 0, 0, 0)
    this.injector.healAll()
    for (const [number, node] of this.layout.entries()) {
      if (!isApplication(node.role)) continue
      const application = this.kernel.nodes[number]?.handler as ProducerProcess | SourceProcess | ReaderProcess | null
      application?.stopWork()
    }
    this.kernel.schedule(healLimitUs(this.spec), SYSTEM_EVENT, 0, HEALING_ENDS, 0, 0, null, 0xd02, 0)
  }

  private finish(ended: WorldEnd): void {
    this.phase = 'over'
    this.ended = ended
    this.recorder.emit(M.runEnded, 0, ended === 'settled' ? 1 : 0, 0, 0, 0)
    this.kernel.stop()
  }

  // --- results ------------------------------------------------------------------------------------------------------

  private counts(): Readonly<Record<string, number>> {
    const counts: Record<string, number> = {}
    this.recorder.counts.forEach((count, kind) => {
      const moment = momentOfKind(kind)
      if (moment !== undefined && count > 0) counts[moment.name] = count
    })
    return counts
  }
}

/** Whether a fault of the plan waits for an application's step. */
function waitsForSteps(plan: FaultPlan): boolean {
  return plan.some(({ trigger }) => trigger.kind === 'when' && trigger.match.moment.startsWith('step.'))
}

/** Runs a world from time 0 to its end. */
export function runWorld(spec: WorldSpec, plan: FaultPlan, seed: string, options: RunOptions): WorldResult {
  const world = new World(spec, plan, seed, options)
  world.run()
  return world.result()
}
