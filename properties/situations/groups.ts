import { M } from '../../sim/history/catalogue.ts'
import type { MomentObserver } from '../../sim/history/recorder.ts'
import type { Consumption } from '../shadow/consumption.ts'
import type { CommitListener } from '../shadow/coordinators.ts'
import { BY_MEMORY } from '../shadow/readings.ts'
import { S } from './names.ts'

/** Situations of groups, their coordinators and their members' work. It sees a moment after {@link Consumption}. */
export class GroupSituations implements MomentObserver, CommitListener {
  readonly kinds: readonly number[] = [
    M.coordinatorLoaded,
    M.memberJoined,
    M.memberRemoved,
    M.groupRebalanced,
    M.partitionAssigned,
    M.partitionRevoked,
    M.recordDelivered,
    M.workStarted,
    M.effectApplied,
    M.effectRefused,
    M.commitRefused,
  ]
  private readonly consumption: Consumption
  private readonly counts: Int32Array
  private readonly partitions: number
  /** By reader and partition: who has it until it gives it up in good order plus one, and since which generation. */
  private readonly owner: Int32Array
  private readonly ownedSince: Int32Array
  /** By node: 1 as a member, 2 after its group has removed it. */
  private readonly membership: Int32Array
  private membersKnown = 0
  /** Partitions of the offsets topic that have had a coordinator, and which. */
  private readonly coordinators: Map<number, number> = new Map()

  constructor(consumption: Consumption, counts: Int32Array) {
    const { shadow, applications } = consumption
    this.consumption = consumption
    this.counts = counts
    this.partitions = shadow.partitions.count
    this.owner = new Int32Array(applications.readers.length * this.partitions)
    this.ownedSince = new Int32Array(applications.readers.length * this.partitions).fill(-1)
    this.membership = new Int32Array(shadow.names.nodes.length)
    consumption.coordinators.listeners.push(this)
  }

  onMoment(
    kind: number,
    _time: number,
    node: number,
    a: number,
    b: number,
    c: number,
    d: number,
    e: number,
    _f: number,
    g: number,
  ): void {
    switch (kind) {
      case M.coordinatorLoaded:
        return d === 0 ? this.onLoaded(node, a, c) : undefined
      case M.memberJoined:
        return this.setMembership(b, JOINED)
      case M.memberRemoved:
        if (d === 1) this.hit(S.memberExpired)
        return this.setMembership(b, REMOVED)
      case M.groupRebalanced:
        return this.onRebalanced(a)
      case M.partitionAssigned:
        return this.onAssigned(node, b, c)
      case M.partitionRevoked:
        return this.onRevoked(node, b)
      case M.recordDelivered:
        return this.onDelivered()
      case M.workStarted:
        return this.membership[node] === REMOVED ? this.hit(S.zombieWork) : undefined
      case M.effectApplied:
        return this.onApplied(b, g)
      case M.effectRefused:
        return e === BY_MEMORY ? undefined : this.hit(S.outputRefused)
      default:
        return this.onCommitRefused(a, b, c)
    }
  }

  private hit(situation: number): void {
    this.counts[situation] = (this.counts[situation] as number) + 1
  }

  // --- coordinators -------------------------------------------------------------------------------------------------

  private onLoaded(node: number, tp: number, groups: number): void {
    const before = this.coordinators.get(tp)
    this.coordinators.set(tp, node)
    if (before !== undefined && before !== node && groups > 0 && this.membersKnown > 0) this.hit(S.coordinatorFailover)
  }

  onCommit(_reader: number, _partition: number, commit: number, isLoaded: boolean): void {
    const { commits } = this.consumption
    const before = commits.before.at(commit) - 1
    if (!isLoaded && before >= 0 && commits.offset.at(commit) < commits.offset.at(before)) this.hit(S.commitMovesBack)
  }

  private onCommitRefused(text: number, tp: number, offset: number): void {
    this.hit(S.rejectedCommit)
    const reader = this.consumption.readerOfGroup(text)
    const partition = this.consumption.shadow.partitions.indexOf(tp)
    if (reader < 0 || partition < 0) return
    if (offset < this.consumption.commits.committed(reader, partition)) this.hit(S.commitMovesBack)
  }

  // --- members ------------------------------------------------------------------------------------------------------

  private setMembership(node: number, membership: number): void {
    const before = this.membership[node] ?? 0
    if (before !== JOINED && membership === JOINED) this.membersKnown++
    if (before === JOINED && membership !== JOINED) this.membersKnown--
    this.membership[node] = membership
  }

  private onRebalanced(text: number): void {
    const { consumption } = this
    const reader = consumption.readerOfGroup(text)
    if (reader < 0) return
    for (let partition = 0; partition < this.partitions; partition++) {
      const committed = Math.max(0, consumption.commits.committed(reader, partition))
      if (consumption.deliveries.endOf(reader, partition) > committed) return this.hit(S.rebalanceWithWork)
    }
  }

  private onAssigned(node: number, tp: number, generation: number): void {
    const at = this.placeOf(node, tp)
    if (at < 0) return
    const before = (this.owner[at] as number) - 1
    if (before >= 0 && before !== node) this.hit(S.takeover)
    this.owner[at] = node + 1
    this.ownedSince[at] = generation
  }

  private onRevoked(node: number, tp: number): void {
    const at = this.placeOf(node, tp)
    if (at >= 0 && this.owner[at] === node + 1) this.owner[at] = 0
  }

  /** The place of a reading node's partition, -1 without. */
  private placeOf(node: number, tp: number): number {
    const reader = this.consumption.applications.readerOfNode[node] ?? -1
    const partition = this.consumption.shadow.partitions.indexOf(tp)
    return reader < 0 || partition < 0 ? -1 : reader * this.partitions + partition
  }

  // --- work ---------------------------------------------------------------------------------------------------------

  private onDelivered(): void {
    const { delivery, deliveries } = this.consumption
    if (delivery >= 0 && deliveries.before.at(delivery) > 0) this.hit(S.redelivery)
  }

  private onApplied(tp: number, generation: number): void {
    const { effect, effects, shadow } = this.consumption
    const partition = shadow.partitions.indexOf(tp)
    if (effect < 0 || partition < 0 || generation < 0) return
    const since = this.ownedSince[effects.reader.at(effect) * this.partitions + partition] as number
    if (generation < since) this.hit(S.zombieWrite)
  }
}

const JOINED = 1
const REMOVED = 2
