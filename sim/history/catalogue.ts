/**
 * The closed union of everything that can be seen to happen. A moment has a kind, the node at which it happens, and up to
 * eight integers whose meaning stands here. It is at once what `when:` waits for, what the trace records, what checkers read
 * and what reports draw.
 *
 * Field types: `tp` = topic and partition; `node`; `record` = record number (`checkout#0/5`); `batch`; `offset`; `epoch`;
 * `int`; `flag`; `api` = request and direction; `error` = Kafka's error code; `text` = an interned word;
 * `nodes` = set of brokers as two masks (takes two integers).
 */
export type FieldType =
  | 'tp'
  | 'node'
  | 'record'
  | 'batch'
  | 'offset'
  | 'epoch'
  | 'int'
  | 'flag'
  | 'api'
  | 'error'
  | 'text'
  | 'nodes'

export interface MomentField {
  readonly name: string
  readonly type: FieldType
}

export interface MomentDefinition {
  readonly kind: number
  /** `thing.happened`, as scenario files write it. */
  readonly name: string
  readonly about: string
  readonly fields: readonly MomentField[]
  /** Integers that the fields take; more than four need a continuation record. */
  readonly width: number
}

/** Kinds of moments, by the name in camel case. Numbers are part of the trace: append only. */
export const M = {
  nodeDefined: 8,
  topicCreated: 9,
  recordDefined: 10,
  requestSent: 11,
  requestDelivered: 12,
  requestDropped: 13,
  connectionOpened: 14,
  connectionClosed: 15,
  recordSent: 16,
  recordBatched: 17,
  produceAcked: 18,
  produceFailed: 19,
  produceUnknown: 20,
  batchRetried: 21,
  batchExpired: 22,
  producerInitialized: 23,
  epochBumped: 24,
  workloadDone: 25,
  logAppended: 26,
  logTruncated: 27,
  logFlushed: 28,
  logLoaded: 29,
  hwAdvanced: 30,
  produceAnswered: 31,
  batchDeduplicated: 32,
  isrChanged: 33,
  leaderElected: 34,
  isrProposed: 35,
  isrAdopted: 36,
  leaderBegan: 37,
  followerBegan: 38,
  brokerRegistered: 39,
  brokerFenced: 40,
  brokerUnfenced: 41,
  brokerShutdown: 42,
  metadataApplied: 43,
  controllerStarted: 44,
  nodeStarted: 45,
  nodeCrashed: 46,
  nodePowerLost: 47,
  diskWiped: 48,
  nodeStopped: 49,
  nodePaused: 50,
  nodeResumed: 51,
  linkCut: 52,
  linkHealed: 53,
  faultFired: 54,
  faultEnded: 55,
  runHealing: 56,
  runEnded: 57,
  diskSlow: 58,
  batchSplit: 59,
  recordAbandoned: 60,
  followerFetched: 61,
  producerRestarted: 62,
  stepBeforeOutput: 63,
  stepAfterOutput: 64,
  recordDelivered: 65,
  offsetCommitted: 66,
  commitRefused: 67,
  commitAcked: 68,
  commitFailed: 69,
  offsetFetched: 70,
  positionReset: 71,
  partitionAssigned: 72,
  partitionRevoked: 73,
  partitionLost: 74,
  groupRebalanced: 75,
  memberJoined: 76,
  memberRemoved: 77,
  coordinatorLoaded: 78,
  coordinatorUnloaded: 79,
  recordDerived: 80,
  effectApplied: 81,
  effectRefused: 82,
  stepBeforeCommit: 83,
  stepAfterCommit: 84,
  workStarted: 85,
} as const

type Row = readonly [name: string, kind: number, about: string, fields: string]

