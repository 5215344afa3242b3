import { M } from '../../history/catalogue.ts'
import type { Env } from '../env.ts'
import type { LogEntry, RecordBatch } from '../protocol/batch.ts'

/**
 * What a coordinator can read of its log: everything before the first record whose value is damaged. Coordinators look at no
 * checksum; they stumble over what they cannot deserialize.
 */
export function readable(env: Env, tp: number, entries: readonly LogEntry[]): readonly LogEntry[] {
  const at = entries.findIndex(({ batch }) => isUnreadable(batch))
  if (at < 0) return entries
  const { baseOffset, batch } = entries[at] as LogEntry
  env.emit(M.corruptionFound, tp, baseOffset, batch.id)
  return entries.slice(0, at)
}

/** Of a marker only the key is read, which nothing damages. */
function isUnreadable({ id, marker, records }: RecordBatch): boolean {
  return id < -1 && marker === null && records.some(({ isDamaged }) => isDamaged === true)
}
