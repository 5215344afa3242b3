import { M } from '../../sim/history/catalogue.ts'
import type { MomentObserver } from '../../sim/history/recorder.ts'
import type { Applications } from './applications.ts'
import type { Commits } from './commits.ts'
import { Coordinators } from './coordinators.ts'
import { Ints } from './growable.ts'
import { InternalTopic } from './internal-topic.ts'
import { Lineage } from './lineage.ts'
import { Owners } from './owners.ts'
import { Deliveries, Effects } from './readings.ts'
import type { Shadow } from './shadow.ts'
import { ShareStates } from './share-states.ts'
import { States } from './states.ts'

/**
 * What consuming applications did, rebuilt from moments: deliveries, work, effects, derived records and commits. Only
 * worlds in which somebody reads have one. It sees a moment after the {@link Shadow} and before any checker.
 *
 * Groups appear in moments as numbers of interned texts; which reader a number stands for is learnt from the members.
 */
export class Consumption implements MomentObserver {
  readonly kinds: readonly number[] = [
    M.recordDelivered,
    M.workStarted,
    M.effectApplied,
    M.effectRefused,
    M.recordDerived,
    M.handlerRouted,
    M.handlerKeyed,
    M.handlerFinished,
    M.handlerThrew,
    M.offsetCommitted,
    M.offsetExpired,
    M.commitAcked,
    M.commitFailed,
    M.offsetFetched,
    M.partitionAssigned,
    M.partitionRevoked,
    M.partitionLost,
    M.memberJoined,
    M.groupRebalanced,
    M.coordinatorLoaded,
    M.coordinatorUnloaded,
    M.leaderBegan,
    M.nodeCrashed,
    M.nodePowerLost,
    M.nodeStopped,
    M.diskWiped,
  ]
  readonly shadow: Shadow
  readonly applications: Applications
  readonly deliveries: Deliveries
  readonly effects: Effects = new Effects()
  readonly refusals: Effects = new Effects()
  readonly lineage: Lineage = new Lineage()
  readonly coordinators: Coordinators
  readonly offsetsTopic: InternalTopic
  readonly commits: Commits
  readonly owners: Owners
  /** What share groups did; it watches for itself. */
  readonly shares: ShareStates
  /** What stateful steps did; it watches for itself. */
  readonly states: States
  /** By reader: how often its handlers threw, and when and of which record last. */
  readonly throws: ({ readonly times: number; readonly at: number; readonly record: number } | undefined)[] = []
  /** Scratch: the effect or delivery that the last moment added, -1 when it added none. */
  effect = -1
  delivery = -1
  private readonly readerOfText: Ints = new Ints()
  /** Generations of groups as they began. */
  private readonly generations: { readonly text: number; readonly generation: number; readonly time: number }[] = []
  /** Nodes that lost their disk. */
  private readonly wiped: Set<number> = new Set()
  /** By node: when its process ended, oldest first. */
  private readonly ends: (number[] | undefined)[] = []

  constructor(shadow: Shadow) {
    const { partitions } = shadow
    this.shadow = shadow
    this.applications = shadow.applications
    this.deliveries = new Deliveries(partitions.count)
    this.offsetsTopic = new InternalTopic(shadow.spec, 'offsets')
    this.shares = new ShareStates(this)
    this.states = new States(this)
    this.owners = new Owners(this.applications.readers.length)
    this.coordinators = new Coordinators(this.applications, partitions.count, this.offsetsTopic.rules.count)
    this.commits = this.coordinators.commits
  }

