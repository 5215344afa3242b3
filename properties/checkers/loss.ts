import { listed, seconds } from '../words.ts'
import { tellDamaged } from './damaged.ts'
import { Presence } from '../shadow/batches.ts'
import { Decision } from '../shadow/decisions.ts'
import { PASSED } from '../shadow/records.ts'
import type { Shadow } from '../shadow/shadow.ts'

/** How an acknowledgement is told: `was acknowledged at 3.402s (offset 5 of orders-0)`. */
export function tellAck(shadow: Shadow, record: number): string {
  const { records, partitions } = shadow
  const at = seconds(records.ackedAt.at(record))
  if (records.ackOffset.at(record) === PASSED) return `was passed by its source at ${at} without an acknowledgement`
  if (records.ackPartition.at(record) < 0) return `was acknowledged at ${at} with its transaction`
  const partition = partitions.names[records.ackPartition.at(record)] ?? 'an unknown partition'
  const offset = records.ackOffset.at(record)
  if (offset < 0) return `counted as sent to ${partition} at ${at}, for with acks=0 a producer waits for no answer`
  return `was acknowledged at ${at} at offset ${offset} of ${partition}`
}

/** Where a record went that no log holds any more that counts: the proof of a loss. */
export function tellLoss(shadow: Shadow, record: number): string {
  const entry = lostCopy(shadow, record)
  if (entry < 0) return 'no broker ever appended it'
  const { batches, logs, leaderships, names } = shadow
  const batch = logs.batchOf(entry)
  const appended = tellAppend(shadow, entry)
  const { decision, decidedAt } = logs.entries
  if (decision.at(entry) === Decision.aborted)
    return `${appended}; the marker of ${seconds(decidedAt.at(entry))} aborted its transaction there, so no reader of committed records is given it`
  if (batches.presence.at(batch) !== Presence.gone) {
    const damaged = tellDamaged(shadow, shadow.records.ackPartition.at(record), entry)
    return `${appended}; ${damaged ?? tellElectable(shadow, record)}`
  }
  const leadership = batches.goneWith.at(batch) - 1
  if (leadership < 0) return appended
  const leader = names.node(leaderships.node.at(leadership))
  const epoch = leaderships.epoch.at(leadership)
  const began = seconds(leaderships.at.at(leadership))
  if (leaderships.at.at(leadership) <= logs.entries.at.at(entry)) {
    return `${appended}, unaware that ${leader} led since ${began} in epoch ${epoch}; the newer leader never held it, so it is gone`
  }
  const how = tellHowElected(shadow, leadership)
  const from = leaderships.offset.at(leadership)
  return `${appended}; ${leader}${how} began to lead epoch ${epoch} at ${began} from offset ${from} without it${tellWhyMissing(shadow, entry, leadership)}, so it is gone`
}

/** The copy that the acknowledgement was about, else the newest one; -1 when there never was one. */
function lostCopy(shadow: Shadow, record: number): number {
  const { records, batches, logs } = shadow
  const acked = records.ackOffset.at(record)
  let newest = -1
  for (
    let placement = records.newestPlacement.at(record);
    placement >= 0;
    placement = records.placementOfRecord.at(placement)
  ) {
    const index = records.placementIndex.at(placement)
    let entry = batches.newestCopy.at(records.placementBatch.at(placement)) - 1
    for (; entry >= 0; entry = logs.entries.nextCopy.at(entry)) {
      if (logs.entries.base.at(entry) + index === acked) return entry
      if (newest < 0) newest = entry
    }
  }
  return newest
}

function tellAppend(shadow: Shadow, entry: number): string {
  const { entries } = shadow.logs
  const leader = shadow.names.node(entries.node.at(entry))
  return `${leader} appended it at ${seconds(entries.at.at(entry))} as the leader of epoch ${entries.epoch.at(entry)}`
}

/** What is special about an election: the flag is also set when the last known leader was taken (KIP-966). */
function tellHowElected(shadow: Shadow, leadership: number): string {
  const { leaderships, partitions } = shadow
  if (leaderships.unclean.at(leadership) === 0) return ''
  if (partitions.unclean[leaderships.partition.at(leadership)] === true) {
    return ', elected although it was not in sync (unclean election),'
  }
  return ', elected as the last known leader because nobody in sync was left,'
}

/** Whether the new leader never had the record, or had it and lost it, and how. */
function tellWhyMissing(shadow: Shadow, entry: number, leadership: number): string {
  const { leaderships, logs, names } = shadow
  const node = leaderships.node.at(leadership)
  if (node >= 31) return ''
  if ((logs.entries.holders.at(entry) & (1 << node)) === 0) return ', for it had never copied it'
  const log = logs.of(node, leaderships.partition.at(leadership))
  const before = log.cutAt <= leaderships.at.at(leadership) && log.cutTo <= logs.entries.base.at(entry)
  if (!before) return ''
  const [name, at] = [names.node(node), seconds(log.cutAt)]
  switch (log.cutCause) {
    case 'none':
      return ''
    case 'truncated':
      return ` (${name} had held it, but cut its log from offset ${log.cutFrom} back to ${log.cutTo} at ${at}, following another leader)`
    case 'lost-at-restart':
      return ` (${name} had held it, but when it restarted at ${at} its log ended at offset ${log.cutTo} instead of ${log.cutFrom}: the rest had not been flushed)`
    case 'corrupt':
      return ` (${name} had held it, but when it restarted at ${at} it found the batch at offset ${log.cutTo} corrupt, and cut its log from ${log.cutFrom} back to there)`
    case 'wiped':
      return ` (${name} had held it, but lost its disk at ${at})`
    case 'deleted':
      return ` (${name} had held it, but deleted its log at ${at}, being a replica no more)`
  }
}

/** That nobody who may come to lead holds a record. */
function tellElectable(shadow: Shadow, record: number): string {
  const { cluster, names } = shadow
  const partition = shadow.records.ackPartition.at(record)
  const electable = names.nodes.filter((_, node) => cluster.isElectable(partition, node))
  if (electable.length === 0) return 'no broker that could lead is left, so it is gone'
  const verb = electable.length === 1 ? 'does' : 'do'
  return `at the end ${listed(electable)}, who could lead, ${verb} not hold it, so it is gone`
}
