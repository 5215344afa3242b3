import { partitionFor } from '../../sim/kafka/group/partition-for.ts'
import { partitionOf } from '../../sim/history/ids.ts'
import type { Applications } from './applications.ts'
import { Commits, type Told } from './commits.ts'

/** Who wants to know of commits. */
export interface CommitListener {
  /** `isLoaded`: a coordinator found it in the log when it took over. */
  onCommit(reader: number, partition: number, commit: number, isLoaded: boolean): void
}

/**
 * Sorts what coordinators tell of committed offsets. A coordinator that was replaced and does not know yet may still tell of
 * an old commit; one that takes over tells what it finds below its high watermark, which catches up later. Neither moves a
 * group back: only the coordinator of the newest epoch does, by a commit or by never catching up.
 */
export class Coordinators {
  readonly commits: Commits
  readonly listeners: CommitListener[] = []
  /** By reader and partition: what a new coordinator knows, while that is less than was committed. */
  private readonly behind: Map<number, Told> = new Map()
  /** By reader and partition: a coordinator has taken over, and told nothing of it yet: it may catch up from the very beginning. */
  private readonly silent: Set<number> = new Set()
  /** What is told at this very time and may be out of date. */
  private held: Told[] = []
  /** By reader: the partition of the offsets topic that keeps its group. */
  readonly keptIn: readonly number[]
  private readonly newest: Map<number, { readonly node: number; readonly epoch: number }> = new Map()
  /** By partition of the offsets topic, as moments name it: brokers that hold it, whether or not another leads by now. */
  private readonly holders: Map<number, Set<number>> = new Map()
  private readonly partitions: number

  /** @param offsetsPartitions `offsets.topic.num.partitions`. */
  constructor(applications: Applications, partitions: number, offsetsPartitions: number) {
    this.partitions = partitions
    this.commits = new Commits(partitions)
    this.keptIn = applications.readers.map((reader) => partitionFor(reader.groupId, offsetsPartitions))
  }

  /** To be called with the time of every moment, and at the end with a later one. */
  passTo(time: number): void {
    if (this.held.length > 0 && (this.held[0] as Told).time < time) this.resolve()
  }

  onTold(told: Told): void {
    const { commits } = this
    const known = commits.newestOf(told.reader, told.partition)
    const isNewest = this.isNewest(told)
    if (known >= 0 && this.isSame(told, known)) {
      if (isNewest) this.caughtUp(told)
      return
    }
    if (isNewest && (known < 0 || told.offset >= commits.offset.at(known))) this.accept(told, false)
    else this.held.push(told)
  }

  private catchesUp(place: number): boolean {
    return this.behind.has(place) || this.silent.has(place)
  }

  onLoaded(time: number, node: number, tp: number, epoch: number): void {
    const kept = partitionOf(tp)
    const holders = this.holders.get(tp)
    if (holders === undefined) this.holders.set(tp, new Set([node]))
    else holders.add(node)
    if (epoch < (this.newest.get(kept)?.epoch ?? 0)) return
    this.newest.set(kept, { node, epoch })
    const mine = this.held.filter(
      (told) => told.coordinator === node && told.time === time && this.keptIn[told.reader] === kept,
    )
    this.held = this.held.filter((told) => !mine.includes(told))
    this.onSilence(kept)
    for (const told of mine) {
      if (told.offset >= this.commits.committed(told.reader, told.partition)) this.accept(told, true)
      else this.behind.set(this.placeOf(told), told)
    }
  }

  private onSilence(kept: number): void {
    this.keptIn.forEach((index, reader) => {
      if (index !== kept) return
      for (let at = 0; at < this.partitions; at++) this.silent.add(reader * this.partitions + at)
    })
  }

  onUnloaded(node: number, tp: number): void {
    this.holders.get(tp)?.delete(node)
  }

  /** A process has ended. */
  onEnded(node: number): void {
    for (const holders of this.holders.values()) holders.delete(node)
  }

  /** Who leads again before it has heard that it was replaced goes on with what it has in memory, and loads nothing. */
  onLeads(node: number, tp: number, epoch: number): void {
    if (this.holders.get(tp)?.has(node) === true) this.newest.set(partitionOf(tp), { node, epoch })
  }

  /** A member learns that its group stands further back than was committed. */
  onFoundBehind(told: Told): void {
    this.accept(told, false)
  }

  /** What a new coordinator knows when that is less than was committed, and it never caught up. */
  stillBehind(): readonly Told[] {
    return [...this.behind.values()]
  }

  /** Whether a group may stand elsewhere than its newest commit says: a new coordinator has yet to catch up with it. */
  isUnsure(reader: number, partition: number): boolean {
    return this.behind.has(reader * this.partitions + partition)
  }

  /** Whether the newest coordinator has told nothing of it since it took over: it found no offset in the log, or has yet to. */
  isSilent(reader: number, partition: number): boolean {
    return this.silent.has(reader * this.partitions + partition)
  }

  /** The commit by which a group passed an offset and never went back behind it; -1 when it has not. */
  passing(reader: number, partition: number, offset: number): number {
    const behind = this.behind.get(reader * this.partitions + partition)
    return behind !== undefined && behind.offset <= offset ? -1 : this.commits.passing(reader, partition, offset)
  }

  private resolve(): void {
    const held = this.held
    this.held = []
    for (const told of held) {
      if (!this.isNewest(told)) continue
      const place = this.placeOf(told)
      if (this.catchesUp(place) && this.wasCommitted(told)) this.behind.set(place, told)
      else this.accept(told, false)
    }
  }

  /** A new coordinator has come to what was committed; what it told on the way there, at this very time, is past. */
  private caughtUp(told: Told): void {
    const place = this.placeOf(told)
    const wasBehind = this.behind.delete(place)
    const wasSilent = this.silent.delete(place)
    if (!wasBehind && !wasSilent) return
    this.held = this.held.filter((one) => one.coordinator !== told.coordinator || this.placeOf(one) !== place)
  }

  private accept(told: Told, isLoaded: boolean): void {
    const { reader, partition } = told
    const commit = this.commits.add(told)
    this.behind.delete(this.placeOf(told))
    this.silent.delete(this.placeOf(told))
    for (const listener of this.listeners) listener.onCommit(reader, partition, commit, isLoaded)
  }

  private isNewest({ reader, coordinator }: Told): boolean {
    const newest = this.newest.get(this.keptIn[reader] as number)
    return newest === undefined || newest.node === coordinator
  }

  private isSame(told: Told, commit: number): boolean {
    const { commits } = this
    return (
      commits.offset.at(commit) === told.offset &&
      commits.generation.at(commit) === told.generation &&
      commits.member.at(commit) === told.member
    )
  }

  private wasCommitted(told: Told): boolean {
    const { commits } = this
    let commit = commits.newestOf(told.reader, told.partition)
    while (commit >= 0 && !this.isSame(told, commit)) commit = commits.before.at(commit) - 1
    return commit >= 0
  }

  private placeOf({ reader, partition }: Told): number {
    return reader * this.partitions + partition
  }
}
