import { type ClientSwitches, NO_SWITCHES } from './client-switches.ts'

/**
 * Protocol profiles: Kafka 4.1 is the default; a switch brings back an older rule exactly where Kafka had it.
 * Every switch of the product stands in `CLUSTER_SWITCHES` or `CLIENT_SWITCHES`; they are history, never test hooks.
 */

/** The cluster-side rules that differ between Kafka versions. Keys are the names used in scenario files. */
export interface ClusterProfile {
  readonly base: ClusterProfileName
  /** KIP-966: 1 = eligible leader replicas and last known leader, default for new clusters since 4.1; 0 = as before. */
  readonly 'eligible.leader.replicas.version': 0 | 1
  /**
   * KIP-890: 2 = every transaction has its own epoch and partitions join it with their first batch, default since 4.0;
   * 1 = partition leaders verify (3.6); 0 = they do not.
   */
  readonly 'transaction.version': 0 | 1 | 2
  /** KIP-1228: whether a marker's epoch must be above the partition's (4.2) or may equal it. */
  readonly 'marker-epoch': 'lenient' | 'strict'
  /**
   * KAFKA-6119: whether the coordinator raises the epoch of a producer whose transaction it aborts because of its timeout; before
   * 1.0 it did not, and the producer went on as if nothing had happened.
   */
  readonly 'transaction.timeout.fencing': 'on' | 'off'
  /**
   * KAFKA-14884: whether a partition refuses a batch whose transaction ended between the coordinator's word and the append, or
   * believes the word whenever it comes.
   */
  readonly 'transaction.verification.guard': 'on' | 'off'
  /** KAFKA-9807: whether a fetch of committed records reads the high watermark once, or once more when it has a limit. */
  readonly 'fetch.high.watermark.reads': 1 | 2
  /**
   * KAFKA-15784: whether offsets in a transaction are held against their group when they are written (3.7), or before the
   * transaction's coordinator is asked, so that the group may have moved on.
   */
  readonly 'transaction.offsets.validated': 'with-write' | 'before-verification'
  /**
   * KAFKA-17507: whether the group coordinator shows the offsets of a transaction when its marker is acknowledged (4.0), or
   * takes them over some time later.
   */
  readonly 'transaction.offsets.materialized': 'with-marker' | 'later'
  /**
   * KAFKA-9144: from when on a partition counts a producer's idleness: its last batch or marker, or as before 2.5 its last batch
   * only, so that one of which only markers are known is forgotten at once.
   */
  readonly 'producer.state.expiration': 'since-last-write' | 'since-last-batch'
  /** KAFKA-5494: how many batches of a producer a partition remembers, five since 1.0, before only the last. */
  readonly 'producer.state.batches': 1 | 5
  /** KIP-360: whether a partition knows a producer until it is idle for long (2.4), or as before only as long as a record of it. */
  readonly 'producer.state.retention': 'by-time' | 'with-records'
  /**
   * What a broker that starts says of topics: nothing before it has caught up, or, as before KRaft, that there are none until
   * the controller has told it of them.
   */
  readonly 'metadata.of-starting-broker': 'none' | 'empty'
  /** KIP-211: from when on offsets grow old, since their group has no members (2.1), or since they were committed. */
  readonly 'offsets.expiration': 'since-empty' | 'since-commit'
  /**
   * KAFKA-14154: what a controller answers to a leader that knows newer epochs: that it is not the active one (3.3), or, as
   * before, that the leader is deposed.
   */
  readonly 'alter.partition.ahead': FutureEpochs
  /** How a follower finds out what of its log its leader does not share. */
  readonly 'log.truncation': LogTruncation
  /**
   * KIP-903: whether a leader tells the controller which life of a follower it takes into the in-sync set, and believes no fetch
   * of an earlier one (3.5); of the life that it knows when the request leaves, as before KAFKA-15221 (3.5.2); or not at all.
   */
  readonly 'isr.broker.epochs': 'with-progress' | 'when-sent' | 'none'
  /** KIP-841: whether leaders and the controller keep who is fenced or shuts down out of in-sync sets (3.3). */
  readonly 'isr.eligibility': 'checked' | 'unchecked'
  /** KAFKA-7128: how far a follower must be to join the in-sync set: the start of this leadership (2.1), or the high watermark. */
  readonly 'isr.expansion': 'leader-epoch-start' | 'high-watermark'
  /** KAFKA-13141: whether the offset of a follower that has parted from its leader counts (2.7 to 2.8.0). */
  readonly 'fetch.diverging.offset': 'ignored' | 'counted'
  /** KAFKA-14704: whether a follower takes over the leader's high watermark before it cuts what parts from the leader (2.7 to 3.4). */
  readonly 'fetch.diverging.high.watermark': 'ignored' | 'taken-over'
  /** KAFKA-7415: when a leader notes where its epoch begins: as it begins to lead (2.0.1), or with its first record. */
  readonly 'leader.epoch.entry': 'with-leadership' | 'with-records'
  /** KAFKA-7164: when a follower finds out what of its log its leader does not share: in each epoch (2.0.1), or under another leader. */
  readonly 'follower.begins': 'each-epoch' | 'another-leader'
  /**
   * KAFKA-13727: which aborted transactions the cleaner finds in a segment of which it has mapped a part: all of them (3.2), or
   * those that begin in that part.
   */
  readonly 'log.cleaner.index': 'whole-segments' | 'mapped-part'
  /** KAFKA-17076: what the cleaner does with the last batch of a pass of which nothing is left: it keeps it empty (4.0), or not at all. */
  readonly 'log.cleaner.last.batch': 'kept' | 'removed'
  /** KAFKA-15489: what the leader of the metadata quorum does that no majority fetches from: it resigns (3.7), or stays. */
  readonly 'quorum.leader.cut-off': 'resigns' | 'stays'
  /** KAFKA-10527: how the leader of the metadata quorum comes back: resigned (2.7), or leading the epoch that it led. */
  readonly 'quorum.leader.restarted': 'resigned' | 'leading'
  /** KAFKA-15583: whether the high watermark stands while the in-sync set is below min.insync.replicas (3.7). */
  readonly 'high.watermark.below.min.isr': 'stands' | 'moves'
  /** KAFKA-9835: how often a read that goes to the end of the log looks where that is: once, or once more when records are cut out. */
  readonly 'fetch.log.end.reads': 1 | 2
  /**
   * KAFKA-8803: whether the begin of a transaction may lie before that of the one before it, as it does when the coordinator's
   * clock was set back (2.5), or its coordinator fails then in the middle of the change.
   */
  readonly 'transaction.start.timestamp': 'any' | 'increasing'
  /** KAFKA-15665: whose being in sync ends a reassignment: all replicas that are to be (3.8), or those that it adds. */
  readonly 'reassignment.completion': ReassignmentCompletion
}

