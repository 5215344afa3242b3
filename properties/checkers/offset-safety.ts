import { M } from '../../sim/history/catalogue.ts'
import type { Consumption } from '../shadow/consumption.ts'
import { Ints } from '../shadow/growable.ts'
import type { Violation } from '../verdict.ts'
import { counted, seconds, someOf } from '../words.ts'
import { type Checker, earliest, type Ruling, type Suspect } from './checker.ts'
import { isDone } from './done.ts'
import { MOST_KEPT } from './findings.ts'
import { tellCommit, tellPlace } from './missing.ts'

/** At most this many records are named in a sentence. */
const NAMED = 3

/** A commit that should not have been made. */
interface Unsafe extends Suspect {
  readonly reader: number
  readonly partition: number
  readonly commit: number
  readonly before: number
  /** Deliveries whose work it passed; null when it moved back. */
  readonly passed: readonly number[] | null
}

/**
 * `offset-safety`: a group's committed offset never passes a record that `poll()` returned and whose work is not done, and
 * never moves back unless a script asks for it.
 */
export class OffsetSafety implements Checker {
  readonly kinds: readonly number[] = [M.offsetCommitted, M.offsetFetched]
  private readonly consumption: Consumption
  private readonly unsafe: Unsafe[] = []
  /** By reader: commits seen. */
  private readonly judged: Ints = new Ints()

  constructor(consumption: Consumption) {
    this.consumption = consumption
  }

  onMoment(kind: number, _time: number, _node: number, text: number, tp: number): void {
    const { consumption } = this
    const { commit } = consumption
    if (commit < 0) return
    const reader = consumption.readerOfGroup(text)
    const partition = consumption.shadow.partitions.indexOf(tp)
    if (kind === M.offsetCommitted) this.judged.put(reader, this.judged.at(reader) + 1)
    const before = consumption.commits.before.at(commit) - 1
    this.checkBack(reader, partition, commit, before)
    if (kind === M.offsetCommitted) this.checkWork(reader, partition, commit, before)
  }

  rule(subject: number): Ruling {
    const readers = this.consumption.applications.readersOf(subject)
    const unsafe = this.unsafe.filter((suspect) => readers.includes(suspect.reader))
    return {
      judged: readers.reduce((sum, reader) => sum + this.judged.at(reader), 0),
      violations: earliest(unsafe, MOST_KEPT).map((suspect) => this.tell(suspect)),
      count: unsafe.length,
      undecided: null,
      excused: false,
    }
  }

  private suspect(
    reader: number,
    partition: number,
    commit: number,
    before: number,
    passed: readonly number[] | null,
  ): void {
    const atUs = this.consumption.commits.at.at(commit)
    this.unsafe.push({ reader, partition, commit, before, passed, atUs, order: commit })
  }

  private tell({ reader, partition, commit, before, passed }: Unsafe): Violation {
    return passed === null
      ? this.tellBack(reader, partition, commit, before)
      : this.tellPassed(reader, partition, commit, passed)
  }

  // --- moving back --------------------------------------------------------------------------------------------------

  private checkBack(reader: number, partition: number, commit: number, before: number): void {
    const { commits, applications } = this.consumption
    if (before < 0 || commits.offset.at(commit) >= commits.offset.at(before)) return
    if (applications.reader(reader).asksForOffsets) return
    this.suspect(reader, partition, commit, before, null)
  }

  private tellBack(reader: number, partition: number, commit: number, before: number): Violation {
    const { consumption } = this
    const { commits, shadow, applications } = consumption
    const atUs = commits.at.at(commit)
    const [to, member, coordinator] = [
      commits.offset.at(commit),
      commits.member.at(commit),
      commits.coordinator.at(commit),
    ]
    const had = tellCommit(consumption, reader, partition, before)
    const where = to < 0 ? 'nowhere' : tellPlace(consumption, partition, to)
    const who =
      coordinator < 0
        ? `a later generation found it ${where}`
        : consumption.wasLoaded(coordinator, atUs)
          ? `${shadow.names.node(coordinator)}, which then became its coordinator, knew only ${where}`
          : `${member < 0 ? 'somebody' : shadow.names.node(member)} (generation ${commits.generation.at(commit)}) committed ${where}`
    const message = `${applications.reader(reader).group} moved back: ${had}, and at ${seconds(atUs)} ${who}; nothing asked for that`
    return { kind: 'offset-regressed', atUs, message, records: [] }
  }

  // --- passing work -------------------------------------------------------------------------------------------------

  private checkWork(reader: number, partition: number, commit: number, before: number): void {
    const { commits } = this.consumption
    const from = before < 0 ? 0 : Math.max(0, commits.offset.at(before))
    const to = Math.min(commits.offset.at(commit), this.consumption.deliveries.endOf(reader, partition))
    let passed: number[] | null = null
    for (let offset = from; offset < to; offset++) {
      const delivery = this.consumption.deliveries.newestAt(reader, partition, offset)
      if (delivery >= 0 && !this.isDone(reader, delivery, partition, offset)) (passed ??= []).push(delivery)
    }
    if (passed !== null) this.suspect(reader, partition, commit, before, passed)
  }

  private isDone(reader: number, delivery: number, partition: number, offset: number): boolean {
    return isDone(this.consumption, reader, this.consumption.deliveries.record.at(delivery), partition, offset)
  }

  private tellPassed(reader: number, partition: number, commit: number, passed: readonly number[]): Violation {
    const { consumption } = this
    const { commits, deliveries, shadow } = consumption
    const names = passed.map((delivery) => shadow.names.record(shadow.records.ids.at(deliveries.record.at(delivery))))
    const first = passed[0] as number
    const node = shadow.names.node(deliveries.node.at(first))
    const had = `${node} had got ${names[0]} from ${tellPlace(consumption, partition, deliveries.offset.at(first))} at ${seconds(deliveries.at.at(first))}`
    const started = deliveries.startedAt.at(first)
    const state =
      started === 0 || started > commits.at.at(commit) + 1 ? 'had not begun to work on it' : 'was not done with it'
    const more =
      passed.length === 1 ? '' : `; so it was with ${counted(passed.length, 'record')}: ${someOf(names, NAMED)}`
    const message = `${tellCommit(consumption, reader, partition, commit)}, but ${had} and ${state}${more}`
    return { kind: 'offset-past-work', atUs: commits.at.at(commit), message, records: names }
  }
}
