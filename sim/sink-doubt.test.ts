import { describe, expect, test } from 'vitest'
import type { FaultPlan } from './faults/plan.ts'
import { M } from './history/catalogue.ts'
import { constant } from './kernel/spread.ts'
import { MILLISECOND, SECOND } from './kernel/time.ts'
import { sink, store } from './reading-world.test.support.ts'
import type { SinkSpec, StoreSpec } from './spec.ts'
import { producer, TestHasher, world } from './world.test.support.ts'
import { runWorld } from './world.ts'

const RECORDS = 40
const PRODUCERS = [
  producer('checkout', 'orders', {
    workload: {
      kind: 'send',
      records: RECORDS,
      every: constant(5 * MILLISECOND),
      keys: 16,
      size: 100,
      transactions: null,
    },
  }),
]

function lostWrites(reply: boolean, api = 'StoreWrite'): FaultPlan {
  return [
    {
      entry: 0,
      forUs: null,
      trigger: { kind: 'at', atUs: 0 },
      action: {
        kind: 'drop',
        from: { kind: 'role', role: reply ? 'stores' : 'clients' },
        to: { kind: 'role', role: reply ? 'clients' : 'stores' },
        api,
        reply,
        nth: 1,
        count: 2,
        connection: 'any',
      },
    },
  ]
}

test.each([
  ['the first writes never reach the store, which then knows no position', false],
  ['the first answers get lost', true],
])('with-output: %s; every record is written once all the same', (_, reply) => {
  for (const commitEvery of ['poll', 'record', 7] as const) {
    const spec = world({
      producers: PRODUCERS,
      stores: [store('ledger')],
      sinks: [
        sink('writer', 'orders', 'ledger', { commit: 'with-output', fence: 'offset', commitEvery, instances: 1 }),
      ],
      run: { forUs: 60 * SECOND, thenHealUs: null, maxEvents: 5_000_000 },
    })
    const written: number[] = []
    const result = runWorld(spec, lostWrites(reply), 's', {
      hasher: new TestHasher(),
      freeze: true,
      observers: [{ kinds: [M.effectApplied], onMoment: (_kind, _time, _node, record) => written.push(record) }],
    })
    expect(result.faults[0]?.touched).toBeGreaterThan(0)
    expect(result.waiting).toEqual([])
    expect([...written].sort((a, b) => a - b)).toEqual(Array.from({ length: RECORDS }, (_, n) => (4 << 20) + n))
  }
})

/** Runs a sink while two requests, or their answers, get lost; returns how often each record took effect, fewest to most. */
function doubt(sinkOf: Partial<SinkSpec>, kind: StoreSpec['kind'], api: string, reply: boolean): readonly number[] {
  const spec = world({
    producers: PRODUCERS,
    stores: [store('ledger', { kind })],
    sinks: [sink('writer', 'orders', 'ledger', { commitEvery: 7, ...sinkOf })],
    run: { forUs: 60 * SECOND, thenHealUs: null, maxEvents: 5_000_000 },
  })
  const times = new Map<number, number>()
  const result = runWorld(spec, lostWrites(reply, api), 's', {
    hasher: new TestHasher(),
    freeze: true,
    observers: [
      { kinds: [M.effectApplied], onMoment: (_kind, _time, _node, id) => times.set(id, (times.get(id) ?? 0) + 1) },
    ],
  })
  expect(result.faults[0]?.touched).toBeGreaterThan(0)
  expect(result.waiting).toEqual([])
  expect(times.size).toBe(RECORDS)
  return [...new Set(times.values())].sort((a, b) => a - b)
}

describe.each([
  ['the request', false],
  ['the answer', true],
] as const)('%s is lost', (_, reply) => {
  const [once, twice] = [[1], reply ? [1, 2, 3] : [1]]

  test.each(['StoreCreateFile', 'StoreAppendFile', 'StoreRenameFile'])('of %s: every record is in one file', (api) => {
    expect(doubt({ write: 'file', commit: 'with-output' }, 'files', api, reply)).toEqual(once)
    // The same name is the same file, whoever looks where.
    expect(doubt({ write: 'file' }, 'files', api, reply)).toEqual(once)
  })

  test('of a call: it is made again, and with a key carried out once', () => {
    const calls = doubt({ write: 'call' }, 'endpoint', 'StoreCall', reply)
    expect(calls.every((times) => twice.includes(times))).toBe(true)
    expect(calls.length > 1).toBe(reply)
    const idempotencyKey = { windowUs: null }
    expect(doubt({ write: 'call', idempotencyKey }, 'endpoint', 'StoreCall', reply)).toEqual(once)
  })

  test('of a transaction that marks its rows: every record is written once', () => {
    const deduplicate = { windowUs: null, mark: 'with-output' } as const
    expect(doubt({ deduplicate }, 'database', 'StoreWrite', reply)).toEqual(once)
  })

  test.each(['StoreReadMarks', 'StoreMark'])('of %s, which stands apart: every record is written once', (api) => {
    const deduplicate = { windowUs: null, mark: 'after-output' } as const
    expect(doubt({ deduplicate }, 'database', api, reply)).toEqual(once)
  })

  test('of calls by several workers: each is made again by itself', () => {
    const handling = { kind: 'hand-off', workers: 3 } as const
    const idempotencyKey = { windowUs: null }
    const sinkOf = { write: 'call', commitEvery: 'poll', handling, idempotencyKey } as const
    expect(doubt(sinkOf, 'endpoint', 'StoreCall', reply)).toEqual(once)
  })
})
