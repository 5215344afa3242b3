import { M, type Row } from './kinds.ts'

/** Moments of batches whose bytes are not those that were written. */
export const CORRUPTION_ROWS: readonly Row[] = [
  [
    'batch.corrupted',
    M.batchCorrupted,
    'bytes of a batch changed on a disk, and its checksum does not fit them any more',
    'tp:tp offset:offset last:offset',
  ],
  [
    'batch.rewritten',
    M.batchRewritten,
    'compaction removed a corrupt batch or wrote it anew, with a checksum that fits whatever it holds',
    'tp:tp offset:offset healed:flag',
  ],
  [
    'corruption.found',
    M.corruptionFound,
    'a follower, a reader, a coordinator or a recovery met a batch that is damaged, and did not take it',
    'tp:tp offset:offset batch:batch',
  ],
]