/** Fields are written `name:type`, `int` when no type is given. */
const ROWS: readonly Row[] = [
  ['node.defined', M.nodeDefined, 'a node of the world, at its start', 'name:text role:text'],
  ['topic.created', M.topicCreated, 'a topic exists', 'topic:text topicId partitions replicas'],
  ['record.defined', M.recordDefined, 'a record of a script gets its id', 'record:record id:text'],
  ['request.sent', M.requestSent, 'a request or its reply left its sender', 'to:node api:api connection correlation'],
  [
    'request.delivered',
    M.requestDelivered,
    'a request or its reply reached its receiver',
    'from:node api:api connection correlation',
  ],
  [
    'request.dropped',
    M.requestDropped,
    'a request or its reply will never be delivered',
    'to:node api:api connection correlation',
  ],
  [
    'connection.opened',
    M.connectionOpened,
    'a connection stands, seen by the side that opened it',
    'to:node connection',
  ],
  ['connection.closed', M.connectionClosed, 'one side sees a connection end', 'peer:node connection reset:flag'],
  ['record.sent', M.recordSent, 'the application calls send() for a record', 'record:record attempt tp:tp key'],
  [
    'record.batched',
    M.recordBatched,
    'the client puts a record into a batch',
    'record:record attempt batch:batch index',
  ],
  [
    'produce.acked',
    M.produceAcked,
    "the record's callback succeeds at the client",
    'record:record attempt tp:tp offset:offset',
  ],
  [
    'produce.failed',
    M.produceFailed,
    "the record's callback fails and the record is certainly not in the log",
    'record:record attempt tp:tp error:error',
  ],
  [
    'produce.unknown',
    M.produceUnknown,
    "the record's callback fails and the record may be in the log",
    'record:record attempt tp:tp error:error',
  ],
  [
    'batch.retried',
    M.batchRetried,
    'the client puts a batch back for another try',
    'batch:batch tp:tp error:error attempt',
  ],
  ['batch.expired', M.batchExpired, 'a batch passed delivery.timeout.ms', 'batch:batch tp:tp inFlight:flag'],
  ['producer.initialized', M.producerInitialized, 'a producer got its id', 'producerId epoch:epoch'],
  ['epoch.bumped', M.epochBumped, 'an idempotent producer raised its own epoch', 'producerId epoch:epoch tp:tp'],
  ['workload.done', M.workloadDone, 'a producer has nothing more to send and every send is resolved', ''],
  [
    'log.appended',
    M.logAppended,
    'a replica appended a batch',
    'tp:tp offset:offset last:offset epoch:epoch batch:batch producerId producerEpoch sequence',
  ],
  ['log.truncated', M.logTruncated, 'a replica cut its log', 'tp:tp offset:offset leo:offset'],
  ['log.flushed', M.logFlushed, 'a replica flushed its log up to an offset', 'tp:tp offset:offset'],
  ['log.loaded', M.logLoaded, 'a restarted replica found its log', 'tp:tp offset:offset hw:offset clean:flag'],
  ['hw.advanced', M.hwAdvanced, 'a replica moved its high watermark', 'tp:tp offset:offset epoch:epoch leader:flag'],
  [
    'produce.answered',
    M.produceAnswered,
    'the leader answers a produce request for a partition',
    'tp:tp offset:offset error:error to:node acks leo:offset epoch:epoch batch:batch',
  ],
  [
    'batch.deduplicated',
    M.batchDeduplicated,
    'the leader recognised a batch it already has',
    'tp:tp offset:offset last:offset batch:batch producerId producerEpoch sequence',
  ],
  [
    'isr.changed',
    M.isrChanged,
    'the controller committed a new in-sync set',
    'tp:tp isr:nodes partitionEpoch:epoch epoch:epoch elr:nodes',
  ],
  [
    'leader.elected',
    M.leaderElected,
    'the controller committed a new leader (-1: none)',
    'tp:tp leader:node epoch:epoch partitionEpoch:epoch isr:nodes unclean:flag',
  ],
  [
    'isr.proposed',
    M.isrProposed,
    'a leader asks the controller for a new in-sync set',
    'tp:tp isr:nodes epoch:epoch partitionEpoch:epoch',
  ],
  [
    'isr.adopted',
    M.isrAdopted,
    'a leader takes over a committed in-sync set',
    'tp:tp isr:nodes epoch:epoch partitionEpoch:epoch',
  ],
  ['leader.began', M.leaderBegan, 'a broker starts to lead', 'tp:tp epoch:epoch offset:offset hw:offset'],
  ['follower.began', M.followerBegan, 'a broker starts to follow', 'tp:tp leader:node epoch:epoch offset:offset'],
  [
    'broker.registered',
    M.brokerRegistered,
    'the controller accepted a registration',
    'broker:node brokerEpoch clean:flag',
  ],
  ['broker.fenced', M.brokerFenced, 'the controller fenced a broker', 'broker:node brokerEpoch'],
  ['broker.unfenced', M.brokerUnfenced, 'the controller unfenced a broker', 'broker:node brokerEpoch'],
  ['broker.shutdown', M.brokerShutdown, 'the controller began a controlled shutdown', 'broker:node brokerEpoch'],
  ['metadata.applied', M.metadataApplied, 'a broker applied the metadata log up to an offset', 'offset:offset'],
  ['controller.started', M.controllerStarted, 'a controller became active', 'offset:offset'],
  ['node.started', M.nodeStarted, 'a process begins', 'incarnation'],
  ['node.crashed', M.nodeCrashed, 'a process died; what reached the operating system survives', 'incarnation'],
  ['node.power-lost', M.nodePowerLost, 'a host lost power; unflushed data is lost too', 'incarnation'],
  ['disk.wiped', M.diskWiped, "a node's disk is empty", 'incarnation'],
  ['node.stopped', M.nodeStopped, 'a process ended in good order', 'incarnation'],
  ['node.paused', M.nodePaused, 'a process stopped executing', 'incarnation'],
  ['node.resumed', M.nodeResumed, 'a paused process goes on', 'incarnation'],
  ['link.cut', M.linkCut, 'nothing passes from one node to another', 'from:node to:node'],
  ['link.healed', M.linkHealed, 'messages pass again', 'from:node to:node'],
  ['fault.fired', M.faultFired, 'a planned fault began', 'fault entry target:node action:text'],
  ['fault.ended', M.faultEnded, 'a planned fault ended', 'fault entry'],
  ['run.healing', M.runHealing, 'every fault ends, everything is restarted', ''],
  ['run.ended', M.runEnded, 'the run is over', 'settled:flag'],
  ['disk.slowed', M.diskSlow, 'a disk became slow', 'us'],
  ['batch.split', M.batchSplit, 'a batch that was too large became smaller ones', 'batch:batch tp:tp parts'],
  [
    'record.abandoned',
    M.recordAbandoned,
    'the application gives a record of unknown outcome up',
    'record:record attempt',
  ],
  [
    'follower.fetched',
    M.followerFetched,
    "the leader learnt a follower's log end",
    'tp:tp follower:node offset:offset epoch:epoch',
  ],
  ['producer.restarted', M.producerRestarted, 'an application makes itself a new producer', 'incarnation'],
  [
    'step.before-output',
    M.stepBeforeOutput,
    'an application is about to send a record (told when a fault waits for steps)',
    'record:record attempt',
  ],
  [
    'step.after-output',
    M.stepAfterOutput,
    'an application learnt that a record is acknowledged (told when a fault waits for steps)',
    'record:record attempt',
  ],
]

