import { APPENDED_AS_LEADER, CONTROL_BATCH, TRANSACTIONAL_BATCH } from '../../sim/history/ids.ts'
import type { Batches } from './batches.ts'
import { Entries } from './entries.ts'
import type { Partitions } from './partitions.ts'
import { ShadowLog } from './shadow-log.ts'

/** The logs of all replicas as moments tell them, by node and partition. */
export class ShadowLogs {
  readonly entries: Entries
  /** By partition: the newest leader's node, -1 without. */
  leaderOf: (partition: number) => number = () => -1
  /** The log that the last moment was about; null when it named a partition that the spec does not declare. */
  current: ShadowLog | null = null
  /** Of the last append: the entry, and where the log ended before it. */
  entry = -1
  endBefore = 0
  /** Of the last load: entries that the broker found and no moment had told. */
  untold = 0
  /** Of the last load: whether the log is shorter than it was. */
  lostAtLoad = false
  private readonly partitions: Partitions
  private readonly batches: Batches
  private readonly logs: (ShadowLog | undefined)[] = []

  constructor(partitions: Partitions, batches: Batches) {
    this.partitions = partitions
    this.batches = batches
    this.entries = new Entries(partitions.count)
  }

  /** The log of a replica; empty when no moment told of it. */
  of(node: number, partition: number): ShadowLog {
    return (this.logs[node * this.partitions.count + partition] ??= new ShadowLog(node, partition, this.entries))
  }

  /** The log of a replica if any moment told of it. */
  known(node: number, partition: number): ShadowLog | undefined {
    return this.logs[node * this.partitions.count + partition]
  }

  private select(node: number, tp: number): ShadowLog | null {
    const partition = this.partitions.indexOf(tp)
    this.current = partition < 0 ? null : this.of(node, partition)
    return this.current
  }

  /** The newest leader's log, null where that is this one or there is none. */
  private leadersOf({ node, partition }: ShadowLog): ShadowLog | null {
    const leader = this.leaderOf(partition)
    return leader < 0 || leader === node ? null : this.of(leader, partition)
  }

  /** Returns whether the entry is new to the whole cluster. */
  onAppended(
    time: number,
    node: number,
    tp: number,
    offset: number,
    last: number,
    epoch: number,
    batchId: number,
    producerId: number,
    flaggedEpoch: number,
    sequence: number,
  ): boolean {
    const log = this.select(node, tp)
    if (log === null) return false
    const { entries } = this
    if (offset > log.end && this.partitions.compacted[log.partition] === true) this.fill(log, offset)
    this.followHistory(log, offset)
    this.endBefore = log.end
    // An append in the middle is a breach that `offsets-contiguous` tells; the shadow stays a log all the same.
    if (offset < log.end) log.truncate(offset, time, 'truncated')
    const entry = entries.intern(log.partition, log.lastEntry, offset, last, epoch, asWritten(batchId))
    if (batchId < -1) log.damages.add(entry, time, true)
    const created = entries.created
    if (created) {
      entries.batchNumber.put(entry, this.batches.numberOf(asWritten(batchId)))
      entries.node.put(entry, node)
      entries.at.push(time)
      entries.producerId.put(entry, producerId)
      entries.producerEpoch.put(entry, flaggedEpoch < 0 ? flaggedEpoch : flaggedEpoch & (APPENDED_AS_LEADER - 1))
      entries.sequence.put(entry, sequence)
      if (flaggedEpoch > 0) entries.transactional.put(entry, transactionalOf(flaggedEpoch))
    }
    if (node < 31) entries.holders.put(entry, entries.holders.at(entry) | (1 << node))
    log.push(entry, last + 1)
    this.entry = entry
    return created
  }

  onTruncated(time: number, node: number, tp: number, offset: number): void {
    const log = this.select(node, tp)
    if (log === null) return
    if (offset <= log.end) log.truncate(offset, time, 'truncated')
    else log.startAnew(offset, this.leadersOf(log), time)
  }

  onCleaned(node: number, tp: number, offset: number): void {
    const log = this.select(node, tp)
    if (log === null) return
    log.cleaned = true
    log.cleanedTo = Math.max(log.cleanedTo, offset)
  }

