import type { History } from './history.test.helper.ts'

export interface Batch {
  readonly number: number
  readonly records: readonly number[]
  /** Leader epoch it was appended in; a copy keeps it. */
  readonly epoch: number
}

/** The logs of three replicas, told to a history. */
export class ReplicaLogs {
  readonly h: History
  private readonly logs: ReadonlyMap<number, Batch[]> = new Map([
    [1, []],
    [2, []],
    [3, []],
  ])
  /** High watermark by replica, as each knows it. */
  protected readonly high: Map<number, number> = new Map()
  /** Batches that any replica ever held. */
  protected readonly appended: Set<number> = new Set()

  constructor(h: History) {
    this.h = h
  }

  log(node: number): Batch[] {
    return this.logs.get(node) as Batch[]
  }

  end(node: number, batches: number = this.log(node).length): number {
    return this.log(node)
      .slice(0, batches)
      .reduce((sum, batch) => sum + batch.records.length, 0)
  }

  highWatermark(node: number): number {
    return this.high.get(node) ?? 0
  }

  /** Where a batch begins in a replica's log, -1 where it does not lie. */
  protected offsetOf(node: number, { number }: Batch): number {
    const place = this.log(node).findIndex((other) => other.number === number)
    return place < 0 ? -1 : this.end(node, place)
  }

  append(node: number, batch: Batch): void {
    const offset = this.end(node)
    this.log(node).push(batch)
    this.appended.add(batch.number)
    this.h.appended(node, batch.number, offset, batch.epoch, batch.records.length)
  }

  /** Keeps so many batches. */
  protected cut(node: number, batches: number): void {
    const [end, cut] = [this.end(node), this.end(node, batches)]
    this.log(node).length = batches
    this.high.set(node, Math.min(this.highWatermark(node), cut))
    if (cut < end) this.h.truncated(node, cut, end)
  }

  /** Keeps what a leader has too. */
  protected cutToCommon(node: number, leader: number): void {
    const [own, led] = [this.log(node), this.log(leader)]
    const parted = own.findIndex(
      ({ number, epoch }, place) => led[place]?.number !== number || led[place]?.epoch !== epoch,
    )
    this.cut(node, parted < 0 ? own.length : parted)
  }
}
