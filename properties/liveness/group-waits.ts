import type { CommittedView } from '../checkers/committed-view.ts'
import { isDone } from '../checkers/done.ts'
import type { Consumption } from '../shadow/consumption.ts'
import { listed, seconds } from '../words.ts'
import { noWayToRead } from './group-excuses.ts'
import { corruptBatchRule, isCorruptAt } from './corrupt-batches.ts'
import { electionRule } from './elections.ts'
import type { PartitionWait } from './partition-waits.ts'

/** A group that has not come to the end of a partition. */
export interface GroupWait {
  readonly reader: number
  readonly partition: number
  /** The group and where it stands, in words. */
  readonly state: string
  readonly waitsFor: string
  readonly sinceUs: number
  readonly rule: string
  readonly excuse: string | null
}

/** Number of pairs of a reader and a partition that it reads. */
export function readingsOf(consumption: Consumption): number {
  return consumption.applications.readers.reduce((sum, reader) => sum + reader.reads.filter(Boolean).length, 0)
}

/** Why nobody has a partition, by the rule of the group's protocol. */
const NOBODY_BY_GENERATIONS =
  'nobody of the group has the partition: a rebalance waits for every member to rejoin, at most max.poll.interval.ms, and a member that died keeps its share for session.timeout.ms'
const NOBODY_BY_EPOCHS =
  'nobody of the group has the partition: its next owner gets it when the last one has given it up, within max.poll.interval.ms, or has been silent for group.consumer.session.timeout.ms'

/**
 * Groups with records to read below the high watermark, though somebody of them runs. Markers and what was aborted are none.
 * Where a position is committed late or not at all, the work that is done counts.
 */
export class GroupWaits {
  private readonly consumption: Consumption
  private readonly view: CommittedView
  private readonly partitions: ReadonlyMap<number, PartitionWait>

  constructor(consumption: Consumption, view: CommittedView, partitions: ReadonlyMap<number, PartitionWait>) {
    this.consumption = consumption
    this.view = view.read()
    this.partitions = partitions
  }

  all(): readonly GroupWait[] {
    return this.consumption.applications.readers.flatMap((reader, number) => {
      // A script ends where it ends, and whoever was stopped in good order is not stuck.
      if (reader.isScripted || !this.consumption.runs(number)) return []
      return reader.reads.flatMap((reads, partition) => (reads ? (this.of(number, partition) ?? []) : []))
    })
  }

  private of(reader: number, partition: number): GroupWait | null {
    const { shadow, commits, applications } = this.consumption
    const leader = shadow.leaderships.newestNode(partition)
    if (leader < 0 || shadow.partitions.isGone(partition)) return null
    const { highWatermark } = shadow.logs.of(leader, partition)
    const committed = commits.committed(reader, partition)
    const first = this.firstUndone(reader, partition, Math.max(0, committed), highWatermark)
    if (first >= highWatermark) return null
    const { group, isShared } = applications.reader(reader)
    const stands = committed < 0 ? 'stood nowhere' : `stood at offset ${committed}`
    const name = shadow.partitions.names[partition] as string
    const wait = this.partitions.get(partition)
    return {
      reader,
      partition,
      state: isShared
        ? `${group} was not done with offsets ${first} to ${highWatermark} of ${name}`
        : `${group} ${stands} of ${name}, with offsets ${first} to ${highWatermark} to read`,
      waitsFor: `offsets ${first} to ${highWatermark} of ${name}`,
      sinceUs: this.since(reader, partition, first),
      rule:
        this.threwRule(reader) ??
        corruptBatchRule(shadow, partition, Math.max(0, committed), 'group') ??
        this.rule(reader, partition, first),
      excuse: wait?.excuse ?? noWayToRead(this.consumption, reader),
    }
  }

  private firstUndone(reader: number, partition: number, from: number, to: number): number {
    for (let offset = from; offset < to; offset++) {
      const place = this.view.placeAt(partition, offset)
      if (place < 0 && isCorruptAt(this.consumption.shadow, partition, offset)) return offset
      if (place >= 0 && !isDone(this.consumption, reader, this.view.record.at(place), partition, offset)) return offset
    }
    return to
  }

