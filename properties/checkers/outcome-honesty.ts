import { M } from '../../sim/history/catalogue.ts'
import { recordNode } from '../../sim/history/ids.ts'
import { errorName } from '../../sim/kafka/protocol/errors.ts'
import { Ints } from '../shadow/growable.ts'
import { Outcome } from '../shadow/records.ts'
import type { Shadow } from '../shadow/shadow.ts'
import { seconds } from '../words.ts'
import type { Checker, Ruling, RunEnd } from './checker.ts'
import type { CommittedView } from './committed-view.ts'
import { Findings } from './findings.ts'

/**
 * `outcome-honesty`: an acknowledgement with acks 1 or all implies that a leader had appended the record before, at the
 * reported offset; a failed send never becomes readable, which outside transactions means committed.
 */
export class OutcomeHonesty implements Checker {
  readonly kinds: readonly number[] = [M.produceAcked, M.produceFailed, M.hwAdvanced, M.leaderBegan]
  private readonly shadow: Shadow
  private readonly findings: Findings = new Findings()
  /** By application. */
  private readonly judged: Ints = new Ints()
  /** By placement: the error that its failed send reported. */
  private readonly errors: Ints = new Ints()
  private readonly acksNothing: readonly boolean[]

  private readonly view: CommittedView
  private isRead = false

  constructor(shadow: Shadow, view: CommittedView) {
    this.shadow = shadow
    this.view = view
    this.acksNothing = shadow.applications.acksNothing
  }

  onMoment(kind: number, time: number, _node: number, a: number, b: number, c: number, d: number): void {
    switch (kind) {
      case M.produceAcked:
        return this.onAcked(time, a, c, d)
      case M.produceFailed:
        return this.onFailed(time, a, b, d)
      default:
        return this.onCommitted(time)
    }
  }

  private applicationOf(id: number): number {
    return this.shadow.names.applicationOf[recordNode(id)] ?? -1
  }

  private count(application: number): void {
    if (application >= 0) this.judged.put(application, this.judged.at(application) + 1)
  }

  // --- acknowledgements ---------------------------------------------------------------------------------------------

  private onAcked(time: number, id: number, tp: number, offset: number): void {
    const application = this.applicationOf(id)
    if (this.acksNothing[application] === true) return
    this.count(application)
    if (this.copyAt(id, tp, offset)) return
    if (!this.findings.wants(application)) return
    const name = this.shadow.names.record(id)
    const where = this.shadow.partitions.names[this.shadow.partitions.indexOf(tp)] ?? 'an unknown partition'
    const reported = offset < 0 ? where : `offset ${offset} of ${where}`
    const message = `${name} was acknowledged at ${seconds(time)} for ${reported}, but ${this.tellCopies(id)}`
    this.findings.keep(application, { kind: 'false-ack', atUs: time, message, records: [name] })
  }

  /** Whether a leader has appended the record there; an answer without an offset (a duplicate) only says that it is somewhere. */
  private copyAt(id: number, tp: number, offset: number): boolean {
    const { records, batches, logs, partitions } = this.shadow
    const partition = partitions.indexOf(tp)
    let placement = records.newestPlacement.at(records.numberOf(id))
    for (; placement >= 0; placement = records.placementOfRecord.at(placement)) {
      const batch = records.placementBatch.at(placement)
      if (batches.partition.at(batch) !== partition) continue
      const base = offset - records.placementIndex.at(placement)
      for (let entry = batches.newestCopy.at(batch) - 1; entry >= 0; entry = logs.entries.nextCopy.at(entry)) {
        if (offset < 0 || logs.entries.base.at(entry) === base) return true
      }
    }
    return false
  }

  private tellCopies(id: number): string {
    const { records, batches, logs, partitions } = this.shadow
    let placement = records.newestPlacement.at(records.numberOf(id))
    for (; placement >= 0; placement = records.placementOfRecord.at(placement)) {
      const batch = records.placementBatch.at(placement)
      const entry = batches.newestCopy.at(batch) - 1
      if (entry < 0) continue
      const offset = logs.entries.base.at(entry) + records.placementIndex.at(placement)
      return `it had been appended at offset ${offset} of ${partitions.names[batches.partition.at(batch)]}`
    }
    return 'no broker had appended it by then'
  }

