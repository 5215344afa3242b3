/**
 * How clients other than today's Java client number and repeat their batches and end their transactions: each switch brings one documented defect of a
 * client back, where its rule stands. They are history, never test hooks.
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
}

export type ClientSwitchName = keyof ClientSwitches

export interface ClientSwitchDefinition {
  readonly name: ClientSwitchName
  /** The Java client's of Kafka 4.1 first. */
  readonly values: readonly [string, string]
  readonly about: string
}

export const CLIENT_SWITCHES: readonly ClientSwitchDefinition[] = [
  {
    name: 'partition.muting',
    values: ['while-in-flight', 'never'],
    about:
      'one request in flight keeps a partition waiting for its batch; before KAFKA-3197 only the connection waited',
  },
  {
    name: 'sequence.advance',
    values: ['when-drained', 'when-acknowledged'],
    about: 'a batch takes its sequence when it is sent; kafkajs 1.x counted on only after the answer',
  },
  {
    name: 'sequence.on-error',
    values: ['keep', 'give-back'],
    about: 'a batch keeps its sequence for every retry; kafkajs 2.x gives it back after any error',
  },
  {
    name: 'sequence.unknown-topic',
    values: ['keep', 'forget'],
    about: 'sequences outlive a topic missing from metadata; in librdkafka before 1.9 they began anew',
  },
  {
    name: 'epoch.memory',
    values: ['partition', 'producer'],
    about:
      'sequences and epoch belong together per partition; before KAFKA-12152 idle partitions counted on in a new epoch',
  },
  {
    name: 'retry.siblings',
    values: ['wait', 'send-again'],
    about: 'a failed request concerns itself only; kafkajs sends again what was sent along with it and is unanswered',
  },
  {
    name: 'retry.partition',
    values: ['keep', 'choose-again'],
    about: 'a record keeps its partition; kafkajs asks the partitioner again for each attempt of one without a key',
  },
  {
    name: 'txn.end',
    values: ['after-answers', 'after-sends'],
    about: 'EndTxn waits for the answers to all batches; other clients let Produce trail behind it (KAFKA-12671)',
  },
  {
    name: 'txn.gap',
    values: ['abort', 'new-epoch'],
    about: 'a gap in the sequences fails the transaction; librdkafka before 1.8.2 went on in a new epoch',
  },
  {
    name: 'txn.failed-record',
    values: ['abort', 'commit'],
    about: 'a record that failed fails its transaction; librdkafka before 1.7 committed what was left of it',
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
}
