import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test, vi } from 'vitest'
import type { ResultDocument, ScenarioResult } from '../reports/result.ts'
import { called } from './built.test.support.ts'
import { Nursery, type Plant } from './planted.test.support.ts'

const folder = mkdtempSync(join(tmpdir(), 'twiceshy-liveness-'))
const nursery = new Nursery()

// Every test starts the command line several times.
vi.setConfig({ testTimeout: 120_000 })

afterAll(() => {
  rmSync(folder, { recursive: true })
  nursery.remove()
})

/** Judged by the product as it is. */
async function judged(scenario: string): Promise<ScenarioResult> {
  writeFileSync(join(folder, 'a.yaml'), scenario)
  return only((await called(folder, 'run', 'a.yaml', '--json', '--quiet')).out)
}

/** Judged by a copy with a defect. */
function judgedWith(plant: Plant, scenario: string): { readonly result: ScenarioResult; readonly pretty: string } {
  nursery.file('a.yaml', scenario)
  const pretty = nursery.run(plant, 'run', 'a.yaml', '--reporter', 'pretty', '--reporter', 'json=a.json').out
  return { result: only(nursery.read('a.json')), pretty }
}

function only(out: string): ScenarioResult {
  const { scenarios } = JSON.parse(out) as ResultDocument
  return scenarios[0] as ScenarioResult
}

/** `kind who` of everything that waits without an excuse. */
function stuck({ waiting }: ScenarioResult): readonly string[] {
  return [...new Set(waiting?.waits.filter(({ excuse }) => excuse === null).map(({ kind, who }) => `${kind} ${who}`))]
}

function scenarioOf({ faults = '[]', reset = 'earliest', heal = '60s', limit = '120s', reading = true }): string {
  const billing = `consumers: { billing: { from: orders, config: { group.id: billing, auto.offset.reset: ${reset} } } }`
  return `
scenario: three brokers
topics: { orders: { partitions: 1, replication.factor: 3, min.insync.replicas: 2 } }
producers:
  checkout:
    to: orders
    send: { records: 100, every: 20ms }
    config: { delivery.timeout.ms: ${limit} }
${reading ? billing : ''}
faults: ${faults}
expect: { progress: holds }
run: { for: 10s, then-heal: ${heal}, runs: 1 }
`
}

const FOLLOWERS_DIE = '[{ at: 500ms, crash: broker-2 }, { at: 500ms, crash: broker-3 }]'

describe('a run that gets stuck is violated, and told', () => {
  // Nobody joins the in-sync set any more, so acks=all finds too few for as long as the producer tries.
  const never = { anchor: 'expansionFor(remote) {' } as const
  const plant: Plant = { ...never, replacement: `${never.anchor} return null;` }
  const { result, pretty } = judgedWith(
    plant,
    scenarioOf({ faults: FOLLOWERS_DIE, limit: '2147483647', reading: false, heal: '2m' }),
  )

  test('what waits, since when, by which rule', () => {
    expect(result.met).toBe(false)
    expect(result.expectations[0]?.kindsSeen).toEqual({ 'stuck-replication': 1, 'stuck-send': 1 })
    const [partition, ...sends] = result.waiting?.waits ?? []
    expect(partition).toMatchObject({
      kind: 'stuck-replication',
      who: 'orders-0',
      waitsFor: 'broker-2 to be in sync',
      rule: expect.stringContaining('a replica joins the ISR by AlterPartition'),
      excuse: null,
    })
    expect(sends.length).toBeGreaterThan(10)
    const unanswered = sends.filter(({ records }) => records.length > 0)
    expect(unanswered[0]).toMatchObject({
      waitsFor: 'its outcome',
      rule: expect.stringContaining('acks=all waits for as many in sync as min.insync.replicas=2; ISR={broker-'),
      excuse: null,
    })
    for (const { sinceMs } of unanswered) expect(sinceMs).toBeGreaterThan(400)
    expect(result.waiting).toMatchObject({ run: 0, seed: '1', ended: 'heal-limit' })
  })

  test('for people too', () => {
    expect(pretty).toContain('✗ progress  violated')
    expect(pretty).toMatch(/ {2}waits {2}run 0 · seed 1 · ended by heal-limit at \d+/)
    expect(pretty).toMatch(/orders-0 waits for broker-2 to be in sync since \d+\.\d+s: a replica joins the ISR by/)
    expect(pretty).toMatch(/… and \d+ more, which -v and --json tell/)
  })
})

test('a group that never forms is stuck, and told', () => {
  const anchor = '\tcompleteJoin(group) {'
  const { result, pretty } = judgedWith(
    { anchor, replacement: `${anchor} return { records: [], response: null, afterwards: null, error: 0 };` },
    scenarioOf({}),
  )
  expect(result.expectations[0]?.kindsSeen).toEqual({ 'stuck-group': 1 })
  expect(stuck(result)).toEqual(['stuck-group group billing', 'stuck-group billing#0'])
  expect(result.waiting?.waits[0]?.rule).toContain('a rebalance waits for every member to rejoin')
  expect(pretty).toMatch(/group billing waits for offsets 0 to 100 of orders-0 since 0\.\d+s/)
})

describe('too little time to heal is no excuse', () => {
  test('everything that waits is told', async () => {
    const result = await judged(scenarioOf({ faults: FOLLOWERS_DIE, heal: '100ms' }))
    expect(result.met).toBe(false)
    expect(result.waiting?.waits.every(({ excuse }) => excuse === null)).toBe(true)
    expect(stuck(result)).toContain('stuck-replication orders-0')
  })

  test('with the time it takes nothing waits', async () => {
    expect(await judged(scenarioOf({ faults: FOLLOWERS_DIE }))).toMatchObject({ met: true, waiting: null })
  })
})

describe('what the configuration leaves no way out of is excused', () => {
  test('no reset policy and no position', async () => {
    const result = await judged(scenarioOf({ reset: 'none' }))
    expect(result.met).toBe(true)
    expect(result.expectations[0]).toMatchObject({
      observed: 'unknown',
      reason:
        'unavailable, excused because auto.offset.reset is none and group billing has no committed offset of orders-0: ' +
        'poll() throws NoOffsetForPartitionException',
    })
    expect(result.waiting?.waits.map(({ who }) => who)).toContain('group billing')
    expect(stuck(result)).toEqual([])
  })

  test('a controller that lost its disk; not one that only died', async () => {
    const faults = (action: string): string =>
      `[{ at: 1s, ${action}: controller-1, for: 1s }, { at: 3s, crash: broker-1 }]`
    const lost = await judged(scenarioOf({ faults: faults('wipe-disk') }))
    expect(lost.expectations[0]).toMatchObject({
      observed: 'unknown',
      reason: expect.stringContaining('excused because the controller lost its disk, and with it all metadata'),
    })
    expect(await judged(scenarioOf({ faults: faults('crash') }))).toMatchObject({ met: true, waiting: null })
  })
})
