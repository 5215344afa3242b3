import type { Shadow } from '../shadow/shadow.ts'
import type { Violation } from '../verdict.ts'
import { seconds } from '../words.ts'
import type { RunEnd } from './checker.ts'
import type { FinalLogs } from './final-logs.ts'

/**
 * Transactions that are open in a partition when nothing is left that could end them: no coordinator knows of them, so no marker
 * will come, and readers of committed records stand before them for ever (KIP-890).
 */
export function hangingTransactions(shadow: Shadow, final: FinalLogs, end: RunEnd): readonly Violation[] {
  if (end.ended !== 'settled') return []
  const { partitions, logs, names, records, batches } = shadow
  const { entries } = logs
  const found: Violation[] = []
  for (let partition = 0; partition < partitions.count; partition++) {
    if (partitions.isGone(partition)) continue
    const seen = new Set<number>()
    for (const entry of final.undecided(partition)) {
      const producerId = entries.producerId.at(entry)
      // One transaction of a producer at a time: its first entry is what readers stand before.
      if (seen.has(producerId)) continue
      seen.add(producerId)
      const placement = batches.firstPlacement.at(logs.batchOf(entry))
      const record = placement < 0 ? null : names.record(records.ids.at(records.placementRecord.at(placement)))
      const message =
        `readers of committed records stand before offset ${entries.base.at(entry)} of ${partitions.names[partition]} for ever: producer id ${producerId} ` +
        `(epoch ${entries.producerEpoch.at(entry)}) opened a transaction there at ${seconds(entries.at.at(entry))}${record === null ? '' : ` with ${record}`}, ` +
        `of which no transaction coordinator knows, so nobody will end it`
      found.push({ kind: 'stuck-transaction', atUs: end.virtualUs, message, records: record === null ? [] : [record] })
    }
  }
  return found
}
