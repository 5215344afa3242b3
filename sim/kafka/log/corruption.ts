import { CORRUPTION } from '../../kernel/site.ts'
import type { AppendFile } from '../../storage/append-file.ts'
import type { Decider } from '../../storage/decider.ts'
import type { Disk } from '../../storage/disk.ts'
import type { KafkaRecord, LogEntry, RecordBatch } from '../protocol/batch.ts'
import { LogFile } from './log-files.ts'

/** Which batch of a replica's log is hit: by its place, by an offset that it holds, or a drawn one. */
export type CorruptedBatch = 'any' | 'first' | 'last' | number

/** What became of a disk. */
export interface Corruption {
  readonly tp: number
  /** The entry as it lies there now. */
  readonly entry: LogEntry
}

/**
 * Bytes of a batch change where it lies on a broker's disk: the value of one of its records is another one, and the checksum
 * does not fit any more. Offsets, lengths, keys and whatever else stands in headers stay as they were. Who has read the
 * batch before has what was written; who reads it from now on gets this, for a broker sends what is in the file and looks at
 * no checksum (`FileRecords.writeTo`).
 *
 * What is hit already stays as it is. Null when there is nothing to hit.
 *
 * @param tp the partition; -1 = any that the disk holds something of
 */
export function corrupt(disk: Disk, tp: number, which: CorruptedBatch, decider: Decider): Corruption | null {
  const held = disk.keysOf(LogFile.segment).filter((key) => (tp < 0 || key === tp) && fileOf(disk, key).length > 0)
  if (held.length === 0) return null
  const hit = held[tp < 0 ? decider.decide(CORRUPTION, held.length) : 0] as number
  const file = fileOf(disk, hit)
  const index = indexOf(file.entries, which, decider)
  const entry = file.entries[index]
  if (entry === undefined || entry.batch.isCorrupt === true) return null
  const changed = { ...entry, batch: damaged(entry, decider) }
  file.overwrite(index, changed)
  return { tp: hit, entry: changed }
}

function fileOf(disk: Disk, tp: number): AppendFile<LogEntry> {
  return disk.appendFile(LogFile.segment, tp)
}

function indexOf(entries: readonly LogEntry[], which: CorruptedBatch, decider: Decider): number {
  switch (which) {
    case 'any':
      return decider.decide(CORRUPTION, entries.length)
    case 'first':
      return 0
    case 'last':
      return entries.length - 1
    default:
      return entries.findIndex(({ baseOffset, lastOffset }) => baseOffset <= which && which <= lastOffset)
  }
}

/** What other bytes make of a batch: its content is another one, so it has a number of its own. */
function damaged({ batch, kept }: LogEntry, decider: Decider): RecordBatch {
  const indexes = kept ?? Array.from(batch.records.keys())
  const hit = indexes.length === 0 ? -1 : (indexes[decider.decide(CORRUPTION, indexes.length)] as number)
  const records = batch.records.map((record, index) => (index === hit ? damagedRecord(record) : record))
  return { ...batch, id: changedId(batch.id), records, isCorrupt: true }
}

/** It is nothing that anybody sent. */
function damagedRecord(record: KafkaRecord): KafkaRecord {
  return { ...record, record: record.record < 0 ? record.record : changedId(record.record), isDamaged: true }
}

/** Changed twice is changed: what was sent does not come back. */
function changedId(id: number): number {
  return id < 0 ? id : ~id
}

/**
 * A corrupt batch that compaction writes anew, as it does where it drops a record or sets a horizon: the checksum is that of the
 * new bytes (`MemoryRecords.buildRetainedRecordsInto`), whatever they say. Without the record that was hit it is what it was.
 */
export function rewritten(batch: RecordBatch, kept: readonly number[]): RecordBatch {
  const { isCorrupt: _, ...rest } = batch
  const isWhole = kept.every((index) => batch.records[index]?.isDamaged !== true)
  return isWhole && rest.id < 0 ? { ...rest, id: ~rest.id } : rest
}
