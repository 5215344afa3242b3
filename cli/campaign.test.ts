import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, test } from 'vitest'
import type { CampaignDocument } from '../reports/campaign/document.ts'
import { expectation } from '../reports/sample.test.support.ts'
import type { Scenario } from '../scenarios/format/scenario.ts'
import { bench, type Bench } from './fake-context.test.support.ts'
import type { MutantOutcome } from './mutants/outcome.ts'

const NOTHING_WANTED = { runs: 30, quotas: [], sharePercent: 1, calibrate: [] }
const HELD: Partial<Scenario> = { campaign: NOTHING_WANTED }

async function documentOf(b: Bench, ...args: readonly string[]): Promise<CampaignDocument> {
  const { out } = await b.run('campaign', ...args, '--json')
  return JSON.parse(out) as CampaignDocument
}

/** What does not differ between machines and shards. */
function sumsOf(document: CampaignDocument): unknown {
  const [scenario] = document.campaigns[0]?.scenarios ?? []
  const { judged: _, ...sums } = { ...scenario }
  return sums
}

describe('campaign', () => {
  it('judges the full size, tells the bound, and is met', async () => {
    const b = bench()
    b.file('a.yaml', [HELD])
    const { exit, out } = await b.run('campaign', 'a.yaml')
    expect(exit).toBe(0)
    expect(out).toContain('0 of 30 runs (95 % sure: below 9.6 %)')
    expect(out).toMatch(/2 runs judged again elsewhere, every digest the same/)
    expect(out).toMatch(/1 campaign: met · 30 runs/)
  })

  it('takes the name of a campaign that comes with the package', async () => {
    const b = bench()
    b.file('scenarios/campaigns/safe.yaml', [HELD])
    const { out } = await b.run('campaign', 'safe', '--runs', '5')
    expect(out).toContain('scenarios/campaigns/safe.yaml')
    expect(await b.run('campaign', 'save')).toMatchObject({
      exit: 2,
      err: expect.stringMatching(/no campaign and no file "save"\n {2}help: did you mean `safe`/) as string,
    })
    expect(await b.run('campaign', 'elsewhere')).toMatchObject({
      exit: 2,
      err: expect.stringContaining('there are safe; or give a file') as string,
    })
  })

  it('is not met with a violation, and gives the command that shows it again', async () => {
    const b = bench()
    b.file('a.yaml', [{ ...HELD, tags: ['violate:7'] }])
    const { exit, out } = await b.run('campaign', 'a.yaml', '--set', 'a.b=1')
    expect(exit).toBe(1)
    expect(out).toContain('twiceshy run a.yaml --seed 1/7 --runs 1 -v --set a.b=1')
  })

  it('is inconclusive with a quota that was missed, and says which', async () => {
    const b = bench()
    b.file('a.yaml', [{ campaign: { ...NOTHING_WANTED, quotas: ['truncation'] } }])
    const { exit, out } = await b.run('campaign', 'a.yaml')
    expect(exit).toBe(3)
    expect(out).toMatch(/\? truncation +0 % +0 of 30 runs missed/)
  })

  it('gives every scenario its turns, whatever ends it early', async () => {
    const b = bench()
    b.file('a.yaml', [
      { ...HELD, tags: ['slow:20'] },
      { ...HELD, variant: 'b', tags: ['slow:20'] },
    ])
    const document = await documentOf(b, 'a.yaml', '--time-budget', '3s', '--jobs', '1')
    const [one = 0, other = 0] = document.campaigns[0]?.scenarios.map(({ runs }) => runs) ?? []
    expect(one).toBeGreaterThan(0)
    expect(Math.abs(one - other)).toBeLessThanOrEqual(1)
    expect(document.stopped).toBeNull()
  })

  it('the same sums for any number of jobs', async () => {
    const b = bench()
    b.file('a.yaml', [{ ...HELD, tags: ['violate:7'] }])
    const [one, three] = [await documentOf(b, 'a.yaml', '--jobs', '1'), await documentOf(b, 'a.yaml', '--jobs', '3')]
    expect(one.campaigns).toEqual(three.campaigns)
  })

  it('a run that comes out otherwise elsewhere is exit 70, and what was known is told', async () => {
    const b = bench()
    b.file('a.yaml', [{ ...HELD, tags: ['flaky:0'] }])
    const { exit, out, err } = await b.run('campaign', 'a.yaml', '--jobs', '2')
    expect(exit).toBe(70)
    expect(err).toMatch(/internal error: the same run gave two/)
    expect(out).toContain('stopped by an internal error')
  })

  test.each<readonly [string, readonly string[], number, RegExp]>([
    ['a folder without scenarios', ['empty'], 4, /nothing matched: empty has no scenario file/],
    ['no time', ['a.yaml', '--time-budget', '0s'], 2, /--time-budget takes a length of time/],
    ['a shard that is not', ['a.yaml', '--shard', '3/2'], 2, /there is no shard 3 of 2/],
    ['a shard without runs', ['a.yaml', '--runs', '2', '--shard', '3/3'], 4, /shard 3\/3 has no run/],
    ['a missing file', ['b.yaml'], 2, /there is no file or folder b\.yaml/],
    ['a folder that is not', ['a.yaml', '--reporter', 'json=no/where.json'], 2, /its folder does not exist/],
    ['a reporter of runs', ['a.yaml', '--reporter', 'junit=x.xml'], 2, /junit is not for campaigns/],
    ['mutants in changed worlds', ['a.yaml', '--calibrate', '--set', 'a.b=1'], 2, /--calibrate hunts mutants/],
  ])('%s: exit and words', async (_what, args, code, words) => {
    const b = bench()
    b.file('a.yaml', [HELD])
    mkdirSync(join(b.folder, 'empty'))
    const { exit, err } = await b.run('campaign', ...args)
    expect([exit, err]).toEqual([code, expect.stringMatching(words)])
  })
})

