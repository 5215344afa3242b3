import { M } from '../history/catalogue.ts'
import { recordOf, recordOrdinal } from '../history/ids.ts'
import { MILLISECOND } from '../kernel/time.ts'
import { utf8Length } from '../kafka/client/murmur2.ts'
import { keyHash } from '../kafka/client/partitioner.ts'
import { Env } from '../kafka/env.ts'
import type { KafkaRecord } from '../kafka/protocol/batch.ts'

/** Bytes of a source's partition and offset as JSON, besides the name. */
const OFFSET_SIZE = 40
/** In the place of an attempt: the record is an offset, and nobody's but Connect's own. */
const OFFSET = -1
const OF_RECORDS: ReadonlySet<number> = new Set([
  M.recordSent,
  M.recordBatched,
  M.produceAcked,
  M.produceFailed,
  M.produceUnknown,
])

/**
 * An offset as a record of the offsets topic. The number of the record is what it says: the row where its task goes on, as nobody
 * else looks at it.
 */
export function offsetRecord(
  env: Env,
  key: string,
  offset: number,
): { readonly keyHash: number; readonly record: KafkaRecord } {
  const record = {
    record: recordOf(env.node, offset),
    attempt: OFFSET,
    key,
    size: utf8Length(key) + OFFSET_SIZE,
    timestamp: Math.floor(env.wallClock() / MILLISECOND),
  }
  return { keyHash: keyHash(key), record }
}

/** Where the task goes on, if a record of the offsets topic is of the task with this key; else -1. */
export function offsetIn({ key, record }: KafkaRecord, of: string): number {
  return key === of ? recordOrdinal(record) : -1
}

/** What a producer sees of the world that sends offsets among its records: of these it tells nothing. */
export class OffsetsUntoldEnv extends Env {
  override emit(kind: number, a = 0, b = 0, c = 0, d = 0): void {
    if (b !== OFFSET || !OF_RECORDS.has(kind)) super.emit(kind, a, b, c, d)
  }
}
