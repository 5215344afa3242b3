import type { RecordBatch } from '../protocol/batch.ts'
import type { TopicConfig } from '../protocol/config/topic.ts'
import { Errors } from '../protocol/errors.ts'
import { isCleaned } from './cleanup-policy.ts'
import type { RollRules } from './local-log.ts'

/** What a topic's settings let into its logs, whoever sends it, and when they begin a segment for it. */
export class AppendLimits implements RollRules {
  readonly segmentBytes: number
  readonly segmentMs: number
  private readonly maxMessageBytes: number
  /** A compacted log takes no record without a key; the records of Kafka's own topics need none here. */
  private readonly needsKeys: boolean

  constructor(config: TopicConfig) {
    this.segmentBytes = config['segment.bytes']
    this.segmentMs = config['segment.ms']
    this.maxMessageBytes = config['max.message.bytes']
    this.needsKeys = isCleaned(config)
  }

  /** INVALID_RECORD, MESSAGE_TOO_LARGE or NONE: what is looked at before anything of the log is. */
  refusalOf(batch: RecordBatch): number {
    if (batch.records.length === 0) return Errors.INVALID_RECORD
    if (this.needsKeys && batch.marker === null && batch.records.some(({ key }) => key === null))
      return Errors.INVALID_RECORD
    return batch.size > this.maxMessageBytes ? Errors.MESSAGE_TOO_LARGE : Errors.NONE
  }
}
