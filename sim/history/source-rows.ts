import { M, type Row } from './kinds.ts'

/** Moments of Kafka Connect's source tasks. */
export const SOURCE_ROWS: readonly Row[] = [
  ['source.flushed', M.sourceFlushed, "a source's offset is in the offsets topic: rows before it are published", 'row'],
  [
    'source.resumed',
    M.sourceResumed,
    'a source begins where the offsets topic says: rows before it are not sent again',
    'row',
  ],
]
