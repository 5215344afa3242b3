import type { Stream } from '../../kernel/stream.ts'
import { MILLISECOND } from '../../kernel/time.ts'
import type { MomentMatch } from '../../history/match.ts'
import type { PlannedFault } from '../plan.ts'
import { only, pickWeighted, range } from './pick.ts'
import type { PartitionName, Topology } from './topology.ts'
import { WEIGHTS } from './weights.ts'

type PlannedTrigger = PlannedFault['trigger']

/** A time or a moment. `afterFaults`: whether an earlier fault may cause the moments that do not come by themselves. */
export function drawTrigger(topology: Topology, afterFaults: boolean, stream: Stream): PlannedTrigger {
  const partition = somePartition(topology, stream)
  if (partition === null || pickWeighted(stream, WEIGHTS.trigger) === 'time')
    return { kind: 'at', atUs: drawTime(topology, stream) }
  const reaction = afterFaults && pickWeighted(stream, WEIGHTS.momentClass) === 'reaction'
  return reaction
    ? atMoment(reactionOf(partition, topology, stream), range(stream, 1, 3), drawAfter(stream))
    : atMoment(ordinaryMoment(partition, topology, stream), drawNth(topology, stream), drawAfter(stream))
}

/** Mostly while work goes on and shortly after, else anywhere in the run. */
export function drawTime(topology: Topology, stream: Stream): number {
  const { workToUs, runUs } = topology
  if (stream.chance(1, 8)) return stream.below(runUs)
  const fromUs = someBeginning(topology, stream)
  const until = Math.min(runUs - 1, workToUs + Math.floor(Math.max(0, workToUs - fromUs) / 8))
  return range(stream, Math.min(fromUs, until), until)
}

/** A time that leaves `roomUs` of work after it, when there is that much. */
export function drawEarlyTime(topology: Topology, roomUs: number, stream: Stream): number {
  const { workToUs, runUs } = topology
  const fromUs = someBeginning(topology, stream)
  const quarter = fromUs + Math.floor(Math.max(0, workToUs - fromUs) / 4)
  const until = Math.min(runUs - 1, Math.max(quarter, workToUs - roomUs))
  return range(stream, Math.min(fromUs, until), until)
}

/** Half of the time when the first reader can begin, where something reads: until then only producers are at work. */
function someBeginning({ workFromUs, readFromUs, readers }: Topology, stream: Stream): number {
  return readers.length > 0 && stream.chance(1, 2) ? readFromUs : workFromUs
}

/** A trigger at the nth time that a moment happens. */
export function atMoment(match: MomentMatch, nth: number, afterUs: number): PlannedTrigger {
  return { kind: 'when', match, nth, everyMatch: false, times: null, afterUs }
}

export function atTime(atUs: number): PlannedTrigger {
  return { kind: 'at', atUs }
}

export function somePartition(topology: Topology, stream: Stream): PartitionName | null {
  return topology.partitions.length === 0 ? null : stream.pick(topology.partitions)
}

/** Half of the time among the first records, where a new producer and a new leader are still alone. */
export function drawNth(topology: Topology, stream: Stream): number {
  const most = Math.max(1, topology.records)
  return 1 + stream.below(stream.chance(1, 2) ? Math.min(20, most) : most)
}

export function drawAfter(stream: Stream): number {
  switch (pickWeighted(stream, WEIGHTS.after)) {
    case 'atOnce':
      return 0
    case 'oneHop':
      return range(stream, 0, 5 * MILLISECOND)
    case 'soon':
      return range(stream, 5 * MILLISECOND, 500 * MILLISECOND)
    case 'later':
      return range(stream, 500 * MILLISECOND, 5000 * MILLISECOND)
  }
}

