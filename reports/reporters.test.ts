import { describe, expect, test } from 'vitest'
import type { Expectation, Scenario } from '../scenarios/format/scenario.ts'
import { ScenarioAggregate } from './aggregate.ts'
import { githubReporter } from './github.ts'
import { junitReporter } from './junit.ts'
import { code, plain, shellBlock } from './markdown-text.ts'
import { markdownReporter } from './markdown.ts'
import { type Reporter, summaryOf } from './report.ts'
import type { ScenarioResult, Stopped } from './result.ts'
import { expectation, plainHasher, runResult, scenario, verdict, violation } from './sample.test.support.ts'

const span = (line: number): NonNullable<Expectation['span']> => ({
  file: 'scenarios/sample.yaml',
  line,
  column: 3,
  start: 0,
  end: 0,
})

/** A scenario of two expectations: durability on line 7, progress on line 8. */
function judged(
  change: Partial<Scenario>,
  found: { readonly message?: string; readonly unknown?: boolean; readonly partial?: Stopped } = {},
): ScenarioResult {
  const expect = [expectation({ span: span(7) }), expectation({ guarantee: 'progress', span: span(8) })]
  const aggregate = new ScenarioAggregate(scenario({ expect, ...change }), plainHasher)
  const violations = found.message === undefined ? [] : [violation({ message: found.message })]
  const progress =
    found.unknown === true
      ? verdict({ guarantee: 'progress', observed: 'unknown', reason: 'out of time' })
      : verdict({ guarantee: 'progress' })
  aggregate.add(runResult(0, { verdicts: [verdict({ violations }), progress] }))
  return aggregate.finish(found.partial === undefined ? 1 : 9, found.partial ?? null)
}

function reported(
  reporter: Reporter,
  results: readonly ScenarioResult[],
  more: { readonly error?: string; readonly notJudged?: number } = {},
): string {
  const head = reporter.report({ type: 'run-started', scenarios: results.length, runs: results.length })
  const texts = results.map((result) => reporter.report({ type: 'scenario', result }))
  const summary = summaryOf(results, more.notJudged ?? 0)
  return [head, ...texts, reporter.report({ type: 'summary', summary, exit: 1, error: more.error ?? null })].join('')
}

const HELD = judged({ title: 'held' })
const LOST = judged({ title: 'lost', variant: 'acks-1' }, { message: 'record <5> & "friends"\nare gone' })
const OPEN = judged({ title: 'open' }, { unknown: true })

