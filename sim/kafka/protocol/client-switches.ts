/**
 * How clients other than today's Java client number and repeat their batches, end their transactions, and read and commit: each
 * switch brings one documented defect of a client back, where its rule stands. They are history, never test hooks.
 */
export interface ClientSwitches {
  /** With one request in flight: whether a partition waits for its batch that is out. Before KAFKA-3197 (0.10.0) only the connection did. */
  readonly 'partition.muting': 'while-in-flight' | 'never'
  /** When the next batch gets the next sequence: as soon as one is drained, or when it was acknowledged (kafkajs 1.x). */
  readonly 'sequence.advance': 'when-drained' | 'when-acknowledged'
  /** What an error does to a batch's sequence: kept for every retry, or given back for whoever is next (kafkajs 2.x). */
  readonly 'sequence.on-error': 'keep' | 'give-back'
  /** What a topic that metadata does not know does to its sequences (librdkafka before 1.9 forgot them). */
  readonly 'sequence.unknown-topic': 'keep' | 'forget'
  /** Who remembers which epoch sequences belong to: each partition, or only the producer (Java before KAFKA-12152, 2.8). */
  readonly 'epoch.memory': 'partition' | 'producer'
  /** What becomes of the other requests sent at once with one that failed: waited for, or sent again (kafkajs). */
  readonly 'retry.siblings': 'wait' | 'send-again'
  /** Which partition a record without a key goes to when it is sent again: the same, or another (kafkajs). */
  readonly 'retry.partition': 'keep' | 'choose-again'
  /** What EndTxn waits for: the answers to all batches, or only until they are sent (KAFKA-12671, clients other than Java's). */
  readonly 'txn.end': 'after-answers' | 'after-sends'
  /** What a gap in a partition's sequences does to a transaction: it is given up, or goes on in a new epoch (librdkafka before 1.8.2). */
  readonly 'txn.gap': 'abort' | 'new-epoch'
  /** What a record that failed does to its transaction: it is given up, or may still be committed (librdkafka before 1.7). */
  readonly 'txn.failed-record': 'abort' | 'commit'
  /** What poll() does when one partition fails after records of others were taken: they come first, or are dropped (before KAFKA-5075, 0.11). */
  readonly 'poll.error': 'after-records' | 'instead-of-records'
  /** When poll() looks whether an automatic commit is due: before it takes records, or behind that (before KAFKA-2942, 0.9.0.1). */
  readonly 'auto-commit.timer': 'before-records' | 'behind-records'
  /** Whose clock commits automatically: poll() between two batches, or a thread of its own as soon as records are handed over (librdkafka). */
  readonly 'auto-commit.by': 'poll' | 'thread'
  /** What poll() returns while the commit before an eager rejoin is out: nothing, or what it has (3.2.0, KAFKA-14024). */
  readonly 'rejoin.records': 'held-back' | 'returned'
  /** What becomes of finished offsets of a partition that is lost: forgotten, or committed when it comes back (librdkafka before 1.9). */
  readonly 'offsets.stored': 'of-assignment' | 'kept'
  /** Which partitions' finished offsets are committed: those owned, or any the member has worked on (kafkajs). */
  readonly 'commit.partitions': 'owned' | 'any'
  /** What an asynchronous commit does that failed retriably: nothing, or it is sent again, behind newer ones (other clients). */
  readonly 'commit.async': 'once' | 'retried'
  /** What a stop in the middle of a batch does: its records are finished, or counted as if they were (kafkajs, eachBatchAutoResolve). */
  readonly 'batch.stopped': 'finished' | 'resolved'
  /** What a fetch does that brings nothing but markers: the position passes them, or stays (kafkajs before 1.12). */
  readonly 'fetch.markers': 'passed' | 'stay'
  /** Whose claims the sticky assignor believes: the newest generation's, or everybody's (before KAFKA-7026, 2.3). */
  readonly 'sticky.claims': 'newest-generation' | 'any'
  /** What exactly-once Kafka Streams does with a store that may hold what was aborted: wipes it, or restores over it (before KAFKA-7192, 2.1). */
  readonly 'streams.unclean-store': 'wiped' | 'restored-over'
  /** Of which records a revived task's checkpoint speaks: of those in its store, or of those it had written before (before KAFKA-16017, 3.7). */
  readonly 'streams.written-offsets': 'cleared' | 'kept'
  /** Whether a reader knows of leader epochs: it tells them and checks positions by them, or not (Java before 2.3, librdkafka before 2.1, kafkajs). */
  readonly 'leader.epochs': 'followed' | 'unknown'
  /** What a producer makes of another topic under a name that it knows: its leader epochs begin anew, or it waits for them to come as far (before KAFKA-13488). */
  readonly 'metadata.topic-ids': 'told' | 'ignored'
  /** Which committed offsets a reader asks for: those that no open transaction may still move, or what there is (before KIP-447, 2.5; kafkajs). */
  readonly 'offset.fetch': 'stable' | 'any'
}

