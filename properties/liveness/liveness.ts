import { partitionOf } from '../../sim/history/ids.ts'
import type { Waiting } from '../../sim/waiting.ts'
import type { RunEnd } from '../checkers/checker.ts'
import type { CommittedView } from '../checkers/committed-view.ts'
import type { Coordinated } from '../shadow/coordinated.ts'
import type { Consumption } from '../shadow/consumption.ts'
import type { Shadow } from '../shadow/shadow.ts'
import { lostMetadata } from './elections.ts'
import { noOffsetsLeader, noWayToRead } from './group-excuses.ts'
import { GroupWaits } from './group-waits.ts'
import { type PartitionWait, PartitionWaits } from './partition-waits.ts'
import { sendWaits } from './send-waits.ts'
import { noCoordinatorOf } from './transaction-excuses.ts'
import { type TransactionWait, TransactionWaits } from './transaction-waits.ts'
import { type Told, tellGroup, tellPartition, tellSend, tellTransaction, tellWorld } from './telling.ts'
import type { Wait } from './wait.ts'

/** What did not come to rest. */
export interface Waits {
  /** What moments tell. */
  readonly told: readonly Told[]
  /** What only the world knows. */
  readonly rest: readonly Wait[]
}

const NOTHING: Waits = { told: [], rest: [] }

/** What did not come to rest by the end of a run: who waits for what, since when, and by which rule. */
export class Liveness {
  private readonly shadow: Shadow
  private readonly consumption: Consumption | null
  /** Null where nobody may begin a transaction. */
  private readonly coordinated: Coordinated | null
  private readonly view: CommittedView
  private found: Waits | null = null

  constructor(shadow: Shadow, consumption: Consumption | null, coordinated: Coordinated | null, view: CommittedView) {
    this.shadow = shadow
    this.consumption = consumption
    this.coordinated = coordinated
    this.view = view
  }

  /** To be asked when the run is over; in one that settled nothing waits. */
  waits(end: RunEnd): Waits {
    if (end.ended === 'settled') return NOTHING
    return (this.found ??= this.find(end))
  }

  private find(end: RunEnd): Waits {
    const { shadow, consumption } = this
    const partitions = new PartitionWaits(shadow).all()
    const groups = consumption === null ? [] : new GroupWaits(consumption, this.view, partitions).all()
    const told = [
      ...[...partitions.values()].map((wait) => tellPartition(shadow, wait)),
      ...sendWaits(shadow, partitions).map((wait) => tellSend(shadow, wait)),
      ...(consumption === null ? [] : groups.map((wait) => tellGroup(consumption, wait))),
      ...this.transactions(partitions, end).map(tellTransaction),
    ]
    const known = new Set(told.map(({ wait }) => wait.who))
    const isTold = told.some(({ wait }) => wait.kind === 'stuck-transaction')
    const rest = end.waiting
      .filter(({ who, kind }) => !known.has(who) && !(kind === 'transaction' && isTold))
      .map((waiting) => tellWorld(waiting, this.excuseOf(waiting, partitions, end)))
    return { told, rest }
  }

  private transactions(partitions: ReadonlyMap<number, PartitionWait>, { seed }: RunEnd): readonly TransactionWait[] {
    const { shadow, consumption, coordinated } = this
    return coordinated === null ? [] : new TransactionWaits(shadow, consumption, coordinated, partitions, seed).all()
  }

  /** Why there is no way out of what the world says waits: that of its partition, else of anything its process needs. */
  private excuseOf(
    { tp, node }: Waiting,
    partitions: ReadonlyMap<number, PartitionWait>,
    { seed }: RunEnd,
  ): string | null {
    const { shadow, consumption, coordinated } = this
    const lost = lostMetadata(shadow.cluster)
    if (lost !== null) return lost
    const reader = consumption?.applications.readerOfNode[node] ?? -1
    const unreadable = consumption === null || reader < 0 ? null : noWayToRead(consumption, reader)
    if (unreadable !== null) return unreadable
    const uncoordinated =
      coordinated === null ? null : noCoordinatorOf(shadow, coordinated, coordinated.lifeOf(node), tp, seed)
    if (uncoordinated !== null) return uncoordinated
    if (tp < 0) return this.excuseOfAnyNeeded(node, partitions)
    const partition = shadow.partitions.indexOf(tp)
    if (partition >= 0) return partitions.get(partition)?.excuse ?? null
    if (consumption === null || !consumption.offsetsTopic.includes(tp)) return null
    return noOffsetsLeader(consumption, partitionOf(tp))
  }

  private excuseOfAnyNeeded(node: number, partitions: ReadonlyMap<number, PartitionWait>): string | null {
    for (const [partition, { excuse }] of partitions) if (excuse !== null && this.needs(node, partition)) return excuse
    return null
  }

  /** Whether a process writes to a partition or reads from it; brokers serve all. */
  private needs(node: number, partition: number): boolean {
    const { applications, names, partitions, spec } = this.shadow
    const application = names.applicationOf[node] ?? -1
    if (application < 0) return true
    const topicId = partitions.topicIds[partition] as number
    const reader = applications.readerOf[application] ?? -1
    if (reader >= 0) {
      const { reads, writes } = applications.reader(reader)
      return reads[partition] === true || writes[topicId] === true
    }
    const topic = spec.topics[topicId - 1]?.name ?? ''
    return spec.producers.some(({ name, to }) => name === applications.names[application] && to.includes(topic))
  }
}
