import { Chalk } from 'chalk'
import { describe, expect, test } from 'vitest'
import type { RunResult } from '../properties/verdict.ts'
import type { Scenario } from '../scenarios/format/scenario.ts'
import { ScenarioAggregate } from './aggregate.ts'
import { judgeFaults } from './inert-faults.ts'
import { widthOf } from './layout.ts'
import { prettyReporter, type PrettyOptions } from './pretty.ts'
import { summaryOf } from './report.ts'
import type { ScenarioResult } from './result.ts'
import {
  CRASH_AT_1S,
  expectation,
  plainHasher,
  runResult,
  scenario,
  verdict,
  violation,
} from './sample.test.support.ts'

function judge(
  of: Partial<Scenario>,
  runs: number,
  change: (run: number) => Partial<RunResult> = () => ({}),
): ScenarioResult {
  const sample = scenario(of)
  const aggregate = new ScenarioAggregate(sample, plainHasher)
  for (let run = 0; run < runs; run++) aggregate.add(runResult(run, change(run)))
  const [result] = judgeFaults([{ scenario: sample, result: aggregate.finish(runs, null) }], true)
  if (result === undefined) throw new Error('no result')
  return result
}

function render(results: readonly ScenarioResult[], options: Partial<PrettyOptions> = {}, exit = 0): string {
  const chalk = new Chalk({ level: 0 })
  const reporter = prettyReporter({
    chalk,
    width: 100,
    quiet: false,
    verbose: false,
    table: false,
    again: [],
    ...options,
  })
  const runs = results.reduce((sum, result) => sum + result.runs, 0)
  return [
    reporter.report({ type: 'run-started', scenarios: results.length, runs }),
    ...results.map((result) => reporter.report({ type: 'scenario', result })),
    reporter.report({ type: 'summary', summary: summaryOf(results), exit, error: null }),
  ].join('')
}

const HELD = judge({ title: 'acks=all survives a crash' }, 200)

const LOSING = {
  title: 'acks=1 loses what it acknowledged',
  variant: 'acks-1',
  file: 'scenarios/acks.yaml',
  expect: [
    expectation({ expected: 'violated', kinds: ['lost-acked-write'] }),
    expectation({ guarantee: 'at-least-once', stage: 'publish' }),
    expectation({ guarantee: 'progress' }),
  ],
  faults: [CRASH_AT_1S],
} as const
const lost = violation()
const missing = violation({ kind: 'lost-record', atUs: 61_000_250 })
const NOT_MET = judge(LOSING, 200, (run) => ({
  verdicts: [
    verdict(run === 3 ? { violations: [lost] } : {}),
    verdict({ guarantee: 'at-least-once', stage: 'publish', ...(run === 3 ? { violations: [missing] } : {}) }),
    verdict({
      guarantee: 'progress',
      ...(run > 197 ? { observed: 'unknown', reason: 'the event limit was reached' } : {}),
    }),
  ],
}))

describe('one scenario', () => {
  test('that holds says what it means', () => {
    expect(render([HELD])).toMatchInlineSnapshot(`
      "✓ acks=all survives a crash
        scenarios/sample.yaml                                                            200 runs · seed 1
        ✓ durability  holds     0 of 200 runs (95 % sure: below 1.5 %)

      1 scenario: 1 met · 200 runs · 3.3 h simulated
      "
    `)
  })

  test('that is not met shows the proof, every reason and how to see it again', () => {
    expect(render([NOT_MET], { again: ['--set', 'run.for=10s'] }, 1)).toMatchInlineSnapshot(`
      "✗ acks=1 loses what it acknowledged · acks-1
        scenarios/acks.yaml                                                              200 runs · seed 1
        ✓ durability             violated  1 of 200 runs, as expected
            12.345s  lost-acked-write: checkout#0/5 was acknowledged at 12.001s and is in no electable log
                     run 3 · seed 1/3
        ✗ publish/at-least-once  violated  1 of 200 runs, expected to hold
            61.000250s  lost-record: checkout#0/5 was acknowledged at 12.001s and is in no electable log
                        run 3 · seed 1/3
        ? progress               unknown   2 of 200 runs: the event limit was reached
        ✗ faults[0] (crash leader(orders-0)) never fired in 200 runs: its trigger never came, so it tested
          nothing
        again  twiceshy run scenarios/acks.yaml --seed 1/3 --runs 1 -v --filter acks-1 --set run.for=10s

      1 scenario: 1 not met · 200 runs · 3.3 h simulated · exit 1
      "
    `)
  })

  test('shown by the wrong kind of violation', () => {
    const expected = [expectation({ expected: 'violated', kinds: ['lost-acked-write'] })]
    const wrong = { verdicts: [verdict({ violations: [violation({ kind: 'lost-record' })] })] }
    expect(render([judge({ expect: expected }, 2, () => wrong)], {}, 1)).toMatchInlineSnapshot(`
      "✗ sample
        scenarios/sample.yaml                                                              2 runs · seed 1
        ✗ durability  violated  2 of 2 runs, but never by lost-acked-write; seen: lost-record
            12.345s  lost-record: checkout#0/5 was acknowledged at 12.001s and is in no electable log
                     run 0 · seed 1
        again  twiceshy run scenarios/sample.yaml --seed 1 --runs 1 -v

      1 scenario: 1 not met · 2 runs · 2.0 min simulated · exit 1
      "
    `)
  })

  test('in detail', () => {
    expect(
      render([judge({ cover: ['leader.elected'] }, 3, () => ({ moments: { 'leader.elected': 1 } }))], {
        verbose: true,
      }),
    ).toMatchInlineSnapshot(`
      "✓ sample
        scenarios/sample.yaml                                                              3 runs · seed 1
        ✓ durability  holds     0 of 3 runs (95 % sure: below 64 %)
          world     3,000 events · 3.0 min simulated
          judged    durability 30
          ended     settled 3
          cover     leader.elected in 3 runs
          digest    digest-0 of the first run
                    digest-0digest-1digest-2 of all

      1 scenario: 1 met · 3 runs · 3.0 min simulated
      "
    `)
  })
})