  // --- failures -----------------------------------------------------------------------------------------------------

  private onFailed(time: number, id: number, attempt: number, error: number): void {
    this.count(this.applicationOf(id))
    const { records, batches } = this.shadow
    let placement = records.newestPlacement.at(records.numberOf(id))
    for (; placement >= 0; placement = records.placementOfRecord.at(placement)) {
      if (records.placementAttempt.at(placement) !== attempt) continue
      this.errors.put(placement, error)
      const isThere = batches.isCommitted(records.placementBatch.at(placement))
      if (isThere && !this.isTransactional(placement)) return this.lie(time, placement)
    }
  }

  private onCommitted(time: number): void {
    const { leaderships, batches, records } = this.shadow
    for (let i = 0; i < leaderships.committed.length; i++) {
      let placement = batches.firstPlacement.at(leaderships.committed.at(i))
      for (; placement >= 0; placement = records.placementInBatch.at(placement)) {
        if (records.placementOutcome.at(placement) !== Outcome.failed) continue
        // In a transaction it is the marker that makes it readable: that is asked in the end.
        if (!this.isTransactional(placement)) this.lie(time, placement)
      }
    }
  }

  private lie(time: number, placement: number): void {
    const { records, names, batches, partitions } = this.shadow
    const id = records.ids.at(records.placementRecord.at(placement))
    const application = this.applicationOf(id)
    if (!this.findings.wants(application)) return
    const name = names.record(id)
    const batch = records.placementBatch.at(placement)
    const committed = seconds(batches.committedAt.at(batch) - 1)
    const message =
      `the send of ${name} failed with ${errorName(this.errors.at(placement))}, which says that it is not in the log, ` +
      `but it is readable in ${partitions.names[batches.partition.at(batch)]} since ${committed}`
    this.findings.keep(application, { kind: 'false-failure', atUs: time, message, records: [name] })
  }

  private isTransactional(placement: number): boolean {
    const { records, batches, logs } = this.shadow
    const entry = batches.newestCopy.at(records.placementBatch.at(placement)) - 1
    return entry >= 0 && logs.entries.transactional.at(entry) !== 0
  }

  /** Records of transactions that their applications know to be aborted, and that readers of committed records are given. */
  private readFailed(): void {
    if (this.isRead) return
    this.isRead = true
    const { view } = this
    const { records, logs } = this.shadow
    view.read()
    for (let place = 0; place < view.places; place++) {
      const placement = view.placement.at(place)
      const entry = view.entry.at(place)
      if (logs.entries.transactional.at(entry) === 0) continue
      if (records.placementOutcome.at(placement) === Outcome.failed) this.lieOfTransaction(placement, entry)
    }
  }

  private lieOfTransaction(placement: number, entry: number): void {
    const { records, names, logs, partitions, batches } = this.shadow
    const id = records.ids.at(records.placementRecord.at(placement))
    const application = this.applicationOf(id)
    if (!this.findings.wants(application)) return
    const name = names.record(id)
    const at = logs.entries.decidedAt.at(entry)
    const where = partitions.names[batches.partition.at(logs.batchOf(entry))]
    const message = `the transaction of ${name} was aborted, as its application was told, but the marker of ${seconds(at)} in ${where} commits it`
    this.findings.keep(application, { kind: 'false-failure', atUs: at, message, records: [name] })
  }

  rule(subject: number, _end: RunEnd): Ruling {
    this.readFailed()
    let judged = 0
    for (let application = 0; application < this.judged.length; application++) {
      if (subject === -1 || application === subject) judged += this.judged.at(application)
    }
    const { violations, count } = this.findings.of(subject)
    return { judged, violations, count, undecided: null, excused: false }
  }
}
