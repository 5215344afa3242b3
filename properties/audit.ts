import type { FinalLog } from '../sim/world.ts'
import type { Breaches } from './invariants/breaches.ts'
import type { Shadow } from './shadow/shadow.ts'

/**
 * Compares the logs that moments told with the real ones at the end: a difference means that some change of a log was not told,
 * and then no verdict can be trusted. Logs of processes that are down are not compared: their memory is gone.
 */
export function audit(shadow: Shadow, logs: readonly FinalLog[], atUs: number, breaches: Breaches): void {
  for (const log of logs) {
    const partition = shadow.partitions.indexOf(log.tp)
    if (partition < 0 || shadow.cluster.isDown(log.node)) continue
    const difference = differenceOf(shadow, log, partition)
    if (difference === null) continue
    breaches.add(
      'shadow-audit',
      atUs,
      `the log of ${shadow.partitions.names[partition]} on ${shadow.names.node(log.node)} ${difference}`,
    )
  }
}

function differenceOf(shadow: Shadow, log: FinalLog, partition: number): string | null {
  const told = shadow.logs.of(log.node, partition)
  const { entries } = shadow.logs
  const shorter = Math.min(log.entries.length, told.entries.length)
  for (let place = 0; place < shorter; place++) {
    const real = log.entries[place] as FinalLog['entries'][number]
    const entry = told.entries.at(place)
    const same =
      entries.base.at(entry) === real.baseOffset &&
      entries.last.at(entry) === real.lastOffset &&
      entries.epoch.at(entry) === real.leaderEpoch &&
      entries.batch.at(entry) === real.batch.id
    if (!same) {
      return `holds offsets ${real.baseOffset} to ${real.lastOffset} of epoch ${real.leaderEpoch}, where moments told ${entries.base.at(entry)} to ${entries.last.at(entry)} of epoch ${entries.epoch.at(entry)}`
    }
  }
  if (log.entries.length !== told.entries.length)
    return `has ${log.entries.length} batches, moments told of ${told.entries.length}`
  if (log.highWatermark !== told.highWatermark)
    return `has the high watermark ${log.highWatermark}, moments told ${told.highWatermark}`
  return null
}
