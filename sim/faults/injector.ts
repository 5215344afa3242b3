import { M } from '../history/catalogue.ts'
import { NO_NODE } from '../history/ids.ts'
import type { MomentMatch } from '../history/match.ts'
import type { MomentObserver } from '../history/recorder.ts'
import { type Kernel, SYSTEM_EVENT, type TimerHandle } from '../kernel/kernel.ts'
import { hashText } from '../kernel/mix.ts'
import type { TouchListener } from '../network/network.ts'
import type { WorldSpec } from '../spec.ts'
import { FaultActions, hitsNodes } from './actions.ts'
import { pairOf } from './cuts.ts'
import { isDiskFailure } from './disk-failures.ts'
import { FAULT_BEGIN, FAULT_END, FAULT_RESTART } from './event-kinds.ts'
import { Firing } from './firing.ts'
import { Holds } from './holds.ts'
import type { FaultHost } from './host.ts'
import { Matcher } from './matcher.ts'
import type { FaultPlan, PlannedFault } from './plan.ts'
import { FaultTally, type FaultOutcome } from './tally.ts'
import { WorldNames } from './world-names.ts'

/**
 * Carries a fault plan out: fires each fault at its time or moment, resolves its targets then, undoes it when its time is
 * over, and keeps count of what it touched. It acts through the {@link FaultHost} and the network only.
 *
 * The world calls {@link start} once it is formed, forwards system events 16..23, and calls {@link healAll} when healing
 * begins.
 */
export class Injector implements TouchListener {
  readonly matcher: Matcher
  private readonly host: FaultHost
  private readonly kernel: Kernel
  private readonly spec: WorldSpec
  private readonly plan: FaultPlan
  private readonly names: WorldNames
  private readonly holds: Holds
  private readonly actions: FaultActions
  private readonly tally: FaultTally
  private readonly firings: Firing[] = []
  /** Firings that last, in the order in which they began. */
  private active: readonly Firing[] = []
  /** Timers of the faults with a time, by index in the plan; 0 = none waits. */
  private readonly begins: TimerHandle[] = []
  /** Faults with a time that have not come yet: all, and of these the ones that only fire while there is work. */
  private waiting = 0
  private waitingWhileWork = 0
  private healing = false

  constructor(host: FaultHost, spec: WorldSpec, plan: FaultPlan) {
    this.host = host
    this.kernel = host.kernel
    this.spec = spec
    this.plan = plan
    this.names = new WorldNames(spec)
    this.holds = new Holds(host)
    this.tally = new FaultTally(plan)
    this.actions = new FaultActions(host, this.names, this.holds, this.tally)
    this.matcher = new Matcher(host.kernel, host.recorder, this.names)
  }

  /** Schedules every fault with a time and begins to look out for moments: what happened before does not count. */
  start(): void {
    this.matcher.prepare(this.spec)
    if (this.plan.length === 0) return
    this.host.network.touch = this
    this.host.recorder.observe(new InjectorWatch(this))
    const twins = new Map<string, number>()
    this.plan.forEach((fault, index) => {
      // A fault's causal name comes from what it says, so that taking one away leaves the others' names as they were.
      const text = JSON.stringify([fault.trigger, fault.action])
      const twin = twins.get(text) ?? 0
      twins.set(text, twin + 1)
      this.prepare(fault, index, `${text}/${twin}`)
    })
  }

  /** Handles a system event; false when it is none of the injector's. `a` is the event's first integer. */
  onSystemEvent(kind: number, a: number): boolean {
    switch (kind) {
      case FAULT_BEGIN:
        this.begin(a)
        return true
      case FAULT_END:
        this.end(this.firings[a] as Firing)
        return true
      case FAULT_RESTART:
        this.holds.restart(a)
        return true
      default:
        return false
    }
  }

  /** See {@link Matcher.await}: for scripted `wait` steps. */
  await(match: MomentMatch, node: number): boolean {
    return this.matcher.await(match, node)
  }

  /** Ends every fault, lets no other fire, and starts everything that is down: disks and the network first, then nodes in order. */
  healAll(): void {
    this.healing = true
    for (const handle of this.begins) this.kernel.cancel(handle)
    this.waiting = 0
    this.waitingWhileWork = 0
    this.matcher.endFaults()
    const active = this.active
    for (const firing of active) if (isDiskFailure(firing.action)) this.end(firing)
    for (const firing of active) if (!hitsNodes(firing.action)) this.end(firing)
    for (const firing of active) this.end(firing)
    this.holds.startEverything()
  }

  /**
   * Whether every fault has fired or can no longer fire. Endless faults, and moments that the chaos generator waits for, stop
   * with the work.
   */
  spent(): boolean {
    const { matcher } = this
    if (this.waiting > this.waitingWhileWork || matcher.openFaults > 0 || matcher.pendingFaults > 0) return false
    return (this.waitingWhileWork === 0 && matcher.openWhileWork === 0) || this.host.workDone()
  }