  /**
   * A follower goes on where the leader's log begins by now: nobody asks any more whether they share what lies before, and if they
   * do not, nobody will see it. As history it is the leader's.
   */
  private followHistory(log: ShadowLog, offset: number): void {
    if (offset === 0 || offset !== log.end) return
    const leaders = this.leadersOf(log)
    if (leaders === null || leaders.start < offset) return
    if (leaders.entryAt(offset - 1) !== log.lastEntry) log.takeHistory(leaders, offset)
  }

  /** What was copied has a gap before it: compaction at the leader. As history it is there all the same. */
  private fill(log: ShadowLog, offset: number): void {
    const from = this.leadersOf(log)
    if (from !== null) log.adopt(from, offset)
  }

  onStartMoved(time: number, node: number, tp: number, offset: number): void {
    this.select(node, tp)?.moveStart(offset, time)
  }

  onCorrupted(time: number, node: number, tp: number, offset: number): void {
    const log = this.select(node, tp)
    log?.damages.add(log.entryAt(offset), time, false)
  }

  onRewritten(node: number, tp: number, offset: number, isHealed: boolean): void {
    const log = this.select(node, tp)
    log?.damages.rewrite(log.entryAt(offset), isHealed)
  }

  onLoaded(time: number, node: number, tp: number, end: number, highWatermark: number): void {
    const log = this.select(node, tp)
    this.lostAtLoad = log !== null && end < log.end && !this.partitions.isGone(log.partition)
    if (log === null || this.partitions.isGone(log.partition)) return
    this.untold = Math.max(0, end - log.end)
    if (end < log.end) log.truncate(end, time, this.isCorruptFrom(log, end) ? 'corrupt' : 'lost-at-restart')
    log.highWatermark = highWatermark
  }

  /** Whether recovery found a wrong checksum at an offset, and cut the log there. */
  private isCorruptFrom(log: ShadowLog, offset: number): boolean {
    const entry = log.entryAt(offset)
    return entry >= 0 && !log.isWhole(entry)
  }

  /** Returns the log whose high watermark moved. */
  onHighWatermark(node: number, tp: number, offset: number): ShadowLog | null {
    const log = this.select(node, tp)
    if (log !== null) log.highWatermark = offset
    return log
  }

  onWiped(time: number, node: number): void {
    for (let partition = 0; partition < this.partitions.count; partition++)
      if (!this.partitions.isGone(partition)) this.known(node, partition)?.wipe(time, 'wiped')
  }

  /** The broker has no replica of the partition any more: should it get one again, that begins with nothing. */
  onDeleted(time: number, node: number, tp: number): void {
    const log = this.select(node, tp)
    if (log === null) return
    log.wipe(time, 'deleted')
    log.cleaned = false
    log.cleanedTo = 0
  }

  /** The batch that an entry holds, by its number. */
  batchOf(entry: number): number {
    return this.entries.batchNumber.at(entry)
  }

  /** The same of one replica's copy: -1 when that is damaged. */
  wholeBatchOf(log: ShadowLog, entry: number): number {
    return log.isWhole(entry) ? this.batchOf(entry) : -1
  }

  /** Marks every batch of a log with a fresh number, and returns that; `whole`: without those that are damaged there. */
  markBatches(log: ShadowLog, whole = false): number {
    const mark = this.batches.freshMark()
    for (let place = 0; place < log.entries.length; place++) {
      const entry = log.entries.at(place)
      const batch = whole ? this.wholeBatchOf(log, entry) : this.batchOf(entry)
      if (batch >= 0) this.batches.mark.put(batch, mark)
    }
    return mark
  }
}

function transactionalOf(flags: number): number {
  if ((flags & TRANSACTIONAL_BATCH) === 0) return 0
  return (flags & CONTROL_BATCH) === 0 ? 1 : 2
}

/** A damaged batch has a number of its own, made of the one it was written with. */
function asWritten(batchId: number): number {
  return batchId < -1 ? ~batchId : batchId
}
