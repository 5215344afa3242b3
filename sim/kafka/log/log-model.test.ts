import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ms, SECOND } from '../../kernel/time.ts'
import type { LogEntry, RecordBatch } from '../protocol/batch.ts'
import { Errors } from '../protocol/errors.ts'
import { batch, LogWorld } from './log.test.helper.ts'

/**
 * A partition's log against a plain list. What the list cannot say is checked by what must hold: a duplicate is answered
 * with the offsets at which this very batch lies, and the last batch of a producer is always recognised.
 */
type Step =
  | { readonly kind: 'append'; readonly producer: number; readonly count: number; readonly newEpoch: boolean }
  | { readonly kind: 'replicate'; readonly batches: number; readonly newEpoch: boolean; readonly fetchedUnder: number }
  | { readonly kind: 'resend'; readonly back: number }
  | { readonly kind: 'truncate'; readonly part: number }
  | { readonly kind: 'restart-at'; readonly ahead: number }
  | { readonly kind: 'high-watermark'; readonly part: number }
  | { readonly kind: 'power-loss'; readonly survivors: number; readonly torn: number }
  | { readonly kind: 'read'; readonly part: number; readonly maxBytes: number; readonly upTo: number }
  | { readonly kind: 'flush' | 'checkpoint' | 'crash' | 'stop' }

const percent = fc.nat(100)
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('append' as const),
      producer: fc.integer({ min: -1, max: 2 }),
      count: fc.integer({ min: 1, max: 4 }),
      newEpoch: fc.boolean(),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('replicate' as const),
      batches: fc.nat(3),
      newEpoch: fc.boolean(),
      fetchedUnder: fc.integer({ min: -1, max: 1 }),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('resend' as const), back: fc.nat(7) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('truncate' as const), part: percent }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('restart-at' as const), ahead: fc.nat(50) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('high-watermark' as const), part: percent }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('power-loss' as const), survivors: fc.nat(10), torn: fc.nat(1) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('read' as const), part: percent, maxBytes: fc.nat(500), upTo: percent }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constantFrom('flush' as const, 'checkpoint' as const, 'crash' as const, 'stop' as const),
    }),
  },
)

class Model {
  readonly world: LogWorld = new LogWorld()
  list: LogEntry[] = []
  /** Batches that no loss of power can take. */
  durable = 0
  start = 0
  high = 0
  checkpointed = 0
  epoch = 0
  private readonly sequences: number[] = [0, 0, 0]

  get end(): number {
    return this.list.length === 0 ? this.start : (this.list[this.list.length - 1] as LogEntry).lastOffset + 1
  }

  apply(step: Step): void {
    const { log } = this.world
    switch (step.kind) {
      case 'append':
        return this.append(step.producer, step.count, step.newEpoch)
      case 'replicate':
        return this.replicate(step.batches, step.newEpoch, step.fetchedUnder)
      case 'resend':
        return this.resend(step.back)
      case 'truncate': {
        const offset = this.offset(step.part)
        this.keep(this.list.filter((entry) => entry.lastOffset < offset).length)
        expect(log.truncateTo(offset)).toBe(this.end)
        return
      }
      case 'restart-at': {
        const offset = this.end + step.ahead
        this.list = []
        this.durable = 0
        this.start = this.high = offset
        return log.truncateFullyAndStartAt(offset)
      }
      case 'high-watermark':
        this.high = this.offset(step.part)
        return log.setHighWatermark(this.high, 0, false)
      case 'flush':
        this.durable = this.list.length
        return log.flush()
      case 'checkpoint':
        this.checkpointed = this.high
        return this.world.pass(5 * SECOND)
      case 'read':
        return this.read(this.offset(step.part), step.maxBytes, this.offset(step.upTo))
      case 'crash':
        this.world.crash().restart()
        return this.reloaded()
      case 'stop':
        this.durable = this.list.length
        this.checkpointed = this.high
        this.world.stopCleanly(1).restart()
        return this.reloaded()
      case 'power-loss':
        this.world.losePower(step.survivors, step.torn).restart()
        this.list.length = Math.min(this.list.length, this.durable + step.survivors)
        this.durable = this.list.length
        return this.reloaded()
    }
  }

  /** The log says what the list says. */
  check(): void {
    const { log } = this.world
    expect(this.world.content()).toEqual(this.list)
    expect([log.logStartOffset, log.logEndOffset, log.highWatermark]).toEqual([this.start, this.end, this.high])
    const flushed = this.durable === 0 ? this.start : (this.list[this.durable - 1] as LogEntry).lastOffset + 1
    expect(log.recoveryPoint).toBeLessThanOrEqual(flushed)
    expect(log.latestEpoch).toBe(this.list.at(-1)?.leaderEpoch ?? -1)
    for (const epoch of new Set(this.list.map((entry) => entry.leaderEpoch))) {
      const last = this.list.findLast((entry) => entry.leaderEpoch === epoch) as LogEntry
      expect(log.endOffsetForEpoch(epoch)).toEqual({ epoch, endOffset: last.lastOffset + 1 })
    }
  }

