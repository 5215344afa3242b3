import { M } from '../history/catalogue.ts'
import { partitionOf, recordOf } from '../history/ids.ts'
import type { KafkaRecord } from '../kafka/protocol/batch.ts'
import { MILLISECOND } from '../kernel/time.ts'
import type { ConsumedRecord } from '../kafka/client/consumer/completed-fetch.ts'
import type { CodeOutput } from '../host.ts'
import type { KafkaProducer } from '../kafka/client/kafka-producer.ts'
import { utf8Length } from '../kafka/client/murmur2.ts'
import { keyHash } from '../kafka/client/partitioner.ts'
import type { Env } from '../kafka/env.ts'
import type { Transform } from './applications.ts'
import type { HandlerWork } from './handler-work.ts'
import type { ProcessorJournal } from './processor-journal.ts'
import type { RecordValues } from './record-values.ts'

/** What came of one record that was read. */
export interface Outputs {
  readonly polled: ConsumedRecord
  /** How many are not acknowledged. */
  left: number
}

/** A record that is to be sent: output number `index` of one that was read. */
interface Pending {
  readonly worker: number
  readonly polled: ConsumedRecord
  readonly index: number
  readonly last: boolean
  readonly outputs: Outputs
  /** What a handler made; null for a copy. */
  readonly made: CodeOutput | null
  /** What a count is sent as; null for all else. */
  readonly counted: Counted | null
}

/** A record of a stateful step: the new count, or what the changelog is to keep of it. */
interface Counted {
  readonly record: number
  readonly toChangelog: boolean
}

/** Bytes of a count. */
const LONG_SIZE = 8

/** Output numbers of a stateful step. */
const FORWARDED = 0
const LOGGED = 1

/** Counts records by key, in a store with a changelog. */
export interface Counter {
  /** Counts a record in; the number is that of the changelog record that will hold the new count. */
  count(polled: ConsumedRecord, changelogRecord: number): number
}

/**
 * What a processor makes of a record: so many copies, what the user's own code says, or a count, which goes to the changelog
 * (the last of its topics) before it is forwarded.
 */
export type OutputMaker =
  | { readonly kind: 'copies'; readonly count: number }
  | { readonly kind: 'count'; readonly counter: Counter; readonly values: RecordValues }
  | { readonly kind: 'handler'; readonly work: HandlerWork; readonly values: RecordValues }

/** What is made without any code of the user's. */
export function copiesOf(transform: Extract<Transform, { kind: 'copy' | 'fan-out' }>): OutputMaker {
  return { kind: 'copies', count: transform.kind === 'copy' ? 1 : transform.count }
}

export interface ProcessorSendsOwner {
  /** Everything that comes of a record has been sent, after its worker had to wait. */
  onSent(worker: number): void
}

/**
 * Sends what a processor makes of the records it reads, in order, one call at a time: a send() that must wait for room holds
 * up those behind it. Every copy is a new record, also when the same input is worked on again; `record.derived` tells what it
 * was made of.
 */
export class ProcessorSends {
  /** By number of the record that was sent. */
  readonly unacked: Map<number, Outputs> = new Map()
  /** Changes when the application makes itself another. */
  producer: KafkaProducer | null = null
  private readonly env: Env
  private readonly owner: ProcessorSendsOwner
  private readonly topics: number
  private readonly maker: OutputMaker
  private readonly journal: ProcessorJournal
  private queue: Pending[] = []
  /** Its send() has not returned. */
  private sending: Pending | null = null
  /** A put() whose sends are made within the call: nobody waits. */
  private putting = false
  private readonly keyHashes: Map<string, number> = new Map()

  constructor(env: Env, owner: ProcessorSendsOwner, topics: number, maker: OutputMaker, journal: ProcessorJournal) {
    this.env = env
    this.owner = owner
    this.topics = topics
    this.maker = maker
    this.journal = journal
  }

  /** Nothing is to be sent, and everything sent has had its callback. */
  isIdle(): boolean {
    const { maker } = this
    const atRest = maker.kind !== 'handler' || maker.work.isIdle()
    return atRest && this.unacked.size === 0 && this.queue.length === 0 && this.sending === null
  }

