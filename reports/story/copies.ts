import type { Subject } from './subject.ts'

/** Which replicas hold which of the story's records, and where. */
export class Copies {
  private readonly subject: Subject
  /** By node and partition: offset of each record that is there; a record may be there twice. */
  private readonly held = new Map<string, { readonly record: number; readonly offset: number }[]>()
  /** Records that some replica of each partition has held. */
  private readonly known = new Map<number, Set<number>>()

  constructor(subject: Subject) {
    this.subject = subject
  }

  /** Records of a batch with their offsets, once a replica has appended it. */
  append(node: number, tp: number, batch: number, base: number): readonly number[] {
    const placed = this.subject.batches.get(batch)
    if (placed === undefined) return []
    const key = `${node} ${tp}`
    const here = this.held.get(key) ?? []
    this.held.set(key, here)
    const known = this.known.get(tp) ?? new Set()
    this.known.set(tp, known)
    for (const { record, index } of placed) {
      here.push({ record, offset: base + index })
      known.add(record)
    }
    return placed.map(({ index }) => base + index)
  }

  /** A log ends at an offset now: gives the records that are no longer in it. */
  cut(node: number, tp: number, end: number): readonly number[] {
    const key = `${node} ${tp}`
    const here = this.held.get(key) ?? []
    const kept = here.filter(({ offset }) => offset < end)
    this.held.set(key, kept)
    const left = new Set(kept.map(({ record }) => record))
    return [...new Set(here.map(({ record }) => record))].filter((record) => !left.has(record))
  }

  /** Takes everything from a node: its disk is empty. */
  wipe(node: number): readonly number[] {
    const lost = new Set<number>()
    for (const [key, here] of this.held) {
      if (!key.startsWith(`${node} `)) continue
      for (const { record } of here) lost.add(record)
      this.held.set(key, [])
    }
    return [...lost]
  }

  /** Takes a partition from a node, which has no replica of it any more. */
  drop(node: number, tp: number): readonly number[] {
    return this.cut(node, tp, -1)
  }

  /** Records that a replica holds between two offsets, both included. */
  within(node: number, tp: number, first: number, last: number): readonly number[] {
    const here = (this.held.get(`${node} ${tp}`) ?? []).filter(({ offset }) => offset >= first && offset <= last)
    return [...new Set(here.map(({ record }) => record))]
  }

  /** Whether any replica has one of the records in the batch that begins at an offset, or behind it. */
  isKnownAt(tp: number, offset: number): boolean {
    for (const [key, here] of this.held) {
      if (key.endsWith(` ${tp}`) && here.some((copy) => copy.offset >= offset)) return true
    }
    return false
  }

  /** Highest offset at which a replica holds one of the records; -1 when it holds none. */
  highest(node: number, tp: number): number {
    return Math.max(-1, ...(this.held.get(`${node} ${tp}`) ?? []).map(({ offset }) => offset))
  }

  /** Records that some replica of the partition has held and this one does not hold. */
  missing(node: number, tp: number): readonly number[] {
    const here = new Set((this.held.get(`${node} ${tp}`) ?? []).map(({ record }) => record))
    return [...(this.known.get(tp) ?? [])].filter((record) => !here.has(record))
  }
}