  /** When the first undone offset became readable, or the group last moved, whichever was later. */
  private since(reader: number, partition: number, first: number): number {
    const { shadow, commits } = this.consumption
    const place = this.view.placeAt(partition, first)
    const batch = place < 0 ? -1 : shadow.logs.batchOf(this.view.entry.at(place))
    const readable = batch < 0 ? 0 : shadow.batches.committedAt.at(batch) - 1
    const newest = commits.newestOf(reader, partition)
    return Math.max(0, readable, newest < 0 ? 0 : commits.at.at(newest))
  }

  /** What the user's own code has to do with it. */
  private threwRule(reader: number): string | null {
    const { throws, shadow, applications } = this.consumption
    const thrown = throws[reader]
    if (thrown === undefined) return null
    const record = shadow.names.record(shadow.records.ids.at(thrown.record))
    const times = `${thrown.times} ${thrown.times === 1 ? 'time' : 'times'}`
    const who = `the handler of ${applications.reader(reader).name}`
    return `${who} threw ${times}, of ${record} the last time, at ${seconds(thrown.at)}: its process dies of that, and begins again where its group stands`
  }

  private rule(reader: number, partition: number, first: number): string {
    const { applications, owners, deliveries, shadow } = this.consumption
    const { groupId } = applications.reader(reader)
    const coordinator = groupId === '' ? null : this.coordinatorRule(reader)
    if (coordinator !== null) return coordinator
    if (applications.reader(reader).isShared) return this.shareRule(reader, partition, first)
    const holders = owners.of(reader, partition)
    if (groupId !== '' && holders.length === 0 && applications.reader(reader).subscribes)
      return applications.reader(reader).hasMemberEpochs ? NOBODY_BY_EPOCHS : NOBODY_BY_GENERATIONS
    const delivery = deliveries.newestAt(reader, partition, first)
    const who = holders.length === 0 ? 'it' : listed(holders.map((node) => shadow.names.node(node)))
    if (delivery < 0) return `${who} reads on by Fetch from its position, below the high watermark only`
    const node = shadow.names.node(deliveries.node.at(delivery))
    const at = seconds(deliveries.at.at(delivery))
    return deliveries.startedAt.at(delivery) === 0
      ? `${node} was given offset ${first} at ${at} and has not begun to work on it`
      : `${node} was given offset ${first} at ${at}, began to work on it at ${seconds(deliveries.startedAt.at(delivery) - 1)} and has not finished`
  }

  /** Who has a record of a share group, or how somebody comes by it. */
  private shareRule(reader: number, partition: number, first: number): string {
    const { shares, shadow } = this.consumption
    const state = shares.of(reader, partition, first)
    if (state === undefined)
      return 'members are given records by ShareFetch, when the leader knows what is persisted of them'
    const who = shadow.names.node(state.node)
    const at = seconds(state.atUs)
    return state.state === 'acquired'
      ? `${who} was given offset ${first} at ${at}: it is locked until it acknowledges it, or for group.share.record.lock.duration.ms`
      : `offset ${first} is available since ${at}, when ${who} lost it or gave it up: ShareFetch gives it to a member`
  }

  /** Who coordinates the group, where that is what it waits for. */
  private coordinatorRule(reader: number): string | null {
    const { offsetsTopic, coordinators, shadow } = this.consumption
    const { cluster, rules } = offsetsTopic
    const index = coordinators.keptIn[reader] as number
    if (!offsetsTopic.canBe)
      return `__consumer_offsets cannot be created: INVALID_REPLICATION_FACTOR; until then FindCoordinator is answered COORDINATOR_NOT_AVAILABLE`
    if (cluster === null) return null
    const leader = cluster.leader[index] as number
    const unread = offsetsTopic.unreadBy(leader, index)
    if (unread !== null)
      return `${shadow.names.node(leader)} could not read the record at offset ${unread.offset} of __consumer_offsets-${index} at ${seconds(unread.at)}: it does not coordinate what is kept there, and answers NOT_COORDINATOR`
    if (leader !== -1) return null
    const rule = electionRule(cluster, rules, index, shadow.names, (node) => shadow.cluster.isDown(node))
    return `nobody leads __consumer_offsets-${index} since ${seconds(cluster.electedAt[index] as number)}, so FindCoordinator is answered COORDINATOR_NOT_AVAILABLE; ${rule}`
  }
}