describe('calibration', () => {
  const outcome = (id: string, caught: boolean): MutantOutcome => ({
    mutant: id,
    verdict: caught ? 'caught' : 'survived',
    executed: true,
    runs: caught ? 17 : 2000,
    events: 1,
    elapsedMs: 1,
    outOfTime: false,
    caught: caught
      ? {
          kind: 'violation',
          what: 'durability: lost-acked-write',
          message: '',
          file: 'a.yaml',
          scenario: 'sample',
          variant: null,
          run: 16,
          seed: 's',
        }
      : null,
    crashes: 0,
    firstCrash: null,
  })
  const MUTANTS = ['high-watermark-at-log-end', 'ack-before-replication']
  const calibrating = (caught: readonly string[]): { readonly b: Bench; readonly hunted: string[] } => {
    const hunted: string[] = []
    const b = bench({
      hunt: async (mutant, targets, { runs, seed }) => {
        hunted.push(`${mutant.id} ${JSON.stringify(targets)} ${runs} ${seed}`)
        return outcome(mutant.id, caught.includes(mutant.id))
      },
    })
    b.file('a.yaml', [{ campaign: { ...NOTHING_WANTED, calibrate: MUTANTS } }])
    return { b, hunted }
  }

  it('hunts every mutant with the same scenarios under seeds of their own', async () => {
    const { b, hunted } = calibrating(MUTANTS)
    const { exit, out } = await b.run('campaign', 'a.yaml')
    expect(exit).toBe(0)
    const wanted = MUTANTS.map((id) => `${id} [{"file":"a.yaml","variant":null}] 2000 1/calibration`)
    expect(new Set(hunted)).toEqual(new Set(wanted))
    expect(out).toMatch(/✓ ack-before-replication +found after 17 runs: violation, durability: lost-acked-write/)
  })

  it('a mutant that was not found is inconclusive', async () => {
    const { b } = calibrating([MUTANTS[0] as string])
    const { exit, out } = await b.run('campaign', 'a.yaml')
    expect(exit).toBe(3)
    expect(out).toMatch(/\? ack-before-replication +not found in 2,000 runs: it survived them missed/)
  })

  it('is left out of a campaign that is cut down, unless it is asked for', async () => {
    const { b, hunted } = calibrating(MUTANTS)
    await b.run('campaign', 'a.yaml', '--runs', '3')
    await b.run('campaign', 'a.yaml', '--no-calibrate')
    expect(hunted).toEqual([])
    await b.run('campaign', 'a.yaml', '--runs', '3', '--calibrate')
    expect(hunted).toHaveLength(2)
  })

  it('is shared among shards', async () => {
    const { b, hunted } = calibrating(MUTANTS)
    await b.run('campaign', 'a.yaml', '--shard', '1/2', '--reporter', 'json=1.json')
    expect(hunted).toHaveLength(1)
    await b.run('campaign', 'a.yaml', '--shard', '2/2', '--reporter', 'json=2.json')
    const { exit, out } = await b.run('merge', '1.json', '2.json')
    expect(exit).toBe(0)
    expect(out.match(/found after/g)).toHaveLength(2)
  })
})

describe('merge', () => {
  it('shards add up to the whole, digests included', async () => {
    const b = bench()
    b.file('a.yaml', [{ ...HELD, tags: ['violate:7'] }])
    for (const shard of ['1', '2', '3'])
      await b.run('campaign', 'a.yaml', '--shard', `${shard}/3`, '--reporter', `json=${shard}.json`)
    const merged = await b.run('merge', '3.json', '1.json', '2.json', '--json')
    expect(merged.exit).toBe(1)
    expect(sumsOf(JSON.parse(merged.out) as CampaignDocument)).toEqual(sumsOf(await documentOf(b, 'a.yaml')))
  })

  it('of one shard alone concludes nothing from what is absent', async () => {
    const b = bench()
    b.file('a.yaml', [
      { campaign: NOTHING_WANTED, expect: [expectation({ expected: 'violated' })], tags: ['violate:1'] },
    ])
    expect((await b.run('campaign', 'a.yaml', '--shard', '1/2', '--reporter', 'json=1.json')).exit).toBe(3)
    expect((await b.run('campaign', 'a.yaml', '--shard', '2/2', '--reporter', 'json=2.json')).exit).toBe(0)
    expect((await b.run('merge', '1.json', '2.json')).exit).toBe(0)
  })

  test.each<readonly [string, string, RegExp]>([
    ['no JSON', 'rubbish', /x\.json is no result of a campaign: it is no JSON/],
    ['another document', '{"schemaVersion":1}', /x\.json is no result of a campaign/],
    ['a sum that is none', 'negative', /campaigns\.0\.scenarios\.0\.runs/],
    ['the same shard twice', 'same', /run 0 of "sample" is in a\.json and in x\.json/],
  ])('refuses %s', async (_what, text, words) => {
    const b = bench()
    b.file('a.yaml', [HELD])
    await b.run('campaign', 'a.yaml', '--reporter', 'json=a.json')
    const good = readFileSync(join(b.folder, 'a.json'), 'utf8')
    const content = text === 'same' ? good : text === 'negative' ? good.replace('"runs": 30', '"runs": -30') : text
    writeFileSync(join(b.folder, 'x.json'), content)
    const { exit, err } = await b.run('merge', 'a.json', 'x.json')
    expect([exit, err]).toEqual([2, expect.stringMatching(words)])
  })

  it('names a file that is not there', async () => {
    expect(await bench().run('merge', 'no.json')).toMatchObject({
      exit: 2,
      err: expect.stringContaining('no.json') as string,
    })
  })
})
