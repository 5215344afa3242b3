import { errorName } from '../../sim/kafka/protocol/errors.ts'
import { Ints } from '../shadow/growable.ts'
import type { Shadow } from '../shadow/shadow.ts'
import type { Violation } from '../verdict.ts'
import { seconds } from '../words.ts'
import { type Checker, earliest, type Ruling, type RunEnd, type Suspect } from './checker.ts'
import type { FinalLogs } from './final-logs.ts'
import { MOST_KEPT } from './findings.ts'
import { stillOpen } from './open-sends.ts'
import { EVERYTHING, type Scope } from './scope.ts'

/** A record that lies in the committed logs more than once: two of its copies. */
interface Doubled extends Suspect {
  readonly record: number
  readonly application: number
  readonly first: Copy
  readonly second: Copy
}

/** A record at its place in a log. */
interface Copy {
  readonly partition: number
  readonly entry: number
  readonly placement: number
}

/**
 * `publish/at-most-once`: no record lies in the committed logs twice, whether the client sent its batch again or the
 * application the record.
 */
export class AtMostOnce implements Checker {
  readonly kinds: readonly number[] = []
  private readonly shadow: Shadow
  private readonly final: FinalLogs
  private readonly scope: Scope
  /** By record: 0 in no committed log, else placement of its first copy plus one. */
  private found: Ints | null = null
  private doubled: readonly Doubled[] = []

  constructor(shadow: Shadow, final: FinalLogs, scope: Scope = EVERYTHING) {
    this.shadow = shadow
    this.final = final
    this.scope = scope
  }

  onMoment(): void {}

  /** Whether a record is in a committed log at the end. */
  concerns(record: number): boolean {
    return (this.found ??= this.read()).at(record) > 0
  }

  rule(subject: number, end: RunEnd): Ruling {
    const found = (this.found ??= this.read())
    const { records, names } = this.shadow
    let judged = 0
    for (let record = 0; record < found.length; record++) {
      if (found.at(record) > 0 && (subject === -1 || names.applicationOf[records.nodeOf(record)] === subject)) judged++
    }
    const doubled = this.doubled.filter((suspect) => subject === -1 || suspect.application === subject)
    return {
      judged,
      violations: earliest(doubled, MOST_KEPT).map((suspect) => this.tell(suspect)),
      count: doubled.length,
      undecided: stillOpen(this.shadow, subject, end),
      excused: false,
    }
  }

  private read(): Ints {
    const found = new Ints()
    const firstEntry = new Ints()
    const told = new Ints()
    const doubled: Doubled[] = []
    for (let partition = 0; partition < this.shadow.partitions.count; partition++) {
      this.readPartition(partition, found, firstEntry, told, doubled)
    }
    this.doubled = doubled
    return found
  }

  private readPartition(partition: number, found: Ints, firstEntry: Ints, told: Ints, doubled: Doubled[]): void {
    const { logs, batches, records } = this.shadow
    for (const entry of this.final.readable(partition)) {
      const batch = logs.batchOf(entry)
      let placement = batch < 0 ? -1 : batches.firstPlacement.at(batch)
      for (; placement >= 0; placement = records.placementInBatch.at(placement)) {
        const record = records.placementRecord.at(placement)
        if (!this.scope.has(record)) continue
        const before = found.at(record) - 1
        if (before < 0) {
          found.put(record, placement + 1)
          firstEntry.put(record, entry)
        } else if (told.at(record) === 0) {
          told.put(record, 1)
          doubled.push(
            this.suspect(
              record,
              { partition, entry: firstEntry.at(record), placement: before },
              { partition, entry, placement },
            ),
          )
        }
      }
    }
  }

  private suspect(record: number, a: Copy, b: Copy): Doubled {
    const { records, names, logs, batches } = this.shadow
    const application = names.applicationOf[records.nodeOf(record)] ?? -1
    const other = { ...a, partition: batches.partition.at(logs.batchOf(a.entry)) }
    const [first, second] = logs.entries.at.at(other.entry) <= logs.entries.at.at(b.entry) ? [other, b] : [b, other]
    return { record, application, first, second, atUs: logs.entries.at.at(second.entry), order: records.ids.at(record) }
  }

  private tell(suspect: Doubled): Violation {
    const name = this.shadow.names.record(this.shadow.records.ids.at(suspect.record))
    const { first, second } = suspect
    const message = `${name} is in the log twice: at ${this.tellCopy(first)}, and again at ${this.tellCopy(second)}; ${this.tellCause(first, second)}`
    return { kind: 'duplicate-record', atUs: suspect.atUs, message, records: [name] }
  }

  private tellCopy(copy: Copy): string {
    const { logs, partitions, names, records } = this.shadow
    const { entries } = logs
    const offset = entries.base.at(copy.entry) + records.placementIndex.at(copy.placement)
    const leader = names.node(entries.node.at(copy.entry))
    return `offset ${offset} of ${partitions.names[copy.partition]} (appended by ${leader} at ${seconds(entries.at.at(copy.entry))})`
  }

  private tellCause(first: Copy, second: Copy): string {
    const { records, logs, batches } = this.shadow
    const attempts = [first, second].map((copy) => records.placementAttempt.at(copy.placement))
    if (attempts[0] !== attempts[1]) {
      return `the application called send() for it again without knowing what had become of the first call, which is a new record for Kafka`
    }
    const batch = logs.batchOf(second.entry)
    const retried =
      batches.retries.at(batch) === 0
        ? 'the batch arrived twice'
        : `the client sent the batch again after ${errorName(batches.retryError.at(batch))} at ${seconds(batches.retryAt.at(batch))}`
    return `${retried}, ${this.tellIdentity(first.entry, second.entry)}`
  }

  /** Why the leader did not recognise the batch. */
  private tellIdentity(first: number, second: number): string {
    const { producerId, producerEpoch, sequence } = this.shadow.logs.entries
    if (producerId.at(second) < 0) return 'and without idempotence a leader cannot recognise it'
    if (producerId.at(first) !== producerId.at(second))
      return 'but under a new producer id, so the leader could not recognise it'
    if (producerEpoch.at(first) !== producerEpoch.at(second)) {
      return `but with the producer epoch raised from ${producerEpoch.at(first)} to ${producerEpoch.at(second)}, so the leader could not recognise it`
    }
    if (sequence.at(first) !== sequence.at(second))
      return 'but with another sequence number, so the leader could not recognise it'
    return 'and the leader no longer remembered it'
  }
}
