import { type Action, type ChaosBudget, DISK_KINDS, type PlannedFault, type Target } from '../plan.ts'
import type { Topology } from './topology.ts'

/**
 * Keeps count of brokers that end uncleanly. `within-promise` is what safe settings survive by Kafka's own rules:
 *
 * - lossy failures (power, disk) hit at most min ISR - 1 brokers, by the smallest min ISR of any partition;
 * - with a lossy failure in the plan no other broker ends uncleanly: to the controller an unclean end is as good as a loss,
 *   it takes the replica off the eligible leaders (KIP-966), and the last known leader may then be the one that lost;
 * - nor is another broker stopped twice then: a shutdown that comes before the broker has registered again writes a marker
 *   without its epoch (`LogManager.shutdown`), which the controller takes for an unclean end;
 * - without one, process crashes, and disks that fail, hit at most one broker fewer than the smallest replication factor: a broker that comes back
 *   remembers only the last batch of each producer (`ProducerStateManager.takeSnapshot`), so that when all of them do,
 *   retries of older ones are not recognised.
 *
 * The same broker may crash any number of times; pauses and everything in the network are not limited, nor else are clean
 * stops. The
 * count runs over the whole run: a replica counts as recovered only at its end, which is the simplest reading of "between
 * full recoveries" that can never allow too many. A broker named twice is one broker; a target that is only known when its
 * fault fires may be another one each time. Which broker holds which partition does not count.
 *
 * `beyond` and `hostile` allow any number. No budget allows that a controller loses its disk. Of several controllers each may lose
 * power: what they count as theirs is flushed. Clocks and what an operator does are not counted: nothing is lost by them.
 */
export class LossBudget {
  private readonly topology: Topology
  private readonly limited: boolean
  private lossy: Victims = NOBODY
  private unclean: Victims = NOBODY
  private stops: readonly Victims[] = []

  constructor(budget: ChaosBudget, topology: Topology) {
    this.topology = topology
    this.limited = budget === 'within-promise'
  }

  /** Takes the faults into account if they keep within the budget together; else nothing is counted and false returned. */
  take(faults: readonly PlannedFault[]): boolean {
    let { lossy, unclean, stops } = this
    for (const fault of faults) {
      const { action } = fault
      if (action.kind === 'stop') stops = [...stops, times(this.victimsOf(action.target) ?? NOBODY, firingsOf(fault))]
      if (!isUnclean(action)) continue
      const victims = this.victimsOf(action.target)
      if (victims === null && isLossy(action) && !this.isFlushed(action)) return false
      // A controller comes back from a log of which everything is flushed that counts.
      const hit = times(victims ?? (action.target.kind === 'any' ? ONE : NOBODY), firingsOf(fault))
      unclean = together(unclean, hit)
      if (isLossy(action)) lossy = together(lossy, hit)
    }
    if (this.limited && !this.allows(lossy, unclean, twiceAmong(stops))) return false
    this.lossy = lossy
    this.unclean = unclean
    this.stops = stops
    return true
  }

  private allows(lossy: Victims, unclean: Victims, stoppedTwice: Victims): boolean {
    const { minIsr, minReplicas } = this.topology
    if (sizeOf(lossy) === 0) return sizeOf(unclean) < Math.max(1, minReplicas)
    return sizeOf(lossy) < minIsr && sizeOf(together(unclean, stoppedTwice)) === sizeOf(lossy)
  }

  /** Whether a loss of power hits controllers of a quorum, and nobody else. */
  private isFlushed({ kind, target }: { readonly kind: string; readonly target: Target }): boolean {
    const { controllers } = this.topology
    if (kind !== 'power-loss' || controllers.length < 2) return false
    if (target.kind === 'node') return controllers.includes(target.name)
    return target.kind === 'active-controller' || (target.kind === 'role' && target.role === 'controllers')
  }

  /** Brokers that a target may mean: by name where they are known before the run. null = it may mean a controller. */
  private victimsOf(target: Target): Victims | null {
    const { brokers, controllers } = this.topology
    switch (target.kind) {
      case 'node':
        if (controllers.includes(target.name)) return null
        return { named: brokers.includes(target.name) ? [target.name] : [], unnamed: 0 }
      case 'application':
        return { named: [], unnamed: 0 }
      case 'leader':
      case 'follower':
      case 'group-coordinator':
      case 'transaction-coordinator':
        return { named: [], unnamed: 1 }
      case 'followers':
        return { named: [], unnamed: brokers.length }
      case 'active-controller':
        return null
      case 'role':
        if (target.role === 'controllers' || target.role === 'rest') return null
        return { named: target.role === 'brokers' ? brokers : [], unnamed: 0 }
      case 'minority':
      case 'majority':
        return target.of === 'controllers' ? null : { named: [], unnamed: brokers.length }
      case 'any':
        return target.of.some((one) => this.victimsOf(one) === null) ? null : { named: [], unnamed: 1 }
    }
  }
}

const UNCLEAN = ['crash', 'power-loss', 'wipe-disk', ...DISK_KINDS] as const
type Unclean = Extract<Action, { readonly kind: (typeof UNCLEAN)[number] }>

/** Whether a process ends by it and has no time to write a marker: without its disk it halts. */
function isUnclean(action: Action): action is Unclean {
  return (UNCLEAN as readonly string[]).includes(action.kind)
}

/** Whether what is not on the disk is lost by it, too, or all. */
function isLossy({ kind }: Action): boolean {
  return kind === 'power-loss' || kind === 'wipe-disk'
}

/** Brokers known by name, and firings that may each hit another one. */
interface Victims {
  readonly named: readonly string[]
  readonly unnamed: number
}

const NOBODY: Victims = { named: [], unnamed: 0 }
const ONE: Victims = { named: [], unnamed: 1 }

function together(one: Victims, other: Victims): Victims {
  return { named: [...new Set([...one.named, ...other.named])], unnamed: one.unnamed + other.unnamed }
}

function times(victims: Victims, firings: number): Victims {
  return { named: victims.named, unnamed: victims.unnamed === 0 ? 0 : victims.unnamed * firings }
}

/** Whoever may be among the victims of two. */
function twiceAmong(all: readonly Victims[]): Victims {
  const named = all.flatMap((victims) => victims.named)
  const unnamed = all.reduce((sum, victims) => sum + victims.unnamed, 0)
  return {
    named: named.filter((name, place) => named.indexOf(name) !== place),
    unnamed: named.length + unnamed > 1 ? unnamed : 0,
  }
}

function sizeOf(victims: Victims): number {
  return victims.named.length + victims.unnamed
}

function firingsOf(fault: PlannedFault): number {
  return fault.trigger.kind === 'when' && fault.trigger.everyMatch
    ? (fault.trigger.times ?? Number.POSITIVE_INFINITY)
    : 1
}
