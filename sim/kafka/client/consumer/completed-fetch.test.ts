import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { tpOf } from '../../../history/ids.ts'
import { type KafkaRecord, type LogEntry, markerBatch, type RecordBatch } from '../../protocol/batch.ts'
import type { AbortedTransaction } from '../../protocol/transaction-messages.ts'
import { CompletedFetch, type ConsumedRecord } from './completed-fetch.ts'
import { TopicPartitionState } from './topic-partition-state.ts'

/** What is written to a log: a producer's batch, or the end of its transaction. Producer 0 writes outside of transactions. */
interface Write {
  readonly producer: number
  readonly count: number
  readonly end: 'COMMIT' | 'ABORT' | null
}

const write: fc.Arbitrary<Write> = fc.record({
  producer: fc.integer({ min: 0, max: 3 }),
  count: fc.integer({ min: 1, max: 4 }),
  end: fc.constantFrom(null, null, 'COMMIT' as const, 'ABORT' as const),
})

function dataBatch({ producer, count }: Write, firstRecord: number): RecordBatch {
  const records: KafkaRecord[] = Array.from({ length: count }, (_, n) => ({
    record: firstRecord + n,
    attempt: 0,
    key: null,
    size: 10,
    timestamp: 0,
  }))
  const identity = { producerId: producer, producerEpoch: 0, baseSequence: 0, isTransactional: producer > 0 }
  return { id: firstRecord, ...identity, marker: null, records, size: 100, maxTimestamp: 0 }
}

/** A log, which of its transactions were aborted, and what a reader may see of it. */
class Written {
  readonly entries: LogEntry[] = []
  readonly aborted: (AbortedTransaction & { readonly lastOffset: number })[] = []
  /** Where transactions are open. */
  readonly open: Map<number, number> = new Map()
  private readonly abortedRecords: Set<number> = new Set()

  constructor(writes: readonly Write[]) {
    for (const next of writes) this.write(next)
    for (const [producer] of [...this.open]) this.write({ producer, count: 1, end: 'COMMIT' })
  }

  get end(): number {
    return (this.entries.at(-1)?.lastOffset ?? -1) + 1
  }

  private write(next: Write): void {
    const baseOffset = this.end
    if (next.end === null || next.producer === 0) {
      if (next.producer > 0 && !this.open.has(next.producer)) this.open.set(next.producer, baseOffset)
      this.append(dataBatch(next, baseOffset))
      return
    }
    const firstOffset = this.open.get(next.producer)
    this.open.delete(next.producer)
    this.append(markerBatch(baseOffset, next.producer, 0, { type: next.end, coordinatorEpoch: 0 }, 0))
    if (next.end !== 'ABORT' || firstOffset === undefined) return
    this.aborted.push({ producerId: next.producer, firstOffset, lastOffset: baseOffset })
    for (const { batch } of this.entries.filter((entry) => entry.baseOffset >= firstOffset)) {
      if (batch.producerId === next.producer) for (const { record } of batch.records) this.abortedRecords.add(record)
    }
  }

  private append(batch: RecordBatch): void {
    const baseOffset = this.end
    this.entries.push({ baseOffset, lastOffset: baseOffset + batch.records.length - 1, leaderEpoch: 3, batch })
  }

  visible(readCommitted: boolean): readonly number[] {
    const records = this.entries.flatMap(({ batch }) => (batch.marker === null ? batch.records : []))
    return records.map(({ record }) => record).filter((record) => !readCommitted || !this.abortedRecords.has(record))
  }

  /** What a broker answers: some batches from an offset on, and the aborted transactions that overlap them. */
  fetch(from: number, batches: number, readCommitted: boolean): CompletedFetch {
    const first = this.entries.findIndex((entry) => entry.lastOffset >= from)
    const entries = this.entries.slice(first, first + batches)
    const upTo = (entries.at(-1)?.lastOffset ?? from) + 1
    const overlapping = this.aborted.filter((txn) => txn.lastOffset >= from && txn.firstOffset < upTo)
    return new CompletedFetch(STATE, 0, entries, from, readCommitted ? overlapping : null)
  }
}

const STATE = new TopicPartitionState(tpOf(1, 0), { leader: 1, leaderEpoch: 3 })

/** Reads all of a log by fetches of some batches each, handing out some records at a time. */
function readAll(log: Written, batches: number, max: number, readCommitted: boolean): readonly number[] {
  const out: ConsumedRecord[] = []
  for (let position = 0; position < log.end;) {
    const fetch = log.fetch(position, batches, readCommitted)
    while (!fetch.isConsumed) {
      expect(fetch.take(max, out)).toBe(3)
      expect(fetch.nextFetchOffset).toBeGreaterThan(position)
      position = fetch.nextFetchOffset
    }
    expect(position).toBe((fetch.entries.at(-1)?.lastOffset ?? -1) + 1)
  }
  return out.map(({ record }) => record.record)
}

describe('a reader', () => {
  test.each([true, false])(
    'gets every record it may see once, in order, and no other (read_committed: %s)',
    (committed) => {
      fc.assert(
        fc.property(
          fc.array(write, { minLength: 1, maxLength: 30 }),
          fc.integer({ min: 1, max: 8 }),
          fc.integer({ min: 1, max: 7 }),
          (writes, batches, max) => {
            const log = new Written(writes)
            expect(readAll(log, batches, max, committed)).toEqual(log.visible(committed))
          },
        ),
        { numRuns: 300 },
      )
    },
  )

  test('of committed records who begins in the middle of an aborted transaction gets none of it', () => {
    const data = { producer: 1, count: 2, end: null }
    const log = new Written([data, data, { ...data, end: 'ABORT' }, data])
    const out: ConsumedRecord[] = []
    const fetch = log.fetch(3, 9, true)
    fetch.take(1, out)
    expect(out.map(({ offset }) => offset)).toEqual([5])
    fetch.take(9, out)
    expect(out.map(({ offset }) => offset)).toEqual([5, 6])
    expect(fetch.nextFetchOffset).toBe(8)
  })
})