  onMoment(
    kind: number,
    time: number,
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
    this.coordinators.passTo(time)
    switch (kind) {
      case M.recordDelivered:
        return this.onDelivered(time, node, a, c, d)
      case M.workStarted:
        return this.onStarted(time, node, a, b, c)
      case M.effectApplied:
        return this.onApplied(time, node, a, b, c, d, g, h)
      case M.effectRefused:
        return this.onRefused(time, node, a, b, c, e, f)
      case M.recordDerived:
        return this.onDerived(time, node, a, b, c)
      case M.handlerThrew:
        return this.onThrew(time, node, a)
      case M.handlerFinished:
        return this.onFinished(node, a, b)
      case M.handlerRouted:
        return this.onRouted(node, a, b, c)
      case M.handlerKeyed:
        return this.onKeyed(node, a, b)
      case M.offsetCommitted:
        return this.onCommitted(time, node, a, b, c, d, e)
      case M.offsetExpired:
        // From now on the group stands nowhere.
        return this.onCommitted(time, node, a, b, -1, -1, -1)
      case M.offsetFetched:
        this.learn(a, node)
        return this.onFetched(time, a, b, c, d)
      case M.memberJoined:
        return this.learn(a, b)
      case M.groupRebalanced:
        this.generations.push({ text: a, generation: b, time })
        return
      case M.coordinatorLoaded:
        if (d === 0) this.coordinators.onLoaded(time, node, a, b)
        return
      case M.coordinatorUnloaded:
        return this.coordinators.onUnloaded(node, a)
      case M.leaderBegan:
        return this.coordinators.onLeads(node, a, b)
      case M.partitionAssigned:
      case M.partitionRevoked:
      case M.partitionLost:
        this.learn(a, node)
        return this.onClaimed(kind, node, b)
      case M.nodeCrashed:
      case M.nodePowerLost:
      case M.nodeStopped:
      case M.diskWiped:
        if (kind === M.diskWiped) this.wiped.add(node)
        this.owners.onEnded(node)
        this.coordinators.onEnded(node)
        ;(this.ends[node] ??= []).push(time)
        return
      default:
        return this.learn(a, node)
    }
  }

  /** The run is over: nothing more will be told. */
  close(): void {
    this.coordinators.passTo(Number.MAX_SAFE_INTEGER)
  }

  /** The reader that a group's text stands for, -1 while nothing told it. */
  readerOfGroup(text: number): number {
    return this.readerOfText.at(text) - 1
  }

  private learn(text: number, node: number): void {
    const reader = this.applications.readerOfNode[node] ?? -1
    if (reader >= 0) this.readerOfText.put(text, reader + 1)
  }

  private onClaimed(kind: number, node: number, tp: number): void {
    const reader = this.applications.readerOfNode[node] ?? -1
    const partition = this.shadow.partitions.indexOf(tp)
    if (reader < 0 || partition < 0) return
    if (kind === M.partitionAssigned) this.owners.take(reader, node, partition)
    else this.owners.giveUp(reader, node, partition)
  }

  private onDelivered(time: number, node: number, id: number, tp: number, offset: number): void {
    const { shadow } = this
    const reader = this.applications.readerOfNode[node] ?? -1
    const partition = shadow.partitions.indexOf(tp)
    this.delivery = -1
    if (reader < 0 || partition < 0 || offset < 0) return
    this.delivery = this.deliveries.add(time, reader, shadow.records.numberOf(id), partition, offset, node)
  }

  private onStarted(time: number, node: number, id: number, tp: number, offset: number): void {
    const { deliveries } = this
    const reader = this.applications.readerOfNode[node] ?? -1
    const partition = this.shadow.partitions.indexOf(tp)
    if (reader < 0 || partition < 0) return
    let delivery = deliveries.newestTo(node, reader, partition, offset)
    // Work on what no moment told of is delivered by it.
    if (delivery < 0 || deliveries.record.at(delivery) !== this.shadow.records.numberOf(id)) {
      this.onDelivered(time, node, id, tp, offset)
      delivery = this.delivery
    }
    if (delivery >= 0) deliveries.startedAt.put(delivery, time + 1)
  }

  private onApplied(
    time: number,
    node: number,
    id: number,
    tp: number,
    offset: number,
    what: number,
    generation: number,
    by: number,
  ): void {
    const { shadow } = this
    const partition = shadow.partitions.indexOf(tp)
    const record = shadow.records.numberOf(id)
    this.effect = -1
    if (partition < 0) return
    const reader = this.applications.readerOfNode[by] ?? -1
    if (reader < 0) return
    this.effect = this.effects.add(time, reader, record, partition, offset, node, what, generation)
  }

