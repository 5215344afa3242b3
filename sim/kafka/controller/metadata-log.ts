import type { MetadataRecord } from '../protocol/metadata-records.ts'

/**
 * The controller's disk: its metadata log. Voters flush every append before it counts (KIP-595), so
 * neither a crash nor a power loss takes anything from it; only wiping does. It belongs to the node, not to the process.
 */
export class ControllerDisk {
  /** Rises with every wipe, so that whoever follows the log notices that it began anew. */
  generation = 0
  private readonly records: MetadataRecord[] = []

  /** Offset after the last record. */
  get endOffset(): number {
    return this.records.length
  }

  /** Appends one batch and flushes it; returns the offset of its first record. */
  append(batch: readonly MetadataRecord[]): number {
    const base = this.records.length
    for (const record of batch) this.records.push(record)
    return base
  }

  /** The record at an offset below {@link endOffset}. */
  recordAt(offset: number): MetadataRecord {
    return this.records[offset] as MetadataRecord
  }

  /** Copies the records from an offset on. */
  readFrom(offset: number): readonly MetadataRecord[] {
    return this.records.slice(offset)
  }

  /** The disk is empty: the cluster's metadata is lost. */
  wipe(): void {
    this.records.length = 0
    this.generation++
  }
}
