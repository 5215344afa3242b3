import { M } from '../history/catalogue.ts'
import { NO_NODE } from '../history/ids.ts'
import { apiNamed } from '../kafka/protocol/api.ts'
import type { NodeSlot } from '../kernel/node-slot.ts'
import { samplerOf } from '../kernel/sampler.ts'
import type { Spread } from '../kernel/spread.ts'
import type { WallClock } from '../kernel/wall-clock.ts'
import { StreamRule } from '../network/stream-rule.ts'
import { isolationCuts, partitionCuts } from './cuts.ts'
import { failDisk, mendDisk } from './disk-failures.ts'
import type { Firing } from './firing.ts'
import type { Holds } from './holds.ts'
import type { FaultHost } from './host.ts'
import { type AdminAction, administer } from './operator.ts'
import type { Action, StreamMatch, Target } from './plan.ts'
import type { FaultTally } from './tally.ts'
import { TargetResolver } from './targets.ts'
import type { WorldNames } from './world-names.ts'

/** An action about nodes rather than about what lies between them. */
type NodeAction = Exclude<
  Action,
  { readonly kind: 'partition' | 'isolate' | 'delay' | 'drop' | 'disconnect' | AdminAction['kind'] }
>

/** Does what faults say, to the nodes that they mean at that moment, and undoes it. */
export class FaultActions {
  private readonly host: FaultHost
  private readonly resolver: TargetResolver
  private readonly holds: Holds
  private readonly tally: FaultTally

  constructor(host: FaultHost, names: WorldNames, holds: Holds, tally: FaultTally) {
    this.host = host
    this.resolver = new TargetResolver(host, names)
    this.holds = holds
    this.tally = tally
  }

  /** Does what the fault says; returns whether it lasts. */
  perform(firing: Firing): boolean {
    this.resolver.begin()
    const { action } = firing
    switch (action.kind) {
      case 'crash':
      case 'power-loss':
      case 'wipe-disk':
      case 'stop':
      case 'pause':
      case 'slow-disk':
      case 'corrupt':
      case 'disk-error':
      case 'disk-full':
      case 'clock-jump':
      case 'clock-skew':
        return this.strikeNodes(firing, action)
      case 'partition': {
        const groups = this.resolver.groups(action.groups)
        return this.cut(firing, groups[0] ?? [], partitionCuts(groups, this.host.nodeNames.length))
      }
      case 'isolate': {
        const nodes = this.resolver.nodes(action.target)
        const from = action.from === null ? null : this.resolver.nodes(action.from)
        return this.cut(firing, nodes, isolationCuts(nodes, action.direction, from, this.host.nodeNames.length))
      }
      case 'delay':
        return this.rule(firing, action, action.by)
      case 'drop':
        return this.rule(firing, action, null)
      case 'disconnect':
        return this.disconnect(firing, action.between)
      case 'add-partitions':
      case 'elect-leader':
      case 'move-leader':
      case 'alter-config':
      case 'create-topic':
      case 'reassign':
      case 'delete-topic':
        return this.operate(firing, action)
    }
  }

  private strikeNodes(firing: Firing, action: NodeAction): boolean {
    const nodes = this.resolver.nodes(action.target)
    this.tell(firing, nodes)
    for (const node of nodes) {
      // What is in flight is asked first: the fault itself may end it.
      const matters = this.host.workInFlight() || (stays(action) && !this.host.workDone())
      if (this.strike(firing, action, node)) this.tally.touch(firing, matters)
    }
    return nodes.length > 0 && !stays(action)
  }

  private strike(firing: Firing, action: NodeAction, node: number): boolean {
    switch (action.kind) {
      case 'crash':
      case 'power-loss':
      case 'wipe-disk':
      case 'stop':
        return this.holds.takeDown(node, action.kind)
      case 'pause':
        return this.holds.pause(node)
      case 'slow-disk': {
        const sampler = samplerOf(action.by)
        this.host.recorder.emit(M.diskSlow, node, sampler.length(sampler.bound >> 1), 0, 0, 0)
        return this.holds.slowDown(firing.id, node, action.by)
      }
      case 'corrupt':
        return this.host.corrupt(node, action)
      case 'disk-error':
      case 'disk-full':
        // It touches something when an operation fails.
        failDisk(this.host, node, action)
        return false
      case 'clock-jump':
        this.wallOf(node).step(action.byUs)
        return this.host.isUp(node)
      case 'clock-skew':
        this.wallOf(node).tilt(action.byUs, firing.since)
        return this.host.isUp(node)
    }
  }

  /** The clock of a node's host, which is there while its process is not. */
  private wallOf(node: number): WallClock {
    return (this.host.kernel.nodes[node] as NodeSlot).wall
  }