export type ClientSwitchName = keyof ClientSwitches

export interface ClientSwitchDefinition {
  readonly name: ClientSwitchName
  /** Which clients it concerns. */
  readonly of: 'publishing' | 'reading'
  /** The Java client's of Kafka 4.1 first. */
  readonly values: readonly [string, string]
  readonly about: string
}

export const CLIENT_SWITCHES: readonly ClientSwitchDefinition[] = [
  {
    name: 'partition.muting',
    of: 'publishing',
    values: ['while-in-flight', 'never'],
    about:
      'one request in flight keeps a partition waiting for its batch; before KAFKA-3197 only the connection waited',
  },
  {
    name: 'sequence.advance',
    of: 'publishing',
    values: ['when-drained', 'when-acknowledged'],
    about: 'a batch takes its sequence when it is sent; kafkajs 1.x counted on only after the answer',
  },
  {
    name: 'sequence.on-error',
    of: 'publishing',
    values: ['keep', 'give-back'],
    about: 'a batch keeps its sequence for every retry; kafkajs 2.x gives it back after any error',
  },
  {
    name: 'sequence.unknown-topic',
    of: 'publishing',
    values: ['keep', 'forget'],
    about: 'sequences outlive a topic missing from metadata; in librdkafka before 1.9 they began anew',
  },
  {
    name: 'epoch.memory',
    of: 'publishing',
    values: ['partition', 'producer'],
    about:
      'sequences and epoch belong together per partition; before KAFKA-12152 idle partitions counted on in a new epoch',
  },
  {
    name: 'retry.siblings',
    of: 'publishing',
    values: ['wait', 'send-again'],
    about: 'a failed request concerns itself only; kafkajs sends again what was sent along with it and is unanswered',
  },
  {
    name: 'retry.partition',
    of: 'publishing',
    values: ['keep', 'choose-again'],
    about: 'a record keeps its partition; kafkajs asks the partitioner again for each attempt of one without a key',
  },
  {
    name: 'txn.end',
    of: 'publishing',
    values: ['after-answers', 'after-sends'],
    about: 'EndTxn waits for the answers to all batches; other clients let Produce trail behind it (KAFKA-12671)',
  },
  {
    name: 'txn.gap',
    of: 'publishing',
    values: ['abort', 'new-epoch'],
    about: 'a gap in the sequences fails the transaction; librdkafka before 1.8.2 went on in a new epoch',
  },
  {
    name: 'txn.failed-record',
    of: 'publishing',
    values: ['abort', 'commit'],
    about: 'a record that failed fails its transaction; librdkafka before 1.7 committed what was left of it',
  },
  {
    name: 'poll.error',
    of: 'reading',
    values: ['after-records', 'instead-of-records'],
    about:
      'an error of one partition comes with the next poll(); before KAFKA-5075 it took the place of records whose position had moved',
  },
  {
    name: 'auto-commit.timer',
    of: 'reading',
    values: ['before-records', 'behind-records'],
    about:
      'automatic commits cover what earlier polls returned; before KAFKA-2942 the timer ran between taking records and returning them',
  },
  {
    name: 'auto-commit.by',
    of: 'reading',
    values: ['poll', 'thread'],
    about:
      'automatic commits happen in poll(); librdkafka has a thread for them, and counts a record as soon as it is handed over',
  },
  {
    name: 'rejoin.records',
    of: 'reading',
    values: ['held-back', 'returned'],
    about:
      'poll() returns nothing that the commit before an eager rejoin does not cover; in 3.2.0 it did (KAFKA-14024)',
  },
  {
    name: 'offsets.stored',
    of: 'reading',
    values: ['of-assignment', 'kept'],
    about:
      'offsets of a lost partition are forgotten; librdkafka before 1.9 kept them and committed them when it came back',
  },
  {
    name: 'commit.partitions',
    of: 'reading',
    values: ['owned', 'any'],
    about:
      'a member commits what it owns; kafkajs commits what a handler of an older generation has finished, in the newer one',
  },
  {
    name: 'commit.async',
    of: 'reading',
    values: ['once', 'retried'],
    about: 'an asynchronous commit is not tried again; other clients send it again, behind newer ones',
  },
  {
    name: 'batch.stopped',
    of: 'reading',
    values: ['finished', 'resolved'],
    about:
      'a batch is finished before a stop; with eachBatchAutoResolve kafkajs counts what a stopped handler left as done',
  },
  {
    name: 'fetch.markers',
    of: 'reading',
    values: ['passed', 'stay'],
    about: 'markers move the position on; kafkajs before 1.12 asked for them again and again',
  },
  {
    name: 'sticky.claims',
    of: 'reading',
    values: ['newest-generation', 'any'],
    about: 'the sticky assignor believes the newest generation; before KAFKA-7026 it believed every member',
  },
  {
    name: 'streams.unclean-store',
    of: 'reading',
    values: ['wiped', 'restored-over'],
    about:
      'with exactly-once Kafka Streams wipes a store that may hold what was aborted; before KAFKA-7192 (2.1) it restored over it, and keys that the changelog does not have stayed',
  },
  {
    name: 'streams.written-offsets',
    of: 'reading',
    values: ['cleared', 'kept'],
    about:
      'a task that is closed while it is restored writes down how far that came; before KAFKA-16017 (3.7) one that was revived wrote down what it had written before',
  },
  {
    name: 'leader.epochs',
    of: 'reading',
    values: ['followed', 'unknown'],
    about:
      'a reader tells the leader epoch with every fetch, and checks its position against the log of a new leader (KIP-320); the Java client before 2.3, librdkafka before 2.1 and kafkajs know of none',
  },
  {
    name: 'metadata.topic-ids',
    of: 'publishing',
    values: ['told', 'ignored'],
    about:
      'a topic that is made again under its name is another one, whose leader epochs begin anew; before KAFKA-12257 and KAFKA-13488 a client took its metadata for old',
  },
  {
    name: 'offset.fetch',
    of: 'reading',
    values: ['stable', 'any'],
    about:
      'a reader that gets a partition waits until no open transaction may still move its committed offset (KIP-447); the Java client before 2.5 and kafkajs take what there is',
  },
]

/** What the Java client of Kafka 4.1 does. */
export const NO_SWITCHES: ClientSwitches = {
  'partition.muting': 'while-in-flight',
  'sequence.advance': 'when-drained',
  'sequence.on-error': 'keep',
  'sequence.unknown-topic': 'keep',
  'epoch.memory': 'partition',
  'retry.siblings': 'wait',
  'retry.partition': 'keep',
  'txn.end': 'after-answers',
  'txn.gap': 'abort',
  'txn.failed-record': 'abort',
  'poll.error': 'after-records',
  'auto-commit.timer': 'before-records',
  'auto-commit.by': 'poll',
  'rejoin.records': 'held-back',
  'offsets.stored': 'of-assignment',
  'commit.partitions': 'owned',
  'commit.async': 'once',
  'batch.stopped': 'finished',
  'fetch.markers': 'passed',
  'sticky.claims': 'newest-generation',
  'streams.unclean-store': 'wiped',
  'streams.written-offsets': 'cleared',
  'leader.epochs': 'followed',
  'metadata.topic-ids': 'told',
  'offset.fetch': 'stable',
}
