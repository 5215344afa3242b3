import type { CoordinatorRecord, OffsetCommitRecord } from '../protocol/coordinator-records.ts'

/** A committed offset, and where its record stands in the log: of two the one behind the other is the newer. */
interface StoredOffset {
  readonly record: OffsetCommitRecord
  readonly at: number
}
type ByTp = Map<number, StoredOffset>
type ByGroup = Map<string, ByTp>

/** What stands, or will stand, at a place of the log: a record, or the marker that ends a transaction of offsets. */
export type OffsetsEntry =
  | {
      readonly kind: 'record'
      readonly offset: number
      readonly record: CoordinatorRecord
      /** -1 outside transactions. */
      readonly producerId: number
      readonly producerEpoch: number
    }
  | {
      readonly kind: 'marker'
      readonly offset: number
      readonly producerId: number
      readonly producerEpoch: number
      readonly committed: boolean
    }

const NONE: readonly OffsetCommitRecord[] = Object.freeze([])

/**
 * Offsets of the groups of one coordinator partition as of a place of its log: those that are committed, and those that wait
 * for the end of their transactions (`OffsetMetadataManager.Offsets`, pendingTransactionalOffsets).
 */
export class OffsetsState {
  private readonly offsets: ByGroup = new Map()
  /** By producer id, in the order in which they came. */
  private readonly pending: Map<number, ByGroup> = new Map()

  ofGroup(groupId: string): ReadonlyMap<number, StoredOffset> | undefined {
    return this.offsets.get(groupId)
  }

  /** Whether an open transaction would change where the group stands in a partition. */
  isUnstable(groupId: string, tp: number): boolean {
    for (const groups of this.pending.values()) if (groups.get(groupId)?.has(tp) === true) return true
    return false
  }

  /** Whether an open transaction holds offsets of the group. */
  isInTransaction(groupId: string): boolean {
    for (const groups of this.pending.values()) if (groups.has(groupId)) return true
    return false
  }

  all(): Iterable<ReadonlyMap<number, StoredOffset>> {
    return this.offsets.values()
  }

  /** Takes the next entry of the log; returns the offsets that a marker has decided, whether they became current or not. */
  apply(entry: OffsetsEntry): readonly OffsetCommitRecord[] {
    if (entry.kind === 'marker') return this.end(entry.producerId, entry.committed)
    const { record, offset, producerId } = entry
    if (record.type === 'OffsetCommit') put(producerId < 0 ? this.offsets : this.pendingOf(producerId), record, offset)
    if (record.type === 'OffsetCommitTombstone') this.forget(record.groupId, record.tp)
    return NONE
  }

  /** Which groups have, or in open transactions want to have, offsets of these partitions. */
  holdersOf(tps: readonly number[]): readonly (readonly [groupId: string, tp: number])[] {
    const states = [this.offsets, ...this.pending.values()]
    const groups = [...new Set(states.flatMap((state) => [...state.keys()]))]
    return groups.flatMap((groupId) =>
      tps
        .filter((tp) => states.some((state) => state.get(groupId)?.has(tp) === true))
        .map((tp) => [groupId, tp] as const),
    )
  }

  /** Also what an open transaction holds: its end brings nothing back. */
  private forget(groupId: string, tp: number): void {
    forgetIn(this.offsets, groupId, tp)
    for (const groups of this.pending.values()) forgetIn(groups, groupId, tp)
  }

  clone(): OffsetsState {
    const copy = new OffsetsState()
    copyGroups(this.offsets, copy.offsets)
    for (const [producerId, groups] of this.pending) copyGroups(groups, copy.pendingOf(producerId))
    return copy
  }

  private pendingOf(producerId: number): ByGroup {
    let groups = this.pending.get(producerId)
    if (groups === undefined) {
      groups = new Map()
      this.pending.set(producerId, groups)
    }
    return groups
  }

  /** `OffsetMetadataManager.replayEndTransactionMarker` */
  private end(producerId: number, committed: boolean): readonly OffsetCommitRecord[] {
    const groups = this.pending.get(producerId)
    if (groups === undefined) return NONE
    this.pending.delete(producerId)
    const decided: OffsetCommitRecord[] = []
    for (const [groupId, offsets] of groups) {
      for (const [tp, { record, at }] of offsets) {
        const known = this.offsets.get(groupId)?.get(tp)
        // A commit outside the transaction that came after it stands.
        const isCurrent = known === undefined || known.at < at
        if (committed && isCurrent) put(this.offsets, record, at)
        if (!committed || isCurrent) decided.push(record)
      }
    }
    return decided
  }
}

function put(groups: ByGroup, record: OffsetCommitRecord, at: number): void {
  const known = groups.get(record.groupId)
  if (known === undefined) groups.set(record.groupId, new Map([[record.tp, { record, at }]]))
  else known.set(record.tp, { record, at })
}

function forgetIn(groups: ByGroup, groupId: string, tp: number): void {
  const offsets = groups.get(groupId)
  offsets?.delete(tp)
  if (offsets?.size === 0) groups.delete(groupId)
}

function copyGroups(from: ByGroup, to: ByGroup): void {
  for (const [groupId, offsets] of from) to.set(groupId, new Map(offsets))
}
