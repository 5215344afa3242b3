import { describe, expect, test } from 'vitest'
import type { RawScenario } from '../../scenarios/format/raw.ts'
import { driveAtOnce } from './driving.ts'
import { remedies } from './remedies.ts'
import { frameOf, judge, rawScenario, scenario } from './testing/scenarios.test.helper.ts'
import { TRANSACTION_CHANGES } from './transaction-remedies.ts'

/** What each change would write, of those that apply. */
function applying(patch: Partial<RawScenario>): Readonly<Record<string, readonly string[]>> {
  const { spec } = scenario(patch)
  return Object.fromEntries(
    TRANSACTION_CHANGES.map(({ name, sets }) => [name, sets(spec)] as const).filter(([, sets]) => sets.length > 0),
  )
}

const PROFILE = { base: 'kafka-4.1', 'transaction.version': 2, 'marker-epoch': 'strict' }

const producer = (id: string): RawScenario['producers'] => ({
  checkout: { to: 'orders', transactions: { every: 2 }, instances: 2, config: { 'transactional.id': id } },
})

const processor = (patch: object, config: object = {}): Partial<RawScenario> => ({
  profile: PROFILE,
  topics: { orders: { partitions: 1 }, bills: { partitions: 1 } },
  processors: { biller: { from: 'orders', to: 'bills', ...patch, config: { 'group.id': 'biller', ...config } } },
  consumers: { audit: { from: 'bills', config: { 'group.id': 'audit' } } },
})

describe('settings that make transactions safer', () => {
  test('nothing where nobody begins a transaction', () => {
    expect(applying({ profile: { base: 'kafka-4.1', 'transaction.version': 0 } })).toEqual({})
  })

  test('of the protocol', () => {
    const old = { profile: { base: 'kafka-4.1', 'transaction.version': 1 } }
    const producers = producer('checkout-${instance}')
    expect(applying({ ...old, producers })).toEqual({
      'transaction.version: 2': ['profile.transaction.version=2'],
      'marker-epoch: strict': ['profile.marker-epoch=strict'],
    })
    expect(applying({ profile: PROFILE, producers })).toEqual({})
  })

  test('of ids that fence nobody, or each other', () => {
    const name = 'transactional.id: one for each instance, the same after a restart'
    const sets = ['producers.checkout.config.transactional.id=checkout-${instance}']
    for (const id of ['checkout-${random}', '${instance}-${incarnation}', 'checkout'])
      expect(applying({ profile: PROFILE, producers: producer(id) })).toEqual({ [name]: sets })
  })

  test('of processors in transactions and of those who read from them', () => {
    const unsafe = processor(
      { commit: 'in-transaction', 'group-metadata': false, 'rewind-on-abort': false },
      { 'transactional.id': 'biller-${instance}', 'isolation.level': 'read_committed' },
    )
    expect(applying(unsafe)).toEqual({
      'isolation.level=read_committed': ['consumers.audit.config.isolation.level=read_committed'],
      'group-metadata: true': ['processors.biller.group-metadata=true'],
      'rewind-on-abort: true': ['processors.biller.rewind-on-abort=true'],
    })
  })

  test('of processors without, together with those who read their output', () => {
    expect(applying(processor({ commit: 'after-output' }, { 'enable.auto.commit': false }))).toEqual({
      'commit: in-transaction': [
        'processors.biller.commit=in-transaction',
        'processors.biller.config.transactional.id=biller-${instance}',
        'consumers.audit.config.isolation.level=read_committed',
      ],
    })
  })
})

test('a commit that comes late and ends the next transaction is prevented by transaction version 2', () => {
  const raw = rawScenario({
    profile: { base: 'kafka-4.1', 'transaction.version': 1 },
    producers: {
      checkout: {
        to: 'orders',
        steps: [
          'begin',
          { send: { id: 'a' } },
          'commit',
          'begin',
          { send: { id: 'b' } },
          'flush',
          { wait: '4s' },
          'abort',
        ],
        config: { 'transactional.id': 'checkout', 'request.timeout.ms': '2s' },
      },
    },
    faults: [
      {
        when: { moment: 'producer.registered' },
        delay: {
          from: 'checkout',
          to: 'transaction-coordinator(checkout)',
          api: 'EndTxn',
          by: '5s',
          count: 1,
          connection: 'same',
        },
        for: '3s',
      },
    ],
    expect: { atomicity: 'holds' },
  })
  const found = driveAtOnce(remedies({ frame: frameOf(raw, '1'), raw }, { chaosRuns: 10, most: 100 }), judge)
  expect(found.remedies[0]).toMatchObject({
    name: 'transaction.version: 2',
    sets: ['profile.transaction.version=2'],
    chaos: { violated: 0 },
  })
})

test('of what chaos alone hardly ever shows: the same faults are put to the test again, with chaos on top', () => {
  const lateEnd = rawScenario({
    profile: { base: 'kafka-4.1', 'transaction.version': 1 },
    cluster: { brokers: 1 },
    topics: { orders: { partitions: 2, 'replication.factor': 1 } },
    producers: {
      checkout: {
        to: 'orders',
        send: { records: 40, every: '100ms' },
        transactions: { every: 4, abort: 0.3 },
        config: { 'transactional.id': 'checkout', 'request.timeout.ms': '2s', 'delivery.timeout.ms': '20s' },
      },
    },
    run: { for: '20s' },
    expect: { atomicity: 'holds' },
  })
  const strikes = {
    when: { moment: 'produce.acked', topic: 'orders' },
    delay: { from: 'checkout', to: 'brokers', api: 'EndTxn', count: 1, by: '2s250ms' },
  }
  const shown = { ...lateEnd, faults: [strikes] }
  const frame = { ...frameOf(shown, '1'), raw: lateEnd }
  const advice = driveAtOnce(remedies({ frame, raw: shown }, { chaosRuns: 25, most: 600 }), judge)
  expect(advice.besideItsFaults).toBe(true)
  expect(advice.unchanged?.violated).toBeGreaterThan(3)
  expect(advice.remedies).toContainEqual({
    name: 'transaction.version: 2',
    sets: ['profile.transaction.version=2'],
    chaos: { runs: 25, violated: 0 },
  })
})
