import { M } from '../history/catalogue.ts'
import { recordOf } from '../history/ids.ts'
import { MILLISECOND } from '../kernel/time.ts'
import type { KafkaProducer } from '../kafka/client/kafka-producer.ts'
import type { Env } from '../kafka/env.ts'
import type { KafkaRecord } from '../kafka/protocol/batch.ts'
import type { ProducerJournal } from './producer-journal.ts'
import type { ProducerProcessOptions } from './producer-process-options.ts'
import type { RecordBook } from './record-book.ts'
import { RecordSource } from './record-source.ts'
import { ROW_WRITER_TIMERS, type RowOwner, RowWriter } from './row-writer.ts'

/** Number of timer kinds a sender takes, from its `timerBase` on. */
export const RECORD_SENDER_TIMERS: number = ROW_WRITER_TIMERS + 1
/** The step before the output of the record in `a` was told. */
const OUTPUT: number = ROW_WRITER_TIMERS

/** The thread that sends. While it is blocked it does nothing else. */
export interface SendingThread extends RowOwner {
  /** A record is about to be given to the producer; which one that is now. */
  sendBy(n: number): KafkaProducer
  block(why: 'in-send' | 'in-step' | 'in-row'): void
  unblock(): void
}

/** The way of one record from the application into its producer: its row before or after it, and the step that faults wait for. */
export class RecordSender {
  /** null when records are only published. */
  readonly rows: RowWriter | null
  private readonly env: Env
  private readonly tellSteps: boolean
  private readonly journal: ProducerJournal
  private readonly book: RecordBook
  private readonly thread: SendingThread
  private readonly timerBase: number
  private readonly source: RecordSource

  constructor(
    env: Env,
    { workload, topics, tellSteps, writes }: ProducerProcessOptions,
    journal: ProducerJournal,
    book: RecordBook,
    thread: SendingThread,
    timerBase: number,
  ) {
    this.env = env
    this.tellSteps = tellSteps
    this.journal = journal
    this.book = book
    this.thread = thread
    this.timerBase = timerBase
    this.source = new RecordSource(workload, topics)
    this.rows = writes === null ? null : new RowWriter(env, writes, this.source, thread, timerBase)
  }

  /** Takes a record of the script or the stream for the first time. */
  define(n: number): void {
    const id = this.source.id(n)
    if (id !== null) this.env.emit(M.recordDefined, recordOf(this.env.node, n), this.env.recorder.text(id))
  }

  send(n: number): void {
    if (this.rows === null || this.rows.when === 'after-publishing') {
      this.publish(n)
      return
    }
    this.thread.block('in-row')
    this.rows.write(n)
  }

  /** The row of a record is there; true when that was the end of it. */
  onRowWritten(n: number): boolean {
    if (this.rows?.when !== 'before-publishing') return true
    this.publish(n)
    return false
  }

  /** A record was acknowledged; true when that was the end of it. */
  onAcked(n: number): boolean {
    if (this.rows?.when !== 'after-publishing') return true
    if (this.tellSteps) this.rows.writeSoon(n)
    else this.rows.write(n)
    return false
  }

  /** Takes the timers of this sender; false when the timer is not one of them. */
  onTimer(kind: number, n: number): boolean {
    if (kind !== this.timerBase + OUTPUT) return this.rows?.onTimer(kind, n) === true
    this.thread.unblock()
    this.output(n)
    return true
  }

  private publish(n: number): void {
    if (!this.tellSteps) {
      this.output(n)
      return
    }
    // The step is an event of its own: what waits for it happens before anything is sent.
    this.env.emit(M.stepBeforeOutput, recordOf(this.env.node, n), this.journal.attempts[n])
    this.thread.block('in-step')
    this.env.setTimer(this.timerBase + OUTPUT, 0, n)
  }

  private output(n: number): void {
    const { env, source } = this
    const producer = this.thread.sendBy(n)
    const attempt = this.book.attempt(n)
    const record: KafkaRecord = {
      record: recordOf(env.node, n),
      attempt,
      key: source.keyText(n),
      size: source.size(n),
      timestamp: Math.floor(env.wallClock() / MILLISECOND) + source.timeShiftMs(n),
    }
    const isTombstone = source.isTombstone(n)
    if (isTombstone) env.emit(M.recordTombstone, record.record, record.attempt)
    const sent: KafkaRecord = isTombstone ? { ...record, tombstone: true } : record
    if (!producer.send(source.topic(n), source.partition(n), source.keyHash(n), source.key(n), sent))
      this.thread.block('in-send')
  }
}
