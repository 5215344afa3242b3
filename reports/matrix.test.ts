import { Chalk } from 'chalk'
import { describe, expect, test } from 'vitest'
import type { Scenario } from '../scenarios/format/scenario.ts'
import type { WorldSpec } from '../sim/spec.ts'
import { ScenarioAggregate } from './aggregate.ts'
import { matrixMarkdownReporter } from './matrix-markdown.ts'
import { matrixReporter } from './matrix.ts'
import { Observations, observingAll } from './observations.ts'
import { paintWith } from './paint.ts'
import { type Reporter, summaryOf } from './report.ts'
import type { ScenarioResult } from './result.ts'
import { expectation, plainHasher, runResult, scenario, verdict, violation } from './sample.test.support.ts'

const SPEC = {
  producers: [{ name: 'checkout', to: ['orders'], workload: { kind: 'send', keys: 1 }, config: {} }],
  consumers: [],
  processors: [],
  sinks: [{ name: 'writer' }],
  topics: [{ name: 'orders', partitions: 1, config: {} }],
} as unknown as WorldSpec
const BASE = scenario({ title: 'acks', spec: SPEC, expect: [expectation(), expectation({ guarantee: 'progress' })] })
const SAFE = scenario({
  title: 'acks',
  spec: SPEC,
  variant: 'with-acks-all',
  expect: [
    expectation({ guarantee: 'at-least-once', stage: 'publish', expected: 'violated', kinds: ['lost-record'] }),
    expectation({ guarantee: 'outcome-honesty', subject: 'checkout' }),
  ],
})

/** Judges as the command does: what is in `lost` is violated. */
function judged(scenarios: readonly Scenario[], lost: readonly string[]): readonly ScenarioResult[] {
  return observingAll(scenarios).map((observed, i) => {
    const own = scenarios[i] ?? observed
    const aggregate = new ScenarioAggregate(own, plainHasher)
    const observations = new Observations(observed, own.expect.length)
    const verdicts = observed.expect.map(({ guarantee }) =>
      verdict({ guarantee, violations: lost.includes(`${own.variant ?? 'base'}:${guarantee}`) ? [violation()] : [] }),
    )
    const run = runResult(0, { verdicts })
    aggregate.add(run)
    observations.add(run)
    return { ...aggregate.finish(1, null), observations: observations.results() }
  })
}

function reported(reporter: Reporter, results: readonly ScenarioResult[]): string {
  const texts = results.map((result) => reporter.report({ type: 'scenario', result }))
  const exit = results.every(({ met }) => met) ? 0 : 1
  return texts.join('') + reporter.report({ type: 'summary', summary: summaryOf(results), exit, error: null })
}

const text = (quiet = false): Reporter =>
  matrixReporter({ paint: paintWith(new Chalk({ level: 0 })), width: 100, quiet })

describe('what is observed', () => {
  test('is what any variant of the file names, behind what each names itself', () => {
    const [base, safe] = observingAll([BASE, SAFE])
    expect(base?.expect.map(({ guarantee }) => guarantee)).toEqual([
      'durability',
      'progress',
      'at-least-once',
      'outcome-honesty',
    ])
    expect(safe?.expect.map(({ guarantee }) => guarantee)).toEqual([
      'at-least-once',
      'outcome-honesty',
      'durability',
      'progress',
    ])
    // It expects nothing of what is not its own.
    expect(base?.expect[2]).toMatchObject({ expected: 'holds', kinds: [], stage: 'publish' })
  })

  test('leaves out other files, and subjects that are not there', () => {
    const other = scenario({ file: 'other.yaml', expect: [expectation({ guarantee: 'replica-agreement' })] })
    const without = { ...BASE, spec: { ...SPEC, producers: [] } }
    const [base, , elsewhere] = observingAll([without, SAFE, other])
    expect(base?.expect.map(({ guarantee }) => guarantee)).toEqual(['durability', 'progress', 'at-least-once'])
    expect(elsewhere).toBe(other)
  })

  test('is asked of every application that is there: readers too', () => {
    const own = expectation({ guarantee: 'at-most-once', stage: 'consume', subject: 'writer' })
    const [base] = observingAll([BASE, { ...SAFE, expect: [own] }])
    expect(base?.expect.at(-1)).toMatchObject({ guarantee: 'at-most-once', stage: 'consume', subject: 'writer' })
  })

  test('counts for nothing', () => {
    const [base] = judged([BASE, SAFE], ['base:at-least-once'])
    expect(base?.met).toBe(true)
    expect(base?.expectations).toHaveLength(2)
    expect(base?.observations).toMatchObject([{ observed: 'violated', runsViolated: 1 }, { observed: 'holds' }])
  })

  test('must be in the verdicts', () => {
    const observations = new Observations(observingAll([BASE, SAFE])[0] ?? BASE, 2)
    expect(() => observations.add(runResult(0, { verdicts: [] }))).toThrow('no verdict for at-least-once')
  })
})

describe('as text', () => {
  test('is a table for each file; `!` is what the file does not expect', () => {
    const results = judged([BASE, SAFE], ['base:durability', 'base:at-least-once'])
    expect(reported(text(), results)).toBe(`acks
  scenarios/sample.yaml  2 runs
                            base  with-acks-all
  publish/at-least-once     ✗     ✓!
  durability                ✗!    ✓
  checkout:outcome-honesty  ✓     ✓
  progress                  ✓     ✓

  ✓ held   ✗ violated   ? unknown   · nobody to judge there   ! not as the file expects

2 scenarios: 2 not met · 2 runs · exit 1
`)
  })

  test('says what stands beside expectations, and by -q only what is not as expected', () => {
    const results = judged([{ ...BASE, cover: ['leader.elected'] }], [])
    expect(reported(text(), results)).toContain('\n  ! base: cover: leader.elected was never reached in 1 run\n')
    expect(reported(text(true), judged([BASE], []))).toBe('1 scenario: 1 met · 1 run\n')
    expect(reported(text(true), results)).toContain('durability')
  })

  test('keeps within the width, whatever there is', () => {
    const variants = Array.from({ length: 30 }, (_, i) =>
      scenario({ spec: SPEC, title: 'a title '.repeat(30), variant: `variant-${i}-${'long'.repeat(8)}` }),
    )
    const lines = reported(text(), judged(variants, [])).split('\n')
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(100)
    // Every column is somewhere.
    expect(
      lines
        .filter((line) => line.startsWith('  durability'))
        .join('')
        .match(/✓/g),
    ).toHaveLength(30)
  })
})

test('as a comment of a pull request', () => {
  const results = judged([BASE, SAFE], ['base:durability', 'with-acks-all:at-least-once'])
  expect(reported(matrixMarkdownReporter(), results)).toBe(`<!-- twiceshy matrix -->
### ❌ twiceshy: 2 not met

2 scenarios, 2 runs

#### acks
\`scenarios/sample.yaml\`

| guarantee | base | with-acks-all |
| --- | --- | --- |
| \`publish/at-least-once\` | ✓ | ✗ **!** |
| \`durability\` | ✗ **!** | ✓ |
| \`checkout:outcome-honesty\` | ✓ | ✓ |
| \`progress\` | ✓ | ✓ |

✓ held · ✗ violated · ? unknown · **!** not as the file expects
`)
})
