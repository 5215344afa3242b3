import { describe, expect, it } from 'vitest'
import { tpOf } from '../../../history/ids.ts'
import { Env } from '../../env.ts'
import { FakeBrokers } from './fake-brokers.test.support.ts'
import { TestReader } from './test-reader.test.support.ts'

/** Paths to functions in an object graph. The world around the consumer and the test's own application are not looked at. */
function functionsIn(value: unknown, path: string, seen: Set<object>): string[] {
  if (typeof value === 'function') return [path]
  if (typeof value !== 'object' || value === null || seen.has(value)) return []
  seen.add(value)
  if (value instanceof Env || value instanceof TestReader) return []
  if (value instanceof Map) return [...value.values()].flatMap((each) => functionsIn(each, `${path}[]`, seen))
  return Object.entries(value).flatMap(([key, each]) => functionsIn(each, `${path}.${key}`, seen))
}

describe('the state of a consumer', () => {
  it('is plain data in every stage of its life', () => {
    const c = new FakeBrokers({ consumers: 2 })
    c.append(tpOf(1, 0), 1000)
    const reader = new TestReader(c, { workMs: 20, config: { 'auto.commit.interval.ms': 100, 'max.poll.records': 50 } })
    const seen = new Set<object>()
    for (let at = 5; at < 400; at += 5) {
      c.runUntil(at)
      if (at === 300) reader.consumer.commitAsync(null)
      expect(functionsIn(reader.consumer, 'consumer', seen)).toEqual([])
      seen.clear()
    }
    expect(reader.records.length).toBeGreaterThan(100)
  })
})
