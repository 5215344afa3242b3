import type { Hasher } from '../host.ts'
import { type Bases, Decisions, type Override } from './decisions.ts'
import { Calendar, LAST_TIME, type TimerHandle } from './calendar.ts'
import { type EventObserver, MESSAGE_EVENT, SIGNAL_EVENT, SYSTEM_EVENT, TIMER_EVENT } from './event.ts'
import { A, B, CAUSE, KIND, NAME1, NAME2, STRIDE_SHIFT, TARGET, WHAT } from './event-pool.ts'
import { childLane1, childLane2, hashText } from './mix.ts'
import type { NodeHandler, SystemHandler } from './node.ts'
import { DOWN, type NodeSlot, PAUSED, RUNNING } from './node-slot.ts'
import { Siblings } from './siblings.ts'
import type { Site } from './site.ts'
import { END_KIND, Trace } from './trace.ts'
import { WallClock } from './wall-clock.ts'

export { LAST_TIME, type TimerHandle } from './calendar.ts'
export { DISK_EVENT, type EventObserver, MESSAGE_EVENT, SIGNAL_EVENT, SYSTEM_EVENT, TIMER_EVENT } from './event.ts'
export { DOWN, type NodeSlot, PAUSED, RUNNING } from './node-slot.ts'

/** Key of the causal name under which a node starts. */
const START_KEY = 0x1fff

export interface KernelOptions {
  readonly seed: string
  readonly hasher: Hasher
  readonly queue?: 'heap' | 'wheel'
  readonly keepTrace?: boolean
  /** Base value per site class; seeded unless named. */
  readonly bases?: Bases
  /** Decisions that differ from their base: [site name, lane 1, lane 2, value]. */
  readonly overrides?: readonly Override[]
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
  /** Whether a fault may set a wall clock: then nobody can tell from it when something will be due. */
  clocksMayMove = false
  readonly nodes: NodeSlot[] = []
  private readonly calendar: Calendar
  private readonly decisions: Decisions
  private stopping = false
  /** Causal name of the event being handled. */
  private name1: number
  private name2: number
  /** Trace record that caused what is happening now. */
  cause = 0
  /** Running hash over times and names of all events: with it the digest covers events that emit nothing. */
  private eventHash = 0
  private siblings: Siblings = new Siblings()

  constructor(options: KernelOptions) {
    this.calendar = new Calendar(options.queue ?? 'heap')
    this.trace = new Trace(options.hasher, options.keepTrace ?? false)
    this.decisions = new Decisions(options.seed, options.bases ?? {}, options.overrides ?? [])
    this.name1 = hashText('genesis', 1)
    this.name2 = hashText('genesis', 2)
  }

  // --- scheduling -------------------------------------------------------------------------------------------------

  /**
   * Schedules an event `delay` microseconds from now. `key` tells its causal name apart from siblings to the same target;
   * `tie` below 0 puts it before everything else of its time.
   */
  schedule(
    delay: number,
    what: number,
    target: number,
    kind: number,
    a: number,
    b: number,
    payload: unknown,
    key: number,
    tie: number,
  ): TimerHandle {
    const sibling = (target << 16) ^ (what << 13) ^ key
    const ordinal = this.siblings.next(sibling)
    const lane1 = childLane1(this.name1, this.name2, sibling, ordinal)
    return this.scheduleNamed(
      delay,
      what,
      target,
      kind,
      a,
      b,
      payload,
      lane1,
      childLane2(this.name2, lane1, sibling),
      tie,
    )
  }

  /** As {@link schedule}, under a name that the caller made with {@link nameChild}. */
  scheduleNamed(
    delay: number,
    what: number,
    target: number,
    kind: number,
    a: number,
    b: number,
    payload: unknown,
    lane1: number,
    lane2: number,
    tie: number,
  ): TimerHandle {
    const time = this.now + delay
    if (Math.floor(time) !== time || delay < 0 || time >= LAST_TIME)
      throw new RangeError(`no time for an event: ${delay} after ${this.now}`)
    const { calendar } = this
    const slot = calendar.take()
    calendar.pool.set(slot, what, target, kind, a, b, payload, lane1, lane2, this.cause)
    calendar.enter(slot, time, tie)
    return calendar.pool.handle(slot)
  }

  /** Lanes of the last name made by {@link nameChild}. */
  childName1 = 0
  childName2 = 0

  /** Makes the causal name of something about to be scheduled, so that decisions about it can be made first. */
  nameChild(target: number, what: number, key: number): void {
    const sibling = (target << 16) ^ (what << 13) ^ key
    this.childName1 = childLane1(this.name1, this.name2, sibling, this.siblings.next(sibling))
    this.childName2 = childLane2(this.name2, this.childName1, sibling)
  }

  setTimer(node: number, kind: number, delay: number, a: number, b: number): TimerHandle {
    return this.schedule(delay, TIMER_EVENT, node, kind, a, b, null, kind, 0)
  }

  /** Cancels a timer; returns whether it was still waiting. */
  cancel(handle: TimerHandle): boolean {
    return this.calendar.cancel(handle)
  }

  /** Number of events waiting. */
  get pending(): number {
    return this.calendar.queue.size
  }

  // --- deciding ---------------------------------------------------------------------------------------------------

  /** A decision inside the current event: an integer in [0, bound). */
  decide(site: Site, bound: number): number {
    if (bound <= 1) return 0
    const key = 0x4000_0000 | site.id
    const lane1 = childLane1(this.name1, this.name2, key, this.siblings.next(key))
    return this.decideFor(site, lane1, childLane2(this.name2, lane1, key), bound)
  }