/**
 * KIP-595 (2.7): the leader of a fetch says that the logs part, and who asks in another epoch is fenced (KIP-320).
 * Before, at the beginning of each leadership: KIP-279 (2.0) asked for epochs and their ends until one was common, KIP-101
 * (0.11) for the end of the last epoch, and before that a log was cut to its own high watermark.
 */
export type LogTruncation = 'on-fetch' | 'leader-epoch-iterated' | 'leader-epoch' | 'high-watermark'

/** What AlterPartition is answered whose epochs are ahead of the controller's. */
export type FutureEpochs = 'not-controller' | 'fenced'

/** When the replicas that a reassignment removes may go. */
export type ReassignmentCompletion = 'all-in-sync' | 'added-in-sync'

export type ClusterProfileName = 'kafka-4.1' | 'kafka-4.0'

const KAFKA_4_1: ClusterProfile = {
  base: 'kafka-4.1',
  'eligible.leader.replicas.version': 1,
  'transaction.version': 2,
  'marker-epoch': 'lenient',
  'transaction.timeout.fencing': 'on',
  'transaction.verification.guard': 'on',
  'fetch.high.watermark.reads': 1,
  'transaction.offsets.validated': 'with-write',
  'transaction.offsets.materialized': 'with-marker',
  'producer.state.expiration': 'since-last-write',
  'producer.state.batches': 5,
  'producer.state.retention': 'by-time',
  'metadata.of-starting-broker': 'none',
  'offsets.expiration': 'since-empty',
  'alter.partition.ahead': 'not-controller',
  'log.truncation': 'on-fetch',
  'isr.broker.epochs': 'with-progress',
  'isr.eligibility': 'checked',
  'isr.expansion': 'leader-epoch-start',
  'fetch.diverging.offset': 'ignored',
  'fetch.diverging.high.watermark': 'ignored',
  'leader.epoch.entry': 'with-leadership',
  'follower.begins': 'each-epoch',
  'log.cleaner.index': 'whole-segments',
  'log.cleaner.last.batch': 'kept',
  'quorum.leader.cut-off': 'resigns',
  'quorum.leader.restarted': 'resigned',
  'high.watermark.below.min.isr': 'stands',
  'fetch.log.end.reads': 1,
  'transaction.start.timestamp': 'any',
  'reassignment.completion': 'all-in-sync',
}