  /** Sends what comes of a record; false when the worker must wait for {@link ProcessorSendsOwner.onSent}. */
  put(worker: number, polled: ConsumedRecord): boolean {
    const { maker } = this
    switch (maker.kind) {
      case 'copies':
        this.enqueue(worker, polled, maker.count, null)
        break
      case 'count':
        this.enqueueCount(worker, polled, maker.counter, maker.values)
        break
      case 'handler': {
        const made = maker.work.handle(worker, polled)
        if (made === null) return false
        this.enqueue(worker, polled, made.length, made)
      }
    }
    this.putting = true
    this.pump()
    this.putting = false
    return this.queue.length === 0 && this.sending === null
  }

  /** The handler that a put() had to wait for is done. */
  onMade(worker: number, polled: ConsumedRecord, made: readonly CodeOutput[]): void {
    this.enqueue(worker, polled, made.length, made)
    if (made.length === 0) this.owner.onSent(worker)
    else this.pump()
  }

  private enqueue(worker: number, polled: ConsumedRecord, count: number, made: readonly CodeOutput[] | null): void {
    const outputs = { polled, left: count }
    for (let index = 0; index < count; index++) {
      const last = index === count - 1
      this.queue.push({
        worker,
        polled,
        index,
        last,
        outputs,
        made: made === null ? null : (made[index] as CodeOutput),
        counted: null,
      })
    }
  }

  /** `ChangeLoggingKeyValueBytesStore.put`, then the record goes on. */
  private enqueueCount(worker: number, polled: ConsumedRecord, counter: Counter, values: RecordValues): void {
    const { env, journal } = this
    const outputs = { polled, left: 2 }
    const [logged, forwarded] = [recordOf(env.node, journal.records++), recordOf(env.node, journal.records++)]
    values.set(forwarded, String(counter.count(polled, logged)))
    const common = { worker, polled, outputs, made: null }
    this.queue.push({ ...common, index: LOGGED, last: false, counted: { record: logged, toChangelog: true } })
    this.queue.push({ ...common, index: FORWARDED, last: true, counted: { record: forwarded, toChangelog: false } })
  }

  /** The send() that had to wait is over. */
  onSendReturned(): void {
    const sent = this.sending
    this.sending = null
    if (sent?.last === true) this.owner.onSent(sent.worker)
    this.pump()
  }

  /** A record is acknowledged: what came of the same input, of which `left` says how much is open. */
  acked(record: number): Outputs {
    const outputs = this.unacked.get(record) as Outputs
    this.unacked.delete(record)
    outputs.left--
    return outputs
  }

  private pump(): void {
    while (this.sending === null) {
      const pending = this.queue.shift()
      if (pending === undefined) return
      if (!this.send(pending)) this.sending = pending
      else if (pending.last && !this.putting) this.owner.onSent(pending.worker)
    }
  }

  private send(pending: Pending): boolean {
    const { env, journal } = this
    const { polled, index, outputs, made, counted } = pending
    const { record: input } = polled.record
    const { key } = made ?? polled.record
    const size = counted === null ? (made ?? polled.record).size : utf8Length(key ?? '') + LONG_SIZE
    const record = counted?.record ?? recordOf(env.node, journal.records++)
    this.unacked.set(record, outputs)
    if (made !== null && this.maker.kind === 'handler') this.maker.values.set(record, made.value)
    env.emit(M.recordDerived, record, input, index)
    const toChangelog = counted?.toChangelog === true
    // A handler names the topic, else it follows from the input, so that working on it again has the same result; the changelog
    // is behind them.
    const topic = made?.topic ?? (toChangelog ? this.topics : (polled.offset + index) % this.topics)
    const partition = toChangelog ? partitionOf(polled.tp) : -1
    const timestamp = Math.floor(env.wallClock() / MILLISECOND)
    const keyNumber = key === null ? -1 : env.recorder.text(key)
    const formed: KafkaRecord = { record, attempt: 0, key, size, timestamp }
    const isTombstone = made === null ? counted === null && polled.record.tombstone === true : made.value === null
    if (isTombstone) env.emit(M.recordTombstone, record, 0)
    const sent: KafkaRecord = isTombstone ? { ...formed, tombstone: true } : formed
    return (this.producer as KafkaProducer).send(topic, partition, this.hashOf(key), keyNumber, sent)
  }

  private hashOf(key: string | null): number {
    if (key === null) return -1
    const known = this.keyHashes.get(key)
    if (known !== undefined) return known
    const hash = keyHash(key)
    this.keyHashes.set(key, hash)
    return hash
  }
}
