import type { Consumption } from '../shadow/consumption.ts'
import type { ShareState } from '../shadow/share-states.ts'
import { seconds } from '../words.ts'
import type { RunEnd } from './checker.ts'
import type { CommittedView } from './committed-view.ts'
import type { Fate } from './fates.ts'
import { tellPlace } from './missing.ts'

/** Where a record lies that a group shares, and what leaders told of it there. */
interface Place {
  readonly partition: number
  readonly offset: number
  readonly state: ShareState | undefined
}

/**
 * An effect that is not there, in a share group: lost when the group is done with the record and nobody works on it any
 * more, or when the run settled without it. What was given up, by the delivery limit or by the application, says so.
 */
export function shareFate(
  consumption: Consumption,
  view: CommittedView,
  reader: number,
  record: number,
  end: RunEnd,
  isPending: boolean,
): Fate {
  const settled = end.ended === 'settled'
  const places = placesOf(consumption, view, reader, record)
  const open = places.find(({ partition, offset }) => !consumption.shares.isOver(reader, partition, offset))
  if (!settled) {
    if (open !== undefined) return { state: 'undecided', why: 'was not reached' }
    if (isPending) return { state: 'undecided', why: 'is being worked on' }
  }
  if (open !== undefined && !consumption.runs(reader)) return { state: 'undecided', why: 'was not reached' }
  const place = open ?? places.at(-1)
  if (place === undefined) return { state: 'undecided', why: 'was not reached' }
  const isGivenUp = open === undefined && places.some(({ state }) => state?.state === 'archived')
  return {
    state: 'lost',
    kind: isGivenUp ? 'given-up-effect' : 'lost-effect',
    atUs: open === undefined ? Math.max(...places.map(({ state }) => state?.atUs ?? 0)) : end.virtualUs,
    record,
    message: () => tell(consumption, reader, record, place),
  }
}

function placesOf(consumption: Consumption, view: CommittedView, reader: number, record: number): readonly Place[] {
  const { reads } = consumption.applications.reader(reader)
  const places: Place[] = []
  for (let at = view.firstOf(record); at >= 0; at = view.next.at(at) - 1) {
    const partition = view.partition.at(at)
    const offset = view.offset.at(at)
    if (reads[partition] === true)
      places.push({ partition, offset, state: consumption.shares.of(reader, partition, offset) })
  }
  return places
}

function tell(consumption: Consumption, reader: number, record: number, place: Place): string {
  const { shadow, applications } = consumption
  const name = shadow.names.record(shadow.records.ids.at(record))
  const { name: readerName } = applications.reader(reader)
  const lies = `${name} lies at ${tellPlace(consumption, place.partition, place.offset)}`
  return `${lies}, but ${readerName} never finished processing it: ${tellState(consumption, reader, place)}`
}

function tellState(consumption: Consumption, reader: number, { state, partition, offset }: Place): string {
  const { group } = consumption.applications.reader(reader)
  if (state === undefined) {
    return `nobody was given it${tellSkipped(consumption, reader, partition, offset)}, and the run settled without it`
  }
  const at = seconds(state.atUs)
  const who = state.node < 0 ? 'nobody' : consumption.shadow.names.node(state.node)
  const times = state.count === 1 ? 'once' : `${state.count} times`
  switch (state.state) {
    case 'acknowledged':
      return `${who} acknowledged it at ${at}, so ${group} is done with it`
    case 'archived':
      return `it was delivered ${times}, the last time to ${who}, and ${group} gave it up at ${at}: ${tellGivenUp(consumption, state)}`
    case 'acquired':
    case 'available':
      return `it was delivered ${times}, the last time to ${who}${tellSkipped(consumption, reader, partition, offset)}, and the run settled without it`
  }
}

/** That a leader began behind it; '' where none did. */
function tellSkipped({ shares }: Consumption, reader: number, partition: number, offset: number): string {
  const start = shares.startOf(reader, partition)
  if (start === undefined || start.offset <= offset) return ''
  return `, its leader began at offset ${start.offset} at ${seconds(start.atUs)}`
}

/** By the lock that ended, the release at the limit, or the member's own word. */
function tellGivenUp(consumption: Consumption, { cause, count }: ShareState): string {
  const { brokers } = consumption.shadow.spec.cluster
  const limit = Math.max(...brokers.map((config) => config['group.share.delivery.count.limit']))
  if (cause === 1) return `its acquisition lock ended and group.share.delivery.count.limit is ${limit}`
  return count >= limit
    ? `it was released or rejected and group.share.delivery.count.limit is ${limit}`
    : 'it was rejected'
}

/** How a record had come back to a share group before it was delivered again. */
export function tellReturned(
  consumption: Consumption,
  reader: number,
  partition: number,
  offset: number,
  atUs: number,
): string {
  const { group } = consumption.applications.reader(reader)
  const state = consumption.shares.releasedBefore(reader, partition, offset, atUs)
  if (state === undefined) return `the leader did not know that ${group} had acquired it`
  const who = consumption.shadow.names.node(state.node)
  return `${tellRelease(state.cause, who)} at ${seconds(state.atUs)}, before an acknowledgement was persisted`
}

function tellRelease(cause: number, who: string): string {
  if (cause === 1) return `the acquisition lock of ${who} had ended`
  return cause === 2 ? `the share session of ${who} had ended` : `${who} had released it`
}
