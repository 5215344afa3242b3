import { ms } from '../../../kernel/time.ts'
import type { ClientSwitches } from '../../protocol/client-switches.ts'
import { BY_DURATION, type ConsumerConfig, isoDurationMs } from '../../protocol/config/consumer.ts'
import type { ClientProfile } from '../../protocol/profile.ts'

/** What a member that takes part in group management may be told to do with its partitions before it rejoins. */
export type RebalanceProtocol = 'eager' | 'cooperative'

/** Where a partition without a position is begun (`AutoOffsetResetStrategy`). */
export type ResetPolicy = 'earliest' | 'latest' | 'by_duration'

export type AssignorName = 'range' | 'roundrobin' | 'sticky' | 'cooperative-sticky'

/** A consumer's configuration as the client uses it: times in microseconds, consequences drawn. */
export interface ConsumerSettings {
  readonly groupId: string | null
  /** Null = a dynamic member. */
  readonly groupInstanceId: string | null
  readonly groupProtocol: 'classic' | 'consumer'
  /** `group.remote.assignor`; null = the broker's choice. */
  readonly remoteAssignor: string | null
  readonly autoCommit: boolean
  readonly autoCommitIntervalUs: number
  readonly offsetReset: ResetPolicy | 'none'
  /** How far back `by_duration` goes. */
  readonly offsetResetMs: number
  readonly readCommitted: boolean
  /** `check.crcs` */
  readonly checksCrcs: boolean
  /** `client.rack`; '' = none. */
  readonly rack: string
  readonly maxPollRecords: number
  readonly fetchMinBytes: number
  readonly fetchMaxBytes: number
  readonly fetchMaxWaitMs: number
  readonly maxPartitionFetchBytes: number
  readonly assignors: readonly AssignorName[]
  readonly protocol: RebalanceProtocol
  readonly sessionTimeoutMs: number
  readonly sessionTimeoutUs: number
  readonly heartbeatIntervalUs: number
  /** max.poll.interval.ms, which is the rebalance timeout too. */
  readonly maxPollIntervalMs: number
  readonly maxPollIntervalUs: number
  readonly requestTimeoutUs: number
  /** JoinGroup may be parked for a whole rebalance (`JOIN_GROUP_TIMEOUT_LAPSE` of five seconds above it). */
  readonly joinTimeoutUs: number
  readonly defaultApiTimeoutUs: number
  readonly retryBackoffUs: number
  readonly retryBackoffMaxUs: number
  readonly reconnectBackoffUs: number
  readonly reconnectBackoffMaxUs: number
  readonly setupTimeoutUs: number
  readonly setupTimeoutMaxUs: number
  readonly metadataMaxAgeUs: number
  /** KIP-951: leaders named in error answers are used at once. */
  readonly leaderHints: boolean
  /** Leader epochs are noted, told with every fetch, and positions checked by them (KIP-320). */
  readonly knowsEpochs: boolean
  readonly switches: ClientSwitches
}

/**
 * `KafkaConsumer`'s own conclusions from its configuration. Without a group id there is nothing to commit to, so auto-commit is
 * silently off (`ConsumerConfig.maybeOverrideEnableAutoCommit`). The rebalance protocol is the best that every assignor
 * knows: only cooperative-sticky knows another than the eager one, so the default list is eager.
 */
export function consumerSettings(config: ConsumerConfig, profile: ClientProfile): ConsumerSettings {
  const assignors = assignorsOf(config['partition.assignment.strategy'])
  const groupId = config['group.id']
  const groupInstanceId = config['group.instance.id']
  const requestTimeoutUs = ms(config['request.timeout.ms'])
  const maxPollIntervalUs = ms(config['max.poll.interval.ms'])
  return {
    groupId: groupId === '' ? null : groupId,
    groupInstanceId: groupInstanceId === '' ? null : groupInstanceId,
    groupProtocol: config['group.protocol'],
    remoteAssignor: config['group.remote.assignor'] === '' ? null : config['group.remote.assignor'],
    autoCommit: config['enable.auto.commit'] && groupId !== '',
    autoCommitIntervalUs: ms(config['auto.commit.interval.ms']),
    offsetReset: resetPolicyOf(config['auto.offset.reset']),
    offsetResetMs: isoDurationMs(config['auto.offset.reset'].slice(BY_DURATION.length)) ?? 0,
    readCommitted: config['isolation.level'] === 'read_committed',
    checksCrcs: config['check.crcs'],
    rack: config['client.rack'],
    maxPollRecords: config['max.poll.records'],
    fetchMinBytes: config['fetch.min.bytes'],
    fetchMaxBytes: config['fetch.max.bytes'],
    fetchMaxWaitMs: config['fetch.max.wait.ms'],
    maxPartitionFetchBytes: config['max.partition.fetch.bytes'],
    assignors,
    protocol: assignors.every((name) => name === 'cooperative-sticky') ? 'cooperative' : 'eager',
    sessionTimeoutMs: config['session.timeout.ms'],
    sessionTimeoutUs: ms(config['session.timeout.ms']),
    heartbeatIntervalUs: ms(config['heartbeat.interval.ms']),
    maxPollIntervalMs: config['max.poll.interval.ms'],
    maxPollIntervalUs,
    requestTimeoutUs,
    joinTimeoutUs: Math.max(requestTimeoutUs, maxPollIntervalUs + ms(5000)),
    defaultApiTimeoutUs: ms(config['default.api.timeout.ms']),
    retryBackoffUs: ms(config['retry.backoff.ms']),
    retryBackoffMaxUs: ms(config['retry.backoff.max.ms']),
    reconnectBackoffUs: ms(config['reconnect.backoff.ms']),
    reconnectBackoffMaxUs: ms(config['reconnect.backoff.max.ms']),
    setupTimeoutUs: ms(config['socket.connection.setup.timeout.ms']),
    setupTimeoutMaxUs: ms(config['socket.connection.setup.timeout.max.ms']),
    metadataMaxAgeUs: ms(config['metadata.max.age.ms']),
    leaderHints: profile.leaderHints,
    knowsEpochs: profile['leader.epochs'] === 'followed',
    switches: profile,
  }
}

function resetPolicyOf(setting: ConsumerConfig['auto.offset.reset']): ResetPolicy | 'none' {
  return setting === 'earliest' || setting === 'latest' || setting === 'none' ? setting : 'by_duration'
}

const ASSIGNORS: ReadonlyMap<string, AssignorName> = new Map([
  ['range', 'range'],
  ['roundrobin', 'roundrobin'],
  ['sticky', 'sticky'],
  ['cooperative-sticky', 'cooperative-sticky'],
  ['org.apache.kafka.clients.consumer.RangeAssignor', 'range'],
  ['org.apache.kafka.clients.consumer.RoundRobinAssignor', 'roundrobin'],
  ['org.apache.kafka.clients.consumer.StickyAssignor', 'sticky'],
  ['org.apache.kafka.clients.consumer.CooperativeStickyAssignor', 'cooperative-sticky'],
])

/** The list of `partition.assignment.strategy`, which whoever reads configurations has checked. */
function assignorsOf(list: string): readonly AssignorName[] {
  return list.split(',').map((word) => {
    const name = ASSIGNORS.get(word.trim())
    if (name === undefined) throw new Error(`partition.assignment.strategy: ${word.trim()} is not simulated`)
    return name
  })
}
