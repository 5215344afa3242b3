import { errorName } from '../../sim/kafka/protocol/errors.ts'
import { Ints } from '../shadow/growable.ts'
import type { Shadow } from '../shadow/shadow.ts'
import type { Violation } from '../verdict.ts'
import { seconds } from '../words.ts'
import { type Checker, earliest, type Ruling, type RunEnd, type Suspect } from './checker.ts'
import type { FinalLogs } from './final-logs.ts'
import { MOST_KEPT } from './findings.ts'
import { stillOpen } from './open-sends.ts'

/** A record that follows one sent after it. */
interface Late extends Suspect {
  readonly application: number
  readonly partition: number
  readonly placement: number
  readonly entry: number
  /** The record in front of it that was sent later. */
  readonly overtaker: number
  readonly overtakerEntry: number
}

/** The latest send seen so far of one producer incarnation in one partition. */
interface Front {
  placement: number
  entry: number
}

/**
 * `order-per-partition`: in every committed log the first occurrences of a producer incarnation's records follow the order of
 * its `send()` calls. A record that is missing, or comes again, is no reorder.
 */
export class OrderPerPartition implements Checker {
  readonly kinds: readonly number[] = []
  private readonly shadow: Shadow
  private readonly final: FinalLogs
  private late: readonly Late[] | null = null
  /** First occurrences by application. */
  private readonly occurrences: Ints = new Ints()

  constructor(shadow: Shadow, final: FinalLogs) {
    this.shadow = shadow
    this.final = final
  }

  onMoment(): void {}

  rule(subject: number, end: RunEnd): Ruling {
    this.late ??= this.read()
    const late = this.late.filter((suspect) => subject === -1 || suspect.application === subject)
    let judged = 0
    for (let application = 0; application < this.occurrences.length; application++) {
      if (subject === -1 || application === subject) judged += this.occurrences.at(application)
    }
    return {
      judged,
      violations: earliest(late, MOST_KEPT).map((suspect) => this.tell(suspect)),
      count: late.length,
      undecided: stillOpen(this.shadow, subject, end),
      excused: false,
    }
  }

  private read(): readonly Late[] {
    const late: Late[] = []
    const seenIn = new Ints()
    for (let partition = 0; partition < this.shadow.partitions.count; partition++)
      this.readPartition(partition, seenIn, late)
    return late
  }

  private readPartition(partition: number, seenIn: Ints, late: Late[]): void {
    const { logs, batches, records } = this.shadow
    const fronts = new Map<number, Front>()
    for (const entry of this.final.readable(partition)) {
      const batch = logs.batchOf(entry)
      let placement = batch < 0 ? -1 : batches.firstPlacement.at(batch)
      for (; placement >= 0; placement = records.placementInBatch.at(placement)) {
        const record = records.placementRecord.at(placement)
        if (seenIn.at(record) === partition + 1) continue
        seenIn.put(record, partition + 1)
        this.advance(partition, placement, entry, fronts, late)
      }
    }
  }

  private advance(partition: number, placement: number, entry: number, fronts: Map<number, Front>, late: Late[]): void {
    const { records, names, logs } = this.shadow
    const record = records.placementRecord.at(placement)
    const node = records.nodeOf(record)
    const application = names.applicationOf[node] ?? -1
    if (application >= 0) this.occurrences.put(application, this.occurrences.at(application) + 1)
    const key = node * 1_048_576 + records.placementIncarnation.at(placement)
    const front = fronts.get(key)
    if (front === undefined) {
      fronts.set(key, { placement, entry })
    } else if (records.placementOrder.at(placement) > records.placementOrder.at(front.placement)) {
      front.placement = placement
      front.entry = entry
    } else {
      const order = records.ids.at(record)
      late.push({
        application,
        partition,
        placement,
        entry,
        overtaker: front.placement,
        overtakerEntry: front.entry,
        atUs: logs.entries.at.at(entry),
        order,
      })
    }
  }

  private tell(late: Late): Violation {
    const { partitions } = this.shadow
    const [name, other] = [this.nameOf(late.placement), this.nameOf(late.overtaker)]
    const message =
      `${name} was sent before ${other}, but follows it in ${partitions.names[late.partition]}: ` +
      `offset ${this.offsetOf(late.placement, late.entry)} after offset ${this.offsetOf(late.overtaker, late.overtakerEntry)}${this.tellCause(late)}`
    return { kind: 'reordered-records', atUs: late.atUs, message, records: [name, other] }
  }

  private nameOf(placement: number): string {
    const { names, records } = this.shadow
    return names.record(records.ids.at(records.placementRecord.at(placement)))
  }

  private offsetOf(placement: number, entry: number): number {
    return this.shadow.logs.entries.base.at(entry) + this.shadow.records.placementIndex.at(placement)
  }

  private tellCause(late: Late): string {
    const { batches, logs, names, spec } = this.shadow
    const batch = logs.batchOf(late.entry)
    if (batches.retries.at(batch) === 0) return ''
    const again = `; its batch was sent again after ${errorName(batches.retryError.at(batch))} at ${seconds(batches.retryAt.at(batch))}`
    const config =
      spec.producers[
        names.applicationOf[this.shadow.records.nodeOf(this.shadow.records.placementRecord.at(late.placement))] ?? -1
      ]?.config
    const inFlight = config?.['max.in.flight.requests.per.connection'] ?? 1
    if (config === undefined || config['enable.idempotence'] || inFlight === 1) return again
    return `${again}, while later batches went ahead (${inFlight} requests in flight, no idempotence)`
  }
}