/** The least that a reader of XML must accept: every tag is closed in order, every `&` begins an entity. */
function wellFormed(xml: string): boolean {
  const open: string[] = []
  for (const [, close, name = '', rest = ''] of xml.matchAll(/<(\/?)([\w?]+)([^<>]*)>/g)) {
    if (name === '?xml' || rest.endsWith('/')) continue
    if (close === '') open.push(name)
    else if (open.pop() !== name) return false
  }
  const bare = xml.replaceAll(/<[^<>]*>/g, '')
  return open.length === 0 && !/[<>]/.test(bare) && !/&(?!(?:amp|lt|gt|quot|#\d+);)/.test(xml)
}

describe('junit', () => {
  test('has a suite per scenario, a case per expectation and one for the rest', () => {
    const xml = reported(junitReporter(), [HELD, LOST, OPEN])
    expect(wellFormed(xml)).toBe(true)
    expect(xml).toContain('<testsuites name="twiceshy" tests="9" failures="1" errors="1" skipped="0">')
    expect(xml).toContain(
      '<testsuite name="lost · acks-1" file="scenarios/sample.yaml" tests="3" failures="1" errors="0" skipped="0">',
    )
    expect(xml).toContain('classname="held" name="durability" file="scenarios/sample.yaml" line="7"/>')
    expect(xml).toContain('<failure message="violated: 1 of 1 run, expected to hold" type="lost-acked-write">')
    expect(xml).toContain('lost-acked-write: record &lt;5&gt; &amp; "friends"\nare gone (run 0, seed 1)</failure>')
    expect(xml).toContain('<error message="unknown: 1 of 1 run: out of time" type="inconclusive">')
  })

  test('holds whatever a title or a message holds', () => {
    const wild = judged({ title: 'a"b<c>&\u0000\ud800\n\t' }, { message: ']]>\u0007 \ufffe \u{1f600}' })
    const xml = reported(junitReporter(), [wild])
    expect(wellFormed(xml)).toBe(true)
    expect(xml).toContain('name="a&quot;b&lt;c&gt;&amp;\ufffd\ufffd&#10;&#9;"')
    expect(xml).toContain(']]&gt;\ufffd \ufffd \u{1f600}')
    // oxlint-disable-next-line no-control-regex -- these are what must not be there
    expect(xml).not.toMatch(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/)
  })

  test('tells what stands beside expectations, and what stopped the command', () => {
    const covered = judged({ cover: ['leader.elected'] })
    const xml = reported(junitReporter(), [covered], { error: 'a <defect>', notJudged: 2 })
    expect(wellFormed(xml)).toBe(true)
    expect(xml).toContain('<failure message="cover: leader.elected was never reached in 1 run"')
    expect(xml).toContain('internal error: a &lt;defect&gt;')
    expect(xml).toContain('2 scenarios were not judged')
    expect(xml).toContain('tests="5" failures="1" errors="2"')
  })

  test('is a document also when nothing was judged, and cuts what is too long', () => {
    expect(wellFormed(reported(junitReporter(), []))).toBe(true)
    expect(reported(junitReporter(), [judged({}, { message: 'x'.repeat(200_000) })]).length).toBeLessThan(20_000)
  })
})

describe('github', () => {
  const github = (folder = ''): Reporter => githubReporter({ folder })

  test('annotates the line of what is not met, and nothing else', () => {
    expect(reported(github(), [HELD])).toBe('')
    expect(reported(github(), [LOST])).toBe(
      '::error file=scenarios/sample.yaml,line=7,col=3,title=durability%3A lost · acks-1::' +
        'violated: 1 of 1 run, expected to hold%0A' +
        '12.345s lost-acked-write: record <5> & "friends"%0Aare gone (run 0, seed 1)\n',
    )
    expect(reported(github(), [OPEN])).toBe(
      '::warning file=scenarios/sample.yaml,line=8,col=3,title=progress%3A open::unknown: 1 of 1 run: out of time\n',
    )
  })

  test('escapes what a command would end at', () => {
    const wild = judged({ title: 'a:b,c%d\n::error::' }, { message: '100 % \r\n::stop' })
    const text = reported(github(), [wild])
    expect(text.trimEnd().split('\n')).toHaveLength(1)
    expect(text).toContain('title=durability%3A a%3Ab%2Cc%25d%0A%3A%3Aerror%3A%3A::violated')
    expect(text).toContain('100 %25 %0D%0A::stop')
  })

  test('names files from the root of the repository', () => {
    expect(reported(github('services/orders'), [LOST])).toContain('file=services/orders/scenarios/sample.yaml,line=7')
  })

  test('says what stands beside expectations at the file, and what stopped the command', () => {
    const text = reported(github(), [judged({ cover: ['leader.elected'] })], { error: 'a defect', notJudged: 1 })
    expect(text.split('\n')).toEqual([
      '::error file=scenarios/sample.yaml,title=sample::cover: leader.elected was never reached in 1 run',
      '::error title=twiceshy::internal error: a defect',
      '::warning title=twiceshy::1 scenario not judged',
      '',
    ])
  })

  test('what was cut short is no failure', () => {
    const cut = judged(
      { expect: [expectation({ expected: 'violated' }), expectation({ guarantee: 'progress' })] },
      { partial: 'time-budget' },
    )
    const text = reported(github(), [cut])
    expect(text).not.toContain('::error')
    expect(text).toContain('only 1 of 9 runs were judged (time-budget)')
  })

  test('cuts what is too long', () => {
    expect(reported(github(), [judged({}, { message: 'x'.repeat(200_000) })]).length).toBeLessThan(5000)
  })
})

describe('markdown', () => {
  const markdown = (again: readonly string[] = []): Reporter => markdownReporter({ again })

  test('is a table of verdicts, first violations and the commands that repeat them', () => {
    expect(reported(markdown(['--set', 'seed=2 3']), [HELD, LOST])).toBe(`<!-- twiceshy -->
### ❌ twiceshy: 1 met, 1 not met

2 scenarios, 2 runs

|  | scenario | guarantee | expected | observed |
| --- | --- | --- | --- | --- |
| ✗ | lost · acks-1 | \`durability\` | holds | **violated** in 1 of 1 run |
| ✓ | lost · acks-1 | \`progress\` | holds | holds in 1 run |
| ✓ | held | \`durability\` | holds | holds in 1 run |
| ✓ | held | \`progress\` | holds | holds in 1 run |

#### lost · acks-1

- \`durability\` violated: 1 of 1 run, expected to hold (\`scenarios/sample.yaml:7\`)
  12.345s lost-acked-write: record \\<5\\> &amp; "friends" are gone (run 0, seed 1)

\`\`\`sh
twiceshy run scenarios/sample.yaml --seed 1 --runs 1 -v --filter acks-1 --set 'seed=2 3'
\`\`\`
`)
  })

  test('says at once whether all is well', () => {
    expect(reported(markdown(), [HELD])).toContain('### ✅ twiceshy: 1 met\n')
    expect(reported(markdown(), [HELD, OPEN])).toContain('### ❔ twiceshy: 1 met, 1 inconclusive\n')
    expect(reported(markdown(), [], { error: 'a | defect' })).toContain('**Internal error:** a \\| defect')
  })

  test('shows text as it is, in one line and mentioning nobody', () => {
    expect(plain('a|b *c* <img> @all #1\n~x~ &amp;')).toBe('a\\|b \\*c\\* \\<img\\> &#64;all \\#1 \\~x\\~ &amp;amp;')
    expect(code('a`b|c')).toBe('``a`b\\|c``')
    expect(code('`')).toBe('`` ` ``')
    expect(shellBlock(['echo "```"'])).toBe('````sh\necho "```"\n````')
  })

  test('fits into a comment', () => {
    const many = Array.from({ length: 600 }, (_, i) =>
      judged({ title: `scenario ${i} ${'long '.repeat(50)}` }, { message: `@${'x'.repeat(5000)}` }),
    )
    const text = reported(markdown(), many)
    expect(text.length).toBeLessThan(65_536)
    expect(text).toMatch(/… and [\d,]+ more rows/)
    expect(text).toMatch(/… and [\d,]+ more parts that found no room here/)
  })
})
