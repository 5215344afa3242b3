import { expect, test } from 'vitest'
import { ScenarioAggregate } from './aggregate.ts'
import { jsonReporter } from './json.ts'
import { ndjsonReporter } from './ndjson.ts'
import { type ReportEvent, summaryOf } from './report.ts'
import type { ResultDocument } from './result.ts'
import { plainHasher, runResult, scenario, verdict, violation } from './sample.test.support.ts'

const TOOL = { name: 'twiceshy', version: '1.2.3' } as const

function events(): readonly ReportEvent[] {
  const sample = scenario()
  const aggregate = new ScenarioAggregate(sample, plainHasher)
  const [added] = aggregate.add(runResult(0, { verdicts: [verdict({ violations: [violation()] })] })).violations
  if (added === undefined) throw new Error('no violation')
  const { guarantee, stage, subject, expected } = added.expectation
  const found = { guarantee, stage, subject, expected, violation: added.violation }
  const result = aggregate.finish(1, null)
  return [
    { type: 'run-started', scenarios: 1, runs: 1 },
    { type: 'violation', file: sample.file, scenario: sample.title, variant: null, ...found },
    { type: 'scenario', result },
    { type: 'summary', summary: summaryOf([result]), exit: 1, error: null },
  ]
}

test('json is one document, written when everything is known', () => {
  const reporter = jsonReporter(TOOL, 'run')
  const texts = events().map((event) => reporter.report(event))
  expect(texts.slice(0, -1)).toEqual(['', '', ''])
  const document = JSON.parse(texts.at(-1) ?? '') as ResultDocument
  expect(document).toMatchObject({
    schemaVersion: 1,
    tool: TOOL,
    command: 'run',
    summary: { scenarios: 1, met: 0, notMet: 1, inconclusive: 0 },
    error: null,
  })
  expect(document.scenarios[0]).toMatchObject({
    file: 'scenarios/sample.yaml',
    scenario: 'sample',
    variant: null,
    seed: '1',
    runs: 1,
    met: false,
    mattered: null,
    simplified: [],
    counterexample: null,
    expectations: [
      {
        guarantee: 'durability',
        expected: 'holds',
        observed: 'violated',
        judged: 10,
        runsViolated: 1,
        met: false,
        firstViolation: { run: 0, seed: '1', atMs: 12_345, kind: 'lost-acked-write', records: ['checkout#0/5'] },
      },
    ],
  })
})

test('ndjson is a line for each event, at once', () => {
  const reporter = ndjsonReporter(TOOL, 'run')
  const lines = events().map((event) => reporter.report(event))
  expect(lines.every((line) => line.endsWith('}\n') && line.indexOf('\n') === line.length - 1)).toBe(true)
  const parsed = lines.map((line) => JSON.parse(line) as Record<string, unknown>)
  expect(parsed.map(({ type }) => type)).toEqual(['run-started', 'violation', 'scenario', 'summary'])
  expect(parsed[0]).toMatchObject({ schemaVersion: 1, tool: TOOL, command: 'run', runs: 1 })
  expect(parsed[3]).toMatchObject({ exit: 1, summary: { notMet: 1 } })
})
