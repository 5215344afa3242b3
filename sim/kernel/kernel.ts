import type { Hasher } from '../host.ts'
import { EventPool } from './event-pool.ts'
import { IndexedHeap } from './heap.ts'
import { childLane1, childLane2, hashText, mix } from './mix.ts'
import type { NodeHandler, SystemHandler } from './node.ts'
import type { EventQueue } from './queue.ts'
import { SITES, type Site, type SiteClass } from './site.ts'
import { Trace } from './trace.ts'
import { TimingWheel } from './wheel.ts'

/** A timer that can be cancelled; a handle whose timer fired or died is harmless. 0 is never a timer. */
export type TimerHandle = number

/** What an event is for. System events belong to the world: network arrivals, fault actions, healing. */
export const SYSTEM_EVENT = 0
export const TIMER_EVENT = 1
export const MESSAGE_EVENT = 2
export const SIGNAL_EVENT = 3
export const DISK_EVENT = 4

/** State of a node's process. */
export const DOWN = 0
export const RUNNING = 1
export const PAUSED = 2

export interface KernelOptions {
  readonly seed: string
  readonly hasher: Hasher
  readonly queue?: 'heap' | 'wheel'
  readonly keepTrace?: boolean
  /** Base value per site class; seeded unless named. */
  readonly bases?: Readonly<Partial<Record<SiteClass, 'seeded' | 'boring'>>>
  /** Decisions that differ from their base: [site name, lane 1, lane 2, value]. */
  readonly overrides?: readonly (readonly [string, number, number, number])[]
}

/** Told of every event before it is handled; for tests and first-divergence search, never for the world itself. */
export interface EventObserver {
  onEvent(time: number, node: number, what: number, kind: number, name1: number, name2: number): void
}

/** Why {@link Kernel.run} returned. */
export type RunEnd = 'idle' | 'stopped' | 'max-events'

/**
 * The event loop: a virtual clock, an ordered queue, causal names, keyed decisions and the lifecycle of nodes. It knows
 * neither messages nor Kafka. Everything that happens is an event; an event's handler may schedule others and nothing else
 * moves time.
 */
export class Kernel {
  /** Microseconds since the run began. */
  now = 0
  /** Events handled so far. */
  events = 0
  readonly trace: Trace
  system: SystemHandler | null = null
  observer: EventObserver | null = null
  readonly nodes: NodeSlot[] = []
  private readonly queue: EventQueue
  private readonly pool: EventPool = new EventPool()
  private readonly seed: number
  private readonly boring: Uint8Array = new Uint8Array(SITES.length)
  private readonly overrides: Map<string, number> | null
  private sequence = 0
  private stopping = false
  /** Causal name of the event being handled. */
  private name1: number
  private name2: number
  /** Trace record that caused what is happening now. */
  cause = 0
  /** Running hash over times and names of all events: with it the digest covers events that emit nothing. */
  private eventHash = 0
  /** Ordinals among equal siblings of the current event. */
  private siblings: Int32Array = new Int32Array(64)
  private ordinals: Int32Array = new Int32Array(64)
  private siblingCount = 0

  constructor(options: KernelOptions) {
    this.queue = options.queue === 'wheel' ? new TimingWheel() : new IndexedHeap()
    this.trace = new Trace(options.hasher, options.keepTrace ?? false)
    this.seed = hashText(options.seed, 0x7457_1ce5)
    this.name1 = hashText('genesis', 1)
    this.name2 = hashText('genesis', 2)
    for (const site of SITES) if (options.bases?.[site.class] === 'boring') this.boring[site.id] = 1
    const overrides = options.overrides ?? []
    this.overrides =
      overrides.length === 0
        ? null
        : new Map(overrides.map(([site, lane1, lane2, value]) => [`${site}/${lane1}/${lane2}`, value]))
  }

  // --- scheduling -------------------------------------------------------------------------------------------------

  /**
   * Schedules an event `delay` microseconds from now. `key` tells its causal name apart from siblings to the same target;
   * `tie` below 0 puts it before everything else of its time.
   */
  schedule(delay: number, what: number, target: number, kind: number, a: number, b: number, payload: unknown, key: number, tie: number): TimerHandle {
    const sibling = (target << 16) ^ (what << 13) ^ key
    const ordinal = this.ordinalOf(sibling)
    const lane1 = childLane1(this.name1, this.name2, sibling, ordinal)
    return this.scheduleNamed(delay, what, target, kind, a, b, payload, lane1, childLane2(this.name2, lane1, sibling), tie)
  }

