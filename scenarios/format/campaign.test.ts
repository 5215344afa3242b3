import { describe, expect, it, test } from 'vitest'
import { BASE, load, marks, only } from './fixture.test.helper.ts'
import { saveScenario } from './save.ts'

const KNOWN = { situations: ['truncation', 'dedup-hit'], mutants: ['ack-before-replication', 'dedup-off'] }

describe('campaign', () => {
  it('has a default for everything', () => {
    expect(only(BASE).campaign).toBeNull()
    expect(only(`${BASE}campaign: { runs: 500 }\n`, KNOWN).campaign).toEqual({
      runs: 500,
      quotas: null,
      sharePercent: 1,
      calibrate: [],
    })
    expect(only(`${BASE}campaign: { quotas: [] }\n`, KNOWN).campaign).toMatchObject({ runs: 20_000, quotas: [] })
  })

  it('is of the whole file: its variants have it too, and none may change it', () => {
    const variants = 'variants: { b: { seed: 2 } }\n'
    const { scenarios } = load(`${BASE}campaign: { share: 0.5%, quotas: [truncation] }\n${variants}`, KNOWN)
    expect(scenarios.map(({ campaign }) => campaign?.sharePercent)).toEqual([0.5, 0.5])
    expect(marks(load(`${BASE}variants: { b: { campaign: { runs: 5 } } }\n`))).toEqual(['UNKNOWN_KEY 6:18'])
  })

  it('changes nothing of what is simulated', () => {
    const { campaign: _, ...rest } = only(`${BASE}campaign: { runs: 5 }\n`)
    const { campaign: __, ...without } = only(BASE)
    expect(rest).toEqual(without)
  })

  test.each<readonly [string, string, readonly string[]]>([
    ['no map', 'campaign: often', ['TYPE 6:11']],
    ['no run', 'campaign: { runs: 0 }', ['RANGE 6:19']],
    ['a bare number for a share', 'campaign: { share: 1 }', ['TYPE 6:20']],
    ['a share of nothing', 'campaign: { share: 0% }', ['RANGE 6:20']],
    ['a share of too much', 'campaign: { share: 101% }', ['RANGE 6:20']],
    ['a situation that is none', 'campaign: { quotas: [truncations] }', ['VALUE 6:22']],
    ['a mutant that is none', 'campaign: { calibrate: [dedup-of] }', ['VALUE 6:25']],
    ['one twice', 'campaign: { quotas: [truncation, truncation] }', ['DUPLICATE_ID 6:34']],
    ['a list that is none', 'campaign: { quotas: truncation }', ['TYPE 6:21']],
    ['an unknown key', 'campaign: { run: 5 }', ['UNKNOWN_KEY 6:13']],
  ])('refuses %s', (_what, text, expected) => {
    expect(marks(load(`${BASE}${text}\n`, KNOWN))).toEqual(expected)
  })

  it('suggests what was meant', () => {
    const { diagnostics } = load(`${BASE}campaign: { quotas: [trunction], calibrate: [dedup-on] }\n`, KNOWN)
    expect(diagnostics.map(({ help }) => help)).toEqual(['did you mean `truncation`?', 'did you mean `dedup-off`?'])
  })

  it('comes back from a saved file', () => {
    const campaign = { runs: 7, quotas: ['truncation'], share: '2%', calibrate: ['dedup-off'] }
    const text = saveScenario({
      scenario: 'saved',
      topics: { orders: null },
      producers: { checkout: { to: 'orders' } },
      expect: { 'exactly-once': 'holds' },
      campaign,
    })
    expect(only(text, KNOWN).campaign).toEqual({
      runs: 7,
      quotas: ['truncation'],
      sharePercent: 2,
      calibrate: ['dedup-off'],
    })
  })
})
