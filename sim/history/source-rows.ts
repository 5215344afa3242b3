import { M, type Row } from './kinds.ts'

/** Moments of tables that are published: by Kafka Connect's source tasks, or by the application that writes them. */
export const SOURCE_ROWS: readonly Row[] = [
  ['source.flushed', M.sourceFlushed, "a source's offset is in the offsets topic: rows before it are published", 'row'],
  [
    'source.resumed',
    M.sourceResumed,
    'a source begins where the offsets topic says: rows before it are not sent again',
    'row',
  ],
  [
    'row.written',
    M.rowWritten,
    'a producer that also writes its records into a database (dual write) has one there, as row number so and so of the table',
    'record:record row by:node',
  ],
]
