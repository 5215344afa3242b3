import type { ReaderSpec, WorldSpec } from '../../sim/spec.ts'
import { isTransactional } from '../shadow/coordinated.ts'

/** Numbers of situations: places in {@link SITUATIONS}. */
export const S = {
  unreplicatedAtLeaderChange: 0,
  highWatermarkBehind: 1,
  truncation: 2,
  isrBelowMin: 3,
  leaderless: 4,
  electionDuringIsrChange: 5,
  uncleanElection: 6,
  uncleanRestart: 7,
  unflushedAtPowerLoss: 8,
  lossAtRestart: 9,
  replacedLeaderAppends: 10,
  fencedBrokerAppends: 11,
  notEnoughReplicas: 12,
  cutInFlight: 13,
  dedupHit: 14,
  epochBump: 15,
  sequenceRefused: 16,
  expiredInFlight: 17,
  unknownOutcome: 18,
  coordinatorFailover: 19,
  memberExpired: 20,
  takeover: 21,
  rebalanceWithWork: 22,
  redelivery: 23,
  rejectedCommit: 24,
  commitMovesBack: 25,
  zombieWork: 26,
  zombieWrite: 27,
  outputRefused: 28,
  openTransactionMoves: 29,
  preparedTransactionMoves: 30,
  transactionTimedOut: 31,
  endRefused: 32,
  produceFenced: 33,
  producerReplaced: 34,
  epochRaisedByEnd: 35,
  lateMarker: 36,
  verificationRefused: 37,
  unknownEnd: 38,
  pendingOffsetDropped: 39,
  assignedWithPendingOffset: 40,
  hangingTransaction: 41,
  controllerFailover: 42,
  metadataUndecided: 43,
  metadataLogCut: 44,
} as const

/** A hard situation: where defects of replication, retries and groups show, if there are any. */
export interface Situation {
  readonly name: string
  /** When it is counted. */
  readonly about: string
  /** Whether a world has what it takes; whether faults bring it about is for its quota to say. */
  readonly applies: (spec: WorldSpec) => boolean
}

/** Every situation that campaigns count, by its number in {@link S}. */
export const SITUATIONS: readonly Situation[] = [
  situation(
    'unreplicated-data-at-leader-change',
    'a new leader begins without a batch that the leader before it held',
    isReplicated,
  ),
  situation(
    'high-watermark-behind-at-leader-change',
    'a new leader begins with a high watermark below what was committed',
    isReplicated,
  ),
  situation('truncation', 'a replica cuts at least one record from its log', isReplicated),
  situation('isr-below-min', 'an in-sync set has fewer members than min.insync.replicas', hasMinIsr),
  situation('leaderless-partition', 'a partition has no leader', isMortal),
  situation(
    'election-during-isr-change',
    'a leader is elected while the in-sync set that the one before it proposed is not committed',
    isReplicated,
  ),
  situation('unclean-election', 'a leader is elected that was neither in sync nor eligible', allowsUnclean),
  situation('unclean-restart', 'a broker that was not shut down in good order finds a log with records', isMortal),
  situation('power-loss-with-unflushed-data', 'a broker loses power while a log has unflushed records', isMortal),
  situation('log-shorter-after-restart', 'a broker comes back with fewer records than it had', isMortal),
  situation('replaced-leader-appends', 'a leader that was replaced and does not know yet appends', isReplicated),
  situation('fenced-broker-appends', 'a leader that the controller has fenced appends', isMortal),
  situation('not-enough-replicas', 'a leader refuses a batch because too few replicas are in sync', hasMinIsr),
  situation('cut-link-with-work-in-flight', 'a link is cut while a send is unresolved', isMortal),
  situation('dedup-hit', 'a leader recognises a batch that it already has', isIdempotent),
  situation('producer-epoch-bump', 'an idempotent producer raises its own epoch', isIdempotent),
  situation('sequence-refused', 'a leader refuses a batch because its sequence number is out of order', isIdempotent),
  situation('batch-expired-in-flight', 'delivery.timeout.ms passes for a batch whose request is unanswered', publishes),
  situation('unknown-outcome', 'an application cannot know whether a record was published', publishes),
  situation(
    'coordinator-failover',
    'another broker becomes coordinator of a group that has members',
    (spec) => isMortal(spec) && hasGroups(spec),
  ),
  situation('member-expired', 'a member of a group is removed because nothing was heard of it', hasGroups),
  situation('takeover', 'a member gets a partition that nobody gave up in good order', sharesWork),
  situation(
    'rebalance-with-uncommitted-work',
    'a group enters a generation with records read and not committed',
    hasGroups,
  ),
  situation('redelivery', 'a group is given a record again', hasGroups),
  situation('rejected-commit', 'a group coordinator refuses a commit', commits),
  situation('commit-moves-back', 'a commit asks for an offset below the committed one', commits),
  situation('zombie-work', 'a member that its group has removed begins to work on a record', hasGroups),
  situation('zombie-write', 'an effect is applied for a partition that has had a later owner', sharesWork),
  situation('output-refused-by-fence', "a store's fence refuses an effect", isFenced),
  situation(
    'open-transaction-moves',
    'another broker becomes coordinator of a transaction that is open',
    mayLoseCoordinators,
  ),
  situation(
    'prepared-transaction-moves',
    'another broker becomes coordinator of a transaction that is decided and not complete',
    mayLoseCoordinators,
  ),
  situation('transaction-timed-out', 'a coordinator aborts what was open for transaction.timeout.ms', isTransactional),
  situation('end-of-transaction-fenced', 'a coordinator refuses EndTxn of an older producer epoch', isTransactional),
  situation('produce-fenced', 'a leader refuses a batch of an older producer epoch', isTransactional),
  situation('transactional-producer-replaced', 'a transactional id is given a newer epoch', isTransactional),
  situation(
    'epoch-raised-by-end',
    'the end of a transaction raises the epoch of its producer (transaction version 2)',
    (spec) => isTransactional(spec) && spec.profile['transaction.version'] === 2,
  ),
  situation(
    'marker-behind-next-transaction',
    "a marker is written when its producer's next transaction is open",
    isTransactional,
  ),
  situation(
    'verification-refused',
    'a coordinator tells a leader that a producer may not write to its partition',
    (spec) => isTransactional(spec) && spec.profile['transaction.version'] > 0,
  ),
  situation('unknown-end-of-transaction', 'an application cannot know whether it has committed', isTransactional),
  situation('pending-offset-dropped', 'a transaction with offsets is aborted', commitsInTransactions),
  situation(
    'assigned-with-pending-offset',
    'a member gets a partition whose committed offset waits for the end of a transaction',
    commitsInTransactions,
  ),
  situation('hanging-transaction', 'a transaction is open in a partition, and no coordinator knows of it', mayHang),
  situation('controller-failover', 'another voter of the metadata quorum becomes the active controller', hasQuorum),
  situation('metadata-undecided', 'an active controller is deposed with changes that are not committed', hasQuorum),
  situation('metadata-log-cut', 'a voter cuts what its metadata log does not share with its leader', hasQuorum),
]

