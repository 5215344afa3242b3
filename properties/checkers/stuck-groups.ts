import type { Consumption } from '../shadow/consumption.ts'
import { isDone } from './done.ts'
import type { CommittedView } from './committed-view.ts'

/** A group that has not come to the end of a partition. */
export interface StuckGroup {
  readonly reader: number
  readonly partition: number
  /** The group and where it stands, in words. */
  readonly message: string
}

/** Number of pairs of a reader and a partition that it reads. */
export function readingsOf(consumption: Consumption): number {
  return consumption.applications.readers.reduce((sum, reader) => sum + reader.reads.filter(Boolean).length, 0)
}

/**
 * Groups that stand before the last stable offset, though somebody of them runs. Without transactions that offset is the
 * high watermark. Where a position is committed late or not at all, the work that is done counts.
 */
export function stuckGroups(consumption: Consumption, view: CommittedView): readonly StuckGroup[] {
  const { applications } = consumption
  return applications.readers.flatMap((reader, number) => {
    // A script ends where it ends, and whoever was stopped in good order is not stuck.
    if (reader.isScripted || !consumption.runs(number)) return []
    return reader.reads.flatMap((reads, partition) => {
      const message = reads ? whyStuck(consumption, view.read(), number, partition) : null
      return message === null ? [] : [{ reader: number, partition, message }]
    })
  })
}

/** Why groups may be stuck: nobody may lead the partition of the offsets topic that keeps them. By reader. */
export function excusedGroups(consumption: Consumption): ReadonlyMap<number, string> {
  const { applications, coordinators, internalTopics } = consumption
  const excuses = new Map<number, string>()
  applications.readers.forEach(({ group, groupId }, reader) => {
    const kept = coordinators.keptIn[reader] as number
    if (groupId === '' || !internalTopics.isOffsetsPartitionLost(kept)) return
    const why = `nobody may lead __consumer_offsets-${kept}, which keeps ${group}: no replica that certainly holds all committed offsets is left`
    excuses.set(reader, why)
  })
  return excuses
}

function whyStuck(consumption: Consumption, view: CommittedView, reader: number, partition: number): string | null {
  const { leaderships, logs, partitions } = consumption.shadow
  const leader = leaderships.newestNode(partition)
  if (leader < 0) return null
  const { highWatermark } = logs.of(leader, partition)
  const committed = consumption.commits.committed(reader, partition)
  const first = firstUndone(consumption, view, reader, partition, Math.max(0, committed), highWatermark)
  if (first >= highWatermark) return null
  const { group } = consumption.applications.reader(reader)
  const stands = committed < 0 ? 'stood nowhere' : `stood at offset ${committed}`
  return `${group} ${stands} of ${partitions.names[partition]}, with offsets ${first} to ${highWatermark} to read`
}

function firstUndone(
  consumption: Consumption,
  view: CommittedView,
  reader: number,
  partition: number,
  from: number,
  to: number,
): number {
  for (let offset = from; offset < to; offset++) {
    const place = view.placeAt(partition, offset)
    if (place >= 0 && !isDone(consumption, reader, view.record.at(place), partition, offset)) return offset
  }
  return to
}