function ordinaryMoment(at: PartitionName, topology: Topology, stream: Stream): MomentMatch {
  const { topic, partition } = at
  if (topology.transactional.length > 0 && pickWeighted(stream, WEIGHTS.transacting) === 'transaction')
    return transactionMoment(stream)
  if (topology.readers.length > 0 && pickWeighted(stream, WEIGHTS.side) === 'reading')
    return readingMoment(topology, stream)
  const moment = pickWeighted(stream, WEIGHTS.moment)
  switch (moment) {
    case 'log.appended':
    case 'produce.acked':
    case 'produce.answered':
    case 'record.sent':
      return { moment, fields: { topic } }
    case 'hw.advanced':
      return { moment, fields: { topic, partition, leader: true } }
    case 'produceRequest':
      return { moment: 'request.sent', fields: { api: 'Produce', reply: false } }
    case 'produceReply':
      return { moment: 'request.sent', fields: { api: 'Produce', reply: true } }
    case 'fetchRequest':
      return { moment: 'request.sent', fields: { api: 'Fetch', reply: false } }
    case 'fetchReply':
      return { moment: 'request.sent', fields: { api: 'Fetch', reply: true } }
  }
}

/** A moment of a transaction, whoever's it is. */
function transactionMoment(stream: Stream): MomentMatch {
  const moment = pickWeighted(stream, WEIGHTS.transaction)
  switch (moment) {
    case 'endRequest':
      return { moment: 'request.sent', fields: { api: 'EndTxn', reply: false } }
    case 'endReply':
      return { moment: 'request.sent', fields: { api: 'EndTxn', reply: true } }
    case 'markersRequest':
      return { moment: 'request.sent', fields: { api: 'WriteTxnMarkers', reply: false } }
    case 'markersReply':
      return { moment: 'request.sent', fields: { api: 'WriteTxnMarkers', reply: true } }
    case 'txn.began':
    case 'txn.ending':
    case 'txn.opened':
    case 'txn.partition-added':
    case 'txn.prepared':
    case 'txn.completed':
    case 'marker.written':
      return { moment, fields: {} }
  }
}

/** Moments that never come where nothing is in a group. */
const OF_GROUPS: readonly string[] = [
  'offset.committed',
  'commitRequest',
  'commitReply',
  'group.rebalanced',
  'member.removed',
  'partition.assigned',
  'coordinator.loaded',
]

/** What stores are asked to change; drawn where their kinds differ. */
export function storeApi({ storeApis }: Topology, stream: Stream): string {
  const [only = 'StoreWrite'] = storeApis
  return storeApis.length > 1 ? stream.pick(storeApis) : only
}

/** A moment of what reads, at some instance of it where that is told apart. */
function readingMoment(topology: Topology, stream: Stream): MomentMatch {
  const { readers, storeClients, memberSessionUs } = topology
  const moment = pickWeighted(
    stream,
    only(WEIGHTS.reading, (name) => {
      if (name === 'storeRequest' || name === 'storeReply') return storeClients.length > 0
      return memberSessionUs > 0 || !OF_GROUPS.includes(name)
    }),
  )
  switch (moment) {
    case 'commitRequest':
      return { moment: 'request.sent', fields: { api: 'OffsetCommit', reply: false } }
    case 'commitReply':
      return { moment: 'request.sent', fields: { api: 'OffsetCommit', reply: true } }
    case 'storeRequest':
      return { moment: 'request.sent', fields: { api: storeApi(topology, stream), reply: false } }
    case 'storeReply':
      return { moment: 'request.sent', fields: { api: storeApi(topology, stream), reply: true } }
    case 'record.delivered':
    case 'partition.assigned':
      return { moment, fields: stream.chance(1, 2) ? {} : { node: stream.pick(readers) } }
    case 'effect.applied':
    case 'record.derived':
    case 'offset.committed':
    case 'group.rebalanced':
      return { moment, fields: {} }
  }
}

function reactionOf(at: PartitionName, topology: Topology, stream: Stream): MomentMatch {
  const { topic, partition } = at
  const moment = pickWeighted(
    stream,
    only(WEIGHTS.reaction, (name) => topology.memberSessionUs > 0 || !OF_GROUPS.includes(name)),
  )
  switch (moment) {
    case 'group.rebalanced':
    case 'member.removed':
    case 'partition.assigned':
    case 'coordinator.loaded':
      return { moment, fields: {} }
    case 'leader.elected':
    case 'isr.changed':
    case 'leader.began':
    case 'follower.began':
    case 'log.truncated':
      return { moment, fields: { topic, partition } }
    case 'broker.fenced':
    case 'broker.unfenced':
    case 'node.crashed':
      return { moment, fields: {} }
  }
}
