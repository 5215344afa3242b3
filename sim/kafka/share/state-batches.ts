import type { PersisterStateBatch } from '../protocol/share-messages.ts'

/** `PersisterStateBatch.compareTo`: of two words about an offset the later delivery counts, and of one delivery the later state. */
function isNewer(a: PersisterStateBatch, b: PersisterStateBatch): boolean {
  if (a.deliveryCount !== b.deliveryCount) return a.deliveryCount > b.deliveryCount
  return a.deliveryState >= b.deliveryState
}

function isSame(a: PersisterStateBatch, b: PersisterStateBatch): boolean {
  return a.deliveryCount === b.deliveryCount && a.deliveryState === b.deliveryState
}

/**
 * `PersisterStateBatchCombiner`: lays `newer` over `older`, drops what is below the start, and joins neighbours that are
 * equal. Both lists, and the result, are in order and without overlap.
 */
export function combineStateBatches(
  older: readonly PersisterStateBatch[],
  newer: readonly PersisterStateBatch[],
  startOffset: number,
): readonly PersisterStateBatch[] {
  const combined: PersisterStateBatch[] = []
  const add = (batch: PersisterStateBatch): void => {
    const last = combined.at(-1)
    if (last !== undefined && last.lastOffset + 1 === batch.firstOffset && isSame(last, batch))
      combined[combined.length - 1] = { ...last, lastOffset: batch.lastOffset }
    else combined.push(batch)
  }
  let i = 0
  let j = 0
  let from = startOffset
  for (;;) {
    while (i < older.length && (older[i] as PersisterStateBatch).lastOffset < from) i++
    while (j < newer.length && (newer[j] as PersisterStateBatch).lastOffset < from) j++
    const a = older[i]
    const b = newer[j]
    if (a === undefined && b === undefined) return combined
    from = Math.max(from, Math.min(a?.firstOffset ?? Infinity, b?.firstOffset ?? Infinity))
    const inA = a !== undefined && a.firstOffset <= from
    const inB = b !== undefined && b.firstOffset <= from
    const to = Math.min(
      a === undefined ? Infinity : inA ? a.lastOffset : a.firstOffset - 1,
      b === undefined ? Infinity : inB ? b.lastOffset : b.firstOffset - 1,
    )
    const said = inA && inB ? (isNewer(b, a) ? b : a) : inA ? a : (b as PersisterStateBatch)
    add({ ...said, firstOffset: from, lastOffset: to })
    from = to + 1
  }
}