  /** As {@link schedule}, under a name that the caller made with {@link nameChild}. */
  scheduleNamed(
    delay: number, what: number, target: number, kind: number, a: number, b: number, payload: unknown,
    lane1: number, lane2: number, tie: number,
  ): TimerHandle {
    const pool = this.pool
    const slot = pool.take()
    if (pool.grew) {
      this.queue.reserve(pool.capacity)
      pool.grew = false
    }
    pool.set(slot, what, target, kind, a, b, payload, lane1, lane2, this.cause)
    const order = tie * 1_125_899_906_842_624 + this.sequence++
    this.queue.push(slot, this.now + delay, order)
    return pool.handle(slot)
  }

  /** Lanes of the last name made by {@link nameChild}. */
  childName1 = 0
  childName2 = 0

  /** Makes the causal name of something about to be scheduled, so that decisions about it can be made first. */
  nameChild(target: number, what: number, key: number): void {
    const sibling = (target << 16) ^ (what << 13) ^ key
    this.childName1 = childLane1(this.name1, this.name2, sibling, this.ordinalOf(sibling))
    this.childName2 = childLane2(this.name2, this.childName1, sibling)
  }

  setTimer(node: number, kind: number, delay: number, a: number, b: number): TimerHandle {
    return this.schedule(delay, TIMER_EVENT, node, kind, a, b, null, kind, 0)
  }

  /** Cancels a timer; returns whether it was still waiting. */
  cancel(handle: TimerHandle): boolean {
    const slot = this.pool.slotOf(handle)
    if (slot < 0) return false
    this.queue.remove(slot)
    this.pool.free(slot)
    return true
  }

  /** Number of events waiting. */
  get pending(): number {
    return this.queue.size
  }

  // --- deciding ---------------------------------------------------------------------------------------------------

  /** A decision inside the current event: an integer in [0, bound). */
  decide(site: Site, bound: number): number {
    if (bound <= 1) return 0
    const key = 0x4000_0000 | site.id
    const lane1 = childLane1(this.name1, this.name2, key, this.ordinalOf(key))
    return this.decideFor(site, lane1, childLane2(this.name2, lane1, key), bound)
  }

  /** A decision about the thing with this causal name: the override if the plan holds one, else the site's base. */
  decideFor(site: Site, lane1: number, lane2: number, bound: number): number {
    if (bound <= 1) return 0
    if (this.overrides !== null) {
      const value = this.overrides.get(`${site.name}/${lane1}/${lane2}`)
      if (value !== undefined) return Math.min(value, bound - 1)
    }
    if (this.boring[site.id] === 1) return 0
    const high = mix(this.seed, site.id, lane1, lane2) >>> 0
    if (bound <= 1_048_576) return Math.floor((high * bound) / 4_294_967_296)
    const low = mix(this.seed ^ 0x5bd1_e995, site.id, lane1, lane2) >>> 11
    return Math.floor(((high * 2_097_152 + low) / 9_007_199_254_740_992) * bound)
  }

  private ordinalOf(sibling: number): number {
    const count = this.siblingCount
    const { siblings, ordinals } = this
    for (let i = count - 1; i >= 0; i--) {
      if (siblings[i] === sibling) {
        const ordinal = (ordinals[i] as number) + 1
        ordinals[i] = ordinal
        return ordinal
      }
    }
    if (count === siblings.length) this.growSiblings()
    this.siblings[count] = sibling
    this.ordinals[count] = 0
    this.siblingCount = count + 1
    return 0
  }

  private growSiblings(): void {
    const siblings = new Int32Array(this.siblings.length * 2)
    const ordinals = new Int32Array(this.siblings.length * 2)
    siblings.set(this.siblings)
    ordinals.set(this.ordinals)
    this.siblings = siblings
    this.ordinals = ordinals
  }

  // --- running ----------------------------------------------------------------------------------------------------

  /** Handles events until nothing waits, {@link stop} is called or `maxEvents` have been handled in all. */
  run(maxEvents: number): RunEnd {
    this.stopping = false
    while (this.events < maxEvents) {
      if (!this.step()) return 'idle'
      if (this.stopping) return 'stopped'
    }
    return 'max-events'
  }

  /** Makes {@link run} return after the current event. */
  stop(): void {
    this.stopping = true
  }

  /** Handles the next event; false when nothing waits. */
  step(): boolean {
    const slot = this.queue.pop()
    if (slot < 0) return false
    const pool = this.pool
    const what = pool.what[slot] as number
    const target = pool.target[slot] as number
    const kind = pool.kind[slot] as number
    const a = pool.a[slot] as number
    const b = pool.b[slot] as number
    const payload = pool.payload[slot]
    this.now = this.queue.time
    this.name1 = pool.name1[slot] as number
    this.name2 = pool.name2[slot] as number
    this.cause = pool.cause[slot] as number
    this.siblingCount = 0
    this.events++
    this.eventHash = (Math.imul(this.eventHash ^ this.name1, 0x01000193) + this.now) | 0
    pool.free(slot)
    if (this.observer !== null) this.observer.onEvent(this.now, target, what, kind, this.name1, this.name2)
    if (what === SYSTEM_EVENT) {
      if (this.system !== null) this.system.onSystemEvent(kind, a, b, payload)
    } else {
      this.deliver(target, what, kind, a, b, payload)
    }
    return true
  }

