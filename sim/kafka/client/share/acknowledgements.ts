import { M } from '../../../history/catalogue.ts'
import { partitionOf, topicIdOf, tpOf } from '../../../history/ids.ts'
import type { Env } from '../../env.ts'
import type { AcknowledgementBatch, ShareAcknowledgePartition } from '../../protocol/share-messages.ts'
import type { AcknowledgeTypeId } from '../../share/record-state.ts'

/** What is acknowledged of one partition: types by offset (`Acknowledgements`). */
export type Acknowledged = Map<number, AcknowledgeTypeId>
/** By tp: what is for one broker. */
export type AcknowledgedByTp = Map<number, Acknowledged>

/** Adds what is acknowledged to what was. */
export function addAcknowledgements(to: AcknowledgedByTp, from: ReadonlyMap<number, Acknowledged>): void {
  for (const [tp, offsets] of from) {
    const known = to.get(tp)
    if (known === undefined) to.set(tp, new Map(offsets))
    else for (const [offset, type] of offsets) known.set(offset, type)
  }
}

/** Runs of offsets that are acknowledged alike, in order. */
export function batchesOf(offsets: ReadonlyMap<number, AcknowledgeTypeId>): readonly AcknowledgementBatch[] {
  const batches: AcknowledgementBatch[] = []
  for (const [offset, acknowledgeType] of [...offsets].sort(([a], [b]) => a - b)) {
    const last = batches.at(-1)
    if (last !== undefined && last.lastOffset + 1 === offset && last.acknowledgeType === acknowledgeType)
      batches[batches.length - 1] = { ...last, lastOffset: offset }
    else batches.push({ firstOffset: offset, lastOffset: offset, acknowledgeType })
  }
  return batches
}

export function acknowledgePartitions(all: ReadonlyMap<number, Acknowledged>): readonly ShareAcknowledgePartition[] {
  return Array.from(all, ([tp, offsets]) => ({
    topicId: topicIdOf(tp),
    partition: partitionOf(tp),
    acknowledgementBatches: batchesOf(offsets),
  }))
}

export function only(all: readonly ShareAcknowledgePartition[], tp: number): readonly ShareAcknowledgePartition[] {
  return all.filter(({ topicId, partition }) => tpOf(topicId, partition) === tp)
}

/** The acknowledgements failed, or nobody knows: their records are locked until somebody's time runs out. */
export function tellFailed(
  env: Env,
  group: number,
  failed: readonly ShareAcknowledgePartition[],
  errorCode: number,
): void {
  for (const { topicId, partition, acknowledgementBatches } of failed) {
    for (const { firstOffset, lastOffset } of acknowledgementBatches) {
      env.emitWide(M.acknowledgeFailed, group, tpOf(topicId, partition), firstOffset, lastOffset, errorCode)
    }
  }
}
