import { M } from '../../sim/history/catalogue.ts'
import type { Consumption } from '../shadow/consumption.ts'
import type { CommitListener } from '../shadow/coordinators.ts'
import { Ints } from '../shadow/growable.ts'
import type { Violation } from '../verdict.ts'
import { seconds } from '../words.ts'
import { type Checker, earliest, type Ruling, type Suspect } from './checker.ts'
import { MOST_KEPT } from './findings.ts'
import { tellCommit } from './missing.ts'

/** A commit behind one of a newer generation. */
interface Zombie extends Suspect {
  readonly reader: number
  readonly partition: number
  readonly commit: number
  readonly newer: number
  readonly newerPartition: number
}

/** An offset of a transaction that an older generation added. */
interface PendingZombie extends Suspect {
  readonly reader: number
  readonly message: string
}

/**
 * `fencing` of groups: no commit of an older generation succeeds after one of a newer generation did. Where members have epochs of
 * their own, those of one partition are compared: its next owner always has a newer one.
 */
export class Fencing implements Checker, CommitListener {
  readonly kinds: readonly number[] = [M.offsetPending]
  private readonly consumption: Consumption
  private readonly judged: Ints = new Ints()
  private readonly zombies: Zombie[] = []
  private readonly pending: PendingZombie[] = []
  /** By place: the first commit of the newest generation plus one, and the partition it was for. */
  private readonly newest: Ints = new Ints()
  private readonly newestPartition: Ints = new Ints()

  constructor(consumption: Consumption) {
    this.consumption = consumption
    consumption.coordinators.listeners.push(this)
  }

  /** `offset.pending`: a commit within a transaction, which the group let in. */
  onMoment(
    _kind: number,
    time: number,
    _node: number,
    text: number,
    tp: number,
    offset: number,
    generation: number,
    member: number,
  ): void {
    const { consumption } = this
    const reader = consumption.readerOfGroup(text)
    const partition = consumption.shadow.partitions.indexOf(tp)
    // Who names no generation is not held to one.
    if (reader < 0 || partition < 0 || generation < 0) return
    this.judged.put(reader, this.judged.at(reader) + 1)
    const place = this.placeOf(reader, partition)
    const newer = this.newest.at(place) - 1
    if (newer < 0 || generation >= consumption.commits.generation.at(newer)) return
    this.pending.push({
      reader,
      atUs: time,
      order: this.pending.length,
      message:
        `${consumption.shadow.names.node(member)} added offset ${offset} of ${consumption.shadow.partitions.names[partition]} to its transaction ` +
        `at ${seconds(time)} in generation ${generation}, although ${tellCommit(consumption, reader, this.newestPartition.at(place), newer)}`,
    })
  }

  onCommit(reader: number, partition: number, commit: number, isLoaded: boolean): void {
    const { commits } = this.consumption
    // What a coordinator finds in its log, or a member finds committed, is no success of now.
    if (isLoaded || commits.coordinator.at(commit) < 0 || commits.generation.at(commit) < 0) return
    // Of a transaction's offsets the group was asked when they came, not when the marker did.
    if (commits.transactional.at(commit) === 1) return
    const time = commits.at.at(commit)
    this.judged.put(reader, this.judged.at(reader) + 1)
    const place = this.placeOf(reader, partition)
    const newest = this.newest.at(place) - 1
    if (newest >= 0 && commits.generation.at(commit) < commits.generation.at(newest)) {
      const newerPartition = this.newestPartition.at(place)
      this.zombies.push({ reader, partition, commit, newer: newest, newerPartition, atUs: time, order: commit })
    } else if (newest < 0 || commits.generation.at(commit) > commits.generation.at(newest)) {
      this.newest.put(place, commit + 1)
      this.newestPartition.put(place, partition)
    }
  }

  /** What is compared with each other: the commits of a group, or those of one partition. */
  private placeOf(reader: number, partition: number): number {
    const { applications, shadow } = this.consumption
    const first = reader * (shadow.partitions.count + 1)
    return applications.reader(reader).hasMemberEpochs ? first + 1 + partition : first
  }

  rule(subject: number): Ruling {
    const readers = this.consumption.applications.readersOf(subject)
    const zombies = this.zombies.filter(({ reader }) => readers.includes(reader))
    const pending = this.pending.filter(({ reader }) => readers.includes(reader))
    const added = pending.map(({ atUs, message }): Violation => ({ kind: 'zombie-commit', atUs, message, records: [] }))
    return {
      judged: readers.reduce((sum, reader) => sum + this.judged.at(reader), 0),
      violations: [...earliest(zombies, MOST_KEPT).map((zombie) => this.tell(zombie)), ...added]
        .sort((a, b) => a.atUs - b.atUs)
        .slice(0, MOST_KEPT),
      count: zombies.length + pending.length,
      undecided: null,
      excused: false,
    }
  }

  private tell({ reader, partition, commit, newer, newerPartition, atUs }: Zombie): Violation {
    const { consumption } = this
    const { commits, shadow } = consumption
    const member = commits.member.at(commit)
    const who = member < 0 ? 'a member' : shadow.names.node(member)
    const message =
      `${who} committed offset ${commits.offset.at(commit)} of ${shadow.partitions.names[partition]} at ${seconds(atUs)} in generation ` +
      `${commits.generation.at(commit)}, although ${tellCommit(consumption, reader, newerPartition, newer)}`
    return { kind: 'zombie-commit', atUs, message, records: [] }
  }
}
