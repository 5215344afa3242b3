import { M } from '../../sim/history/catalogue.ts'
import type { Anomaly } from '../../scenarios/format/vocabulary.ts'
import type { Consumption } from '../shadow/consumption.ts'
import { Decision } from '../shadow/decisions.ts'
import { Ints } from '../shadow/growable.ts'
import type { Violation } from '../verdict.ts'
import { seconds } from '../words.ts'
import { type Checker, earliest, type Ruling, type Suspect } from './checker.ts'
import { MOST_KEPT } from './findings.ts'
import { tellPlace } from './missing.ts'

/** A delivery of what no marker had committed. */
interface Premature extends Suspect {
  readonly reader: number
  readonly record: number
  readonly partition: number
  readonly offset: number
  readonly entry: number
  readonly node: number
}

/**
 * `isolation`: to a reader with `isolation.level=read_committed` poll() never returns a record of a transaction that was
 * aborted, or that no marker had ended by then. Others are promised nothing. That a transaction becomes visible at different
 * times in different partitions is no matter of it.
 */
export class Isolation implements Checker {
  readonly kinds: readonly number[] = [M.recordDelivered]
  private readonly consumption: Consumption
  /** By reader: records that were returned to instances that read committed ones. */
  private readonly judged: Ints = new Ints()
  private readonly premature: Premature[] = []

  constructor(consumption: Consumption) {
    this.consumption = consumption
  }

  onMoment(_kind: number, time: number, node: number, id: number, attempt: number, tp: number, offset: number): void {
    const { applications, shadow } = this.consumption
    const reader = applications.readerOfNode[node] ?? -1
    if (reader < 0 || applications.readsCommitted[node] !== true) return
    this.judged.put(reader, this.judged.at(reader) + 1)
    const record = shadow.records.numberOf(id)
    const partition = shadow.partitions.indexOf(tp)
    const entry = this.entryAt(record, attempt, offset)
    if (entry < 0 || shadow.logs.entries.transactional.at(entry) === 0) return
    if (shadow.logs.entries.decision.at(entry) === Decision.committed) return
    this.premature.push({ reader, record, partition, offset, entry, node, atUs: time, order: id })
  }

  /**
   * The entry that holds an attempt at an offset, -1 without. Of several, for a leader may append again what another has at the
   * same place, one that is committed counts: it may be the one that was read.
   */
  private entryAt(record: number, attempt: number, offset: number): number {
    const { records, batches, logs } = this.consumption.shadow
    let newest = -1
    let placement = records.newestPlacement.at(record)
    for (; placement >= 0; placement = records.placementOfRecord.at(placement)) {
      if (records.placementAttempt.at(placement) !== attempt) continue
      const base = offset - records.placementIndex.at(placement)
      let entry = batches.newestCopy.at(records.placementBatch.at(placement)) - 1
      for (; entry >= 0; entry = logs.entries.nextCopy.at(entry)) {
        if (logs.entries.base.at(entry) !== base) continue
        if (logs.entries.decision.at(entry) === Decision.committed) return entry
        if (newest < 0) newest = entry
      }
    }
    return newest
  }

  rule(subject: number): Ruling {
    const readers = this.consumption.applications.readersOf(subject)
    const own = this.premature.filter(({ reader }) => readers.includes(reader))
    return {
      judged: readers.reduce((sum, reader) => sum + this.judged.at(reader), 0),
      violations: earliest(own, MOST_KEPT).map((one) => this.tell(one)),
      count: own.length,
      undecided: null,
      excused: false,
    }
  }

  private tell(one: Premature): Violation {
    const { shadow } = this.consumption
    const { decision, decidedAt } = shadow.logs.entries
    const name = shadow.names.record(shadow.records.ids.at(one.record))
    const where = tellPlace(this.consumption, one.partition, one.offset)
    const given = `${shadow.names.node(one.node)} reads committed records only, and was given ${name} from ${where} at ${seconds(one.atUs)}`
    const isAborted = decision.at(one.entry) === Decision.aborted
    const kind: Anomaly = isAborted ? 'aborted-read' : 'uncommitted-read'
    const at = decidedAt.at(one.entry)
    const told =
      at === 0
        ? 'although no marker ever ended its transaction'
        : isAborted
          ? `although its transaction ${at <= one.atUs ? 'had been' : 'was'} aborted at ${seconds(at)}`
          : `although its transaction was committed only at ${seconds(at)}`
    return { kind, atUs: one.atUs, message: `${given}, ${told}`, records: [name] }
  }
}