  /** A decision about the thing with this causal name: the override if the plan holds one, else the site's base. */
  decideFor(site: Site, lane1: number, lane2: number, bound: number): number {
    return this.decisions.value(site, lane1, lane2, bound)
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
    const { pool, queue } = this.calendar
    const slot = queue.pop()
    if (slot < 0) return false
    const { fields } = pool
    const at = slot << STRIDE_SHIFT
    const what = fields[at + WHAT] as number
    const target = fields[at + TARGET] as number
    const kind = fields[at + KIND] as number
    const name1 = fields[at + NAME1] as number
    this.now = queue.time
    this.name1 = name1
    this.name2 = fields[at + NAME2] as number
    this.cause = fields[at + CAUSE] as number
    this.siblings.clear()
    this.events++
    this.eventHash = (Math.imul(this.eventHash ^ name1, 0x01000193) + this.now) | 0
    if (this.observer !== null) this.observer.onEvent(this.now, target, what, kind, name1, this.name2)
    if (what !== SYSTEM_EVENT && (this.nodes[target] as NodeSlot).state === PAUSED) {
      this.park(target, slot)
      return true
    }
    const a = fields[at + A] as number
    const b = fields[at + B] as number
    const payload = pool.payload[slot]
    pool.free(slot)
    if (what !== SYSTEM_EVENT) this.deliver(target, what, kind, a, b, payload)
    else if (this.system !== null) this.system.onSystemEvent(kind, a, b, payload)
    return true
  }

  /**
   * Hands something to a node within the current event: at once when it runs, on resuming when it is paused, never when
   * it is down.
   */
  deliver(node: number, what: number, kind: number, a: number, b: number, payload: unknown): void {
    const { state, handler } = this.nodes[node] as NodeSlot
    if (state === RUNNING) {
      switch (what) {
        case MESSAGE_EVENT:
          ;(handler as NodeHandler).onMessage(payload)
          break
        case TIMER_EVENT:
          ;(handler as NodeHandler).onTimer(kind, a, b)
          break
        case SIGNAL_EVENT:
          ;(handler as NodeHandler).onSignal(kind, a, b, payload)
          break
        default:
          ;(handler as NodeHandler).onDisk(kind, a, b, payload)
      }
    } else if (state === PAUSED) {
      const slot = this.calendar.take()
      this.calendar.pool.set(slot, what, node, kind, a, b, payload, this.name1, this.name2, this.cause)
      this.park(node, slot)
    }
  }

  // --- nodes ------------------------------------------------------------------------------------------------------

  /** Adds a node and returns its number. It is down until {@link start}. */
  addNode(name: string): number {
    this.nodes.push({ name, state: DOWN, incarnation: 0, handler: null, parked: [], wall: new WallClock() })
    return this.nodes.length - 1
  }

  /**
   * Starts a new incarnation of a node that is down. What it does on starting has causal names of its own, so that two nodes
   * started by one event do not depend on each other.
   */
  start(node: number, handler: NodeHandler): void {
    const slot = this.nodes[node] as NodeSlot
    if (slot.state !== DOWN) throw new Error(`${slot.name} is started while it runs`)
    slot.state = RUNNING
    slot.incarnation++
    slot.handler = handler
    const { name1, name2, siblings } = this
    this.nameChild(node, TIMER_EVENT, START_KEY)
    this.name1 = this.childName1
    this.name2 = this.childName2
    this.siblings = new Siblings()
    handler.onStart()
    this.name1 = name1
    this.name2 = name2
    this.siblings = siblings
  }

  /** Ends a node's incarnation: its timers, disk completions and parked deliveries die, its volatile state is dropped. */
  kill(node: number): void {
    const slot = this.nodes[node] as NodeSlot
    slot.state = DOWN
    slot.handler = null
    slot.parked = []
    this.calendar.dropEventsOf(node)
  }

  /** The process stops executing; what arrives for it waits. */
  pause(node: number): void {
    const slot = this.nodes[node] as NodeSlot
    if (slot.state === RUNNING) slot.state = PAUSED
  }

  /**
   * The process goes on, unaware: everything that waited happens now, in order, each as an event of its own and before
   * anything else of this time, or what arrives now would overtake what arrived before. A timer that went off meanwhile can
   * still be cancelled by what is handled first.
   */
  resume(node: number): void {
    const slot = this.nodes[node] as NodeSlot
    if (slot.state !== PAUSED) return
    slot.state = RUNNING
    const { parked } = slot
    slot.parked = []
    for (const handle of parked) this.calendar.unpark(handle, this.now)
  }

  /** Drops what waits for a paused node and matches. */
  dropParked(node: number, what: number, matches: (payload: unknown) => boolean): void {
    const { pool } = this.calendar
    for (const handle of (this.nodes[node] as NodeSlot).parked) {
      const slot = pool.slotOf(handle)
      if (slot >= 0 && pool.what(slot) === what && matches(pool.payload[slot])) this.calendar.cancel(handle)
    }
  }

  private park(node: number, slot: number): void {
    ;(this.nodes[node] as NodeSlot).parked.push(this.calendar.park(slot))
  }

  /** A node's wall clock in microseconds: monotonic time plus what clock faults did to it. */
  wallClock(node: number): number {
    return (this.nodes[node] as NodeSlot).wall.at(this.now)
  }

  /** Who waits for what, for a deadlock's message: only asked when nothing is scheduled any more. */
  waiting(): readonly string[] {
    return this.nodes.flatMap((slot) =>
      slot.handler === null ? [] : slot.handler.waiting().map((what) => `${slot.name} waits for ${what}`),
    )
  }

  /** Finishes the trace and returns the digest of everything that happened. */
  digest(): string {
    this.trace.write(this.now, this.events, END_KIND, 0, this.eventHash, this.name1, this.name2, 0)
    return this.trace.digest()
  }
}
