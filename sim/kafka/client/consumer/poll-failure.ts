/** What poll() throws, in Kafka's terms: the call is over, the consumer lives on and may be polled again. */
export type PollFailureKind =
  /** `NoOffsetForPartitionException`: no committed offset and no reset policy. */
  | 'no-offset'
  /** `OffsetOutOfRangeException`: the position is not in the log and there is no reset policy. */
  | 'offset-out-of-range'
  /** `LogTruncationException`: the log parts from what was read before the position, and there is no reset policy. */
  | 'log-truncation'
  /** `FencedInstanceIdException`: another process uses the same group.instance.id. */
  | 'fenced-instance'
  /** The coordinator refuses the group or the member for good. */
  | 'group-refused'
  /** A KafkaException: the checksum of the next batch is wrong (`check.crcs`). */
  | 'corrupt-record'
  /** `WakeupException` */
  | 'wakeup'

export interface PollFailure {
  readonly kind: PollFailureKind
  /** Kafka's error code behind it; 0 = none. */
  readonly errorCode: number
  /** Partitions it is about. */
  readonly partitions: readonly number[]
}

export function pollFailure(kind: PollFailureKind, errorCode: number, partitions: readonly number[] = []): PollFailure {
  return { kind, errorCode, partitions }
}
