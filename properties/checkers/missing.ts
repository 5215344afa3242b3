import type { Consumption } from '../shadow/consumption.ts'
import { seconds } from '../words.ts'
import type { CommittedView } from './committed-view.ts'

/** Where a record lies: `offset 5 of orders-0`. */
export function tellPlace(consumption: Consumption, partition: number, offset: number): string {
  return `offset ${offset} of ${consumption.shadow.partitions.names[partition] ?? 'an unknown partition'}`
}

/** Who committed what: `group billing had committed offset 6 of orders-0 at 3.450s (billing#0, generation 1)`. */
export function tellCommit(consumption: Consumption, reader: number, partition: number, commit: number): string {
  const { commits, shadow, applications } = consumption
  const { group } = applications.reader(reader)
  if (commit < 0) return `${group} had committed nothing`
  const where = tellPlace(consumption, partition, commits.offset.at(commit))
  const at = seconds(commits.at.at(commit))
  const member = commits.member.at(commit)
  const generation = commits.generation.at(commit)
  if (member < 0) return `${group} had found itself at ${where} at ${at}`
  const by = generation < 0 ? shadow.names.node(member) : `${shadow.names.node(member)}, generation ${generation}`
  return `${group} had committed ${where} at ${at} (${by})`
}

/**
 * The proof that an effect is lost: where the record lies, what its reader did not do, who had it last, and why nobody
 * will read it again. `index` numbers the missing output of a processor, -1 for other effects.
 */
export function tellMissing(
  consumption: Consumption,
  view: CommittedView,
  reader: number,
  record: number,
  index: number,
  passing: number,
): string {
  const { shadow, applications } = consumption
  const { reads } = applications.reader(reader)
  let place = view.firstOf(record)
  while (place >= 0 && reads[view.partition.at(place)] !== true) place = view.next.at(place) - 1
  const partition = view.partition.at(place)
  const name = shadow.names.record(shadow.records.ids.at(record))
  const lies = `${name} lies at ${tellPlace(consumption, partition, view.offset.at(place))}`
  const never = `${applications.reader(reader).name} never ${tellVerb(consumption, reader, index)}`
  const why =
    passing < 0
      ? 'and the run settled without it'
      : `and ${tellCommit(consumption, reader, partition, passing)}, so it is not read again`
  const deleted = tellDeleted(consumption, partition, view.offset.at(place))
  return `${lies}, but ${never}: ${tellLastHolder(consumption, reader, record)}${deleted}, ${why}`
}

/** That no log holds an offset any more because its topic or retention deleted it; nothing where it is there. */
function tellDeleted({ shadow }: Consumption, partition: number, offset: number): string {
  const goneAt = shadow.partitions.goneAt[partition] as number
  if (goneAt >= 0) return `, the topic was deleted at ${seconds(goneAt)}`
  const leader = shadow.leaderships.newestNode(partition)
  const at = leader < 0 ? -1 : shadow.logs.of(leader, partition).deletedAt(offset)
  return at < 0 ? '' : `, retention had deleted it from the log of ${shadow.names.node(leader)} at ${seconds(at)}`
}

function tellVerb(consumption: Consumption, reader: number, index: number): string {
  const { kind, outputs, store } = consumption.applications.reader(reader)
  if (kind === 'consumer') return 'finished processing it'
  if (kind === 'sink') return `got it into ${store}`
  if (index < 0) return 'was done with it'
  if (outputs === 'told') return `published output ${index} of what its handler made of it`
  return outputs === 1 ? 'published what comes of it' : `published output ${index} of the ${outputs} that come of it`
}

function tellLastHolder(consumption: Consumption, reader: number, record: number): string {
  const { deliveries, shadow } = consumption
  let delivery = deliveries.newestOf(record)
  while (delivery >= 0 && deliveries.reader.at(delivery) !== reader)
    delivery = deliveries.beforeOfRecord.at(delivery) - 1
  if (delivery < 0) return 'poll() never returned it'
  const node = shadow.names.node(deliveries.node.at(delivery))
  const had = `${node} got it at ${seconds(deliveries.at.at(delivery))}`
  const started = deliveries.startedAt.at(delivery)
  const began = started === 0 ? '' : ` and began to work on it at ${seconds(started - 1)}`
  const ended = consumption.endedAfter(delivery)
  if (ended < 0) return `${had}${began}`
  return `${had}${began}, but was gone at ${seconds(ended)} before it was done`
}