describe('many scenarios', () => {
  const many = Array.from({ length: 9 }, (_, i) => ({ ...HELD, scenario: `scenario ${i + 1}` }))

  test('those that are met take a line each', () => {
    expect(render([...many.slice(0, 8), NOT_MET, ...many.slice(8)], {}, 1)).toMatchInlineSnapshot(`
      "✓ scenario 1                                               1 held · 200 runs
      ✓ scenario 2                                               1 held · 200 runs
      ✓ scenario 3                                               1 held · 200 runs
      ✓ scenario 4                                               1 held · 200 runs
      ✓ scenario 5                                               1 held · 200 runs
      ✓ scenario 6                                               1 held · 200 runs
      ✓ scenario 7                                               1 held · 200 runs
      ✓ scenario 8                                               1 held · 200 runs

      ✗ acks=1 loses what it acknowledged · acks-1
        scenarios/acks.yaml                                                              200 runs · seed 1
        ✓ durability             violated  1 of 200 runs, as expected
            12.345s  lost-acked-write: checkout#0/5 was acknowledged at 12.001s and is in no electable log
                     run 3 · seed 1/3
        ✗ publish/at-least-once  violated  1 of 200 runs, expected to hold
            61.000250s  lost-record: checkout#0/5 was acknowledged at 12.001s and is in no electable log
                        run 3 · seed 1/3
        ? progress               unknown   2 of 200 runs: the event limit was reached
        ✗ faults[0] (crash leader(orders-0)) never fired in 200 runs: its trigger never came, so it tested
          nothing
        again  twiceshy run scenarios/acks.yaml --seed 1/3 --runs 1 -v --filter acks-1

      ✓ scenario 9                                               1 held · 200 runs

      10 scenarios: 9 met, 1 not met · 2,000 runs · 33.3 h simulated · exit 1
      "
    `)
  })

  test('-q tells only those that are not met', () => {
    const told = render([...many, NOT_MET], { quiet: true }, 1)
    expect(told).not.toContain('scenario 1')
    expect(told).toContain('✗ acks=1 loses what it acknowledged · acks-1')
    expect(told).toContain('10 scenarios: 9 met, 1 not met')
  })

  test('the table of guarantees', () => {
    const excused = judge({ title: 'no replica left', expect: [expectation({ guarantee: 'progress' })] }, 10, () => ({
      verdicts: [
        verdict({ guarantee: 'progress', observed: 'unknown', excused: true, reason: 'unavailable, excused' }),
      ],
    }))
    expect(render([HELD, NOT_MET, excused], { table: true }, 1)).toMatchInlineSnapshot(`
      "✓ acks=all survives a crash                                1 held · 200 runs

      ✗ acks=1 loses what it acknowledged · acks-1
        scenarios/acks.yaml                                                              200 runs · seed 1
        ✓ durability             violated  1 of 200 runs, as expected
            12.345s  lost-acked-write: checkout#0/5 was acknowledged at 12.001s and is in no electable log
                     run 3 · seed 1/3
        ✗ publish/at-least-once  violated  1 of 200 runs, expected to hold
            61.000250s  lost-record: checkout#0/5 was acknowledged at 12.001s and is in no electable log
                        run 3 · seed 1/3
        ? progress               unknown   2 of 200 runs: the event limit was reached
        ✗ faults[0] (crash leader(orders-0)) never fired in 200 runs: its trigger never came, so it tested
          nothing
        again  twiceshy run scenarios/acks.yaml --seed 1/3 --runs 1 -v --filter acks-1

      ✓ no replica left                                          1 excused · 10 runs

                                                    at
                                                    least
                                                    once
                                                    p      durability  progress
        acks=all survives a crash                   ·      ✓           ·
        acks=1 loses what it acknowledged · acks-1  ✗!     ✗           ?!
        no replica left                             ·      ·           ?

        ✓ held   ✗ violated   ? unknown   · not judged   ! not as expected
        p publish

      3 scenarios: 2 met, 1 not met · 410 runs · 6.8 h simulated · exit 1
      "
    `)
  })

  test('the table keeps the stages of a guarantee apart', () => {
    const expected = (['publish', 'consume', 'end-to-end'] as const).map((stage) =>
      expectation({ guarantee: 'exactly-once', stage }),
    )
    const pipeline = judge({ title: 'a pipeline', expect: expected }, 10, () => ({
      verdicts: [
        verdict({ guarantee: 'exactly-once', stage: 'publish' }),
        verdict({ guarantee: 'exactly-once', stage: 'consume', observed: 'unknown', reason: 'the event limit' }),
        verdict({ guarantee: 'exactly-once', stage: 'end-to-end', observed: 'violated', violations: [missing] }),
      ],
    }))
    const lines = render([pipeline], { table: true }, 1)
      .split('\n')
      .map((line) => line.trimEnd())
    expect(lines).toContain('              p c e')
    expect(lines).toContain('  a pipeline  ✓ ?!✗!')
    expect(lines).toContain('  p publish   c consume   e end-to-end')
  })

  test('a table that is too wide is split', () => {
    const all = judge(
      {
        title: 'a title that is much longer than any terminal would like to show beside so many columns of guarantees',
        expect: (
          [
            'at-most-once',
            'exactly-once',
            'durability',
            'committed-durability',
            'outcome-honesty',
            'order-per-partition',
            'replica-agreement',
            'state-equivalence',
            'progress',
          ] as const
        ).map((guarantee) => expectation({ guarantee })),
      },
      0,
    )
    const told = render([all], { table: true, width: 80 }, 3)
    expect(told.split('\n').filter((line) => widthOf(line) > 80)).toEqual([])
    expect(told).toContain('equivalence')
  })
})

