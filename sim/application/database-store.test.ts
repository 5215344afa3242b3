import { describe, expect, test } from 'vitest'
import { MILLISECOND, SECOND } from '../kernel/time.ts'
import { StoreBench } from './store-bench.test.support.ts'
import { STORE_TIMEOUT_US } from './store-client.ts'
import {
  CHANGED,
  GENERATION_FENCE,
  INCREMENTED,
  INSERTED,
  OFFSET_FENCE,
  REMEMBERED,
  UNCHANGED,
} from './store-effects.ts'
import type { StoreRow } from './store-messages.ts'

const TP = (1 << 16) | 0

function row(offset: number, key: string | null = null, record = 100 + offset): StoreRow {
  return { record, tp: TP, offset, key }
}

/** What each row did: `what` of effect.applied. */
function did(bench: StoreBench): readonly (number | undefined)[] {
  return bench.seen.filter((moment) => moment.name === 'effect.applied').map((moment) => moment.fields[3])
}

function refused(bench: StoreBench): readonly (readonly (number | undefined)[])[] {
  return bench.seen.filter((moment) => moment.name === 'effect.refused').map(({ fields }) => [fields[2], fields[4]])
}

describe('rows', () => {
  test('every insert is a new row, also of the same record', () => {
    const bench = new StoreBench()
    bench.write(0, [row(0), row(1)])
    bench.write(1, [row(1)])
    bench.runFor(100 * MILLISECOND)
    expect(did(bench)).toEqual([INSERTED, INSERTED, INSERTED])
    expect(bench.database.insertedRows('g')).toBe(3)
    expect(bench.caller.answers.map(({ token }) => token)).toEqual([0, 1])
  })

  test('an upsert changes what a key shows, or nothing when it shows that record already', () => {
    const bench = new StoreBench()
    bench.write(0, [row(0, 'a'), row(1, 'a'), row(1, 'a')], { write: 'upsert' })
    // A stale one overwrites: a plain upsert does not look at what it replaces.
    bench.write(1, [row(0, 'a')], { write: 'upsert' })
    bench.runFor(100 * MILLISECOND)
    expect(did(bench)).toEqual([CHANGED, CHANGED, UNCHANGED, CHANGED])
    expect(bench.database.shown('g', 'a')).toBe(100)
  })

  test('records without a key are kept under their own places', () => {
    const bench = new StoreBench()
    bench.write(0, [row(0), row(1), row(0)], { write: 'upsert' })
    bench.runFor(100 * MILLISECOND)
    expect(did(bench)).toEqual([CHANGED, CHANGED, UNCHANGED])
  })

  test('an increment counts every time, and groups have tables of their own', () => {
    const bench = new StoreBench()
    bench.write(0, [row(0, 'a'), row(0, 'a')], { write: 'increment' })
    bench.write(1, [row(0, 'a')], { write: 'increment', group: 'h' })
    bench.runFor(100 * MILLISECOND)
    expect(did(bench)).toEqual([INCREMENTED, INCREMENTED, INCREMENTED])
    expect([bench.database.counter('g', 'a'), bench.database.counter('h', 'a')]).toEqual([2, 1])
  })
})

describe('positions', () => {
  test('they are saved with the rows and read back; unknown ones are -1', () => {
    const bench = new StoreBench()
    bench.write(0, [row(0)], { offsets: [{ tp: TP, next: 1 }] })
    bench.readOffsets(1, [TP, TP + 1])
    bench.runFor(100 * MILLISECOND)
    expect(bench.caller.answers[1]?.body).toEqual({
      fenced: false,
      offsets: [
        { tp: TP, next: 1 },
        { tp: TP + 1, next: -1 },
      ],
    })
  })

  test('without the offset fence they may move back', () => {
    const bench = new StoreBench()
    bench.write(0, [row(5)], { offsets: [{ tp: TP, next: 6 }] })
    bench.write(1, [row(2)], { offsets: [{ tp: TP, next: 3 }] })
    bench.runFor(100 * MILLISECOND)
    expect(bench.database.nextOffset('g', TP)).toBe(3)
    expect(did(bench)).toHaveLength(2)
  })
})

