import type { ClusterProfile } from './profile.ts'

export interface SwitchDefinition {
  readonly name: keyof Omit<ClusterProfile, 'base'>
  readonly values: readonly (number | string)[]
  readonly about: string
  /** What another switch must be for any value but 4.1's: the two were never together otherwise. */
  readonly needs?: SwitchNeed
}

export interface SwitchNeed {
  readonly name: SwitchDefinition['name']
  readonly values: readonly (number | string)[]
  readonly why: string
}

const FETCHES_TELL: SwitchNeed = {
  name: 'log.truncation',
  values: ['on-fetch'],
  why: 'before that no answer to a fetch told where logs part',
}

const BEFORE_FETCHES_TOLD: SwitchNeed = {
  name: 'log.truncation',
  values: ['leader-epoch-iterated', 'leader-epoch', 'high-watermark'],
  why: 'since then every fetch has the leader find out where logs part',
}

/** What scenario files may switch of the brokers' and controllers' rules, with what the values mean. */
export const CLUSTER_SWITCHES: readonly SwitchDefinition[] = [
  {
    name: 'eligible.leader.replicas.version',
    values: [0, 1],
    about: 'KIP-966 eligible leader replicas: on (1) for new clusters since 4.1, off (0) before',
  },
  {
    name: 'fetch.high.watermark.reads',
    values: [1, 2],
    about:
      'KAFKA-9807 a fetch of committed records looks at the high watermark once (1, since 2.6), or a second time when it has found no open transaction below it (2)',
  },
  {
    name: 'transaction.timeout.fencing',
    values: ['on', 'off'],
    about:
      'KAFKA-6119 a coordinator that aborts what took too long raises the epoch and so fences the producer (on), or as before 1.0 lets it go on (off)',
  },
  {
    name: 'transaction.verification.guard',
    values: ['on', 'off'],
    about:
      'KAFKA-14884 a marker between the verification of a batch and its append: the batch is refused (on), or begins a transaction that nobody will end (off)',
  },
  {
    name: 'transaction.offsets.validated',
    values: ['with-write', 'before-verification'],
    about:
      'KAFKA-15784 offsets in a transaction: their group is looked at when they are written, or before the transaction is verified',
  },
  {
    name: 'transaction.offsets.materialized',
    values: ['with-marker', 'later'],
    about:
      'KAFKA-17507 offsets of a transaction that ended are there when its marker is acknowledged (since 4.0), or some time later',
  },
  {
    name: 'producer.state.expiration',
    values: ['since-last-write', 'since-last-batch'],
    about:
      'KAFKA-9144 a producer that a partition knows by its markers only: kept like any other (since 2.5), or forgotten by the next scan, and its epochs with it',
  },
  {
    name: 'producer.state.batches',
    values: [5, 1],
    about:
      'KAFKA-5494 batches of a producer by which a partition recognises duplicates: five since 1.0, before only the last',
  },
  {
    name: 'producer.state.retention',
    values: ['by-time', 'with-records'],
    about:
      'KIP-360 a producer whose records were all deleted stays known until it has been idle for long (since 2.4), or is forgotten with them and refused unless it begins anew (UNKNOWN_PRODUCER_ID)',
  },
  {
    name: 'metadata.of-starting-broker',
    values: ['none', 'empty'],
    about:
      'a broker answers nobody before it has caught up with the metadata; before KRaft it told of no topic until then',
  },
  {
    name: 'offsets.expiration',
    values: ['since-empty', 'since-commit'],
    about:
      'KIP-211 offsets grow old once their group has no members (since 2.1), or since they were committed, also those of active groups',
  },
  {
    name: 'log.truncation',
    values: ['on-fetch', 'leader-epoch-iterated', 'leader-epoch', 'high-watermark'],
    about:
      'a follower cuts what its leader does not share: as the fetch tells (since 2.7), after asking for epochs and their ends (KIP-279, 2.0), for the end of its last epoch (KIP-101, 0.11), or to its own high watermark; the last three without the fencing of KIP-320',
  },
  {
    name: 'alter.partition.ahead',
    values: ['not-controller', 'fenced'],
    about:
      'KAFKA-14154 a leader that knows newer epochs than the controller is told that it asks the wrong one (since 3.3), or that it is deposed itself',
  },
  {
    name: 'transaction.version',
    values: [0, 1, 2],
    about: 'KIP-890: an epoch for every transaction (2, since 4.0), leaders that verify (1, since 3.6), or neither (0)',
  },
  {
    name: 'marker-epoch',
    values: ['lenient', 'strict'],
    about: "KIP-1228: whether a marker's epoch must be above the partition's (strict, 4.2) or may equal it (lenient)",
  },
  {
    name: 'isr.broker.epochs',
    values: ['with-progress', 'when-sent', 'none'],
    about:
      'KIP-903 which life of a follower joins the in-sync set: that of the fetches that showed it caught up (since 3.5.2), the one that the leader knows when it asks the controller (KAFKA-15221, since 3.5), or any',
  },
  {
    name: 'isr.eligibility',
    values: ['checked', 'unchecked'],
    about:
      'KIP-841 a broker that is fenced or shuts down: kept out of in-sync sets (since 3.3), or taken back by a leader that it still fetches from',
  },
  {
    name: 'isr.expansion',
    values: ['leader-epoch-start', 'high-watermark'],
    about:
      'KAFKA-7128 a follower joins the in-sync set when it has reached the start of this leadership (since 2.1), or the high watermark, which a new leader may know late',
  },
  {
    name: 'fetch.diverging.offset',
    values: ['ignored', 'counted'],
    about:
      'KAFKA-13141 a follower that is told where its log parts from the leader: where it stands counts for nothing, or as any other (2.7 to 2.8.0)',
    needs: FETCHES_TELL,
  },
  {
    name: 'fetch.diverging.high.watermark',
    values: ['ignored', 'taken-over'],
    about:
      "KAFKA-14704 a follower that is told where its log parts from the leader's cuts it and leaves its high watermark alone (since 3.5), or takes over the leader's first, and shows its own tail to whoever reads there before it is cut (2.7 to 3.4)",
    needs: FETCHES_TELL,
  },
  {
    name: 'leader.epoch.entry',
    values: ['with-leadership', 'with-records'],
    about:
      'KAFKA-7415 a leader notes where its epoch begins when it begins to lead (since 2.0.1), or with the first record that it writes, so that an epoch without records leaves no entry',
  },
  {
    name: 'follower.begins',
    values: ['each-epoch', 'another-leader'],
    about:
      'KAFKA-7164 a follower finds out what of its log its leader does not share in each leader epoch (since 2.0.1), or only when it gets another leader; where it asks before it fetches',
    needs: BEFORE_FETCHES_TOLD,
  },
  {
    name: 'log.cleaner.index',
    values: ['whole-segments', 'mapped-part'],
    about:
      'KAFKA-13727 a pass of the cleaner that has no room for more keys ends in the middle of a segment and writes it anew: it finds all aborted transactions of the segment (since 3.2), or those that begin before the end, and takes the others for committed',
  },
  {
    name: 'log.cleaner.last.batch',
    values: ['kept', 'removed'],
    about:
      'KAFKA-17076 the last batch that a pass of the cleaner meets, of which nothing is left: it stays, empty, and tells where the log ends (since 4.0), or goes, and a new replica cannot tell',
  },
  {
    name: 'quorum.leader.cut-off',
    values: ['resigns', 'stays'],
    about:
      'KAFKA-15489 a leader of the metadata quorum that no majority fetches from resigns after one and a half fetch timeouts (since 3.7), or stays, and serves the brokers that reach it',
  },
  {
    name: 'quorum.leader.restarted',
    values: ['resigned', 'leading'],
    about:
      'KAFKA-10527 a leader of the metadata quorum that restarts comes back resigned (since 2.7), or goes on in the epoch that it led, at whatever offset its disk has left it',
  },
  {
    name: 'high.watermark.below.min.isr',
    values: ['stands', 'moves'],
    about:
      'KAFKA-15583 the high watermark while the in-sync set is below min.insync.replicas: it stands (since 3.7), or moves on',
  },
  {
    name: 'fetch.log.end.reads',
    values: [1, 2],
    about:
      'KAFKA-9835 a read that may go to the end of the log looks once where that is (1, since 2.6), or a second time as it cuts the records out, and then hands out what was appended in between (2)',
  },
  {
    name: 'transaction.start.timestamp',
    values: ['any', 'increasing'],
    about:
      "KAFKA-8803 a transaction that begins, by its coordinator's clock, before the one before it: it does (since 2.5), or the change stays pending and nobody is answered",
  },
  {
    name: 'reassignment.completion',
    values: ['all-in-sync', 'added-in-sync'],
    about:
      'KAFKA-15665 a reassignment is over, and the old replicas go, when all replicas that are to be are in sync (since 3.8), or those that it adds, however few that leaves',
  },
]
