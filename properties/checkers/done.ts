import type { Consumption } from '../shadow/consumption.ts'
import { Decision } from '../shadow/decisions.ts'
import { BY_MEMORY, BY_OFFSET_FENCE } from '../shadow/readings.ts'
import type { Shadow } from '../shadow/shadow.ts'
import { owes } from './owed.ts'

/**
 * Whether the work on a record is done by now: processed, in the store, or every output acknowledged or committed. A store
 * that refuses an offset has seen it; one that remembers a record has it when it took effect at any place. What a sink's handler
 * left out is done with that.
 */
export function isDone(
  consumption: Consumption,
  reader: number,
  record: number,
  partition: number,
  offset: number,
): boolean {
  const { effects, refusals, applications } = consumption
  if (applications.reader(reader).kind === 'processor') return isPublished(consumption, reader, record)
  if (consumption.shares.isOver(reader, partition, offset)) return true
  if (!owes(consumption, reader, record)) return true
  if (effects.newestAt(reader, record, partition, offset) >= 0) return true
  const refusal = refusals.newestAt(reader, record, partition, offset)
  if (refusal < 0) return false
  switch (refusals.what.at(refusal)) {
    case BY_OFFSET_FENCE:
      return true
    // A mark may be there without what it stands for.
    case BY_MEMORY:
      return effects.newestOf(reader, record) >= 0
    default:
      return false
  }
}

function isPublished(consumption: Consumption, reader: number, record: number): boolean {
  const { lineage, applications } = consumption
  const { outputs: known } = applications.reader(reader)
  const outputs = known === 'told' ? lineage.toldOutputs(lineage.itemOf(record), reader) : known
  if (outputs < 0) return false
  for (let index = 0; index < outputs; index++) {
    const item = lineage.outputOf(lineage.itemOf(record), reader, index)
    let output = item < 0 ? -1 : lineage.newestRecordOf(item)
    while (output >= 0 && !isThere(consumption, output)) output = lineage.beforeInItem(output)
    if (output < 0) return false
  }
  return true
}

function isThere({ shadow }: Consumption, record: number): boolean {
  const { records } = shadow
  if (records.acked.at(record) > 0) return true
  let placement = records.newestPlacement.at(record)
  while (placement >= 0 && !isCommitted(shadow, records.placementBatch.at(placement)))
    placement = records.placementOfRecord.at(placement)
  return placement >= 0
}

/** Whether a batch is below the high watermark and no marker has said that its transaction is aborted. */
function isCommitted({ batches, logs }: Shadow, batch: number): boolean {
  const newest = batches.newestCopy.at(batch) - 1
  return batches.isCommitted(batch) && (newest < 0 || logs.entries.decision.at(newest) !== Decision.aborted)
}