describe('fences', () => {
  test('the offset fence leaves rows out that are below the next offset, and never moves back', () => {
    const bench = new StoreBench()
    bench.write(0, [row(0), row(1)], { fence: 'offset' })
    bench.write(1, [row(1), row(2)], { fence: 'offset', offsets: [{ tp: TP, next: 1 }] })
    bench.runFor(100 * MILLISECOND)
    expect(did(bench)).toHaveLength(3)
    expect(refused(bench)).toEqual([[1, OFFSET_FENCE]])
    expect(bench.caller.answers[1]?.body).toEqual({ fenced: false, skipped: 1 })
    expect(bench.database.nextOffset('g', TP)).toBe(3)
  })

  test('the generation fence refuses a whole transaction of an older generation', () => {
    const bench = new StoreBench()
    bench.write(0, [row(0)], { fence: 'generation', generation: 4 })
    bench.write(1, [row(1), row(2)], { fence: 'generation', generation: 3, offsets: [{ tp: TP, next: 3 }] })
    bench.write(2, [row(1)], { fence: 'generation', generation: 4 })
    bench.runFor(100 * MILLISECOND)
    expect(bench.caller.answers.map(({ body }) => body)).toEqual([
      { fenced: false, skipped: 0 },
      { fenced: true, skipped: 0 },
      { fenced: false, skipped: 0 },
    ])
    expect(refused(bench)).toEqual([
      [1, GENERATION_FENCE],
      [2, GENERATION_FENCE],
    ])
    expect(bench.database.nextOffset('g', TP)).toBe(-1)
  })

  test('the generation fence guards positions that are saved without rows', () => {
    const bench = new StoreBench()
    bench.write(0, [row(0)], { fence: 'generation', generation: 4, offsets: [{ tp: TP, next: 1 }] })
    bench.write(1, [], { fence: 'generation', generation: 3, offsets: [{ tp: TP, next: 7 }] })
    bench.runFor(100 * MILLISECOND)
    expect(bench.caller.answers.map(({ body }) => 'fenced' in body && body.fenced)).toEqual([false, true])
    expect(bench.database.nextOffset('g', TP)).toBe(1)
  })

  test('reading positions raises the generation fence', () => {
    const bench = new StoreBench()
    bench.readOffsets(0, [TP], { fence: 'generation', generation: 2 })
    bench.write(1, [row(0)], { fence: 'generation', generation: 1 })
    bench.readOffsets(2, [TP], { fence: 'generation', generation: 1 })
    bench.runFor(100 * MILLISECOND)
    expect(bench.caller.answers.map(({ body }) => 'fenced' in body && body.fenced)).toEqual([false, true, true])
  })

  test('without a fence an older generation writes', () => {
    const bench = new StoreBench()
    bench.write(0, [row(0)], { generation: 4 })
    bench.write(1, [row(0)], { generation: 3 })
    bench.runFor(100 * MILLISECOND)
    expect(did(bench)).toHaveLength(2)
  })
})

describe('marks', () => {
  const KEEPS = { windowUs: null }

  test('a row that is marked is left out, and the others are marked with the transaction', () => {
    const bench = new StoreBench()
    bench.write(0, [row(0)], { deduplicate: KEEPS })
    bench.write(1, [row(0), row(1)], { deduplicate: KEEPS })
    bench.write(2, [row(1)], { deduplicate: KEEPS, group: 'h' })
    bench.runFor(100 * MILLISECOND)
    expect(did(bench)).toEqual([INSERTED, INSERTED, INSERTED])
    expect(refused(bench)).toEqual([[0, REMEMBERED]])
  })

  test('a transaction that is fenced marks nothing', () => {
    const bench = new StoreBench()
    bench.write(0, [row(0)], { fence: 'generation', generation: 4 })
    bench.write(1, [row(1)], { fence: 'generation', generation: 3, deduplicate: KEEPS })
    bench.write(2, [row(1)], { fence: 'generation', generation: 4, deduplicate: KEEPS })
    bench.runFor(100 * MILLISECOND)
    expect(did(bench)).toEqual([INSERTED, INSERTED])
  })

  test('a mark is forgotten when its window is over', () => {
    const bench = new StoreBench()
    const deduplicate = { windowUs: SECOND }
    bench.write(0, [row(0)], { deduplicate })
    bench.runFor(900 * MILLISECOND)
    bench.write(1, [row(0)], { deduplicate })
    bench.runFor(200 * MILLISECOND)
    bench.write(2, [row(0)], { deduplicate })
    bench.runFor(100 * MILLISECOND)
    expect(did(bench)).toEqual([INSERTED, INSERTED])
  })
})

