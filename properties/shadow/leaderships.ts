import { Batches, Presence } from './batches.ts'
import type { Entries } from './entries.ts'
import { Ints, List, Times } from './growable.ts'
import type { Partitions } from './partitions.ts'
import type { ShadowLog } from './shadow-log.ts'

/**
 * Who led which partition when, and what the log of the newest leader holds: `durability` asks what was lost when a
 * leader began, `committed-durability` what was once below a newest leader's high watermark.
 *
 * The newest leader is the one of the highest epoch that began; a leader of an older epoch may go on unaware.
 */
export class Leaderships {
  readonly partition: Ints = new Ints()
  readonly epoch: Ints = new Ints()
  readonly node: Ints = new Ints()
  readonly offset: Ints = new Ints()
  readonly unclean: Ints = new Ints()
  readonly at: Times = new Times()
  /** By partition: number of the newest leadership, -1 before the first. */
  readonly newest: Int32Array
  /** The same leadership's epoch and node, for every append and every move of a high watermark asks. */
  private readonly newestEpochs: Int32Array
  private readonly newestNodes: Int32Array
  /** By partition: 1 while the newest leader's process lives. */
  readonly alive: Int32Array
  /** Scratch: batches that the leader that began just now lacks and the one before had. */
  readonly vanished: Ints = new Ints()
  /** Scratch: batches that the last move of a newest leader's high watermark committed. */
  readonly committed: Ints = new Ints()
  private readonly partitions: Partitions
  private readonly batches: Batches
  private readonly entries: Entries
  /** By partition: every batch that a leader appended. */
  private readonly appended: readonly List[]
  /** By partition: entries of the newest leader's log that are known to be committed. */
  private readonly committedEntries: Int32Array

  constructor(partitions: Partitions, batches: Batches, entries: Entries) {
    this.partitions = partitions
    this.batches = batches
    this.entries = entries
    this.newest = new Int32Array(partitions.count).fill(-1)
    this.newestEpochs = new Int32Array(partitions.count).fill(-1)
    this.newestNodes = new Int32Array(partitions.count).fill(-1)
    this.alive = new Int32Array(partitions.count)
    this.committedEntries = new Int32Array(partitions.count)
    this.appended = Array.from({ length: partitions.count }, () => new List())
  }

  newestEpoch(partition: number): number {
    return this.newestEpochs[partition] as number
  }

  newestNode(partition: number): number {
    return this.newestNodes[partition] as number
  }

  /** A leader appended a batch that nobody held before at this place. */
  onNewEntry(partition: number, node: number, epoch: number, batch: number): void {
    // A batch may be sent again to another topic that has got the name.
    if (this.batches.newestCopy.at(batch) === 0 || this.batches.partition.at(batch) !== partition) {
      this.batches.partition.put(batch, partition)
      ;(this.appended[partition] as List).push(batch)
    }
    if (epoch === this.newestEpoch(partition) && node === this.newestNode(partition)) {
      this.batches.presence.put(batch, Presence.present)
    } else if (this.batches.presence.at(batch) === Presence.never) {
      // Appended by a leader that no longer is one: the newest leader began without it.
      this.batches.presence.put(batch, Presence.gone)
      this.batches.goneWith.put(batch, (this.newest[partition] as number) + 1)
    }
  }

  /** Returns whether this leader is the newest. */
  onBegan(time: number, partition: number, log: ShadowLog, epoch: number, offset: number, unclean: number): boolean {
    this.vanished.clear()
    this.committed.clear()
    if (epoch <= this.newestEpoch(partition)) return false
    const leadership = this.partition.push(partition)
    this.epoch.push(epoch)
    this.node.push(log.node)
    this.offset.push(offset)
    this.unclean.push(unclean)
    this.at.push(time)
    this.newest[partition] = leadership
    this.newestEpochs[partition] = epoch
    this.newestNodes[partition] = log.node
    this.alive[partition] = 1
    this.compare(partition, log, leadership)
    this.committedEntries[partition] = 0
    this.commitUpTo(time, partition, log, log.highWatermark)
    return true
  }

  private compare(partition: number, log: ShadowLog, leadership: number): void {
    const { batches, entries } = this
    const mark = batches.freshMark()
    for (let place = 0; place < log.entries.length; place++) {
      const batch = entries.batchNumber.at(log.entries.at(place))
      if (batch >= 0) batches.mark.put(batch, mark)
    }
    const appended = this.appended[partition] as List
    for (let i = 0; i < appended.length; i++) {
      const batch = appended.at(i)
      if (batches.mark.at(batch) === mark) {
        batches.presence.put(batch, Presence.present)
      } else if (batches.presence.at(batch) === Presence.present) {
        batches.presence.put(batch, Presence.gone)
        batches.goneWith.put(batch, leadership + 1)
        this.vanished.push(batch)
      }
    }
  }

  onNodeDown(node: number): void {
    for (let partition = 0; partition < this.alive.length; partition++) {
      if (this.newestNode(partition) === node && !this.partitions.isGone(partition)) this.alive[partition] = 0
    }
  }

  /** The newest leader became a follower: nobody leads until the next one begins. */
  onFollowing(partition: number, node: number): void {
    if (this.newestNode(partition) === node) this.alive[partition] = 0
  }

  /** Fills {@link committed} when a leader moved its high watermark; returns whether it is the newest. */
  onHighWatermark(time: number, partition: number, log: ShadowLog, epoch: number): boolean {
    this.committed.clear()
    if (epoch !== this.newestEpochs[partition] || log.node !== this.newestNodes[partition]) return false
    this.commitUpTo(time, partition, log, log.highWatermark)
    return true
  }

  private commitUpTo(time: number, partition: number, log: ShadowLog, offset: number): void {
    const { batches, entries } = this
    let place = this.committedEntries[partition] as number
    for (; place < log.entries.length; place++) {
      const entry = log.entries.data[place] as number
      if (entries.last.at(entry) >= offset) break
      const batch = entries.batchNumber.at(entry)
      if (batch < 0 || batches.isCommitted(batch)) continue
      batches.committedAt.put(batch, time + 1)
      this.committed.push(batch)
    }
    this.committedEntries[partition] = place
  }
}
