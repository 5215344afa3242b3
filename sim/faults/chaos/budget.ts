import type { ChaosBudget, PlannedFault, Target } from '../plan.ts'
import type { Topology } from './topology.ts'

/**
 * Keeps count of lossy failures (power, disk). `within-promise` allows them on at most min ISR - 1 brokers, by the smallest
 * min ISR of any partition, counted over the whole run: a replica counts as recovered only at its end, which is the
 * simplest reading of "between full recoveries" that can never allow too many. A broker named twice is one broker; a target
 * that is only known when its fault fires may be another one each time. Which broker holds which partition does not count.
 *
 * `beyond` and `hostile` allow any number. No budget allows a lossy failure of a controller.
 */
export class LossBudget {
  private readonly topology: Topology
  private readonly limit: number
  private readonly named: Set<string> = new Set()
  private unnamed = 0

  constructor(budget: ChaosBudget, topology: Topology) {
    this.topology = topology
    this.limit = budget === 'within-promise' ? Math.max(0, topology.minIsr - 1) : Number.POSITIVE_INFINITY
  }

  /** Takes the faults into account if they keep within the budget together; else nothing is counted and false returned. */
  take(faults: readonly PlannedFault[]): boolean {
    const named = new Set(this.named)
    let unnamed = this.unnamed
    for (const fault of faults) {
      const { action } = fault
      if (action.kind !== 'power-loss' && action.kind !== 'wipe-disk') continue
      const victims = this.victimsOf(action.target)
      if (victims === null) return false
      for (const name of victims.named) named.add(name)
      unnamed += victims.unnamed * firingsOf(fault)
    }
    if (named.size + unnamed > this.limit) return false
    for (const name of named) this.named.add(name)
    this.unnamed = unnamed
    return true
  }

  /** Brokers that a target may mean: by name where they are known before the run. null = it may mean a controller. */
  private victimsOf(target: Target): { readonly named: readonly string[]; readonly unnamed: number } | null {
    const { brokers, controllers } = this.topology
    switch (target.kind) {
      case 'node':
        if (controllers.includes(target.name)) return null
        return { named: brokers.includes(target.name) ? [target.name] : [], unnamed: 0 }
      case 'application':
        return { named: [], unnamed: 0 }
      case 'leader':
      case 'follower':
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

function firingsOf(fault: PlannedFault): number {
  return fault.trigger.kind === 'when' && fault.trigger.everyMatch
    ? (fault.trigger.times ?? Number.POSITIVE_INFINITY)
    : 1
}
