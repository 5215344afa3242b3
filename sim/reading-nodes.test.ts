import { describe, expect, test } from 'vitest'
import { topologyOf } from './faults/chaos/topology.ts'
import { problemsOfMatch } from './faults/match-compiler.ts'
import { WorldNames } from './faults/world-names.ts'
import { healLimitUs } from './heal-limit.ts'
import { recordOf } from './history/ids.ts'
import { constant } from './kernel/spread.ts'
import { SECOND } from './kernel/time.ts'
import { nodesOf } from './layout.ts'
import { consumer, processor, sink, store } from './reading-world.test.support.ts'
import { world } from './world.test.support.ts'

const SPEC = world({
  consumers: [consumer('billing', 'orders', { instances: 2 })],
  processors: [processor('biller', 'orders', 'bills')],
  stores: [store('ledger')],
  sinks: [sink('writer', 'bills', 'ledger')],
})

describe('nodes of readers and stores', () => {
  test('they follow the producers; a store is one node under its own name', () => {
    expect(nodesOf(SPEC).map(({ name }) => name)).toEqual([
      ...['controller-1', 'broker-1', 'broker-2', 'broker-3', 'checkout#0'],
      ...['billing#0', 'billing#1', 'biller#0', 'writer#0', 'ledger'],
    ])
  })

  test('faults find them: applications, the store by its name and by its role, clients without it', () => {
    const names = new WorldNames(SPEC)
    expect(names.application('billing')).toEqual([5, 6])
    expect(names.application('ledger')).toEqual([9])
    expect(names.stores).toEqual([9])
    expect(names.clients).toEqual([4, 5, 6, 7, 8])
  })

  test("a processor's records have names, and a store's requests too", () => {
    const names = new WorldNames(SPEC)
    expect(names.record('biller#0/3')).toBe(recordOf(7, 3))
    expect(names.record('billing#0/3')).toBe(-1)
    const match = (api: string): readonly unknown[] =>
      problemsOfMatch({ moment: 'request.sent', fields: { api, node: 'writer#0' } }, names)
    expect(match('StoreWrite')).toEqual([])
    expect(match('StoreReadOffsets')).toEqual([])
    expect(match('StoreErase')).toHaveLength(1)
  })

  test('the chaos generator may hit them, and knows that their work lasts longer than the publishing', () => {
    const slow = world({ consumers: [consumer('billing', 'orders', { process: constant(SECOND / 10) })] })
    expect(topologyOf(slow).clients).toEqual(['checkout#0', 'billing#0'])
    // A new group waits twice for its members; then a hundred records, a tenth of a second each.
    expect(topologyOf(slow).workToUs).toBe((3 + 3 + 10) * SECOND)
    expect(topologyOf(world()).workToUs).toBeLessThan(SECOND)
  })
})

describe('how long healing may take', () => {
  test('a stuck member may hold its group up for its session and its poll interval, and all work may still be to do', () => {
    const least = healLimitUs(world())
    const grouped = healLimitUs(world({ consumers: [consumer('billing', 'orders')] }))
    // 6 s of session and 20 s of poll interval.
    expect(grouped - least).toBeGreaterThan(2 * 26 * SECOND)
    const slow = healLimitUs(world({ consumers: [consumer('billing', 'orders', { process: constant(SECOND) })] }))
    expect(slow - grouped).toBeGreaterThan(100 * SECOND)
  })
})