  /** Whether a node that a fault stopped is still to come back: no fault keeps it down, and it is not down yet. */
  get isAwaitingStart(): boolean {
    return this.holds.isAwaitingStart
  }

  /** How often the faults of each entry fired and touched something; entry -1 is the chaos generator. */
  outcomes(): readonly FaultOutcome[] {
    return this.tally.outcomes()
  }

  /** Whether any fault so far hit something with work in flight. */
  get mattered(): boolean {
    return this.tally.mattered
  }

  // --- what the network and the history tell ------------------------------------------------------------------------

  onTouched(rule: number): void {
    const firing = this.firings[rule] as Firing
    this.tally.touch(firing, true)
    firing.taken++
    const { action } = firing
    if ((action.kind === 'delay' || action.kind === 'drop') && firing.taken === action.count) this.endSoon(firing, 0)
  }

  onHeld(from: number, to: number): void {
    if (this.tally.mattered && this.active.every((firing) => firing.touched)) return
    const pair = pairOf(from, to, this.host.nodeNames.length)
    for (const firing of this.active) {
      if (firing.cuts.has(pair)) this.tally.touch(firing, this.host.workInFlight())
    }
  }

  /** A record was sent: every fault that lasts and touched something matters to it. */
  onWork(): void {
    if (!this.tally.mattered && this.active.some((firing) => firing.touched)) this.tally.mattered = true
  }

  onNodeStopped(node: number): void {
    this.holds.onStopped(node)
  }

  /** An operation on a node's disk failed. */
  onDirectoryFailed(node: number): void {
    for (const firing of this.active) {
      if (isDiskFailure(firing.action) && firing.nodes.includes(node))
        this.tally.touch(firing, this.host.workInFlight())
    }
  }

  /** A node's process has ended because it could not go on without its disk. */
  onHalted(node: number): void {
    this.holds.onHalted(node)
  }

  // --- the life of a fault --------------------------------------------------------------------------------------------

  private prepare(fault: PlannedFault, index: number, name: string): void {
    const lane1 = hashText(name, 1)
    const { trigger } = fault
    this.begins.push(0)
    if (trigger.kind === 'when') {
      this.matcher.addFault(index, fault, lane1)
      return
    }
    this.waiting++
    if (trigger.whileWork === true) this.waitingWhileWork++
    const delay = Math.max(0, trigger.atUs - this.kernel.now)
    this.begins[index] = this.kernel.scheduleNamed(
      delay,
      SYSTEM_EVENT,
      0,
      FAULT_BEGIN,
      index,
      0,
      null,
      lane1,
      hashText(name, 2),
      -1,
    )
  }

  private begin(index: number): void {
    const fault = this.plan[index] as PlannedFault
    if (fault.trigger.kind === 'when') this.matcher.begun()
    else {
      this.waiting--
      if (fault.trigger.whileWork === true) {
        this.waitingWhileWork--
        if (this.host.workDone()) return
      }
    }
    if (this.healing) return
    const firing = new Firing(this.firings.length, index, fault.entry, fault.action, this.kernel.now)
    this.firings.push(firing)
    this.tally.fire(firing)
    if (!this.actions.perform(firing)) return
    this.active = [...this.active, firing]
    if (fault.forUs !== null) this.endSoon(firing, fault.forUs)
  }

  private end(firing: Firing): void {
    if (firing.over) return
    firing.over = true
    this.kernel.cancel(firing.end)
    this.active = this.active.filter((other) => other !== firing)
    this.host.recorder.emit(M.faultEnded, firing.nodes[0] ?? NO_NODE, firing.fault, firing.entry, 0, 0)
    this.actions.undo(firing)
  }

  private endSoon(firing: Firing, delay: number): void {
    this.kernel.cancel(firing.end)
    firing.end = this.kernel.schedule(delay, SYSTEM_EVENT, 0, FAULT_END, firing.id, 0, null, FAULT_END << 24, -1)
  }
}

/** What the injector itself must see: clean shutdowns that end, work that begins, and disks that are found to fail. */
class InjectorWatch implements MomentObserver {
  readonly kinds: readonly number[] = [M.nodeStopped, M.recordSent, M.logDirFailed]
  private readonly injector: Injector

  constructor(injector: Injector) {
    this.injector = injector
  }

  onMoment(kind: number, _time: number, node: number): void {
    if (kind === M.recordSent) this.injector.onWork()
    else if (kind === M.logDirFailed) this.injector.onDirectoryFailed(node)
    else this.injector.onNodeStopped(node)
  }
}
