import type { MomentMatch } from '../../../sim/history/match.ts'
import { StoreApi } from '../../../sim/kafka/protocol/api.ts'
import type { Place } from '../place.ts'
import { didYouMean } from '../suggest.ts'
import { type ApplicationFacts, type Context, publishes, reads } from './context.ts'
import { GROUP_MOMENTS } from './group-moments.ts'
import { nodeExists, nodeHelp, splitInstance } from './nodes.ts'

/** Fields whose values are names: a number there is taken as written. */
const NAME_FIELDS: readonly string[] = [
  'topic',
  'node',
  'record',
  'input',
  'producer',
  'group',
  'transactional.id',
  'api',
  'id',
]
const NODE_FIELDS: readonly string[] = [
  'node',
  'to',
  'from',
  'peer',
  'leader',
  'broker',
  'follower',
  'target',
  'member',
  'store',
]

/** Reads a moment with the values its fields must have. Keys in `others` belong to the trigger. */
export function resolveMatch(place: Place, context: Context, others: readonly string[]): MomentMatch | null {
  const name = resolveMoment(place.get('moment'), context)
  if (!place.has('moment')) {
    const known = place.broken || place.tree?.kind !== 'map'
    if (known) place.wrongType('a moment must be a map', 'write `{ moment: produce.acked, topic: orders }`')
    else place.error('TWICESHY_MISSING', '`moment` is missing', 'write `{ moment: produce.acked, topic: orders }`')
  }
  const fields: Record<string, string | number | boolean> = {}
  for (const entry of place.entries()) {
    if (entry.name === 'moment' || others.includes(entry.name) || !entry.written || entry.broken) continue
    const value = name === null ? null : fieldAt(entry, name, context)
    if (value !== null) fields[entry.name] = value
  }
  checkPartition(place, fields, context)
  return name === null ? null : { moment: name, fields }
}

/** A moment's name. Null when there is none such, which is reported. */
export function resolveMoment(place: Place, context: Context): string | null {
  if (!place.written || place.broken) return null
  const text = place.text()
  if (text !== null && Object.hasOwn(GROUP_MOMENTS, text)) return happensHere(place, context) ? text : null
  if (text !== null && context.options.moments.includes(text)) return text
  const known = [...context.options.moments, ...Object.keys(GROUP_MOMENTS)]
  const help = place.report.full ? null : (didYouMean(text ?? '', known) ?? 'see `twiceshy list moments`')
  place.error('TWICESHY_UNKNOWN_MOMENT', `there is no moment ${place.describe()}`, help)
  return null
}

function happensHere(place: Place, context: Context): boolean {
  if ([...context.applications.values()].some(reads)) return true
  place.error(
    'TWICESHY_NEVER_FIRES',
    `this can never happen: ${place.describe()} is of who reads, and no application does`,
  )
  return false
}

function fieldAt(entry: Place, moment: string, context: Context): string | number | boolean | null {
  const known = context.options.momentFields[moment] ?? GROUP_MOMENTS[moment] ?? []
  if (!known.includes(entry.name)) {
    const help = entry.report.full ? null : (didYouMean(entry.name, known) ?? `its fields are ${known.join(', ')}`)
    entry.keyErrorOrValue('TWICESHY_UNKNOWN_FIELD', `the moment \`${moment}\` has no field \`${entry.name}\``, help)
    return null
  }
  const tree = entry.tree
  if (tree?.kind !== 'scalar' || tree.value === null) {
    entry.wrongType(`\`${entry.name}\` must be a single value`)
    return null
  }
  const value = NAME_FIELDS.includes(entry.name) ? tree.source : tree.value
  checkField(entry, value, context)
  return value
}

function checkField(entry: Place, value: string | number | boolean, context: Context): void {
  if (entry.name === 'topic') checkTopic(entry, context)
  else if (entry.name === 'group') checkGroup(entry, String(value), context)
  else if (entry.name === 'record' || entry.name === 'input') checkRecord(entry, String(value), context)
  else if (entry.name === 'producer') checkProducer(entry, String(value), context)
  else if (entry.name === 'api') checkApi(entry, context)
  else if (NODE_FIELDS.includes(entry.name) && typeof value === 'string') checkNode(entry, value, context)
}

/** Says so when no such topic exists or can come into being. */
export function checkTopic(place: Place, context: Context): boolean {
  const name = place.text()
  if (name !== null && (context.topics.has(name) || context.cluster.autoCreate)) return true
  const declared = [...context.topics.keys()]
  const help = place.report.full || name === null ? null : didYouMean(name, declared)
  const general = 'declare it under `topics:`, or write `auto.create.topics.enable: true` in `cluster.config`'
  place.error(
    'TWICESHY_UNKNOWN_TOPIC',
    `the topic ${place.describe()} is not declared`,
    help?.startsWith('did') === true ? help : general,
  )
  return false
}

/** Says so when no application is in a group of this name. */
export function checkGroup(place: Place, group: string, context: Context): boolean {
  if (context.groups.has(group)) return true
  const groups = [...context.groups.keys()]
  const help = groups.length === 0 ? 'no application has a `group.id`' : didYouMean(group, groups)
  place.error('TWICESHY_UNKNOWN_GROUP', `there is no group \`${group}\``, place.report.full ? null : help)
  return false
}

