import type { FinalLog, FinalOffset, FinalPartition, FinalState, FinalStore, FinalTable } from '../sim/final-state.ts'
import { maskHigh, maskLow } from '../sim/history/ids.ts'
import type { Breaches } from './invariants/breaches.ts'
import { UNTOLD } from './shadow/cluster.ts'
import type { Consumption } from './shadow/consumption.ts'
import { What } from './shadow/readings.ts'
import type { Entries } from './shadow/entries.ts'
import type { Shadow } from './shadow/shadow.ts'
import type { ShadowLog } from './shadow/shadow-log.ts'

/**
 * Compares what moments told with the world as it really is at the end: a difference means that something was not told, and
 * then no verdict can be trusted. What is in the memory of processes that are down is not compared: it is gone.
 */
export function audit(
  shadow: Shadow,
  consumption: Consumption | null,
  final: Partial<FinalState>,
  atUs: number,
  breaches: Breaches,
): void {
  const { logs = [], partitions = [], offsets = [], tables = [], states = [] } = final
  const tell = (what: string | null): void => {
    if (what !== null) breaches.add('shadow-audit', atUs, what)
  }
  for (const log of logs) tell(auditLog(shadow, log))
  for (const partition of partitions) tell(auditPartition(shadow, partition))
  if (consumption === null) return
  for (const offset of offsets) tell(auditOffset(consumption, offset))
  for (const table of tables) tell(auditTable(consumption, table))
  for (const state of states) tell(auditState(consumption, state))
}

function auditLog(shadow: Shadow, log: FinalLog): string | null {
  const partition = shadow.partitions.indexOf(log.tp)
  if (partition < 0 || shadow.cluster.isDown(log.node)) return null
  const difference = differenceOf(shadow, log, partition)
  return difference === null
    ? null
    : `the log of ${shadow.partitions.names[partition]} on ${shadow.names.node(log.node)} ${difference}`
}

function differenceOf(shadow: Shadow, log: FinalLog, partition: number): string | null {
  const told = shadow.logs.of(log.node, partition)
  const { entries } = shadow.logs
  if (log.logStartOffset !== told.start)
    return `starts at offset ${log.logStartOffset}, where moments told ${told.start}`
  if (told.cleaned) return strangerIn(shadow, log, partition)
  const first = told.placeOf(told.start)
  const length = told.entries.length - first
  const shorter = Math.min(log.entries.length, length)
  for (let place = 0; place < shorter; place++) {
    const real = log.entries[place] as FinalLog['entries'][number]
    const entry = told.entries.at(first + place)
    const same =
      entries.base.at(entry) === real.baseOffset &&
      entries.last.at(entry) === real.lastOffset &&
      entries.epoch.at(entry) === real.leaderEpoch &&
      isTold(entry, told, entries, real.batch)
    if (!same) {
      return `holds offsets ${real.baseOffset} to ${real.lastOffset} of epoch ${real.leaderEpoch}, where moments told ${entries.base.at(entry)} to ${entries.last.at(entry)} of epoch ${entries.epoch.at(entry)}`
    }
  }
  if (log.entries.length !== length) return `has ${log.entries.length} batches, moments told of ${length}`
  if (log.highWatermark !== told.highWatermark)
    return `has the high watermark ${log.highWatermark}, moments told ${told.highWatermark}`
  return null
}

/** Whether a replica holds the batch that moments told of, damaged where they told so. */
function isTold(entry: number, told: ShadowLog, entries: Entries, real: FinalLog['entries'][number]['batch']): boolean {
  const damage = told.damageOf(entry)
  const written = entries.batch.at(entry)
  if (damage === undefined) return real.id === written && real.isCorrupt !== true
  return real.id === ~written && (real.isCorrupt === true) === !damage.isHidden
}

/** Of a compacted log, which lacks what moments told of: the first batch of which they told nothing. */
function strangerIn(shadow: Shadow, log: FinalLog, partition: number): string | null {
  const told = shadow.logs.of(log.node, partition)
  const { entries } = shadow.logs
  for (const { baseOffset, leaderEpoch, batch } of log.entries) {
    const entry = told.entryAt(baseOffset)
    if (entry < 0 || entries.epoch.at(entry) !== leaderEpoch || !isTold(entry, told, entries, batch))
      return `holds a batch at offset ${baseOffset} of epoch ${leaderEpoch} of which no moment told`
  }
  return null
}

