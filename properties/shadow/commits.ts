import { Ints, Times } from './growable.ts'

/** A committed offset as it is told. */
export interface Told {
  readonly time: number
  readonly reader: number
  readonly partition: number
  readonly offset: number
  readonly generation: number
  /** Node of the member, -1 unknown. */
  readonly member: number
  /** Node of the coordinator, -1 where a member told of it. */
  readonly coordinator: number
  /** Whether it came of a transaction. */
  readonly transactional: boolean
}

/** What groups committed, as their coordinators have it: by reader and partition, oldest first. */
export class Commits {
  readonly offset: Ints = new Ints()
  readonly generation: Ints = new Ints()
  /** Node of the member, -1 unknown. */
  readonly member: Ints = new Ints()
  readonly coordinator: Ints = new Ints()
  /** 1 when it came of a transaction. */
  readonly transactional: Ints = new Ints()
  readonly at: Times = new Times()
  /** The commit before it of the same reader and partition plus one. */
  readonly before: Ints = new Ints()
  private readonly newest: Ints = new Ints()
  private readonly partitions: number

  constructor(partitions: number) {
    this.partitions = partitions
  }

  get length(): number {
    return this.offset.length
  }

  /** The newest commit, -1 without; then {@link before} less one. */
  newestOf(reader: number, partition: number): number {
    return this.newest.at(reader * this.partitions + partition) - 1
  }

  /** Where a group stands, -1 while it stands nowhere. */
  committed(reader: number, partition: number): number {
    const newest = this.newestOf(reader, partition)
    return newest < 0 ? -1 : this.offset.at(newest)
  }

  add({ time, reader, partition, offset, generation, member, coordinator, transactional }: Told): number {
    const place = reader * this.partitions + partition
    const commit = this.offset.push(offset)
    this.generation.push(generation)
    this.member.push(member)
    this.coordinator.push(coordinator)
    this.transactional.push(transactional ? 1 : 0)
    this.at.push(time)
    this.before.push(this.newest.at(place))
    this.newest.put(place, commit + 1)
    return commit
  }

  /** The commit that was the newest before a time, -1 when there was none. */
  newestBefore(reader: number, partition: number, time: number): number {
    let commit = this.newestOf(reader, partition)
    while (commit >= 0 && this.at.at(commit) >= time) commit = this.before.at(commit) - 1
    return commit
  }

  /** The commit by which a group passed an offset and never went back behind it; -1 when it has not. */
  passing(reader: number, partition: number, offset: number): number {
    let passing = -1
    let commit = this.newestOf(reader, partition)
    for (; commit >= 0 && this.offset.at(commit) > offset; commit = this.before.at(commit) - 1) passing = commit
    return passing
  }
}
