import type { Told } from '../shadow/commits.ts'
import type { Consumption } from '../shadow/consumption.ts'
import type { CommitListener } from '../shadow/coordinators.ts'
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
  /** What a new coordinator knew that never caught up with the commit before. */
  readonly forgotten: Told | null
}

/**
 * `offset-safety`: a group's committed offset never passes a record that `poll()` returned and whose work is not done, and
 * never moves back unless a script asks for it.
 */
export class OffsetSafety implements Checker, CommitListener {
  readonly kinds: readonly number[] = []
  private readonly consumption: Consumption
  private readonly unsafe: Unsafe[] = []
  /** By reader: commits seen. */
  private readonly judged: Ints = new Ints()

  constructor(consumption: Consumption) {
    this.consumption = consumption
    consumption.coordinators.listeners.push(this)
  }

  onMoment(): void {}

  onCommit(reader: number, partition: number, commit: number): void {
    const { commits } = this.consumption
    const before = commits.before.at(commit) - 1
    this.checkBack(reader, partition, commit, before)
    if (commits.coordinator.at(commit) < 0) return
    this.judged.put(reader, this.judged.at(reader) + 1)
    this.checkWork(reader, partition, commit, before)
  }

  rule(subject: number): Ruling {
    const readers = this.consumption.applications.readersOf(subject)
    const forgotten = this.consumption.coordinators.stillBehind().map((told) => this.forgotten(told))
    const unsafe = [...this.unsafe, ...forgotten].filter((suspect) => readers.includes(suspect.reader))
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
    this.unsafe.push({ reader, partition, commit, before, passed, forgotten: null, atUs, order: commit })
  }

  private tell(suspect: Unsafe): Violation {
    const { reader, partition, commit, passed } = suspect
    return passed === null ? this.tellBack(suspect) : this.tellPassed(reader, partition, commit, passed)
  }

  // --- moving back --------------------------------------------------------------------------------------------------

  private checkBack(reader: number, partition: number, commit: number, before: number): void {
    const { commits, applications } = this.consumption
    if (before < 0 || commits.offset.at(commit) >= commits.offset.at(before)) return
    // It has expired, as Kafka was told to.
    if (commits.offset.at(commit) < 0 && commits.generation.at(commit) < 0) return
    if (applications.reader(reader).asksForOffsets) return
    this.suspect(reader, partition, commit, before, null)
  }

  private forgotten(told: Told): Unsafe {
    const { reader, partition, time } = told
    const before = this.consumption.commits.newestOf(reader, partition)
    return { reader, partition, commit: before, before, passed: null, forgotten: told, atUs: time, order: before }
  }

  private tellBack({ reader, partition, commit, before, forgotten, atUs }: Unsafe): Violation {
    const { consumption } = this
    const { group } = consumption.applications.reader(reader)
    const had = tellCommit(consumption, reader, partition, before)
    const now = forgotten === null ? this.tellMove(partition, commit) : this.tellForgotten(forgotten)
    const message = `${group} moved back: ${had}, and at ${seconds(atUs)} ${now}; nothing asked for that`
    return { kind: 'offset-regressed', atUs, message, records: [] }
  }

  private tellMove(partition: number, commit: number): string {
    const { commits, shadow } = this.consumption
    const to = commits.offset.at(commit)
    const where = to < 0 ? 'nowhere' : `at ${tellPlace(this.consumption, partition, to)}`
    if (commits.coordinator.at(commit) < 0) return `generation ${commits.generation.at(commit)} found it ${where}`
    const member = commits.member.at(commit)
    const who = member < 0 ? 'somebody' : shadow.names.node(member)
    return `${who} (generation ${commits.generation.at(commit)}) committed ${tellPlace(this.consumption, partition, to)}`
  }

  private tellForgotten({ coordinator, partition, offset }: Told): string {
    const { shadow } = this.consumption
    return `${shadow.names.node(coordinator)}, which then became its coordinator, knew only ${tellPlace(this.consumption, partition, offset)}`
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
