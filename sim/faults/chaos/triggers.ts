import type { Stream } from '../../kernel/stream.ts'
import { MILLISECOND } from '../../kernel/time.ts'
import type { MomentMatch } from '../../history/match.ts'
import type { PlannedFault } from '../plan.ts'
import { pickWeighted, range } from './pick.ts'
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
    ? atMoment(reactionOf(partition, stream), range(stream, 1, 3), drawAfter(stream))
    : atMoment(ordinaryMoment(partition, stream), drawNth(topology, stream), drawAfter(stream))
}

/** Mostly while work goes on and shortly after, else anywhere in the run. */
export function drawTime(topology: Topology, stream: Stream): number {
  const { workFromUs, workToUs, runUs } = topology
  if (stream.chance(1, 8)) return stream.below(runUs)
  const until = Math.min(runUs - 1, workToUs + Math.floor((workToUs - workFromUs) / 8))
  return range(stream, Math.min(workFromUs, until), until)
}

/** A time that leaves `roomUs` of work after it, when there is that much. */
export function drawEarlyTime(topology: Topology, roomUs: number, stream: Stream): number {
  const { workFromUs, workToUs, runUs } = topology
  const until = Math.min(runUs - 1, Math.max(workFromUs + Math.floor((workToUs - workFromUs) / 4), workToUs - roomUs))
  return range(stream, Math.min(workFromUs, until), until)
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

function ordinaryMoment(at: PartitionName, stream: Stream): MomentMatch {
  const { topic, partition } = at
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

function reactionOf(at: PartitionName, stream: Stream): MomentMatch {
  const { topic, partition } = at
  const moment = pickWeighted(stream, WEIGHTS.reaction)
  switch (moment) {
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