/** Names of the situations that a world may come into. */
export function situationsOf(spec: WorldSpec): readonly string[] {
  return SITUATIONS.filter(({ applies }) => applies(spec)).map(({ name }) => name)
}

function situation(name: string, about: string, applies: Situation['applies']): Situation {
  return { name, about, applies }
}

function isMortal(spec: WorldSpec): boolean {
  return !spec.cluster.perfect
}

function hasQuorum(spec: WorldSpec): boolean {
  return spec.cluster.controllers > 1
}

function isReplicated(spec: WorldSpec): boolean {
  return spec.topics.some(({ replicationFactor }) => replicationFactor > 1)
}

function hasMinIsr(spec: WorldSpec): boolean {
  return spec.topics.some(({ config, replicationFactor }) => replicationFactor > 1 && config['min.insync.replicas'] > 1)
}

function allowsUnclean(spec: WorldSpec): boolean {
  return spec.topics.some(
    ({ config, replicationFactor }) => replicationFactor > 1 && config['unclean.leader.election.enable'],
  )
}

function publishes(spec: WorldSpec): boolean {
  return spec.producers.length + spec.processors.length > 0
}

function isIdempotent(spec: WorldSpec): boolean {
  const configs = [...spec.producers.map(({ config }) => config), ...spec.processors.map((each) => each.producerConfig)]
  return configs.some((config) => config['enable.idempotence'])
}

function members(spec: WorldSpec): readonly ReaderSpec[] {
  const readers: readonly ReaderSpec[] = [...spec.consumers, ...spec.processors, ...spec.sinks]
  return readers.filter(({ config, assign }) => config['group.id'] !== '' && assign === null)
}

function hasGroups(spec: WorldSpec): boolean {
  return members(spec).length > 0
}

/** Whether some group has two members or more. */
function sharesWork(spec: WorldSpec): boolean {
  const groups = new Map<string, number>()
  for (const { config, instances } of members(spec)) {
    groups.set(config['group.id'], (groups.get(config['group.id']) ?? 0) + instances)
  }
  return [...groups.values()].some((size) => size > 1)
}

/** Whether some group keeps its positions in Kafka, and not with what it writes. */
function commits(spec: WorldSpec): boolean {
  const elsewhere: readonly ReaderSpec[] = spec.sinks.filter(({ commit }) => commit === 'with-output')
  return members(spec).some((reader) => !elsewhere.includes(reader))
}

function mayLoseCoordinators(spec: WorldSpec): boolean {
  return isMortal(spec) && isTransactional(spec) && spec.cluster.brokers.length > 1
}

function commitsInTransactions(spec: WorldSpec): boolean {
  return spec.processors.some(({ transactions }) => transactions !== null)
}

/** Since leaders verify, and do not believe what is out of date, none hangs (KIP-890). */
function mayHang(spec: WorldSpec): boolean {
  const { profile } = spec
  return (
    isTransactional(spec) &&
    (profile['transaction.version'] === 0 || profile['transaction.verification.guard'] === 'off')
  )
}

function isFenced(spec: WorldSpec): boolean {
  return spec.sinks.some(({ fence }) => fence !== 'none')
}
