/**
 * Every weight of the chaos generator. They shape what is searched, so a change is a line in the CHANGELOG. Within one
 * table only proportions count.
 */
export const WEIGHTS = {
  /** Single faults by kind, among the kinds that the run has. */
  kind: {
    crash: 8,
    pause: 6,
    stop: 3,
    partition: 5,
    isolate: 6,
    delay: 5,
    drop: 5,
    disconnect: 3,
    'slow-disk': 2,
    'power-loss': 4,
    'wipe-disk': 2,
    'disk-error': 3,
    'disk-full': 3,
    corrupt: 4,
    'clock-jump': 3,
    'clock-skew': 2,
    admin: 3,
  },
  /** What is drawn next: one fault, or a pattern of faults that belong together. */
  next: { single: 3, pattern: 2 },
  /** What makes a fault fire. */
  trigger: { time: 1, moment: 1 },
  /** Whom a fault of a node hits. */
  victim: {
    leader: 5,
    follower: 3,
    broker: 2,
    client: 2,
    controller: 2,
    reader: 5,
    coordinator: 2,
    store: 2,
    transactionCoordinator: 3,
  },
  /** Whether a fault of what reads hits one instance or all of an application. */
  readers: { one: 5, all: 1 },
  /** How long a fault lasts; the names are those of the boundary families in `durations.ts`. */
  duration: {
    short: 8,
    belowSession: 2,
    aboveSession: 4,
    belowRequestTimeout: 1,
    aboveRequestTimeout: 2,
    belowLag: 1,
    aboveLag: 2,
    untilHealing: 1,
    belowMemberSession: 1,
    aboveMemberSession: 3,
  },
  /** Moments that come by themselves while records flow. */
  moment: {
    'log.appended': 4,
    'produce.acked': 4,
    'hw.advanced': 3,
    'produce.answered': 2,
    produceRequest: 2,
    produceReply: 2,
    fetchRequest: 2,
    fetchReply: 2,
    'record.sent': 1,
  },
  /** Whether an ordinary moment is one of what reads, where something reads. */
  side: { publishing: 2, reading: 3 },
  /** Whether an ordinary moment is one of a transaction, where there are any. */
  transacting: { transaction: 2, other: 3 },
  /** Moments that come by themselves while somebody writes in transactions. */
  transaction: {
    'txn.began': 2,
    'txn.ending': 3,
    'txn.opened': 2,
    'txn.partition-added': 2,
    'txn.prepared': 4,
    'txn.completed': 3,
    'marker.written': 3,
    endRequest: 3,
    endReply: 3,
    markersRequest: 2,
    markersReply: 2,
  },
  /** Moments that come by themselves while something is read. */
  reading: {
    'record.delivered': 4,
    'effect.applied': 4,
    'offset.committed': 4,
    commitRequest: 3,
    commitReply: 3,
    storeRequest: 3,
    storeReply: 3,
    'record.derived': 2,
    'partition.assigned': 2,
    'group.rebalanced': 1,
  },
  /** Moments that only come after an earlier fault. */
  reaction: {
    'leader.elected': 4,
    'isr.changed': 4,
    'broker.fenced': 2,
    'leader.began': 3,
    'follower.began': 2,
    'log.truncated': 2,
    'node.crashed': 1,
    'broker.unfenced': 2,
    'group.rebalanced': 4,
    'member.removed': 3,
    'partition.assigned': 4,
    'coordinator.loaded': 2,
  },
  /** Whether a moment is a reaction, once there is a fault to react to. */
  momentClass: { ordinary: 2, reaction: 3 },
  /** How long after its moment a fault strikes. */
  after: { atOnce: 3, oneHop: 3, soon: 2, later: 1 },
  /** Which messages are held or lost. */
  message: {
    produce: 4,
    produceReply: 5,
    fetch: 2,
    fetchReply: 4,
    alterPartition: 2,
    heartbeat: 2,
    metadata: 1,
    any: 1,
    consumerFetchReply: 2,
    offsetCommit: 3,
    offsetCommitReply: 4,
    membership: 3,
    storeRequest: 3,
    storeReply: 4,
    endTxn: 4,
    endTxnReply: 4,
    writeTxnMarkers: 4,
    addPartitionsToTxn: 3,
    initProducerId: 2,
    txnOffsetCommit: 3,
  },
  /** Which operations of a disk fail. */
  operations: { everything: 2, reads: 1, writes: 2, flushes: 2 },
  /** What an operator does; `cancel` takes a reassignment back. */
  operation: { 'elect-leader': 2, 'move-leader': 2, reassign: 4, cancel: 1 },
  /** Which batch of a log is corrupt. */
  batch: { any: 3, first: 1, last: 2 },
  /** How many messages a `delay` or `drop` takes. */
  messageCount: { one: 5, few: 3, all: 2 },
  /** How a partition divides the nodes. */
  split: {
    leaderFromAll: 3,
    leaderFromFollowers: 4,
    minority: 3,
    clientFromLeader: 2,
    controllerFromBrokers: 2,
    clientsFromBrokers: 1,
    followerFromAll: 2,
    readerFromCoordinator: 3,
    readersFromStores: 3,
    activeControllerFromAll: 3,
    someControllersFromAll: 2,
  },
  /** From whom a node is cut off. */
  isolatedFrom: { everybody: 4, controller: 3, followers: 3, clients: 2 },
  /** From whom a node that reads is cut off. */
  readerIsolatedFrom: { everybody: 3, coordinator: 3, leader: 2, stores: 2 },
  direction: { both: 3, in: 2, out: 2 },
  /** Patterns of `patterns.ts` by name. */
  pattern: {
    grayLeader: 3,
    backToBackLeaders: 3,
    flappingLink: 2,
    rollingRestart: 2,
    zombieLeader: 3,
    heldFetchReply: 2,
    lostProduceReply: 3,
    staggeredRecovery: 2,
    blindController: 2,
    slowReplica: 1,
    powerOutage: 2,
    swizzledPartitions: 3,
    fastRestart: 2,
    zombieMember: 4,
    lostCoordinator: 3,
    rollingMembers: 2,
    betweenSteps: 5,
    storeUnreachable: 3,
    lostStoreReply: 3,
    overtakenRequest: 3,
    lostTransactionCoordinator: 4,
    sleepingTransaction: 3,
    lostEndReply: 3,
    slowMarkers: 3,
  },
} as const
