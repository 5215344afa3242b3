import { M } from '../../sim/history/catalogue.ts'
import type { MomentObserver } from '../../sim/history/recorder.ts'
import type { Consumption } from '../shadow/consumption.ts'
import { Ints } from '../shadow/growable.ts'
import type { Breaches } from './breaches.ts'
import type { CommittedLogInvariants } from './committed-log.ts'

/** A time in which a member held a partition, in generations. */
interface Tenure {
  readonly from: number
  /** {@link OPEN} while it holds it. */
  to: number
}

const OPEN: number = Number.MAX_SAFE_INTEGER

/**
 * What readers are given and what groups commit: nothing at or above a high watermark that a leader had, and nothing for
 * partitions that the member did not hold. A script that names offsets may commit what it likes, as with Kafka.
 */
export class ReadingInvariants implements MomentObserver {
  readonly kinds: readonly number[] = [
    M.recordDelivered,
    M.offsetCommitted,
    M.partitionAssigned,
    M.partitionRevoked,
    M.partitionLost,
    M.groupRebalanced,
    M.nodeCrashed,
    M.nodePowerLost,
    M.nodeStopped,
    M.diskWiped,
  ]
  private readonly consumption: Consumption
  private readonly committedLog: CommittedLogInvariants
  private readonly breaches: Breaches
  private readonly partitions: number
  /** By node and partition, oldest first. */
  private readonly tenures: (Tenure[] | undefined)[] = []
  /** By a group's text: its newest generation. */
  private readonly generations: Ints = new Ints()

  constructor(consumption: Consumption, committedLog: CommittedLogInvariants, breaches: Breaches) {
    this.consumption = consumption
    this.committedLog = committedLog
    this.breaches = breaches
    this.partitions = consumption.shadow.partitions.count
  }

  onMoment(kind: number, time: number, node: number, a: number, b: number, c: number, d: number, e: number): void {
    const { partitions } = this.consumption.shadow
    switch (kind) {
      case M.recordDelivered:
        return this.onDelivered(time, node, partitions.indexOf(c), d)
      case M.offsetCommitted:
        return this.onCommitted(time, partitions.indexOf(b), c, d, e)
      case M.groupRebalanced:
        return this.generations.put(a, b)
      case M.partitionAssigned:
        return this.begin(node, partitions.indexOf(b), c)
      case M.partitionRevoked:
      case M.partitionLost:
        return this.end(node, partitions.indexOf(b), Math.max(c, this.generations.at(a)))
      default:
        return this.endAll(node)
    }
  }

  // --- reading ------------------------------------------------------------------------------------------------------

  private onDelivered(time: number, node: number, partition: number, offset: number): void {
    if (partition < 0 || offset < 0 || this.committedLog.isExposed(partition, offset)) return
    this.tell('read-below-hw', time, node, `was given offset ${offset}`, partition)
  }

  private tell(invariant: string, time: number, node: number, did: string, partition: number): void {
    const { names, partitions } = this.consumption.shadow
    const message = `${names.node(node)} ${did} of ${partitions.names[partition]}, which was never below a high watermark`
    this.breaches.add(invariant, time, message)
  }

  // --- committing ---------------------------------------------------------------------------------------------------

  private onCommitted(time: number, partition: number, offset: number, generation: number, member: number): void {
    const { applications } = this.consumption
    const reader = applications.readerOfNode[member] ?? -1
    if (partition < 0 || reader < 0 || applications.reader(reader).asksForOffsets) return
    if (offset > 0 && !this.committedLog.isExposed(partition, offset - 1))
      this.tell('commit-within-log', time, member, `committed offset ${offset}`, partition)
    if (generation >= 0 && !this.held(member, partition, generation))
      this.tellForeign(time, member, partition, generation)
  }

  private held(node: number, partition: number, generation: number): boolean {
    const tenures = this.tenures[node * this.partitions + partition] ?? []
    return tenures.findLast(({ from, to }) => from <= generation && generation <= to) !== undefined
  }

  private tellForeign(time: number, member: number, partition: number, generation: number): void {
    const { names, partitions } = this.consumption.shadow
    this.breaches.add(
      'commit-of-owner',
      time,
      `${names.node(member)} committed ${partitions.names[partition]} in generation ${generation}, in which it did not hold it`,
    )
  }

  // --- owning -------------------------------------------------------------------------------------------------------

  private begin(node: number, partition: number, generation: number): void {
    if (partition < 0) return
    this.end(node, partition, generation)
    ;(this.tenures[node * this.partitions + partition] ??= []).push({ from: generation, to: OPEN })
  }

  private end(node: number, partition: number, generation: number): void {
    const tenure = this.tenures[node * this.partitions + partition]?.at(-1)
    if (tenure?.to === OPEN) tenure.to = Math.max(tenure.from, generation)
  }

  /** A process is gone; what it sent before may still arrive. */
  private endAll(node: number): void {
    const newest = this.generations.data.reduce((highest, generation) => Math.max(highest, generation), 0)
    for (let partition = 0; partition < this.partitions; partition++) this.end(node, partition, newest)
  }
}
