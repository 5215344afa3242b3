import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { LogEntry } from '../protocol/batch.ts'
import { batch, LogWorld, marker } from './log.test.helper.ts'
import type { PartitionLog } from './partition-log.ts'
import { NO_GUARD } from './verification-state.ts'

/** What a log knows of transactions while it is written, cut and read again, against what its batches say. */
type Step =
  | { readonly kind: 'write'; readonly producer: number; readonly count: number; readonly transactional: boolean }
  | { readonly kind: 'end'; readonly producer: number; readonly abort: boolean; readonly bump: boolean }
  | { readonly kind: 'truncate' | 'replicate'; readonly part: number }
  | { readonly kind: 'crash' | 'stop' | 'copy' }

const producer = fc.integer({ min: 0, max: 3 })
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('write' as const),
      producer,
      count: fc.integer({ min: 1, max: 3 }),
      transactional: fc.constantFrom(true, true, true, false),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('end' as const), producer, abort: fc.boolean(), bump: fc.boolean() }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constantFrom('truncate' as const, 'replicate' as const, 'replicate' as const),
      part: fc.integer({ min: 30, max: 100 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constantFrom('crash' as const, 'stop' as const, 'copy' as const) }),
  },
)

interface Told {
  /** Where transactions are open, in order. */
  readonly open: readonly number[]
  readonly aborted: readonly {
    readonly producerId: number
    readonly firstOffset: number
    readonly lastOffset: number
  }[]
  /** Where transactions are open, or were ended by a marker at the high watermark or behind it. */
  readonly unstable: readonly number[]
}

/** The batches, read from the first to the last. */
function told(entries: readonly LogEntry[], highWatermark: number): Told {
  const open = new Map<number, number>()
  const aborted: Told['aborted'][number][] = []
  const unstable: number[] = []
  for (const { batch, baseOffset } of entries) {
    const { producerId } = batch
    const firstOffset = open.get(producerId)
    if (batch.marker === null) {
      if (batch.isTransactional && firstOffset === undefined) open.set(producerId, baseOffset)
    } else if (firstOffset !== undefined) {
      open.delete(producerId)
      if (batch.marker.type === 'ABORT') aborted.push({ producerId, firstOffset, lastOffset: baseOffset })
      if (baseOffset >= highWatermark) unstable.push(firstOffset)
    }
  }
  return { open: [...open.values()].sort((a, b) => a - b), aborted, unstable: [...unstable, ...open.values()] }
}

class Model {
  readonly world: LogWorld = new LogWorld()
  /** Nothing was read again since: then the log also knows which markers are not replicated. */
  private whole = true
  /** Transactions that were aborted. */
  aborted = 0

  get log(): PartitionLog {
    return this.world.log
  }

  apply(step: Step): void {
    switch (step.kind) {
      case 'write':
        return this.write(step.producer, step.count, step.transactional)
      case 'end': {
        const epoch = Math.max(0, this.log.transactions.producerEpoch(step.producer)) + (step.bump ? 1 : 0)
        const before = this.log.transactions.index.all.length
        const made = marker(step.abort ? 'ABORT' : 'COMMIT', { producerId: step.producer, epoch })
        expect(this.log.appendAsLeader(made, 0, 'COORDINATOR').errorCode).toBe(0)
        this.aborted += this.log.transactions.index.all.length - before
        return
      }
      case 'truncate':
        this.log.truncateTo(this.offset(step.part))
        this.whole = false
        return
      case 'replicate':
        this.log.setHighWatermark(Math.max(this.log.highWatermark, this.offset(step.part)), 0, true)
        return
      case 'copy': {
        const copy = new LogWorld().log
        copy.appendAsFollower(this.world.content(), 0)
        this.compare(copy)
        return
      }
      case 'crash':
        this.world.crash().restart()
        this.whole = false
        return
      case 'stop':
        this.world.stopCleanly(1).restart()
        this.whole = false
        return
    }
  }

  check(): void {
    this.compare(this.log)
    if (!this.whole) return
    const { unstable } = told(this.world.content(), this.log.highWatermark)
    expect(this.log.lastStableOffset).toBe(Math.min(this.log.highWatermark, ...unstable))
  }

  /** What must be equal however the log came to hold its batches. */
  private compare(log: PartitionLog): void {
    const { open, aborted } = told(this.world.content(), 0)
    expect(log.transactions.oldest?.firstOffset ?? -1).toBe(open[0] ?? -1)
    expect(
      log.transactions.index.all.map(({ producerId, firstOffset, lastOffset }) => ({
        producerId,
        firstOffset,
        lastOffset,
      })),
    ).toEqual(aborted)
    for (const id of [0, 1, 2, 3])
      expect(log.transactions.producerEpoch(id)).toBe(this.log.transactions.producerEpoch(id))
  }

  private write(producerId: number, count: number, transactional: boolean): void {
    const epoch = Math.max(0, this.log.transactions.producerEpoch(producerId))
    const last = this.world.content().findLast((entry) => entry.batch.producerId === producerId)?.batch
    const goesOn = last !== undefined && last.producerEpoch === epoch && last.marker === null
    const sequence = goesOn ? last.baseSequence + last.records.length : 0
    const guard = transactional ? this.log.transactions.startVerification(producerId, 0, epoch, false) : NO_GUARD
    const made = batch({ producerId, epoch, sequence, count, transactional })
    // Refused where a producer mixes what is in its transaction with what is not, or has counted on behind a marker.
    this.log.appendAsLeader(made, 0, 'CLIENT', guard)
  }

  private offset(part: number): number {
    return Math.floor((this.log.logEndOffset * part) / 100)
  }
}

test('a log knows its transactions as its batches tell them', () => {
  let aborted = 0
  fc.assert(
    fc.property(fc.array(step, { minLength: 10, maxLength: 60 }), (steps) => {
      const model = new Model()
      for (const step of steps) {
        model.apply(step)
        model.check()
      }
      aborted += model.aborted
    }),
    { numRuns: 300 },
  )
  expect(aborted).toBeGreaterThan(100)
})