  private append(producer: number, count: number, newEpoch: boolean): void {
    if (newEpoch) this.epoch++
    const made = this.made(producer, count)
    const baseOffset = this.end
    const lastOffset = baseOffset + count - 1
    const result = this.world.log.appendAsLeader(made, this.epoch)
    if (result.errorCode === Errors.NONE) {
      expect(result).toEqual({ errorCode: 0, baseOffset, lastOffset, duplicate: false })
      this.list.push({ baseOffset, lastOffset, leaderEpoch: this.epoch, batch: made })
      if (producer >= 0) this.sequences[producer] = made.baseSequence + count
      return
    }
    // Only a producer whose records were cut away may have lost its count; it goes on from what the log knows.
    expect(result.errorCode).toBe(Errors.OUT_OF_ORDER_SEQUENCE_NUMBER)
    const last = this.lastOf(producer)
    expect(last?.baseSequence).not.toBe(undefined)
    expect((last as RecordBatch).baseSequence + (last as RecordBatch).records.length).not.toBe(made.baseSequence)
    this.sequences[producer] = (last as RecordBatch).baseSequence + (last as RecordBatch).records.length
    // The epoch of a refused batch is in the cache all the same, as in Kafka; cut it off for the comparison.
    this.world.log.truncateTo(this.end)
  }

  private replicate(batches: number, newEpoch: boolean, fetchedUnder: number): void {
    const before = this.epoch
    if (newEpoch) this.epoch++
    const entries: LogEntry[] = []
    for (let n = 0, next = this.end; n < batches; n++, next++) {
      const leaderEpoch = n === 0 ? before : this.epoch
      entries.push({ baseOffset: next, lastOffset: next, leaderEpoch, batch: batch({ size: 50 }) })
    }
    const allowed = before + fetchedUnder
    const later = entries.findIndex((entry) => entry.leaderEpoch > allowed)
    const taken = later < 0 ? entries : entries.slice(0, later)
    expect(this.world.log.appendAsFollower(entries, allowed)).toBe(taken.length)
    this.list.push(...taken)
  }

  /** Sends a batch again that is still in the log. */
  private resend(back: number): void {
    const sequenced = this.list.filter((entry) => entry.batch.producerId >= 0)
    const entry = sequenced[sequenced.length - 1 - back]
    if (entry === undefined) return
    const result = this.world.log.appendAsLeader(entry.batch, this.list.at(-1)?.leaderEpoch ?? 0)
    const { baseOffset, lastOffset } = entry
    if (result.duplicate) expect(result).toEqual({ errorCode: 0, baseOffset, lastOffset, duplicate: true })
    else {
      expect(result.errorCode).toBe(Errors.OUT_OF_ORDER_SEQUENCE_NUMBER)
      expect(this.lastOf(entry.batch.producerId)).not.toBe(entry.batch)
    }
  }

  private read(from: number, maxBytes: number, upTo: number): void {
    const expected: LogEntry[] = []
    let bytes = 0
    for (const entry of this.list.filter((entry) => entry.lastOffset >= from && from < upTo)) {
      bytes += entry.batch.size
      if (entry.lastOffset >= upTo || (bytes > maxBytes && expected.length > 0)) break
      expected.push(entry)
    }
    expect(this.world.log.read(from, maxBytes, upTo)).toEqual(expected)
  }

  private keep(count: number): void {
    this.list.length = count
    this.durable = Math.min(this.durable, count)
    this.high = Math.min(this.high, this.end)
  }

  private reloaded(): void {
    this.high = Math.min(Math.max(this.checkpointed, this.start), this.end)
  }

  private offset(part: number): number {
    return this.start + Math.floor(((this.end - this.start) * part) / 100)
  }

  private made(producer: number, count: number): RecordBatch {
    const size = 60 + count * 20
    if (producer < 0) return batch({ count, size })
    return batch({
      producerId: producer,
      sequence: this.sequences[producer] as number,
      count,
      size,
      timestamp: this.nowMs(),
    })
  }

  private nowMs(): number {
    return Math.floor(this.world.kernel.now / ms(1))
  }

  private lastOf(producer: number): RecordBatch | undefined {
    return this.list.findLast((entry) => entry.batch.producerId === producer)?.batch
  }
}

test('a log is a list that remembers', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const model = new Model()
      for (const step of steps) {
        model.apply(step)
        model.check()
      }
    }),
    { numRuns: 300 },
  )
})