/** `checkout#0` or `checkout`. */
function checkProducer(entry: Place, value: string, context: Context): void {
  const application = context.applications.get(splitInstance(value)?.name ?? '')
  if (application !== undefined && !publishes(application)) {
    const message = `this can never happen: \`${application.name}\` publishes nothing`
    entry.error('TWICESHY_NEVER_FIRES', message, 'name a producer')
    return
  }
  if (context.applications.has(value) || nodeExists(value, context)) return
  const help = entry.report.full ? null : nodeHelp(value, context)
  entry.error('TWICESHY_NEVER_FIRES', `this can never happen: there is no producer \`${value}\``, help)
}

/** `checkout#0/5`: whether that record is ever sent. */
function checkRecord(entry: Place, value: string, context: Context): void {
  const match = /^([^#/]+)#(\d+)\/(.+)$/s.exec(value)
  if (match === null) {
    const help = 'a record is named `producer#instance/number`, such as `checkout#0/5`'
    entry.error('TWICESHY_VALUE', `${entry.describe()} names no record`, help)
    return
  }
  const application = context.applications.get(match[1] ?? '')
  const sent =
    application !== undefined && Number(match[2]) < application.instances && sends(application.records, match[3] ?? '')
  if (sent) return
  const records = application?.records
  const whose = `\`${match[1] ?? ''}\``
  const help =
    typeof records === 'number'
      ? `records of ${whose} are numbered 0 to ${records - 1}`
      : records === 'none'
        ? `${whose} reads, it sends no records`
        : null
  entry.error('TWICESHY_NEVER_FIRES', `this can never happen: there is no record \`${value}\``, help)
}

function sends(records: ApplicationFacts['records'], id: string): boolean {
  if (records === 'none') return false
  if (typeof records === 'object') return records.has(id)
  return /^(?:0|[1-9]\d*)$/.test(id) && (records === 'derived' || Number(id) < records)
}

function checkNode(entry: Place, value: string, context: Context): void {
  if (nodeExists(value, context)) return
  const help = entry.report.full ? null : nodeHelp(value, context)
  entry.error('TWICESHY_UNKNOWN_NODE', `there is no node \`${value}\``, help)
}

function checkPartition(place: Place, fields: Readonly<Record<string, unknown>>, context: Context): void {
  const entry = place.get('partition')
  const partition = fields['partition']
  if (partition === undefined) return
  const topic = typeof fields['topic'] === 'string' ? context.topics.get(fields['topic']) : undefined
  const partitions = topic?.partitions ?? Math.max(0, ...[...context.topics.values()].map((each) => each.partitions))
  if (typeof partition === 'number' && Number.isInteger(partition) && partition >= 0 && partition < partitions) return
  if (topic === undefined && context.cluster.autoCreate) return
  const whose = topic === undefined ? 'no topic has' : `\`${topic.name}\` has no`
  const message = `this can never happen: ${whose} partition ${entry.describe()}`
  entry.error(
    'TWICESHY_NEVER_FIRES',
    message,
    `partitions are numbered from 0${partitions > 0 ? ` to ${partitions - 1}` : ''}`,
  )
}

/** `ApiKeys`, as far as brokers, controllers and clients of a KRaft cluster send them. */
const KAFKA_APIS: readonly string[] = [
  'Produce',
  'Fetch',
  'ListOffsets',
  'Metadata',
  'OffsetCommit',
  'OffsetFetch',
  'FindCoordinator',
  'JoinGroup',
  'Heartbeat',
  'LeaveGroup',
  'SyncGroup',
  'DescribeGroups',
  'ListGroups',
  'ApiVersions',
  'CreateTopics',
  'DeleteTopics',
  'DeleteRecords',
  'InitProducerId',
  'OffsetForLeaderEpoch',
  'AddPartitionsToTxn',
  'AddOffsetsToTxn',
  'EndTxn',
  'WriteTxnMarkers',
  'TxnOffsetCommit',
  'DescribeConfigs',
  'AlterConfigs',
  'CreatePartitions',
  'DeleteGroups',
  'ElectLeaders',
  'IncrementalAlterConfigs',
  'AlterPartitionReassignments',
  'ListPartitionReassignments',
  'OffsetDelete',
  'Vote',
  'BeginQuorumEpoch',
  'EndQuorumEpoch',
  'DescribeQuorum',
  'AlterPartition',
  'UpdateFeatures',
  'Envelope',
  'FetchSnapshot',
  'DescribeCluster',
  'DescribeProducers',
  'BrokerRegistration',
  'BrokerHeartbeat',
  'UnregisterBroker',
  'DescribeTransactions',
  'ListTransactions',
  'AllocateProducerIds',
  'ConsumerGroupHeartbeat',
  'ConsumerGroupDescribe',
  'ControllerRegistration',
  'DescribeTopicPartitions',
  'ShareGroupHeartbeat',
  'ShareFetch',
  'ShareAcknowledge',
]

/** What applications ask of stores. */
const STORE_APIS: readonly string[] = Object.keys(StoreApi)

/** Kafka's name of a request, or what a store is asked. Null when nothing usable is written. */
export function checkApi(place: Place, context: Context): string | null {
  if (!place.written || place.broken) return null
  const text = place.text()
  const simulated = [...(context.options.apis ?? KAFKA_APIS), ...(context.stores.size > 0 ? STORE_APIS : [])]
  if (text !== null && simulated.includes(text)) return text
  if (text !== null && KAFKA_APIS.includes(text)) {
    place.error('TWICESHY_NOT_SIMULATED', `the request ${place.describe()} is not simulated yet`)
  } else {
    const help = place.report.full ? null : didYouMean(text ?? '', KAFKA_APIS)
    place.error('TWICESHY_VALUE', `Kafka has no request ${place.describe()}`, help)
  }
  return null
}
