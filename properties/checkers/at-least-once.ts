import { Ints } from '../shadow/growable.ts'
import { Presence } from '../shadow/batches.ts'
import type { ShadowLog } from '../shadow/shadow-log.ts'
import type { Shadow } from '../shadow/shadow.ts'
import { counted } from '../words.ts'
import type { Violation } from '../verdict.ts'
import { type Checker, cutShort, earliest, type Ruling, type RunEnd, type Suspect } from './checker.ts'
import type { FinalLogs } from './final-logs.ts'
import { MOST_KEPT } from './findings.ts'
import { tellAck, tellLoss } from './loss.ts'
import { EVERYTHING, type Scope } from './scope.ts'

interface Lost extends Suspect {
  readonly record: number
  readonly application: number
}

/** What the end of the run says about an acked record; 0 for one that is not acked. */
export const PublishFate = { kept: 1, lost: 2, undecided: 3 } as const

/**
 * `publish/at-least-once`: every acked record is in the committed log. Violated only with proof: the run settled without it, or
 * no log that could come to lead holds it.
 */
export class AtLeastOnce implements Checker {
  readonly kinds: readonly number[] = []
  private readonly shadow: Shadow
  private readonly final: FinalLogs
  private readonly scope: Scope
  private fates: Ints | null = null
  private lost: readonly Lost[] = []

  constructor(shadow: Shadow, final: FinalLogs, scope: Scope = EVERYTHING) {
    this.shadow = shadow
    this.final = final
    this.scope = scope
  }

  onMoment(): void {}

  /** Whether the guarantee says anything about a record. */
  concerns(record: number): boolean {
    return this.shadow.records.acked.at(record) > 0 && this.scope.has(record)
  }

  /** What became of a record: see {@link PublishFate}. */
  fateAtEnd(record: number, end: RunEnd): number {
    return (this.fates ??= this.judge(end)).at(record)
  }

  /** The proof that a record is lost whose fate is that. */
  loss(record: number, end: RunEnd): Violation {
    return this.tell({ record, application: -1, atUs: this.lostAt(record, end), order: 0 })
  }

  rule(subject: number, end: RunEnd): Ruling {
    const fates = (this.fates ??= this.judge(end))
    const { records, names } = this.shadow
    let judged = 0
    let undecided = 0
    for (let record = 0; record < records.length; record++) {
      if (fates.at(record) === 0) continue
      if (subject !== -1 && names.applicationOf[records.nodeOf(record)] !== subject) continue
      judged++
      if (fates.at(record) === PublishFate.undecided) undecided++
    }
    const lost = this.lost.filter((suspect) => subject === -1 || suspect.application === subject)
    return {
      judged,
      violations: earliest(lost, MOST_KEPT).map((suspect) => this.tell(suspect)),
      count: lost.length,
      undecided: undecided === 0 ? null : this.tellUndecided(undecided, end),
      excused: false,
    }
  }

  private tellUndecided(undecided: number, end: RunEnd): string {
    const why = cutShort(end) ?? 'the run settled'
    return `${why} with ${counted(undecided, 'acknowledged record')} in a log that may still lead, but not in the committed log`
  }

  private judge(end: RunEnd): Ints {
    const { records, names } = this.shadow
    const held = new Held(this.shadow, this.final)
    const fates = new Ints()
    const lost: Lost[] = []
    for (let record = 0; record < records.length; record++) {
      const fate = this.concerns(record) ? this.fateOf(record, held, end) : 0
      fates.push(fate)
      if (fate !== PublishFate.lost) continue
      const application = names.applicationOf[records.nodeOf(record)] ?? -1
      lost.push({ record, application, atUs: this.lostAt(record, end), order: records.ids.at(record) })
    }
    this.lost = lost
    return fates
  }

  private fateOf(record: number, held: Held, end: RunEnd): number {
    if (held.inCommittedLog(record)) return PublishFate.kept
    if (held.isAborted(record)) return PublishFate.lost
    const partition = this.shadow.records.ackPartition.at(record)
    // Acknowledged by the end of its transaction alone, for no broker ever answered for it.
    if (partition < 0)
      return end.ended === 'settled' && !held.wasAppended(record) ? PublishFate.lost : PublishFate.undecided
    // It went with its topic, where it was until then.
    if (this.shadow.partitions.isGone(partition) && held.byElectable(record)) return PublishFate.kept
    if (!this.final.hasLeader(partition) && held.byEveryCandidate(record)) {
      // Committed once and held by whoever may lead next: nothing can take it away by itself.
      return held.wasCommitted(record) ? PublishFate.kept : PublishFate.undecided
    }
    if (held.byElectable(record)) {
      const leaderLacksIt = this.final.hasLeader(partition) && !held.byLeader(record)
      return end.ended === 'settled' && leaderLacksIt ? PublishFate.lost : PublishFate.undecided
    }
    // Never appended and the run not settled: with acks=0 it may still be under way.
    return end.ended === 'settled' || held.wasAppended(record) ? PublishFate.lost : PublishFate.undecided
  }

