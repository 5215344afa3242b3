import { CONSUMER_TIMERS } from '../kafka/client/consumer/kafka-consumer.ts'
import { PRODUCER_TIMERS } from '../kafka/client/kafka-producer.ts'
import { OFFSET_WRITER_TIMERS } from './offset-writer.ts'
import { STORE_CLIENT_TIMERS } from './store-client.ts'

const WRITER: number = PRODUCER_TIMERS
const READER: number = WRITER + OFFSET_WRITER_TIMERS
const STORE: number = READER + CONSUMER_TIMERS
const OWN: number = STORE + STORE_CLIENT_TIMERS

/** Timer kinds of a source task's process: the first of each client's, then those of its own parts. */
interface SourceTimers {
  readonly producer: number
  readonly writer: number
  readonly reader: number
  readonly store: number
  readonly start: number
  readonly stop: number
  readonly poll: number
  readonly flush: number
  /** The end of a stopped task's patience. */
  readonly lastFlush: number
  /** A step has been told, and what it comes before is done. */
  readonly step: number
  readonly beforeCommit: number
  readonly afterCommit: number
  readonly closeFailed: number
  /** Of the client that asks where the offsets topic ends. */
  readonly ends: number
}

export const SOURCE_TIMERS: SourceTimers = {
  producer: 0,
  writer: WRITER,
  reader: READER,
  store: STORE,
  start: OWN,
  stop: OWN + 1,
  poll: OWN + 2,
  flush: OWN + 3,
  lastFlush: OWN + 4,
  step: OWN + 5,
  beforeCommit: OWN + 6,
  afterCommit: OWN + 7,
  closeFailed: OWN + 8,
  ends: OWN + 9,
}
