import { IoFailures } from '../../storage/io-failures.ts'
import { Errors } from '../protocol/errors.ts'
import type { MetadataFetchRequest, MetadataFetchResponse } from '../protocol/messages.ts'
import type { MetadataRecord } from '../protocol/metadata-records.ts'
import type { FetchedLog } from './metadata-fetches.ts'

/**
 * The controller's disk: its metadata log. Voters flush every append before it counts (KIP-595), so
 * neither a crash nor a power loss takes anything from it; only wiping does. It belongs to the node, not to the process.
 */
export class ControllerDisk implements FetchedLog {
  /** Rises with every wipe, so that whoever follows the log notices that it began anew. */
  generation = 0
  /** What fails there. */
  readonly failures: IoFailures = new IoFailures()
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

  hasNews({ fetchOffset }: MetadataFetchRequest): boolean {
    return fetchOffset !== this.endOffset
  }

  /** An offset beyond the log can only come from a log that was lost since: OFFSET_OUT_OF_RANGE. */
  answerOf({ fetchOffset }: MetadataFetchRequest): MetadataFetchResponse {
    const { endOffset } = this
    const errorCode = fetchOffset > endOffset ? Errors.OFFSET_OUT_OF_RANGE : Errors.NONE
    return { errorCode, highWatermark: endOffset, records: this.readFrom(fetchOffset) }
  }

  /** The disk is empty: the cluster's metadata is lost. */
  wipe(): void {
    this.records.length = 0
    this.generation++
  }
}