export const CLUSTER_PROFILES: Readonly<Record<ClusterProfileName, ClusterProfile>> = {
  'kafka-4.1': KAFKA_4_1,
  'kafka-4.0': { ...KAFKA_4_1, base: 'kafka-4.0', 'eligible.leader.replicas.version': 0 },
}

/** A client of a given age: the defaults it had and the newest request versions it speaks. */
export type ClientProfileName = 'kafka-4.1' | 'kafka-4.0' | 'kafka-2.8'

/** A client's age alone, or with switches: what scenario files say and specs hold. */
export type ClientChoice =
  | ClientProfileName
  | { readonly base: ClientProfileName; readonly switches: Partial<ClientSwitches> }

export interface ClientProfile extends ClientSwitches {
  readonly name: ClientProfileName
  /** Newest Produce version the client speaks; the broker may know fewer. */
  readonly produceVersion: number
  /** KIP-951 (3.7): the client uses the new leader that an error answer names. */
  readonly leaderHints: boolean
  /** Producer defaults that differ from 4.1's. */
  readonly producerDefaults: Readonly<Record<string, string | number | boolean>>
  readonly about: string
}

export const CLIENT_PROFILES: Readonly<Record<ClientProfileName, ClientProfile>> = {
  'kafka-4.1': {
    ...NO_SWITCHES,
    name: 'kafka-4.1',
    produceVersion: 13,
    leaderHints: true,
    producerDefaults: {},
    about: 'the Java client of Kafka 4.1',
  },
  'kafka-4.0': {
    ...NO_SWITCHES,
    name: 'kafka-4.0',
    produceVersion: 12,
    leaderHints: true,
    producerDefaults: {},
    about: 'the Java client of Kafka 4.0',
  },
  'kafka-2.8': {
    ...NO_SWITCHES,
    name: 'kafka-2.8',
    produceVersion: 9,
    leaderHints: false,
    producerDefaults: { acks: '1', 'enable.idempotence': false, 'linger.ms': 0 },
    about: 'the Java client before KIP-679 (3.0): acks=1 and no idempotence unless asked for',
  },
}

/** How old a client is. */
export function clientBase(choice: ClientChoice): ClientProfileName {
  return typeof choice === 'string' ? choice : choice.base
}

/** The rules of a client, switches applied. */
export function clientProfile(choice: ClientChoice): ClientProfile {
  return typeof choice === 'string' ? CLIENT_PROFILES[choice] : { ...CLIENT_PROFILES[choice.base], ...choice.switches }
}