describe('time and failure', () => {
  test('transactions of all connections are serialised, each taking its latency', () => {
    const bench = new StoreBench({ callers: 2 })
    bench.write(0, [row(0)], {}, 0)
    bench.write(0, [row(1)], {}, 1)
    bench.runFor(100 * MILLISECOND)
    // Two network trips to connect, one for the request, then five milliseconds each.
    expect(bench.seen.map(({ time }) => time)).toEqual([8 * MILLISECOND, 13 * MILLISECOND])
  })

  test('a crash before the end of a transaction undoes it, one after it does not; the caller cannot tell', () => {
    for (const [crashAt, applied] of [
      [7500, 0],
      [8500, 1],
    ] as const) {
      const bench = new StoreBench()
      bench.write(7, [row(0)])
      bench.runFor(7 * MILLISECOND)
      bench.network.cut(0, 1)
      bench.runFor(crashAt - 7 * MILLISECOND)
      bench.crashStore(true)
      bench.network.heal(0, 1)
      bench.runFor(MILLISECOND)
      expect(bench.database.insertedRows('g')).toBe(applied)
      bench.startStore()
      bench.runFor(STORE_TIMEOUT_US + SECOND)
      expect(bench.caller.answers).toEqual([])
      expect(bench.caller.failures.map(({ token }) => token)).toEqual([7])
      // What was committed is there after the restart, and a new call finds it.
      bench.write(8, [row(1)])
      bench.runFor(SECOND)
      expect(bench.database.insertedRows('g')).toBe(applied + 1)
    }
  })

  test('a host without power is silent: calls time out, oldest first, and all of the connection', () => {
    const bench = new StoreBench()
    bench.crashStore(true)
    bench.write(1, [row(0)])
    bench.runFor(SECOND)
    bench.write(2, [row(1)])
    bench.runFor(STORE_TIMEOUT_US - SECOND)
    expect(bench.caller.failures).toEqual([])
    bench.runFor(SECOND)
    expect(bench.caller.failures.map(({ token }) => token)).toEqual([1, 2])
  })

  test('what waits for a connection that ends is rolled back; the transaction at work is not', () => {
    const bench = new StoreBench()
    bench.write(0, [row(0)])
    bench.write(1, [row(1)])
    bench.write(2, [row(2)])
    bench.runFor(4 * MILLISECOND)
    bench.network.disconnect(1, 0)
    bench.runFor(50 * MILLISECOND)
    expect(bench.seen.map(({ fields }) => fields[2])).toEqual([0])
    bench.runFor(SECOND)
    expect(bench.caller.failures.map(({ token }) => token)).toEqual([0, 1, 2])
  })

  test('a clean stop ends the transaction at work, and none that waits', () => {
    const bench = new StoreBench()
    bench.write(0, [row(0)])
    bench.write(1, [row(1)])
    bench.runFor(4 * MILLISECOND)
    bench.stopStore()
    expect(bench.exits).toEqual([])
    bench.runFor(50 * MILLISECOND)
    expect(bench.exits).toEqual([0])
    expect(bench.database.insertedRows('g')).toBe(1)
  })

  test('calls made while backing off wait for the next connection', () => {
    const bench = new StoreBench()
    bench.crashStore()
    bench.write(0, [row(0)])
    bench.runFor(5 * MILLISECOND)
    bench.startStore()
    bench.write(1, [row(1)])
    bench.runFor(SECOND)
    expect(bench.caller.failures.map(({ token }) => token)).toEqual([0])
    expect(bench.caller.answers.map(({ token }) => token)).toEqual([1])
  })
})