/** What the controller has committed; nothing is told of a partition whose metadata is lost. */
function auditPartition({ cluster, partitions, names }: Shadow, real: FinalPartition): string | null {
  const partition = partitions.indexOf(real.tp)
  if (partition < 0 || cluster.leader[partition] === UNTOLD || cluster.metadataLostAt >= 0) return null
  const tell = (what: string, is: string | number, told: string | number): string =>
    `the controller has ${what} ${is} for ${partitions.names[partition]}, moments told ${told}`
  const { leader, leaderEpoch, partitionEpoch, replicas, isr, elr } = real
  if (cluster.leader[partition] !== leader)
    return tell('the leader', names.node(leader), names.node(cluster.leader[partition] as number))
  if (cluster.epoch[partition] !== leaderEpoch)
    return tell('leader epoch', leaderEpoch, cluster.epoch[partition] as number)
  // Before the first change the epoch is that of the first leader.
  if (cluster.partitionEpoch[partition] !== partitionEpoch)
    return tell('partition epoch', partitionEpoch, cluster.partitionEpoch[partition] as number)
  const [low, high] = [cluster.replicas.low[partition], cluster.replicas.high[partition]]
  if (cluster.replicas.isKnown(partition) && (low !== maskLow(replicas) || high !== maskHigh(replicas)))
    return `the replicas of ${partitions.names[partition]} are at {${replicas.map((node) => names.node(node)).join(', ')}}, moments told others`
  if (cluster.isrLow[partition] !== maskLow(isr) || cluster.isrHigh[partition] !== maskHigh(isr))
    return `the in-sync set of ${partitions.names[partition]} is {${isr.map((node) => names.node(node)).join(', ')}}, moments told another`
  if (cluster.elrLow[partition] !== maskLow(elr) || cluster.elrHigh[partition] !== maskHigh(elr))
    return `the eligible leader replicas of ${partitions.names[partition]} are {${elr.map((node) => names.node(node)).join(', ')}}, by moments others`
  return null
}

/** Where a group stands. A coordinator that knows less than was committed is a finding of `offset-safety`. */
function auditOffset(consumption: Consumption, { groupId, tp, offset }: FinalOffset): string | null {
  const { applications, commits, coordinators, shadow } = consumption
  const partition = shadow.partitions.indexOf(tp)
  const reader = applications.readers.findIndex((candidate) => candidate.groupId === groupId)
  if (partition < 0 || reader < 0 || coordinators.isUnsure(reader, partition)) return null
  const told = commits.committed(reader, partition)
  if (told === offset) return null
  // The log that a new coordinator reads may have been lost with its disks.
  if (offset < 0 && coordinators.isSilent(reader, partition)) return null
  const { group } = applications.reader(reader)
  return `${group} stands at offset ${offset} of ${shadow.partitions.names[partition]}, moments told ${told}`
}

/** What the local store of a task holds. */
function auditState({ states, shadow }: Consumption, { node, tp, keys, sum }: FinalStore): string | null {
  const partition = shadow.partitions.indexOf(tp)
  const told = states.all.find((store) => store.node === node && store.partition === partition)
  const who = `the local store of ${shadow.names.node(node)} behind ${shadow.partitions.names[partition]}`
  if (told === undefined || !told.isOpen) return `${who} is open, and no moment told so`
  const counts = [...told.entries.values()].map((record) => states.counts.at(record))
  const total = counts.reduce((all, count) => all + count, 0)
  if (counts.length === keys && total === sum) return null
  return `${who} holds ${keys} keys with counts of ${sum} in all, moments told ${counts.length} and ${total}`
}

/** What a store has taken. */
function auditTable(
  consumption: Consumption,
  { store, groupId, inserted, incremented, filed, called }: FinalTable,
): string | null {
  const { applications, effects, shadow } = consumption
  const reader = applications.readers.findIndex((candidate) => candidate.groupId === groupId)
  if (reader < 0 || consumption.wasWiped(store)) return null
  const { group, store: into } = applications.reader(reader)
  if (into !== shadow.names.node(store)) return null
  const told = { inserted: 0, incremented: 0, filed: 0, called: 0 }
  for (let effect = 0; effect < effects.length; effect++) {
    if (effects.reader.at(effect) !== reader || effects.node.at(effect) !== store) continue
    if (effects.what.at(effect) === What.inserted) told.inserted++
    if (effects.what.at(effect) === What.incremented) told.incremented++
    if (effects.what.at(effect) === What.filed) told.filed++
    if (effects.what.at(effect) === What.called) told.called++
  }
  if (told.inserted !== inserted) return `${into} holds ${inserted} rows of ${group}, moments told of ${told.inserted}`
  if (told.incremented !== incremented)
    return `${into} was incremented ${incremented} times by ${group}, moments told of ${told.incremented}`
  if (told.filed !== filed) return `files of ${into} hold ${filed} records of ${group}, moments told of ${told.filed}`
  if (told.called !== called) return `${into} was called ${called} times by ${group}, moments told of ${told.called}`
  return null
}
