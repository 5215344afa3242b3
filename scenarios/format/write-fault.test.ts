import { fc, test as property } from '@fast-check/vitest'
import { describe, expect, test } from 'vitest'
import { drawPlan } from '../../sim/faults/draw.ts'
import {
  type ChaosKind,
  type FaultPlan,
  type PlannedFault,
  DISK_KINDS,
  HOSTILE_KINDS,
  NAMED_KINDS,
  ORDINARY_KINDS,
} from '../../sim/faults/plan.ts'
import { matchableFields, MOMENTS } from '../../sim/history/catalogue.ts'
import type { RawScenario } from './raw.ts'
import { rawDocumentsOfText, rawDocumentsOfValue } from './raw-documents.ts'
import { type LoadOptions, loadScenarioText, loadScenarioValue } from './load.ts'
import { saveScenario } from './save.ts'
import { writeFault } from './write-fault.ts'

const OPTIONS: LoadOptions = {
  moments: MOMENTS.map(({ name }) => name),
  momentFields: Object.fromEntries(MOMENTS.map((moment) => [moment.name, matchableFields(moment)])),
}
const BASE: RawScenario = {
  scenario: 'written faults',
  cluster: { brokers: 4 },
  topics: { orders: { partitions: 2, 'replication.factor': 3 }, '42': { partitions: 1 } },
  producers: { checkout: { to: ['orders', '42'], instances: 2 }, '007': { to: '42' } },
  run: { for: '2m' },
  expect: { 'publish/exactly-once': 'holds' },
}
const SPEC = (() => {
  const [scenario] = loadScenarioValue('base.yaml', BASE, OPTIONS).scenarios
  if (scenario === undefined) throw new Error('the base does not load')
  return scenario.spec
})()
const KINDS: readonly ChaosKind[] = [...ORDINARY_KINDS, ...DISK_KINDS, ...HOSTILE_KINDS, ...NAMED_KINDS]

/** The plan that a file with these faults is drawn into. */
function readBack(plan: FaultPlan): FaultPlan {
  const text = saveScenario({ ...BASE, faults: plan.map(writeFault) })
  const { scenarios, diagnostics } = loadScenarioText('written.yaml', text, OPTIONS)
  expect(diagnostics.filter(({ severity }) => severity === 'error')).toEqual([])
  return drawPlan({ entries: scenarios[0]?.faults ?? [], chaos: null }, SPEC, 'any seed')
}

