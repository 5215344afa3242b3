import { mix } from '../../kernel/mix.ts'
import type { AppendFile } from '../../storage/append-file.ts'
import type { Disk } from '../../storage/disk.ts'
import type { MetadataRecord } from '../protocol/metadata-records.ts'
import type { QuorumEntry } from '../protocol/quorum-messages.ts'

/** Purposes of a voter's files. */
const METADATA_LOG = 1
/** Size of an entry, for the disk: nothing hangs on it but how a torn tail looks. */
const ENTRY_BYTES = 100

/** An epoch and where it ends in a log (`OffsetAndEpoch`). */
export interface EpochEnd {
  readonly epoch: number
  readonly endOffset: number
}

/** One voter's copy of the metadata log (`KafkaRaftLog`): appended, cut where it diverges, flushed before it counts. */
export class QuorumLog {
  private readonly file: AppendFile<QuorumEntry>

  /** Opens the log as the disk has it; a torn tail is cut off. */
  constructor(disk: Disk) {
    this.file = disk.appendFile<QuorumEntry>(METADATA_LOG, 0)
    this.file.cutTornTail()
  }

  /** Offset after the last entry. */
  get endOffset(): number {
    return this.file.length
  }

  /** Offset up to which a loss of power cannot take anything. */
  get flushedOffset(): number {
    return this.file.flushed
  }

  /** Epoch of the last entry; 0 = the log is empty. */
  get lastEpoch(): number {
    return this.epochBefore(this.endOffset)
  }

  /** Appends records of a leader's epoch; `author` tells apart who appends. Returns the offset of the first. */
  append(epoch: number, records: readonly MetadataRecord[], author: number): number {
    const base = this.endOffset
    for (const record of records) {
      const chain = mix(this.chainBefore(this.endOffset), epoch, author, this.endOffset)
      this.file.append({ epoch, record, chain }, ENTRY_BYTES)
    }
    return base
  }

  /** Appends what a leader sent. */
  appendAll(entries: readonly QuorumEntry[]): void {
    for (const entry of entries) this.file.append(entry, ENTRY_BYTES)
  }

  flush(): void {
    this.file.flush()
  }

  /** The entry at an offset below {@link endOffset}. */
  entryAt(offset: number): QuorumEntry {
    return this.file.entries[offset] as QuorumEntry
  }

  /** Copies the entries in [from, to). */
  read(from: number, to: number): readonly QuorumEntry[] {
    return this.file.entries.slice(from, to)
  }

  /** What names the log before an offset; 0 = nothing is before it. */
  chainBefore(offset: number): number {
    return offset === 0 ? 0 : this.entryAt(offset - 1).chain
  }

  /** The newest epoch not above the given one, and where it ends (`endOffsetForEpoch`); epoch 0 when there is none. */
  endOffsetForEpoch(epoch: number): EpochEnd {
    let end = this.endOffset
    while (end > 0 && this.epochBefore(end) > epoch) end--
    return { epoch: this.epochBefore(end), endOffset: end }
  }

  /** Where a replica that ends with this offset and epoch parts from this log; null = nowhere (`validateOffsetAndEpoch`). */
  divergence(fetchOffset: number, lastFetchedEpoch: number): EpochEnd | null {
    const own = this.endOffsetForEpoch(lastFetchedEpoch)
    return own.epoch !== lastFetchedEpoch || own.endOffset < fetchOffset ? own : null
  }

  /** Where this log is to be cut after such an answer (`truncateToEndOffset`). */
  truncationOffset(diverging: EpochEnd): number {
    const own = this.endOffsetForEpoch(diverging.epoch)
    return own.epoch === diverging.epoch ? Math.min(own.endOffset, diverging.endOffset) : own.endOffset
  }

  /** Cuts the log; durable at once. */
  truncate(offset: number): void {
    this.file.truncate(offset)
  }

  private epochBefore(offset: number): number {
    return offset === 0 ? 0 : this.entryAt(offset - 1).epoch
  }
}
