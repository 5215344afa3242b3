import { describe, expect, it, test } from 'vitest'
import { NOTHING_TO_JUDGE, type RunResult } from '../../properties/verdict.ts'
import type { Scenario } from '../../scenarios/format/scenario.ts'
import type { Hasher } from '../../sim/host.ts'
import { CRASH_AT_1S, expectation, runResult, scenario, verdict, violation } from '../sample.test.support.ts'
import { addedDigests, NO_DIGEST } from './digest-sum.ts'
import type { CampaignDocument } from './document.ts'
import { mergeCampaigns } from './merge.ts'
import { summaryOfCampaign } from './summary.ts'
import { CampaignTally, quotasOf } from './tally.ts'

const CAMPAIGN = { runs: 20_000, quotas: ['truncation', 'dedup-hit'], sharePercent: 10, calibrate: ['one', 'two'] }
const SAMPLE = scenario({ campaign: CAMPAIGN, cover: ['leader.elected'] })

/** A hasher with hexadecimal digests, as good as a test needs. */
function hexHasher(seen = 7): Hasher {
  let hash = seen
  return {
    update: (chunk) => {
      for (const byte of chunk) hash = (Math.imul(hash, 31) + byte) >>> 0
    },
    copy: () => hexHasher(hash),
    digest: () => hash.toString(16).padStart(64, '0'),
  }
}

function run(n: number, change: Partial<RunResult> = {}): RunResult {
  return runResult(n, { moments: { 'leader.elected': 1 }, mattered: true, hadFaults: true, ...change })
}

function documentOf(
  of: Scenario,
  runs: readonly RunResult[],
  change: Partial<CampaignDocument> = {},
): CampaignDocument {
  const tally = new CampaignTally(of, () => hexHasher())
  for (const each of runs) tally.add(each)
  return {
    schemaVersion: 1,
    tool: { name: 'twiceshy', version: '1.0.0' },
    command: 'campaign',
    shards: ['1/1'],
    campaigns: [
      {
        file: of.file,
        quotas: quotasOf([of]),
        sharePercent: 10,
        calibrate: of.campaign?.calibrate ?? [],
        scenarios: [tally.result()],
        calibration: [],
      },
    ],
    repeated: 0,
    wallMs: 1000,
    stopped: null,
    error: null,
    ...change,
  }
}

/** The document with situations as if the scenario's world could come into them. */
function reaching(document: CampaignDocument, counts: Readonly<Record<string, number>>): CampaignDocument {
  const situations = Object.entries(counts).map(([name, runs]) => ({ name, runs, times: runs * 2 }))
  const campaigns = document.campaigns.map((campaign) => ({
    ...campaign,
    scenarios: campaign.scenarios.map((each) => ({ ...each, situations })),
  }))
  return { ...document, campaigns }
}

const runs = (from: number, to: number, step = 1): readonly RunResult[] =>
  Array.from({ length: Math.ceil((to - from) / step) }, (_, i) => run(from + i * step))