/** Moments of consumers, groups and stores. */
const GROUP_ROWS: readonly Row[] = [
  [
    'record.delivered',
    M.recordDelivered,
    'poll() hands a record to the application',
    'record:record attempt tp:tp offset:offset',
  ],
  [
    'offset.committed',
    M.offsetCommitted,
    'the group coordinator has a committed offset',
    'group:text tp:tp offset:offset generation member:node leaderEpoch:epoch',
  ],
  [
    'commit.refused',
    M.commitRefused,
    'the group coordinator refuses a commit',
    'group:text tp:tp offset:offset error:error generation member:node',
  ],
  [
    'commit.acked',
    M.commitAcked,
    'a consumer learns that its commit succeeded',
    'group:text tp:tp offset:offset generation',
  ],
  [
    'commit.failed',
    M.commitFailed,
    "a consumer's commit failed or its outcome is unknown",
    'group:text tp:tp offset:offset generation error:error',
  ],
  [
    'offset.fetched',
    M.offsetFetched,
    'a consumer learns where its group stands (-1: nowhere)',
    'group:text tp:tp offset:offset generation',
  ],
  [
    'position.reset',
    M.positionReset,
    'a consumer resets its position by policy',
    'tp:tp offset:offset from:offset latest:flag',
  ],
  ['partition.assigned', M.partitionAssigned, 'a consumer takes a partition over', 'group:text tp:tp generation'],
  [
    'partition.revoked',
    M.partitionRevoked,
    'a consumer gives a partition up in good order',
    'group:text tp:tp generation',
  ],
  [
    'partition.lost',
    M.partitionLost,
    'a consumer learns that a partition is no longer its own',
    'group:text tp:tp generation',
  ],
  ['group.rebalanced', M.groupRebalanced, 'a group entered a new generation', 'group:text generation members'],
  ['member.joined', M.memberJoined, 'the group coordinator knows a new member', 'group:text member:node generation'],
  [
    'member.removed',
    M.memberRemoved,
    'a member left, expired or did not rejoin',
    'group:text member:node generation expired:flag',
  ],
  [
    'coordinator.loaded',
    M.coordinatorLoaded,
    'a broker serves a partition of an internal topic as coordinator',
    'tp:tp epoch:epoch groups',
  ],
  [
    'coordinator.unloaded',
    M.coordinatorUnloaded,
    'a broker is coordinator of a partition no longer',
    'tp:tp epoch:epoch',
  ],
  [
    'record.derived',
    M.recordDerived,
    'a processor made a record of one it read; the same input and index again is the same output again',
    'record:record input:record index',
  ],
  [
    'effect.applied',
    M.effectApplied,
    'what an application did with a record is permanent: 0 processed, 1 row inserted, 2 upsert that changed what the store shows, 3 increment, 4 upsert that changed nothing (key: equal for equal keys, -1 none)',
    'record:record tp:tp offset:offset what store:node key generation',
  ],
  [
    'effect.refused',
    M.effectRefused,
    'a store refused what a record should do: 1 by its generation fence, 2 by its offset fence',
    'record:record tp:tp offset:offset store:node reason',
  ],
  [
    'step.before-commit',
    M.stepBeforeCommit,
    'an application is about to commit its position (told when a fault waits for steps)',
    'group:text generation',
  ],
  [
    'step.after-commit',
    M.stepAfterCommit,
    'an application went on after committing its position (told when a fault waits for steps)',
    'group:text generation',
  ],
  [
    'work.started',
    M.workStarted,
    'an application begins to work on a record it read',
    'record:record tp:tp offset:offset',
  ],
]