  private cut(firing: Firing, nodes: readonly number[], cuts: readonly number[]): boolean {
    this.tell(firing, nodes)
    firing.cuts = new Set(cuts)
    const count = this.host.nodeNames.length
    for (const pair of cuts) this.host.network.cut(Math.floor(pair / count), pair % count)
    return cuts.length > 0
  }

  private rule(firing: Firing, match: StreamMatch, by: Spread | null): boolean {
    const from = match.from === null ? null : this.resolver.nodes(match.from)
    const to = match.to === null ? null : this.resolver.nodes(match.to)
    this.tell(firing, from ?? to ?? [])
    if (from?.length === 0 || to?.length === 0) return false
    const api = match.api === null ? null : (apiNamed(match.api) ?? -1)
    const delay = by === null ? null : samplerOf(by)
    const { reply, nth, count } = match
    const sameConnection = match.connection === 'same'
    this.host.network.addRule(
      new StreamRule({ id: firing.id, from, to, api, reply, delay, nth, count, sameConnection }),
    )
    return true
  }

  /** Resets happen at once; nothing lasts. */
  private disconnect(firing: Firing, between: readonly [Target, Target]): boolean {
    const left = this.resolver.nodes(between[0])
    const right = this.resolver.nodes(between[1])
    this.tell(firing, left)
    const matters = this.host.workInFlight()
    for (const a of left) {
      for (const b of right) {
        // A pair that both sides name is one pair.
        if (a === b || (a > b && left.includes(b) && right.includes(a))) continue
        if (this.host.network.disconnect(a, b) > 0) this.tally.touch(firing, matters)
      }
    }
    return false
  }

  /** What an operator does is done at once; nothing lasts. */
  private operate(firing: Firing, action: AdminAction): boolean {
    const controller = this.host.activeController()
    this.tell(firing, controller < 0 ? [] : [controller])
    const matters = this.host.workInFlight()
    for (const done of administer(this.host, action)) if (done) this.tally.touch(firing, matters)
    return false
  }

  /** Ends what a fault did. */
  undo(firing: Firing): void {
    const { action, nodes } = firing
    switch (action.kind) {
      case 'crash':
      case 'power-loss':
      case 'wipe-disk':
      case 'stop':
        for (const node of nodes) this.holds.letUp(node)
        break
      case 'pause':
        for (const node of nodes) this.holds.resume(node)
        break
      case 'slow-disk':
        for (const node of nodes) this.holds.speedUp(firing.id, node)
        break
      case 'disk-error':
      case 'disk-full':
        for (const node of nodes) mendDisk(this.host, node, action)
        for (const node of nodes) this.holds.onMended(node)
        break
      case 'clock-jump':
        for (const node of nodes) this.wallOf(node).step(-action.byUs)
        break
      case 'clock-skew':
        for (const node of nodes) this.wallOf(node).tilt(-action.byUs, firing.since)
        break
      case 'partition':
      case 'isolate': {
        const count = this.host.nodeNames.length
        for (const pair of firing.cuts) this.host.network.heal(Math.floor(pair / count), pair % count)
        break
      }
      case 'delay':
      case 'drop':
        this.host.network.removeRule(firing.id)
        break
      // Bytes that have changed stay so.
      case 'corrupt':
      case 'disconnect':
      case 'add-partitions':
      case 'elect-leader':
      case 'move-leader':
      case 'alter-config':
      case 'create-topic':
      case 'reassign':
      case 'delete-topic':
        break
    }
  }

  /** Emits that the fault began, once, at the first node that it hits. */
  private tell(firing: Firing, nodes: readonly number[]): void {
    const { recorder } = this.host
    const first = nodes[0] ?? NO_NODE
    firing.nodes = nodes
    recorder.emit(M.faultFired, first, firing.fault, firing.entry, first, recorder.text(firing.action.kind))
  }
}

/** Whether nothing ends what an action did: bytes that have changed stay so, and whoever reads them later is hit. */
function stays({ kind }: NodeAction): boolean {
  return kind === 'corrupt'
}

/** Whether an action is about nodes rather than what lies between them. */
export function hitsNodes(action: Action): boolean {
  switch (action.kind) {
    case 'crash':
    case 'power-loss':
    case 'wipe-disk':
    case 'stop':
    case 'pause':
    case 'slow-disk':
    case 'corrupt':
    case 'disk-error':
    case 'disk-full':
    case 'clock-jump':
    case 'clock-skew':
      return true
    case 'partition':
    case 'isolate':
    case 'delay':
    case 'drop':
    case 'disconnect':
    case 'add-partitions':
    case 'elect-leader':
    case 'move-leader':
    case 'alter-config':
    case 'create-topic':
    case 'reassign':
    case 'delete-topic':
      return false
  }
}