  private lostAt(record: number, end: RunEnd): number {
    const { records, batches, leaderships } = this.shadow
    const placement = records.newestPlacement.at(record)
    const batch = placement < 0 ? -1 : records.placementBatch.at(placement)
    const gone = batch >= 0 && batches.presence.at(batch) === Presence.gone ? batches.goneWith.at(batch) - 1 : -1
    const wasAppended = batch >= 0 && batches.newestCopy.at(batch) > 0
    if (wasAppended && gone < 0) return end.virtualUs
    return Math.max(records.ackedAt.at(record), gone < 0 ? 0 : leaderships.at.at(gone))
  }

  private tell(suspect: Lost): Violation {
    const name = this.shadow.names.record(this.shadow.records.ids.at(suspect.record))
    const message = `${name} ${tellAck(this.shadow, suspect.record)}; ${tellLoss(this.shadow, suspect.record)}`
    return { kind: 'lost-record', atUs: suspect.atUs, message, records: [name] }
  }
}

/** Where a batch lies at the end. */
const COMMITTED = 1
const LED = 2
const ELECTABLE = 4
/** In the committed log, and a marker has said that its transaction is aborted: no reader of committed records gets it. */
const ABORTED = 8

/** Which batches lie where at the end. */
class Held {
  private readonly shadow: Shadow
  private readonly final: FinalLogs
  /** By batch. */
  private readonly places: Ints = new Ints()
  /** By batch: how many candidates hold it. */
  private readonly candidates: Ints = new Ints()
  /** Candidates by partition. */
  private readonly candidateCount: Ints = new Ints()

  /** Of most runs it is enough to know the committed logs: who else holds what is found out when somebody asks. */
  private isComplete = false

  constructor(shadow: Shadow, final: FinalLogs) {
    this.shadow = shadow
    this.final = final
    for (let partition = 0; partition < shadow.partitions.count; partition++) this.readCommitted(partition)
  }

  private readCommitted(partition: number): void {
    if (!this.final.hasLeader(partition)) return
    const { logs } = this.shadow
    for (const entry of this.final.readable(partition)) this.note(logs.batchOf(entry), COMMITTED)
    for (const entry of this.final.aborted(partition)) this.note(logs.batchOf(entry), ABORTED)
  }

  private complete(): void {
    if (this.isComplete) return
    this.isComplete = true
    for (let partition = 0; partition < this.shadow.partitions.count; partition++) this.readReplicas(partition)
  }

  private readReplicas(partition: number): void {
    const { logs, cluster, names } = this.shadow
    const log = this.final.hasLeader(partition) ? this.final.of(partition) : null
    for (const entry of log?.entries.data ?? []) this.note(logs.wholeBatchOf(log as ShadowLog, entry), LED)
    for (let node = 0; node < names.nodes.length; node++) {
      const candidate = cluster.isCandidate(partition, node)
      if (candidate) this.candidateCount.put(partition, this.candidateCount.at(partition) + 1)
      if (candidate || cluster.isElectable(partition, node)) this.readReplica(node, partition, candidate)
    }
  }

  private note(batch: number, place: number): void {
    if (batch >= 0) this.places.put(batch, this.places.at(batch) | place)
  }

  private readReplica(node: number, partition: number, candidate: boolean): void {
    const { logs, batches } = this.shadow
    const log = logs.known(node, partition)
    if (log === undefined) return
    const mark = batches.freshMark()
    for (let place = 0; place < log.entries.length; place++) {
      const batch = logs.wholeBatchOf(log, log.entries.at(place))
      if (batch < 0) continue
      this.note(batch, ELECTABLE)
      // A log may hold a batch twice: it counts once.
      if (!candidate || batches.mark.at(batch) === mark) continue
      this.candidates.put(batch, this.candidates.at(batch) + 1)
      batches.mark.put(batch, mark)
    }
  }

  inCommittedLog(record: number): boolean {
    return this.isAt(record, COMMITTED)
  }
  isAborted(record: number): boolean {
    return this.isAt(record, ABORTED)
  }
  byLeader(record: number): boolean {
    this.complete()
    return this.isAt(record, LED)
  }
  byElectable(record: number): boolean {
    this.complete()
    return this.isAt(record, ELECTABLE)
  }

  private isAt(record: number, place: number): boolean {
    const { records } = this.shadow
    let placement = records.newestPlacement.at(record)
    while (placement >= 0 && (this.places.at(records.placementBatch.at(placement)) & place) === 0)
      placement = records.placementOfRecord.at(placement)
    return placement >= 0
  }

  wasAppended(record: number): boolean {
    const { records, batches } = this.shadow
    let placement = records.newestPlacement.at(record)
    while (placement >= 0 && batches.newestCopy.at(records.placementBatch.at(placement)) === 0)
      placement = records.placementOfRecord.at(placement)
    return placement >= 0
  }

  wasCommitted(record: number): boolean {
    const { records, batches } = this.shadow
    let placement = records.newestPlacement.at(record)
    while (placement >= 0 && !batches.isCommitted(records.placementBatch.at(placement)))
      placement = records.placementOfRecord.at(placement)
    return placement >= 0
  }

  byEveryCandidate(record: number): boolean {
    this.complete()
    const { records, batches } = this.shadow
    for (
      let placement = records.newestPlacement.at(record);
      placement >= 0;
      placement = records.placementOfRecord.at(placement)
    ) {
      const batch = records.placementBatch.at(placement)
      const all = this.candidateCount.at(batches.partition.at(batch))
      if (all > 0 && this.candidates.at(batch) === all) return true
    }
    return false
  }
}
