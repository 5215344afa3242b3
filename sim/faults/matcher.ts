import { M } from '../history/catalogue.ts'
import type { MomentMatch } from '../history/match.ts'
import type { MomentObserver, Recorder } from '../history/recorder.ts'
import { type Kernel, SIGNAL_EVENT, SYSTEM_EVENT, type TimerHandle } from '../kernel/kernel.ts'
import type { WorldSpec } from '../spec.ts'
import { FAULT_BEGIN, MOMENT_SIGNAL } from './event-kinds.ts'
import { compileMatch, type Condition, isCompiled, NODE_SLOT } from './match-compiler.ts'
import type { PlannedFault } from './plan.ts'
import type { WorldNames } from './world-names.ts'

/** Someone who waits for moments: a planned fault, or a node's `wait` step. */
class Waiter {
  readonly conditions: readonly Condition[]
  /** Index of the planned fault; -1 = a node waits. */
  readonly fault: number
  readonly node: number
  readonly nth: number
  /** How often it still fires. */
  left: number
  readonly afterUs: number
  /** Tells the causal names of what it schedules apart from everything else's. */
  readonly nameKey: number
  seen = 0

  constructor(
    conditions: readonly Condition[],
    fault: number,
    node: number,
    nth: number,
    left: number,
    afterUs: number,
    nameKey: number,
  ) {
    this.conditions = conditions
    this.fault = fault
    this.node = node
    this.nth = nth
    this.left = left
    this.afterUs = afterUs
    this.nameKey = nameKey
  }
}

/** In which batches the records that someone asks for travel. Batches that were split keep their records: they are in both. */
class BatchBook implements MomentObserver {
  readonly kinds: readonly number[] = [M.recordBatched]
  private readonly batches: Map<number, number[]> = new Map()

  get isEmpty(): boolean {
    return this.batches.size === 0
  }

  want(record: number): void {
    if (!this.batches.has(record)) this.batches.set(record, [])
  }

  holds(batch: number, record: number): boolean {
    return this.batches.get(record)?.includes(batch) ?? false
  }

  onMoment(_kind: number, _time: number, _node: number, record: number, _attempt: number, batch: number): void {
    const batches = this.batches.get(record)
    if (batches !== undefined && !batches.includes(batch)) batches.push(batch)
  }
}

/** Watches the moments of one kind; kinds that nobody asks for are not watched at all. */
class KindWatch implements MomentObserver {
  readonly kinds: readonly number[]
  readonly waiters: Waiter[] = []
  private readonly matcher: Matcher
  private readonly values: Int32Array = new Int32Array(NODE_SLOT + 1)

  constructor(kind: number, matcher: Matcher) {
    this.kinds = [kind]
    this.matcher = matcher
  }

  onMoment(
    _kind: number,
    _time: number,
    node: number,
    a: number,
    b: number,
    c: number,
    d: number,
    e: number,
    f: number,
    g: number,
    h: number,
  ): void {
    const { waiters, values } = this
    if (waiters.length === 0) return
    values[0] = a
    values[1] = b
    values[2] = c
    values[3] = d
    values[4] = e
    values[5] = f
    values[6] = g
    values[7] = h
    values[NODE_SLOT] = node
    // Those who are done leave; the others keep their order, which is the order in which they fire.
    let kept = 0
    for (let i = 0; i < waiters.length; i++) {
      const waiter = waiters[i] as Waiter
      if (this.matches(waiter)) this.matcher.onMatch(waiter)
      if (waiter.left > 0) waiters[kept++] = waiter
    }
    if (kept < waiters.length) waiters.length = kept
  }

  private matches(waiter: Waiter): boolean {
    for (const condition of waiter.conditions) {
      const value = this.values[condition.slot] as number
      if (condition.record >= 0) {
        if (!this.matcher.batches.holds(value, condition.record)) return false
      } else {
        const masked = value & condition.mask
        if (masked < condition.least || masked > condition.most) return false
      }
    }
    return true
  }
}

/**
 * Waits for moments on behalf of faults with `when:` and of scripted `wait` steps. Names become integers once, at the start.
 * A match schedules an event of its own before everything else of its time, so what follows runs at the moment's time,
 * after the handler that emitted it and all its sends.
 */
export class Matcher {
  readonly batches: BatchBook = new BatchBook()
  /** Faults that must still fire before a run may end early, and those that only fire while there is work. */
  openFaults = 0
  openWhileWork = 0
  /** Faults whose moment has come and whose event waits. */
  pendingFaults = 0
  private readonly kernel: Kernel
  private readonly recorder: Recorder
  private readonly names: WorldNames
  private readonly watches: KindWatch[] = []
  private readonly waitingNodes: Waiter[] = []
  private scheduled: TimerHandle[] = []
  /** Which planned faults count in {@link openWhileWork}. */
  private readonly whileWork: Set<number> = new Set()