  private onRefused(
    time: number,
    node: number,
    id: number,
    tp: number,
    offset: number,
    reason: number,
    by: number,
  ): void {
    const { shadow } = this
    const partition = shadow.partitions.indexOf(tp)
    const record = shadow.records.numberOf(id)
    if (partition < 0) return
    const reader = this.applications.readerOfNode[by] ?? -1
    if (reader >= 0) this.refusals.add(time, reader, record, partition, offset, node, reason, -1)
  }

  private onDerived(time: number, node: number, id: number, inputId: number, index: number): void {
    const { records } = this.shadow
    const reader = this.applications.readerOfNode[node] ?? -1
    if (reader < 0) return
    const input = records.numberOf(inputId)
    const delivery = this.deliveries.workOn(reader, node, input)
    const partition = delivery < 0 ? -1 : this.deliveries.partition.at(delivery)
    const offset = delivery < 0 ? -1 : this.deliveries.offset.at(delivery)
    this.lineage.onDerived(time, records.numberOf(id), input, reader, index, partition, offset)
  }

  private onThrew(time: number, node: number, id: number): void {
    const reader = this.applications.readerOfNode[node] ?? -1
    const times = (this.throws[reader]?.times ?? 0) + 1
    if (reader >= 0) this.throws[reader] = { times, at: time, record: this.shadow.records.numberOf(id) }
  }

  private onRouted(node: number, id: number, index: number, topic: number): void {
    const reader = this.applications.readerOfNode[node] ?? -1
    if (reader >= 0) this.lineage.onRouted(this.shadow.records.numberOf(id), reader, index, topic)
  }

  private onKeyed(node: number, id: number, text: number): void {
    const reader = this.applications.readerOfNode[node] ?? -1
    if (reader >= 0) this.lineage.onKeyed(this.shadow.records.numberOf(id), reader, text)
  }

  private onFinished(node: number, id: number, outputs: number): void {
    const reader = this.applications.readerOfNode[node] ?? -1
    if (reader >= 0) this.lineage.onFinished(this.shadow.records.numberOf(id), reader, outputs)
  }

  private onCommitted(
    time: number,
    coordinator: number,
    text: number,
    tp: number,
    offset: number,
    generation: number,
    member: number,
  ): void {
    this.learn(text, member)
    const reader = this.readerOfGroup(text)
    const partition = this.shadow.partitions.indexOf(tp)
    if (reader < 0 || partition < 0) return
    const transactional = this.shadow.ofTransaction
    this.coordinators.onTold({ time, reader, partition, offset, generation, member, coordinator, transactional })
  }

  /**
   * A generation learns that its group stands further back than was committed before it began: that is forgotten. (What was
   * committed later, an answer may just not have seen.)
   */
  private onFetched(time: number, text: number, tp: number, offset: number, generation: number): void {
    const { commits } = this
    const reader = this.readerOfGroup(text)
    const partition = this.shadow.partitions.indexOf(tp)
    if (reader < 0 || partition < 0) return
    const known = commits.newestOf(reader, partition)
    if (known < 0 || offset >= commits.offset.at(known)) return
    const began = this.generations.findLast((one) => one.text === text && one.generation === generation)
    if (began === undefined || commits.at.at(known) > began.time) return
    this.coordinators.onFoundBehind({
      time,
      reader,
      partition,
      offset,
      generation,
      member: -1,
      coordinator: -1,
      transactional: false,
    })
  }

  // --- processes ----------------------------------------------------------------------------------------------------

  /** When the process that got a delivery ended, -1 while it lives. */
  endedAfter(delivery: number): number {
    const at = this.deliveries.at.at(delivery)
    return this.ends[this.deliveries.node.at(delivery)]?.find((end) => end >= at) ?? -1
  }

  wasWiped(node: number): boolean {
    return this.wiped.has(node)
  }

  /** Whether any instance of a reader's applications runs. */
  runs(reader: number): boolean {
    const { readerOfNode } = this.applications
    return readerOfNode.some((of, node) => of === reader && !this.shadow.cluster.isDown(node))
  }
}
