import { describe, expect, test } from 'vitest'
import { BASE, load, marks } from './fixture.test.helper.ts'
import { writeFault } from './write-fault.ts'

/** The text follows from line 6, its value beginning in column 30. */
const fault = (text: string): string => `${BASE}faults: [ { at: 1s, corrupt: ${text} } ]\n`

function actionOf(text: string): unknown {
  return load(fault(text)).scenarios[0]?.faults[0]?.action
}

describe('corrupt', () => {
  const orders = { kind: 'partition', topic: 'orders', partition: 1 }

  test.each([
    ['broker-1', { target: { kind: 'node', name: 'broker-1' }, log: { kind: 'any' }, batch: 'any' }],
    ['leader(orders-1)', { log: orders, batch: 'any' }],
    ['{ target: follower(orders-1), batch: last }', { log: orders, batch: 'last' }],
    ['{ target: broker-2, partition: orders-1, batch: 12 }', { log: orders, batch: 12 }],
    ['{ any: [broker-1, broker-2] }', { log: { kind: 'any' }, batch: 'any' }],
    ['{ target: leader(orders-0), partition: orders-1, batch: first }', { log: orders, batch: 'first' }],
  ])('%s', (text, expected) => {
    expect(actionOf(text)).toMatchObject({ kind: 'corrupt', ...expected })
  })

  test.each(['broker-1', 'leader(orders-1)', '{ target: broker-2, partition: orders-1, batch: 12 }'])(
    '%s is written as it is read',
    (text) => {
      const action = actionOf(text) as Parameters<typeof writeFault>[0]['action']
      const written = writeFault({ entry: 0, trigger: { kind: 'at', atUs: 1 }, action, forUs: null })
      expect(actionOf(JSON.stringify(written.corrupt))).toEqual(action)
    },
  )

  test.each([
    ['nobody', 'broker-9', ['UNKNOWN_NODE 6:30']],
    ['who has no logs', 'checkout', ['TARGET 6:30']],
    ['a controller', '{ target: controller-1 }', ['TARGET 6:40']],
    ['a partition that is not there', '{ target: broker-1, partition: orders-7 }', ['UNKNOWN_PARTITION 6:61 2:33']],
    ['a topic for a partition', '{ target: broker-1, partition: orders }', ['UNKNOWN_TOPIC 6:61']],
    ['a place that is none', '{ target: broker-1, batch: middle }', ['VALUE 6:57']],
    ['an offset below 0', '{ target: broker-1, batch: -1 }', ['VALUE 6:57']],
    ['no target', '{ partition: orders-0 }', ['MISSING 6:21']],
  ])('%s', (_, text, expected) => {
    expect(marks(load(fault(text)))).toEqual(expected)
  })

  test('has no end', () => {
    const [problem] = load(`${BASE}faults: [ { at: 1s, corrupt: broker-1, for: 2s } ]\n`).diagnostics
    expect(problem?.help).toBe('remove `for`: bytes that changed stay so')
  })

  test('is refused beside who reads in a way of its own', () => {
    const text = `${fault('broker-1')}consumers: { pack: { from: orders, share: true, config: { group.id: p } } }\n`
    expect(marks(load(text))).toContain('NOT_SIMULATED 6:21')
  })
  test('is refused in chaos that names it there, and left out of chaos that does not', () => {
    const pack = 'consumers: { pack: { from: orders, share: true, config: { group.id: p } } }\n'
    const named = load(`${BASE}${pack}chaos: { budget: hostile, kinds: [corrupt, crash] }\n`)
    expect(marks(named)).toContain('NOT_SIMULATED 7:35')
    expect(load(`${BASE}${pack}chaos: { budget: hostile }\n`).scenarios).toHaveLength(1)
  })
})
