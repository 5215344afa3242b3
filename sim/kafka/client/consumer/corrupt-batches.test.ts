import { describe, expect, it } from 'vitest'
import { tpOf } from '../../../history/ids.ts'
import type { ConsumerConfig } from '../../protocol/config/consumer.ts'
import { FakeBrokers } from './fake-brokers.test.support.ts'
import { TestReader } from './test-reader.test.support.ts'

// What a reader makes of a batch whose checksum is wrong.

const P0 = tpOf(1, 0)
const P1 = tpOf(1, 1)
const TWO = [{ name: 'orders', topicId: 1, partitions: 2 }]

/** The bytes of a batch change where it lies. */
function damage(c: FakeBrokers, tp: number, index: number): void {
  const { entries } = c.log(tp)
  const entry = entries[index] as (typeof entries)[number]
  const records = entry.batch.records.map((record) => ({ ...record, record: ~record.record, isDamaged: true as const }))
  entries[index] = { ...entry, batch: { ...entry.batch, id: ~entry.batch.id, records, isCorrupt: true } }
}

/** Three batches of two records in partition 0, of which the second is corrupt; one record in partition 1. */
function reading(config: Partial<ConsumerConfig> = {}): { readonly c: FakeBrokers; readonly a: TestReader } {
  const c = new FakeBrokers({ brokers: 1, topics: TWO })
  for (let n = 0; n < 3; n++) c.append(P0, 2)
  c.append(P1, 1)
  damage(c, P0, 1)
  const settings = { 'group.id': '', 'auto.offset.reset': 'earliest', ...config } as const
  const a = new TestReader(c, { assign: [P0, P1], config: settings })
  return { c, a }
}

describe('poll()', () => {
  it('returns what lies before the batch, then throws each time, and the position stays', () => {
    const { c, a } = reading()
    c.runUntil(2000)
    expect(a.offsets(0)).toEqual([0, 1])
    const failures = a.events.filter((event) => event === 'poll failed: corrupt-record [0]')
    expect(failures.length).toBeGreaterThan(5)
    expect(a.consumer.position(P0)).toBe(2)
    expect(c.of('corruption.found').length).toBeGreaterThan(5)
  })

  it('returns nothing of other partitions meanwhile: the fetch stays the next in line', () => {
    const { c, a } = reading()
    c.runUntil(1000)
    const before = a.offsets(1).length
    for (let n = 0; n < 3; n++) c.append(P1, 1)
    c.runUntil(3000)
    expect(a.offsets(1)).toHaveLength(before)
  })

  it('goes on behind the batch when the application has sought past it', () => {
    const { c, a } = reading()
    c.runUntil(1000)
    a.consumer.seek(P0, 4)
    c.runUntil(2000)
    expect(a.offsets(0)).toEqual([0, 1, 4, 5])
    expect(a.offsets(1)).toEqual([0])
  })

  it('goes on with others while the partition is paused', () => {
    const { c, a } = reading()
    c.runUntil(1000)
    a.consumer.pause(P0)
    c.append(P1, 1)
    c.runUntil(2000)
    expect(a.offsets(1)).toEqual([0, 1])
    expect(a.consumer.position(P0)).toBe(2)
  })

  it('returns what nobody sent with check.crcs=false', () => {
    const { c, a } = reading({ 'check.crcs': false })
    c.runUntil(1000)
    expect(a.offsets(0)).toEqual([0, 1, 2, 3, 4, 5])
    expect(a.records.filter(({ record }) => record.isDamaged === true).map(({ offset }) => offset)).toEqual([2, 3])
    expect(a.events).not.toContain('poll failed: corrupt-record [0]')
  })

  it('takes one record at a time and throws no earlier', () => {
    const { c, a } = reading({ 'max.poll.records': 1 })
    c.runUntil(500)
    expect(a.offsets(0)).toEqual([0, 1])
    expect(a.consumer.position(P0)).toBe(2)
  })
})