describe('faults that are written load to the same plan', () => {
  property.prop([fc.nat()], { numRuns: 200 })('of chaos', (seed) => {
    const chaos = { budget: 'hostile', kinds: KINDS, faults: [1, 8] } as const
    const plan = drawPlan({ entries: [], chaos }, SPEC, `seed ${seed}`).map((fault, entry) => ({ ...fault, entry }))
    expect(readBack(plan)).toEqual(plan)
  })

  const fault = (change: Partial<PlannedFault>): PlannedFault => ({
    entry: 0,
    trigger: { kind: 'at', atUs: 1_500_000 },
    action: { kind: 'crash', target: { kind: 'node', name: 'broker-1' } },
    forUs: 2_000_000,
    ...change,
  })
  const when = { kind: 'when', match: { moment: 'produce.acked', fields: { topic: '42', offset: 3 } } } as const
  const brokers = { kind: 'role', role: 'brokers' } as const
  test.each<readonly [string, PlannedFault]>([
    ['every match', fault({ trigger: { ...when, nth: 2, everyMatch: true, times: 4, afterUs: 1500 } })],
    ['every match without end', fault({ trigger: { ...when, nth: 1, everyMatch: true, times: null, afterUs: 0 } })],
    [
      'a name that looks like a number',
      fault({ action: { kind: 'stop', target: { kind: 'application', name: '007' } } }),
    ],
    [
      'an operator',
      fault({
        action: { kind: 'add-partitions', topics: [{ topic: 'orders', partitions: 9 }] },
        forUs: null,
      }),
    ],
    ['a topic that is made', fault({ action: { kind: 'create-topic', topics: ['orders'] }, forUs: null })],
    [
      'other settings',
      fault({
        action: {
          kind: 'alter-config',
          topics: [{ topic: 'orders', changes: { 'retention.ms': 2000, 'cleanup.policy': 'compact' } }],
        },
        forUs: null,
      }),
    ],
    [
      'a partition that is moved, and one whose move is cancelled',
      fault({
        action: {
          kind: 'reassign',
          partitions: [
            { topic: 'orders', partition: 0, to: ['broker-3', 'broker-1'] },
            { topic: 'orders', partition: 1, to: null },
          ],
        },
        forUs: null,
      }),
    ],
    [
      'one of several',
      fault({
        action: { kind: 'pause', target: { kind: 'any', of: [brokers, { kind: 'node', name: 'checkout#1' }] } },
      }),
    ],
    [
      'one of several disks',
      fault({
        action: { kind: 'slow-disk', target: { kind: 'any', of: [brokers] }, by: { kind: 'constant', us: 100_000 } },
      }),
    ],
    [
      'a disk, as slow as usual',
      fault({ action: { kind: 'slow-disk', target: brokers, by: { kind: 'constant', us: 100_000 } } }),
    ],
    [
      'a disk with a spread',
      fault({ action: { kind: 'slow-disk', target: brokers, by: { kind: 'normal', meanUs: 5000, stddevUs: 10 } } }),
    ],
    ['a broken disk', fault({ action: { kind: 'disk-error', target: brokers, of: 'everything', directory: null } })],
    [
      'a broken disk that can be read',
      fault({ action: { kind: 'disk-error', target: brokers, of: 'writes', directory: null } }),
    ],
    ['a full disk', fault({ action: { kind: 'disk-full', target: brokers, directory: null } })],
    ['a clock that is set back', fault({ action: { kind: 'clock-jump', target: brokers, byUs: -90_000_001 } })],
    ['a clock that is fast', fault({ action: { kind: 'clock-skew', target: brokers, byUs: 1500 } })],
    [
      'one of several, cut off',
      fault({ action: { kind: 'isolate', target: { kind: 'any', of: [brokers] }, direction: 'both', from: null } }),
    ],
    [
      'one way',
      fault({ action: { kind: 'isolate', target: brokers, direction: 'out', from: { kind: 'active-controller' } } }),
    ],
    [
      'halves',
      fault({
        action: {
          kind: 'partition',
          groups: [
            [{ kind: 'minority', of: 'brokers' }],
            [
              { kind: 'majority', of: 'brokers' },
              { kind: 'application', name: 'checkout' },
            ],
          ],
        },
      }),
    ],
  ])('%s', (_, planned) => {
    expect(readBack([planned])).toEqual([planned])
  })
})

describe('a file as plain values', () => {
  const text = `scenario: 0123
seed: 00123
topics: { orders: { partitions: 2 } }
producers: { checkout: { to: orders, steps: [ { send: { id: 007, key: 1.50, value: null } } ], config: { acks: 1 } } }
expect: { durability: holds }
variants:
  safe: { producers: { checkout: { config: { acks: all } } }, expect: { publish/at-least-once: holds } }
`
  const options = { set: ['topics.orders.partitions=3'], profile: 'kafka-4.0' }

  test('texts stay as written, variants and flags are merged in, and it loads to the same', () => {
    const documents = rawDocumentsOfText('a.yaml', text, options)
    expect(documents.map(({ variant }) => variant)).toEqual([null, 'safe'])
    const loaded = loadScenarioText('a.yaml', text, { ...OPTIONS, ...options }).scenarios
    documents.forEach(({ raw, variant }, i) => {
      const again = loadScenarioText('a.yaml', saveScenario(raw), OPTIONS).scenarios[0]
      const plain = (expect: readonly object[] | undefined): unknown => expect?.map((each) => ({ ...each, span: null }))
      expect({ ...again, expect: plain(again?.expect) }).toEqual({
        ...loaded[i],
        variant: null,
        expect: plain(loaded[i]?.expect),
      })
      expect(raw.seed).toBe('00123')
      expect(variant === null ? raw.expect : raw.producers?.['checkout']?.config).toEqual(
        variant === null ? { durability: 'holds' } : { acks: 'all' },
      )
    })
  })

  test('what a module exports is read the same way, and what is no scenario gives nothing', () => {
    expect(rawDocumentsOfValue({ ...BASE }, { set: [], profile: null })[0]?.raw).toEqual(BASE)
    expect(rawDocumentsOfValue(7, { set: [], profile: null })).toEqual([])
    expect(rawDocumentsOfText('a.yaml', ': [', { set: [], profile: null })).toEqual([])
  })
})