test('colour adds nothing but colour', () => {
  const plain = render([HELD, NOT_MET], { table: true }, 1)
  const coloured = render([HELD, NOT_MET], { table: true, chalk: new Chalk({ level: 1 }) }, 1)
  expect(coloured).not.toBe(plain)
  // oxlint-disable-next-line no-control-regex
  expect(coloured.replaceAll(/\u001B\[\d+m/g, '')).toBe(plain)
})

describe('what waits', () => {
  const waits = Array.from({ length: 6 }, (_, n): RunResult['waiting'][number] => ({
    kind: 'stuck-send',
    who: `checkout#0/${n}`,
    waitsFor: 'its outcome',
    sinceUs: n === 1 ? null : 1_500_000,
    rule: n === 1 ? null : 'acks=all waits for more',
    excuse: n === 2 ? 'nobody may lead orders-0' : null,
    records: [],
  }))
  const open = (guarantee: 'progress' | 'durability', met: boolean): ScenarioResult =>
    judge({ expect: [expectation({ guarantee })] }, 3, (run) =>
      run === 0
        ? { verdicts: [verdict({ guarantee })] }
        : {
            verdicts: [verdict({ guarantee, ...(met ? {} : { observed: 'unknown', reason: 'cut short' }) })],
            ended: 'heal-limit',
            waiting: waits.slice(run - 1),
          },
    )

  test('is told of the first run that did not settle, where progress is expected', () => {
    const text = render([open('progress', false)])
    expect(text).toContain(
      [
        '  waits  run 1 · seed 1/1 · ended by heal-limit at 60.000s',
        '         checkout#0/0 waits for its outcome since 1.500s: acks=all waits for more',
        '         checkout#0/1 waits for its outcome',
        '         checkout#0/2 waits for its outcome since 1.500s: acks=all waits for more (excused: nobody',
        '           may lead orders-0)',
        '         checkout#0/3 waits for its outcome since 1.500s: acks=all waits for more',
        '         … and 2 more, which -v and --json tell',
      ].join('\n'),
    )
  })

  test('is no news of a scenario that is met and expects no progress, unless everything is asked for', () => {
    expect(render([open('durability', true)])).not.toContain('waits')
    expect(render([open('durability', true)], { verbose: true })).toContain('checkout#0/5 waits for its outcome')
    const { waiting } = open('durability', true)
    expect(waiting).toMatchObject({ run: 1, seed: '1/1', ended: 'heal-limit', atMs: 60_000 })
    expect(waiting?.waits.slice(0, 2).map(({ sinceMs }) => sinceMs)).toEqual([1500, null])
  })

  test('nothing in a scenario whose runs all settled', () => {
    expect(HELD.waiting).toBeNull()
    expect(render([HELD], { verbose: true })).not.toContain('waits')
  })
})