  constructor(kernel: Kernel, recorder: Recorder, names: WorldNames) {
    this.kernel = kernel
    this.recorder = recorder
    this.names = names
  }

  /** Begins to look out for what a script's steps will wait for; the steps themselves come by {@link await}. */
  prepare(spec: WorldSpec): void {
    for (const { workload } of spec.producers) {
      if (workload.kind !== 'steps') continue
      for (const step of workload.steps) if (step.do === 'wait-moment') this.compile(step.match)
    }
    for (const { steps } of spec.consumers)
      for (const step of steps ?? []) if (step.do === 'wait-moment') this.compile(step.match)
  }

  /**
   * Waits for a planned fault's moment. A match that names what does not exist never comes, and is not waited for.
   *
   * @param nameKey an integer that stands for the fault in causal names.
   */
  addFault(index: number, fault: PlannedFault, nameKey: number): void {
    const { trigger } = fault
    if (trigger.kind !== 'when') return
    const compiled = this.compile(trigger.match)
    if (compiled === null) return
    const most = trigger.everyMatch ? (trigger.times ?? Number.POSITIVE_INFINITY) : 1
    if (most <= 0) return
    // The generator's own faults and endless ones stop with the work; the scenario's are waited for.
    if (fault.entry < 0 || most === Number.POSITIVE_INFINITY) {
      this.whileWork.add(index)
      this.openWhileWork++
    } else this.openFaults++
    this.watch(compiled.kind).waiters.push(
      new Waiter(compiled.conditions, index, -1, trigger.nth, most, trigger.afterUs, nameKey),
    )
  }

  /**
   * Sends the node a MOMENT_SIGNAL once the moment happens, counted from now. A node waits for one moment at a time: a new
   * call replaces the one before. Returns false when the match names what does not exist and can never come.
   */
  await(match: MomentMatch, node: number): boolean {
    this.forget(node)
    const compiled = this.compile(match)
    if (compiled === null) return false
    const waiter = new Waiter(compiled.conditions, -1, node, 1, 1, 0, 0)
    this.waitingNodes.push(waiter)
    this.watch(compiled.kind).waiters.push(waiter)
    return true
  }

  /** The node waits no longer, for instance because its process died. */
  forget(node: number): void {
    const index = this.waitingNodes.findIndex((waiter) => waiter.node === node)
    for (const waiter of this.waitingNodes.splice(index, index < 0 ? 0 : 1)) waiter.left = 0
  }

  /** A waiter's conditions hold. */
  onMatch(waiter: Waiter): void {
    if (waiter.left <= 0) return
    waiter.seen++
    if (waiter.seen < waiter.nth) return
    waiter.left--
    const { kernel } = this
    if (waiter.fault < 0) {
      this.forget(waiter.node)
      kernel.schedule(0, SIGNAL_EVENT, waiter.node, MOMENT_SIGNAL, 0, 0, null, MOMENT_SIGNAL, -1)
      return
    }
    this.pendingFaults++
    if (waiter.left === 0) this.close(waiter.fault)
    this.scheduled.push(
      kernel.schedule(waiter.afterUs, SYSTEM_EVENT, 0, FAULT_BEGIN, waiter.fault, 0, null, waiter.nameKey, -1),
    )
  }

  /** The event of a fault that {@link onMatch} scheduled is here. */
  begun(): void {
    this.pendingFaults--
  }

  /** No fault fires by a moment any more. Nodes go on waiting. */
  endFaults(): void {
    for (const watch of this.watches) {
      for (const waiter of watch.waiters) if (waiter.fault >= 0) waiter.left = 0
    }
    for (const handle of this.scheduled) this.kernel.cancel(handle)
    this.scheduled = []
    this.openFaults = 0
    this.openWhileWork = 0
    this.pendingFaults = 0
  }

  private close(fault: number): void {
    if (this.whileWork.has(fault)) this.openWhileWork--
    else this.openFaults--
  }

  private compile(match: MomentMatch): { readonly kind: number; readonly conditions: readonly Condition[] } | null {
    const compiled = compileMatch(match, this.names, this.recorder)
    if (!isCompiled(compiled)) return null
    for (const { record } of compiled.conditions) if (record >= 0) this.wantBatchesOf(record)
    return compiled
  }

  private wantBatchesOf(record: number): void {
    if (this.batches.isEmpty) this.recorder.observe(this.batches)
    this.batches.want(record)
  }

  private watch(kind: number): KindWatch {
    const known = this.watches.find((watch) => watch.kinds[0] === kind)
    if (known !== undefined) return known
    const watch = new KindWatch(kind, this)
    this.watches.push(watch)
    this.recorder.observe(watch)
    return watch
  }
}
