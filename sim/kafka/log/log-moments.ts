import { M } from '../../history/catalogue.ts'
import { CONTROL_BATCH, TRANSACTIONAL_BATCH } from '../../history/ids.ts'
import type { Env } from '../env.ts'
import type { LogEntry, RecordBatch } from '../protocol/batch.ts'

/** A batch is in a replica's log; `asLeader` is the flag of who appends as leader, else 0. */
export function tellAppended(env: Env, tp: number, entry: LogEntry, asLeader: number): void {
  const { batch } = entry
  env.emitWide(
    M.logAppended,
    tp,
    entry.baseOffset,
    entry.lastOffset,
    entry.leaderEpoch,
    batch.id,
    batch.producerId,
    (batch.producerEpoch & 0xffff) | asLeader | transactionFlags(batch),
    batch.producerId >= 0 ? batch.baseSequence : -1,
  )
}

/** A batch is there already. */
export function tellDeduplicated(
  env: Env,
  tp: number,
  batch: RecordBatch,
  baseOffset: number,
  lastOffset: number,
): void {
  const { id, producerId, producerEpoch, baseSequence } = batch
  env.emitWide(M.batchDeduplicated, tp, baseOffset, lastOffset, id, producerId, producerEpoch, baseSequence)
}

function transactionFlags(batch: RecordBatch): number {
  if (!batch.isTransactional) return 0
  return batch.marker === null ? TRANSACTIONAL_BATCH : TRANSACTIONAL_BATCH | CONTROL_BATCH
}
