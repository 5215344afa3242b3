import { describe, expect, test } from 'vitest'
import type { RawScenario } from '../../scenarios/format/raw.ts'
import { scenarioOf } from './case.ts'
import { driveAtOnce } from './driving.ts'
import { type Advice, isConfirmed, remedies } from './remedies.ts'
import { shownAgain } from './signature.ts'
import { frameOf, judge, rawScenario } from './testing/scenarios.test.helper.ts'

const BUDGET = { chaosRuns: 25, most: 600 }

function remediesOf(raw: RawScenario, budget: typeof BUDGET = BUDGET): Advice {
  return driveAtOnce(remedies({ frame: frameOf(raw, '1'), raw }, budget), judge)
}

const names = ({ remedies: found }: Advice): readonly string[] => found.filter(isConfirmed).map(({ name }) => name)

const LOSS = rawScenario({
  producers: {
    checkout: {
      to: 'orders',
      send: { records: 150, every: '2ms' },
      config: { acks: 1, 'enable.idempotence': false, 'linger.ms': '0ms' },
    },
  },
  faults: [{ when: { moment: 'produce.acked', topic: 'orders', nth: 60 }, crash: 'leader(orders-0)', for: '20s' }],
  expect: { 'publish/at-least-once': 'holds' },
})

describe('the setting that would have prevented it', () => {
  test('a loss with acks=1 is prevented by acks=all, as chaos confirms', () => {
    const found = remediesOf(LOSS)
    expect(names(found)).toContain('acks=all')
    expect(found.remedies.find(({ name }) => name === 'acks=all')).toEqual({
      name: 'acks=all',
      sets: ['producers.checkout.config.acks=all'],
      chaos: { runs: 25, violated: 0 },
    })
    expect(found.unchanged?.violated).toBe(10)
    expect(names(found)).not.toContain('min.insync.replicas=2')
    expect(remediesOf(LOSS)).toEqual(found)
  })

  test('a duplicate by a lost answer is prevented by idempotence', () => {
    const found = remediesOf(
      rawScenario({
        producers: {
          checkout: {
            to: 'orders',
            send: { records: 100, every: '2ms' },
            config: { 'enable.idempotence': false },
          },
        },
        faults: [
          {
            at: '50ms',
            drop: { from: 'leader(orders-0)', to: 'checkout', api: 'Produce', reply: true, count: 1 },
            for: '10s',
          },
        ],
        expect: { 'publish/at-most-once': 'holds' },
      }),
    )
    expect(names(found)).toContain('enable.idempotence=true')
    expect(names(found)).not.toContain('max.in.flight.requests.per.connection=1')
  })

  test('data that was never flushed survives a common power loss with flush.messages=1', () => {
    const found = remediesOf(
      rawScenario({
        producers: { checkout: { to: 'orders', send: { records: 200, every: '2ms' } } },
        faults: [{ at: '300ms', 'power-loss': 'brokers', for: '5s' }],
        expect: { 'publish/at-least-once': 'holds' },
      }),
    )
    expect(names(found)).toEqual(['flush.messages=1'])
  })

  test('nothing is named where no setting helps: every disk is wiped', () => {
    const found = remediesOf(
      rawScenario({
        producers: { checkout: { to: 'orders', send: { records: 60, every: '2ms' }, config: { acks: 1 } } },
        faults: [{ at: '300ms', 'wipe-disk': 'brokers', for: '5s' }],
        expect: { 'publish/at-least-once': 'holds' },
      }),
    )
    expect(found).toEqual({ remedies: [], unchanged: null, besideItsFaults: false })
  })
})

test('what helps under this plan only is not named: chaos breaks it as often as before', () => {
  const plan = [{ when: { moment: 'produce.acked', topic: 'orders', nth: 60 }, crash: 'leader(orders-0)', for: '20s' }]
  const oneInFlight = { acks: 1, 'enable.idempotence': false, 'linger.ms': '0ms' }
  const changed = {
    ...LOSS,
    faults: plan,
    producers: { checkout: { ...LOSS.producers?.['checkout'], config: oneInFlight } },
  }
  const frame = frameOf(changed, '1')
  const inFlight = scenarioOf(changed, frame, ['producers.checkout.config.max.in.flight.requests.per.connection=1'])
  // One request in flight shifts the times of the run, and the crash misses.
  expect(inFlight === null ? null : shownAgain(judge(inFlight, 0), frame.signature)).toBeNull()
  expect(remediesOf(changed).remedies.map(({ name }) => name)).toEqual(['acks=all'])
})

test('what helps nearly always is named with the times that it did not', () => {
  const found = remediesOf({ ...LOSS, chaos: { budget: 'beyond', faults: [1, 3] } }, { chaosRuns: 120, most: 900 })
  const all = found.remedies.find(({ name }) => name === 'acks=all')
  expect(all?.chaos.runs).toBe(120)
  expect(all?.chaos.violated).toBeGreaterThan(0)
  expect(found.unchanged?.violated).toBe(10)
  expect(names(found)).toEqual([])
})

test('without budget nothing is named', () => {
  expect(remediesOf(LOSS, { chaosRuns: 25, most: 10 })).toEqual({
    remedies: [],
    unchanged: null,
    besideItsFaults: false,
  })
})
