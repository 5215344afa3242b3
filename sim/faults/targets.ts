import { TARGET } from '../kernel/site.ts'
import type { FaultHost } from './host.ts'
import type { Target } from './plan.ts'
import type { WorldNames } from './world-names.ts'

/**
 * Finds the nodes that a target means at the moment a fault fires. Who leads is asked of the controller; what it does not
 * know (a partition without a leader) is no node at all, never a guess. What is drawn is drawn by keyed decisions, so a
 * saved run can say otherwise.
 */
export class TargetResolver {
  private readonly host: FaultHost
  private readonly names: WorldNames
  /** Shuffled roles and drawn followers of the fault that fires: `minority` and `majority` of one fault complement each other. */
  private readonly drawn: Map<string, readonly number[]> = new Map()
  /** Nodes named beside `rest`. */
  private named: readonly number[] = []

  constructor(host: FaultHost, names: WorldNames) {
    this.host = host
    this.names = names
  }

  /** Forgets what was drawn for the fault before; to be called once per firing. */
  begin(): void {
    this.drawn.clear()
    this.named = []
  }

  /** The nodes of a target, ascending. */
  nodes(target: Target): readonly number[] {
    switch (target.kind) {
      case 'node':
        return [this.names.node(target.name)].filter((node) => node >= 0)
      case 'application':
        return this.names.application(target.name)
      case 'leader':
        return this.leader(target.topic, target.partition)
      case 'follower':
        return this.once(`follower ${target.partition} ${target.topic}`, () =>
          this.oneOf(this.followers(target.topic, target.partition)),
        )
      case 'followers':
        return this.followers(target.topic, target.partition)
      case 'active-controller':
        return [this.host.activeController()].filter((node) => node >= 0)
      case 'group-coordinator':
        return [this.host.groupCoordinator?.(target.group) ?? -1].filter((node) => node >= 0)
      case 'transaction-coordinator':
        return [this.host.transactionCoordinator?.(target.transactionalId) ?? -1].filter((node) => node >= 0)
      case 'role':
        return this.role(target.role)
      case 'minority': {
        const order = this.shuffled(target.of)
        return ascending(order.slice(0, minoritySize(order.length)))
      }
      case 'majority': {
        const order = this.shuffled(target.of)
        return ascending(order.slice(minoritySize(order.length)))
      }
      case 'any':
        return this.oneOf(this.union(target.of))
    }
  }

  /** The nodes of several targets together, each once, ascending. */
  union(targets: readonly Target[]): readonly number[] {
    return ascending(targets.flatMap((target) => this.nodes(target)))
  }

  /** The nodes of each group of a partition; `rest` is every node that no group names. */
  groups(groups: readonly (readonly Target[])[]): readonly (readonly number[])[] {
    const named = groups.map((group) => this.union(group.filter((target) => !isRest(target))))
    this.named = named.flat()
    return groups.map((group, index) =>
      group.some(isRest) ? ascending([...(named[index] ?? []), ...this.role('rest')]) : (named[index] ?? []),
    )
  }

  private role(role: 'brokers' | 'controllers' | 'clients' | 'stores' | 'rest'): readonly number[] {
    switch (role) {
      case 'brokers':
        return this.names.brokers
      case 'controllers':
        return this.names.controllers
      case 'clients':
        return this.names.clients
      case 'stores':
        return this.names.stores
      case 'rest':
        return this.names.nodes.map((_, node) => node).filter((node) => !this.named.includes(node))
    }
  }

  private leader(topic: string, partition: number): readonly number[] {
    const tp = this.names.partition(topic, partition)
    return tp < 0 ? [] : [this.host.leaderOf(tp)].filter((node) => node >= 0)
  }

  /** Every replica but the leader; nobody follows where nobody leads. */
  private followers(topic: string, partition: number): readonly number[] {
    const leader = this.leader(topic, partition)[0]
    if (leader === undefined) return []
    return ascending(
      this.host.replicasOf(this.names.partition(topic, partition)).filter((replica) => replica !== leader),
    )
  }

  private oneOf(nodes: readonly number[]): readonly number[] {
    return nodes.length === 0 ? [] : nodes.slice(0).splice(this.host.kernel.decide(TARGET, nodes.length), 1)
  }

  private shuffled(role: 'brokers' | 'controllers'): readonly number[] {
    return this.once(role, () => {
      const left = [...this.role(role)]
      const order: number[] = []
      while (left.length > 0) order.push(...left.splice(this.host.kernel.decide(TARGET, left.length), 1))
      return order
    })
  }

  private once(key: string, draw: () => readonly number[]): readonly number[] {
    const known = this.drawn.get(key)
    if (known !== undefined) return known
    const nodes = draw()
    this.drawn.set(key, nodes)
    return nodes
  }
}

/** Fewer than half. */
function minoritySize(nodes: number): number {
  return Math.floor(Math.max(0, nodes - 1) / 2)
}

function isRest(target: Target): boolean {
  return target.kind === 'role' && target.role === 'rest'
}

function ascending(nodes: readonly number[]): readonly number[] {
  return [...new Set(nodes)].sort((a, b) => a - b)
}