describe('a campaign adds its runs up', () => {
  it('notes exactly the runs that were judged, also behind gaps', () => {
    const judged = (numbers: readonly number[]): unknown =>
      documentOf(
        SAMPLE,
        numbers.map((n) => run(n)),
      ).campaigns[0]?.scenarios[0]?.judged
    expect(judged([0, 1, 2, 3])).toEqual([{ first: 0, step: 1, count: 4 }])
    expect(judged([1, 5, 9])).toEqual([{ first: 1, step: 4, count: 3 }])
    expect(judged([0, 1, 2, 7, 8])).toEqual([
      { first: 0, step: 1, count: 3 },
      { first: 7, step: 1, count: 2 },
    ])
  })

  it('is met without a violation, and proves a bound', () => {
    const summary = summaryOfCampaign(reaching(documentOf(SAMPLE, runs(0, 20)), { truncation: 2, 'dedup-hit': 20 }))
    expect(summary.standing).toBe('met')
    expect(summary.runsPerSecond).toBe(20)
  })

  it('leaves open what had nothing to judge in every run, not in some', () => {
    const idle = { verdicts: [verdict({ observed: 'unknown', reason: NOTHING_TO_JUDGE, judged: 0 })] }
    const standing = (all: readonly RunResult[]): string =>
      summaryOfCampaign(reaching(documentOf(SAMPLE, all), { truncation: 4, 'dedup-hit': 4 })).standing
    expect(standing([run(0, idle), ...runs(1, 4)])).toBe('met')
    expect(standing([run(0, idle), run(1, idle)])).toBe('open')
    const cut = { verdicts: [verdict({ observed: 'unknown', reason: 'the run was cut' })] }
    expect(standing([run(0, cut), ...runs(1, 4)])).toBe('open')
  })

  it('is not met with one violation, whatever else is reached', () => {
    const bad = run(3, { verdicts: [verdict({ violations: [violation()] })] })
    const document = reaching(documentOf(SAMPLE, [...runs(0, 3), bad]), { truncation: 4, 'dedup-hit': 4 })
    expect(summaryOfCampaign(document).standing).toBe('not-met')
    expect(document.campaigns[0]?.scenarios[0]?.expectations[0]?.firstViolation?.run).toBe(3)
  })

  it('is inconclusive with a quota that was missed by one run', () => {
    const document = documentOf(SAMPLE, runs(0, 20))
    const of = (truncation: number): string =>
      summaryOfCampaign(reaching(document, { truncation, 'dedup-hit': 20 })).standing
    expect([of(0), of(1), of(2)]).toEqual(['open', 'open', 'met'])
  })

  it('is inconclusive with a quota of a situation that its world cannot come into', () => {
    expect(summaryOfCampaign(documentOf(SAMPLE, runs(0, 20))).missed).toBe(2)
  })

  it('is inconclusive with a mutant that was hunted and not found, not with one that nobody hunted', () => {
    const base = reaching(documentOf(SAMPLE, runs(0, 20)), { truncation: 20, 'dedup-hit': 20 })
    const hunted = (...found: readonly boolean[]): string =>
      summaryOfCampaign({
        ...base,
        campaigns: base.campaigns.map((campaign) => ({
          ...campaign,
          calibration: found.map((each, i) => ({
            mutant: CAMPAIGN.calibrate[i] ?? '',
            found: each,
            runs: 9,
            by: 'it',
          })),
        })),
      }).standing
    expect([hunted(), hunted(true), hunted(true, true), hunted(true, false)]).toEqual(['met', 'met', 'met', 'open'])
  })

  it('tells of goals and faults that did nothing only when no other shard may show them', () => {
    const inert = scenario({ campaign: { ...CAMPAIGN, quotas: [] }, faults: [CRASH_AT_1S], cover: ['log.truncated'] })
    const problems = (shards: readonly string[]): readonly string[] =>
      summaryOfCampaign(documentOf(inert, runs(0, 3), { shards })).campaigns[0]?.scenarios[0]?.problems ?? []
    expect(problems(['1/2'])).toEqual([])
    expect(problems(['1/2', '2/2'])).toHaveLength(2)
    expect(problems(['1/1']).join(' ')).toMatch(
      /log\.truncated was never reached.*crash leader\(orders-0\) never fired/,
    )
  })

  it('a broken rule of the model is never met', () => {
    const broken = run(1, { breaches: [{ invariant: 'offsets-contiguous', atUs: 5, message: 'it did' }] })
    const [campaign] = summaryOfCampaign(documentOf(SAMPLE, [broken])).campaigns
    expect(campaign?.standing).toBe('not-met')
    expect(campaign?.scenarios[0]?.problems[0]).toMatch(/offsets-contiguous \(run 1, seed 1\/1/)
  })
})

describe('merge', () => {
  const part = (index: number, of: number, total = 24): CampaignDocument =>
    documentOf(SAMPLE, runs(index - 1, total, of), { shards: [`${index}/${of}`] })
  const named = (document: CampaignDocument, name: string): { name: string; document: CampaignDocument } => ({
    name,
    document,
  })

  it.each([2, 3, 5])('%d shards in any order give what one process gives', (of) => {
    const parts = Array.from({ length: of }, (_, i) => named(part(i + 1, of), `${i}.json`))
    const whole = documentOf(SAMPLE, runs(0, 24))
    for (const order of [parts, [...parts].reverse()]) {
      const [merged] = mergeCampaigns(order).campaigns[0]?.scenarios ?? []
      const { judged, ...sums } = { ...whole.campaigns[0]?.scenarios[0] }
      expect(merged).toMatchObject(sums)
      expect(merged?.judged.reduce((sum, { count }) => sum + count, 0)).toBe(24)
      expect(judged).toHaveLength(1)
    }
  })

  it('keeps the violation of the lowest run', () => {
    const bad = (n: number): CampaignDocument =>
      documentOf(SAMPLE, [run(n, { verdicts: [verdict({ violations: [violation({ message: `in ${n}` })] })] })])
    const merged = mergeCampaigns([named(bad(9), 'a'), named(bad(4), 'b'), named(bad(7), 'c')])
    const [first] = merged.campaigns[0]?.scenarios[0]?.expectations ?? []
    expect(first).toMatchObject({ runsViolated: 3, observed: 'violated', met: false, firstViolation: { run: 4 } })
  })

  it('is met only when what was expected to be violated is, in any shard', () => {
    const lesson = scenario({ campaign: null, expect: [expectation({ expected: 'violated' })] })
    const quiet = documentOf(lesson, [run(0)], { shards: ['1/2'] })
    const shown = documentOf(lesson, [run(1, { verdicts: [verdict({ violations: [violation()] })] })], {
      shards: ['2/2'],
    })
    const standing = (document: CampaignDocument): string | undefined =>
      summaryOfCampaign(document).campaigns[0]?.scenarios[0]?.standing
    expect(standing(quiet)).toBe('open')
    expect(standing(mergeCampaigns([named(quiet, 'a'), named(shown, 'b')]))).toBe('met')
  })

  test.each<readonly [string, CampaignDocument, RegExp]>([
    ['a run twice', part(1, 3), /run 0 of "sample" is in a\.json and in b\.json/],
    [
      'another version',
      { ...part(2, 2), tool: { name: 'twiceshy', version: '2.0.0' } },
      /twiceshy 1\.0\.0 and 2\.0\.0/,
    ],
    ['another seed', documentOf({ ...SAMPLE, seed: '7' }, runs(1, 9, 2)), /seed 1 in a\.json and 7 in b\.json/],
    ['another scenario', documentOf({ ...SAMPLE, cover: [] }, runs(1, 9, 2)), /"sample" is not the same/],
    [
      'more scenarios',
      { ...part(2, 2), campaigns: [...part(2, 2).campaigns, ...part(2, 2).campaigns] },
      /has 1 .* has 2/,
    ],
  ])('refuses %s', (_what, other, message) => {
    expect(() => mergeCampaigns([named(part(1, 2), 'a.json'), named(other, 'b.json')])).toThrow(message)
  })
})

test('digests add up in any order, beyond 2^256 and back', () => {
  const [a, b, c] = ['f'.repeat(64), '2'.padStart(64, '0'), '3'.padStart(64, '0')]
  expect(addedDigests(a, b)).toBe('1'.padStart(64, '0'))
  expect(addedDigests(addedDigests(a, b), c)).toBe(addedDigests(addedDigests(c, a), b))
  expect(addedDigests(NO_DIGEST, c)).toBe(c)
})
