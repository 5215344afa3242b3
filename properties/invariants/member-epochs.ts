import { M } from '../../sim/history/catalogue.ts'
import type { MomentObserver } from '../../sim/history/recorder.ts'
import { partitionOf } from '../../sim/history/ids.ts'
import type { Consumption } from '../shadow/consumption.ts'
import type { Breaches } from './breaches.ts'

/** Who holds a partition by a coordinator's account. */
interface Grant {
  readonly coordinator: number
  readonly group: number
  readonly tp: number
  /** Member id in the trace, and its node. */
  readonly id: number
  readonly node: number
}

/**
 * Groups of the consumer protocol by the account of each coordinator, which may be replaced and not know it: every broker is held
 * to its own word only, and begins anew when it loads.
 */
export class MemberEpochInvariants implements MomentObserver {
  readonly kinds: readonly number[] = [
    M.memberReconciled,
    M.partitionGranted,
    M.partitionReleased,
    M.coordinatorUnloaded,
    M.nodeCrashed,
    M.nodePowerLost,
    M.nodeStopped,
    M.diskWiped,
  ]
  private readonly consumption: Consumption
  private readonly breaches: Breaches
  private grants: Grant[] = []

  constructor(consumption: Consumption, breaches: Breaches) {
    this.consumption = consumption
    this.breaches = breaches
  }

  onMoment(kind: number, time: number, node: number, a: number, b: number, c: number, _d: number, e: number): void {
    switch (kind) {
      case M.memberReconciled:
        return this.onReconciled(time, node, b, c, e)
      case M.partitionGranted:
        return this.onGranted(time, { coordinator: node, group: a, tp: b, id: e, node: c })
      case M.partitionReleased:
        this.grants = this.grants.filter((grant) => !(isOf(grant, node, a, b) && grant.id === e))
        return
      case M.coordinatorUnloaded:
        this.grants = this.grants.filter(({ coordinator, group }) => coordinator !== node || !this.isKeptIn(group, a))
        return
      default:
        this.grants = this.grants.filter((grant) => grant.coordinator !== node)
    }
  }

  /** Whether a group's offsets, and members, are kept in a partition of the offsets topic. */
  private isKeptIn(group: number, tp: number): boolean {
    const reader = this.consumption.readerOfGroup(group)
    return reader < 0 || this.consumption.coordinators.keptIn[reader] === partitionOf(tp)
  }

  private onReconciled(time: number, coordinator: number, member: number, epoch: number, groupEpoch: number): void {
    if (epoch <= groupEpoch) return
    const { names } = this.consumption.shadow
    const what = `put ${names.node(member)} into epoch ${epoch}, although the group was in epoch ${groupEpoch}`
    this.breaches.add('member-epoch-within-group', time, `${names.node(coordinator)} ${what}`)
  }

  private onGranted(time: number, grant: Grant): void {
    const { coordinator, group, tp } = grant
    const holder = this.grants.find((other) => isOf(other, coordinator, group, tp) && other.id !== grant.id)
    if (holder !== undefined) this.tell(time, grant, holder)
    this.grants.push(grant)
  }

  private tell(time: number, grant: Grant, holder: Grant): void {
    const { names, partitions } = this.consumption.shadow
    const partition = partitions.names[partitions.indexOf(grant.tp)] ?? 'a partition'
    const what = `gave ${partition} to ${names.node(grant.node)} while ${names.node(holder.node)} held it`
    this.breaches.add('partition-granted-once', time, `${names.node(grant.coordinator)} ${what}`)
  }
}

function isOf(grant: Grant, coordinator: number, group: number, tp: number): boolean {
  return grant.coordinator === coordinator && grant.group === group && grant.tp === tp
}