export const MOMENTS: readonly MomentDefinition[] = [...ROWS, ...GROUP_ROWS].map(([name, kind, about, fields]) =>
  define(name, kind, about, fields),
)

const BY_KIND: readonly (MomentDefinition | undefined)[] = byKind()
const BY_NAME: ReadonlyMap<string, MomentDefinition> = new Map(MOMENTS.map((moment) => [moment.name, moment]))

export function momentOfKind(kind: number): MomentDefinition | undefined {
  return BY_KIND[kind]
}

export function momentNamed(name: string): MomentDefinition | undefined {
  return BY_NAME.get(name)
}

/** The names under which a trigger may ask for a moment's fields: `tp` is `topic` and `partition`, and every moment has `node`. */
export function matchableFields(moment: MomentDefinition): readonly string[] {
  const names = moment.fields.flatMap((field) => {
    switch (field.type) {
      case 'tp':
        return ['topic', 'partition']
      case 'record':
        return ['record', 'producer']
      case 'api':
        return ['api', 'reply']
      case 'batch':
        return ['batch', 'record', 'producer']
      case 'node':
      case 'offset':
      case 'epoch':
      case 'int':
      case 'flag':
      case 'error':
      case 'text':
      case 'nodes':
        return [field.name]
    }
  })
  return ['node', ...new Set(names)]
}

function define(name: string, kind: number, about: string, text: string): MomentDefinition {
  const fields = text === '' ? [] : text.split(' ').map(parseField)
  return { kind, name, about, fields, width: fields.reduce((sum, field) => sum + (field.type === 'nodes' ? 2 : 1), 0) }
}

function parseField(text: string): MomentField {
  const [name = '', type = 'int'] = text.split(':')
  return { name, type: type as FieldType }
}

function byKind(): readonly (MomentDefinition | undefined)[] {
  const table: (MomentDefinition | undefined)[] = []
  for (const moment of MOMENTS) table[moment.kind] = moment
  return table
}