  /**
   * Hands something to a node within the current event: at once when it runs, on resuming when it is paused, never when
   * it is down.
   */
  deliver(node: number, what: number, kind: number, a: number, b: number, payload: unknown): void {
    const slot = this.nodes[node] as NodeSlot
    if (slot.state === RUNNING) {
      const handler = slot.handler as NodeHandler
      switch (what) {
        case TIMER_EVENT:
          handler.onTimer(kind, a, b)
          break
        case MESSAGE_EVENT:
          handler.onMessage(payload)
          break
        case SIGNAL_EVENT:
          handler.onSignal(kind, a, b)
          break
        default:
          handler.onDisk(kind, a, b, payload)
      }
    } else if (slot.state === PAUSED) {
      slot.parked.push({ what, kind, a, b, payload, name1: this.name1, name2: this.name2, cause: this.cause })
    }
  }

  // --- nodes ------------------------------------------------------------------------------------------------------

  /** Adds a node and returns its number. It is down until {@link start}. */
  addNode(name: string): number {
    this.nodes.push({ name, state: DOWN, incarnation: 0, handler: null, parked: [], wallOffset: 0 })
    return this.nodes.length - 1
  }

  /** Starts a new incarnation of a node that is down. */
  start(node: number, handler: NodeHandler): void {
    const slot = this.nodes[node] as NodeSlot
    slot.state = RUNNING
    slot.incarnation++
    slot.handler = handler
    handler.onStart()
  }

  /** Ends a node's incarnation: its timers, disk completions and parked deliveries die, its volatile state is dropped. */
  kill(node: number): void {
    const slot = this.nodes[node] as NodeSlot
    slot.state = DOWN
    slot.handler = null
    slot.parked = []
    const pool = this.pool
    for (let event = 0; event < pool.capacity; event++) {
      if (pool.isWaiting(event) && pool.target[event] === node && pool.what[event] !== SYSTEM_EVENT) {
        this.queue.remove(event)
        pool.free(event)
      }
    }
  }

  /** The process stops executing; what arrives for it waits. */
  pause(node: number): void {
    const slot = this.nodes[node] as NodeSlot
    if (slot.state === RUNNING) slot.state = PAUSED
  }

  /** The process goes on, unaware: everything that waited happens now, in order, each as an event of its own. */
  resume(node: number): void {
    const slot = this.nodes[node] as NodeSlot
    if (slot.state !== PAUSED) return
    slot.state = RUNNING
    const parked = slot.parked
    slot.parked = []
    const cause = this.cause
    for (const event of parked) {
      this.cause = event.cause
      this.scheduleNamed(0, event.what, node, event.kind, event.a, event.b, event.payload, event.name1, event.name2, 0)
    }
    this.cause = cause
  }

  /** Drops what waits for a paused node and matches. */
  dropParked(node: number, what: number, matches: (payload: unknown) => boolean): void {
    const slot = this.nodes[node] as NodeSlot
    if (slot.parked.length > 0) slot.parked = slot.parked.filter((event) => event.what !== what || !matches(event.payload))
  }

  /** A node's wall clock in microseconds: monotonic time plus what clock faults did to it. */
  wallClock(node: number): number {
    return this.now + (this.nodes[node] as NodeSlot).wallOffset
  }

  /** Who waits for what, for a deadlock's message: only asked when nothing is scheduled any more. */
  waiting(): readonly string[] {
    return this.nodes.flatMap((slot) =>
      slot.handler === null ? [] : slot.handler.waiting().map((what) => `${slot.name} waits for ${what}`),
    )
  }

  /** Finishes the trace and returns the digest of everything that happened. */
  digest(): string {
    this.trace.write(this.now, this.events, 2, 0, this.eventHash, this.name1, this.name2, 0)
    return this.trace.digest()
  }
}

interface ParkedEvent {
  readonly what: number
  readonly kind: number
  readonly a: number
  readonly b: number
  readonly payload: unknown
  readonly name1: number
  readonly name2: number
  readonly cause: number
}

/** The kernel's book on one node. */
export interface NodeSlot {
  readonly name: string
  state: number
  incarnation: number
  handler: NodeHandler | null
  parked: ParkedEvent[]
  wallOffset: number
}
