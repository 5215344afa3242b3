import { expect, test } from 'vitest'
import type { FaultPlan } from './faults/plan.ts'
import { M } from './history/catalogue.ts'
import { constant } from './kernel/spread.ts'
import { MILLISECOND, SECOND } from './kernel/time.ts'
import { sink, store } from './reading-world.test.support.ts'
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

function lostWrites(reply: boolean): FaultPlan {
  return [
    {
      entry: 0,
      forUs: null,
      trigger: { kind: 'at', atUs: 0 },
      action: {
        kind: 'drop',
        from: { kind: 'role', role: reply ? 'stores' : 'clients' },
        to: { kind: 'role', role: reply ? 'clients' : 'stores' },
        api: 'StoreWrite',
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
