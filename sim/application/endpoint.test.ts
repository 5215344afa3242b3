import { expect, test } from 'vitest'
import { MILLISECOND, SECOND } from '../kernel/time.ts'
import { StoreApi } from '../kafka/protocol/api.ts'
import type { Memory } from './applications.ts'
import { EndpointData } from './endpoint.ts'
import { StoreBench } from './store-bench.test.support.ts'
import { CALLED, REMEMBERED } from './store-effects.ts'

class EndpointBench extends StoreBench {
  constructor() {
    super({ data: new EndpointData() })
  }

  calls(record: number, idempotencyKey: Memory | null, group = 'g'): this {
    const row = { record, tp: 1 << 16, offset: record, key: null }
    this.caller.client.call(StoreApi.StoreCall, { group, generation: 1, row, idempotencyKey }, record)
    this.runFor(100 * MILLISECOND)
    return this
  }

  get did(): readonly (number | undefined)[] {
    return this.seen.map(({ name, fields }) => (name === 'effect.applied' ? fields[3] : -(fields[4] ?? 0)))
  }
}

test('without a key every call is done', () => {
  expect(new EndpointBench().calls(1, null).calls(1, null).did).toEqual([CALLED, CALLED])
})

test('a key is remembered, for its own group only', () => {
  const always = { windowUs: null }
  const bench = new EndpointBench().calls(1, always).calls(1, always).calls(1, always, 'h').calls(2, always)
  expect(bench.did).toEqual([CALLED, -REMEMBERED, CALLED, CALLED])
  expect(bench.caller.answers).toHaveLength(4)
})

test('a key is forgotten when its window is over, counted from when it was first sent', () => {
  const window = { windowUs: SECOND }
  const bench = new EndpointBench().calls(1, window)
  bench.runFor(600 * MILLISECOND)
  bench.calls(1, window)
  bench.runFor(400 * MILLISECOND)
  expect(bench.calls(1, window).did).toEqual([CALLED, -REMEMBERED, CALLED])
})

test('a call is carried out although its caller has gone', () => {
  const bench = new EndpointBench()
  for (const record of [1, 2])
    bench.caller.client.call(
      StoreApi.StoreCall,
      { group: 'g', generation: 1, row: { record, tp: 1 << 16, offset: 0, key: null }, idempotencyKey: null },
      record,
    )
  bench.runFor(4 * MILLISECOND)
  bench.network.disconnect(1, 0)
  bench.runFor(SECOND)
  expect(bench.did).toEqual([CALLED, CALLED])
  expect(bench.caller.failures).toHaveLength(2)
})
