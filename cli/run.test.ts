import { mkdirSync, readFileSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import { CRASH_AT_1S, expectation } from '../reports/sample.test.support.ts'
import type { ResultDocument } from '../reports/result.ts'
import { bench, type Bench, VIOLATED } from './fake-context.test.support.ts'
import { LARGEST_FILE } from './files/read.ts'

let at: Bench
beforeEach(() => {
  at = bench()
})

async function json(...args: readonly string[]): Promise<ResultDocument> {
  return JSON.parse((await at.run('run', ...args, '--json')).out) as ResultDocument
}

describe('exit codes', () => {
  test.each([
    { what: 'every expectation met', content: [{ runs: 3 }], exit: 0 },
    { what: 'a violation', content: [{ runs: 3, tags: ['violate:2'] }], exit: 1 },
    { what: 'an expected violation', content: [{ ...VIOLATED, runs: 3, tags: ['violate:2'] }], exit: 0 },
    { what: 'an expected violation that did not come', content: [{ ...VIOLATED, runs: 3 }], exit: 1 },
    { what: 'something unknown', content: [{ tags: ['unknown:0'] }], exit: 3 },
    {
      what: 'unknown in one, violated in another',
      content: [{ tags: ['unknown:0'] }, { tags: ['violate:0'] }],
      exit: 1,
    },
    { what: 'no scenario in the file', content: [], exit: 4 },
    { what: 'a fault that never fires', content: [{ faults: [CRASH_AT_1S], tags: ['inert'] }], exit: 1 },
    { what: 'a failure of the judge', content: [{ runs: 5, tags: ['throw:3'] }], exit: 70 },
    { what: 'a digest that does not come back', content: [{ runs: 5, tags: ['flaky:0'] }], exit: 70 },
  ])('$what: $exit', async ({ content, exit }) => {
    at.file('a.yaml', content)
    expect((await at.run('run', 'a.yaml', '--jobs', '1')).exit).toBe(exit)
  })

  test('a digest that does not come back is told with the first moment that differs', async () => {
    at.file('a.yaml', [{ runs: 5, tags: ['flaky:0'] }])
    const { exit, err } = await at.run('run', 'a.yaml', '--jobs', '2')
    expect(exit).toBe(70)
    expect(err).toContain('the same run gave two digests')
    expect(err).toContain('run       0 · seed 1')
    expect(err).toMatch(
      /the traces part at record \d+:\n {2}before .*\n {2}first {3}the word "made -.*\n {2}second {2}the word "made -/,
    )
  })

  test('an internal error names run, seed and what to do, without a stack', async () => {
    at.file('a.yaml', [{ runs: 5, tags: ['throw:3'], variant: 'old' }])
    const { err, out } = await at.run('run', 'a.yaml', '--jobs', '1')
    expect(err).toContain('internal error: made to fail in run 3')
    expect(err).toContain('run       3 · seed 1/3')
    expect(err).toContain('twiceshy run a.yaml --seed 1/3 --runs 1 --filter old')
    expect(err).toContain('Please report it')
    expect(err).not.toMatch(/^\s+at /m)
    expect(out).toContain('an internal error ended it after 3 of 5 runs')
  })
})

describe('files', () => {
  test('every mistake of every file is told at once, and nothing is run', async () => {
    at.file('a.yaml', 'mistakes: 2')
    at.file('b.yaml', 'mistakes: 1')
    at.file('good.yaml', [{}])
    const { exit, out, err } = await at.run(
      'run',
      'a.yaml',
      'b.yaml',
      'good.yaml',
      'missing.yaml',
      'x.txt',
      '--reporter',
      'json=r.json',
    )
    expect(exit).toBe(2)
    expect(out).toBe('')
    for (const told of ['mistake 2 of a.yaml', 'mistake 1 of b.yaml', 'no file or folder missing.yaml', 'x.txt']) {
      expect(err).toContain(told)
    }
    expect(err).toContain('5 mistakes in 3 files; nothing was run')
    expect(() => readFileSync(join(at.folder, 'r.json'))).toThrow('ENOENT')
  })

  test('at most 20 mistakes are shown', async () => {
    at.file('a.yaml', 'mistakes: 33')
    const { err } = await at.run('run', 'a.yaml')
    expect(err).toContain('mistake 20 of')
    expect(err).not.toContain('mistake 21 of')
    expect(err).toContain('… and 13 more mistakes')
  })

  test('folders are searched through; hidden ones, modules and other files are left out; a file is taken once', async () => {
    for (const name of ['s/b.yml', 's/a.yaml', 's/deep/er/c.json']) at.file(name, [{ title: name }])
    for (const name of [
      's/node_modules/x.yaml',
      's/.hidden/x.yaml',
      's/x.schema.json',
      's/readme.md',
      's/x.d.ts',
      's/x.test.ts',
    ]) {
      at.file(name, 'mistakes: 1')
    }
    const { scenarios } = await json('s', 's/a.yaml')
    expect(scenarios.map(({ file }) => file)).toEqual(['s/a.yaml', 's/b.yml', 's/deep/er/c.json'])
  })

  test('an empty folder is 4, also beside a good one, and is named', async () => {
    mkdirSync(join(at.folder, 'empty'))
    at.file('full/a.yaml', [{}])
    expect(await at.run('run', 'empty')).toMatchObject({
      exit: 4,
      err: 'nothing matched: empty has no scenario file\n',
    })
    expect(await at.run('run', 'full', 'empty')).toMatchObject({ exit: 4 })
  })

  test('links in a circle end; a link to nothing is told', async () => {
    at.file('s/a.yaml', [{}])
    symlinkSync('.', join(at.folder, 's/one'))
    symlinkSync('.', join(at.folder, 's/two'))
    expect((await json('s')).scenarios.map(({ file }) => file)).toEqual(['s/a.yaml'])
    symlinkSync('nowhere', join(at.folder, 's/b.yaml'))
    expect(await at.run('run', 's')).toMatchObject({
      exit: 2,
      err: expect.stringContaining('s/b.yaml is a link to nothing') as string,
    })
    symlinkSync('loop.yaml', join(at.folder, 'loop.yaml'))
    expect(await at.run('run', 'loop.yaml', '')).toMatchObject({
      exit: 2,
      err: expect.stringMatching(
        /loop.yaml cannot be read: its links go in a circle[^]*no file or folder ""/,
      ) as string,
    })
  })

  test('what is no text, or too large, or a device, is refused before anything is run', async () => {
    writeFileSync(join(at.folder, 'binary.yaml'), new Uint8Array([1, 0, 2]))
    writeFileSync(join(at.folder, 'latin.yaml'), new Uint8Array([0x61, 0xe9, 0x62]))
    at.file('huge.yaml', '')
    truncateSync(join(at.folder, 'huge.yaml'), LARGEST_FILE + 1)
    const { exit, err } = await at.run('run', 'binary.yaml', 'latin.yaml', 'huge.yaml')
    expect(exit).toBe(2)
    expect(err).toContain('binary.yaml is not a text file')
    expect(err).toContain('latin.yaml is not a text file')
    expect(err).toContain('huge.yaml has 4.0 MiB; files are read up to 4 MiB')
  })
})

describe('modules', () => {
  test('a default export is a scenario like any other', async () => {
    at.file('a.mjs', 'export default { title: ["from", "code"].join(" ") }')
    expect((await json('a.mjs')).scenarios[0]).toMatchObject({ file: 'a.mjs', scenario: 'from code' })
  })

  test.each([
    ['nothing', 'export const x = 1', 'has no default export'],
    ['an error', 'throw new Error("broken inside")', 'cannot be imported: broken inside'],
    ['no JavaScript', 'export default {', 'cannot be imported'],
  ])('exporting %s is a mistake of the file', async (_, text, message) => {
    at.file('bad.mjs', text)
    const { exit, err } = await at.run('run', 'bad.mjs')
    expect(exit).toBe(2)
    expect(err).toContain(message)
  })
})

describe('selection', () => {
  test('--filter looks at file, title, variant and tags, in any case', async () => {
    at.file('a.yaml', [{ title: 'Alpha' }, { title: 'Alpha', variant: 'Old' }, { title: 'Beta', tags: ['slow-disk'] }])
    expect((await json('a.yaml', '--filter', 'old')).scenarios.map(({ variant }) => variant)).toEqual(['Old'])
    expect((await json('a.yaml', '--filter', 'SLOW-')).scenarios.map(({ scenario }) => scenario)).toEqual(['Beta'])
    const nothing = await at.run('run', 'a.yaml', '--filter', 'gamma')
    expect(nothing).toMatchObject({ exit: 4, out: '', err: 'nothing matched: no scenario contains "gamma"\n' })
  })

  test('a filtered file concludes nothing about its faults', async () => {
    at.file('a.yaml', [
      { variant: 'before', faults: [CRASH_AT_1S] },
      { variant: 'after', faults: [CRASH_AT_1S], tags: ['inert'] },
    ])
    expect((await at.run('run', 'a.yaml')).exit).toBe(0)
    expect((await at.run('run', 'a.yaml', '--filter', 'after')).exit).toBe(0)
  })

  test('--seed and --runs replace what the file says', async () => {
    at.file('a.yaml', [{ runs: 7, tags: ['violate:2'] }])
    const [result] = (await json('a.yaml', '--seed', 'x', '--runs', '3')).scenarios
    expect(result).toMatchObject({ seed: 'x', runs: 3, expectations: [{ firstViolation: { run: 2, seed: 'x/2' } }] })
  })

  test('shards have all runs between them; what one does not see is inconclusive', async () => {
    at.file('a.yaml', [{ ...VIOLATED, runs: 10, tags: ['violate:4'] }])
    const first = await json('a.yaml', '--shard', '1/2')
    const second = await json('a.yaml', '--shard', '2/2')
    expect(first.scenarios[0]).toMatchObject({ runs: 5, partial: 'shard', met: true })
    expect(second.scenarios[0]).toMatchObject({ runs: 5, met: false, inconclusive: true })
    at.file('one.yaml', [{ runs: 1 }])
    expect(await at.run('run', 'one.yaml', '--shard', '2/2')).toMatchObject({
      exit: 4,
      err: 'nothing matched: shard 2/2 has no run\n',
    })
  })
})

describe('the result does not depend on --jobs', () => {
  const mixed = [
    { title: 'a', runs: 60, tags: ['violate:17'] },
    { title: 'b', runs: 1 },
    { title: 'c', runs: 40, tags: ['violate:*'], ...VIOLATED },
    { title: 'd', runs: 30, tags: ['unknown:3'] },
  ]
  test.each([[[]], [['--bail']], [['--bail', '2']], [['--shard', '2/3']]])('with %j', async (flags) => {
    at.file('a.yaml', mixed)
    const outputs = []
    for (const jobs of ['1', '2', '4']) outputs.push(await at.run('run', 'a.yaml', '--json', '--jobs', jobs, ...flags))
    expect(outputs[0]?.out).toContain('runDigest')
    expect(outputs[1]).toEqual(outputs[0])
    expect(outputs[2]).toEqual(outputs[0])
  })

  test('--bail ends with the run that decides, and says what was not judged', async () => {
    at.file('a.yaml', mixed)
    const { scenarios, summary } = await json('a.yaml', '--bail', '--jobs', '2')
    expect(scenarios).toHaveLength(1)
    expect(scenarios[0]).toMatchObject({ runs: 18, runsPlanned: 60, partial: 'bail', met: false })
    expect(scenarios[0]?.expectations[0]?.firstViolation).toMatchObject({ run: 17, seed: '1/17' })
    expect(summary).toMatchObject({ scenarios: 1, notMet: 1, notJudged: 3, stopped: 'bail' })
  })

  test('--bail also counts scenarios that turn out not to be met at their end', async () => {
    at.file('a.yaml', [{ ...VIOLATED, runs: 3 }, { runs: 3 }])
    expect((await json('a.yaml', '--bail')).summary).toMatchObject({ scenarios: 1, notMet: 1, notJudged: 1 })
    at.file('b.yaml', [{ faults: [CRASH_AT_1S], tags: ['inert'] }])
    expect((await json('b.yaml', 'a.yaml', '--bail')).summary).toMatchObject({ scenarios: 1, notMet: 1, notJudged: 2 })
  })
})

test('the time budget ends it as inconclusive, with what was judged', async () => {
  at.file('a.yaml', [{ runs: 100_000, tags: ['slow:2'] }, { runs: 1 }])
  const { exit, out } = await at.run('run', 'a.yaml', '--json', '--time-budget', '100ms', '--jobs', '1')
  const { scenarios, summary } = JSON.parse(out) as ResultDocument
  expect(exit).toBe(3)
  expect(summary).toMatchObject({ stopped: 'time-budget', notJudged: 1, inconclusive: 1 })
  expect(scenarios[0]?.runs).toBeGreaterThan(1)
  expect(scenarios[0]).toMatchObject({ partial: 'time-budget', inconclusive: true })
})

describe('outputs', () => {
  test('each reporter writes to its file, and pretty stays on standard output', async () => {
    at.file('a.yaml', [{ runs: 2 }])
    const { out } = await at.run('run', 'a.yaml', '--reporter', 'json=r.json', '--reporter', 'ndjson=r.ndjson')
    expect(out).toContain('✓ sample')
    expect((JSON.parse(readFileSync(join(at.folder, 'r.json'), 'utf8')) as ResultDocument).summary.met).toBe(1)
    expect(readFileSync(join(at.folder, 'r.ndjson'), 'utf8').trim().split('\n')).toHaveLength(3)
  })

  test('--json is one document and nothing else', async () => {
    at.file('a.yaml', [{ runs: 2, tags: ['violate:1'] }])
    const { out } = await at.run('run', 'a.yaml', '--json', '-v')
    expect(JSON.parse(out)).toMatchObject({ schemaVersion: 1, command: 'run' })
  })

  test.each([
    [['--json', '--reporter', 'pretty'], 'json and pretty cannot share standard output'],
    [['--reporter', 'json=x', '--reporter', 'ndjson=x'], 'two reporters would write to'],
    [['--reporter', 'json=no/such/folder.json'], 'no/such/folder.json cannot be written: its folder does not exist'],
    [['--reporter', 'json=.'], '. cannot be written: it is a folder'],
    [['--reporter', 'html'], 'the reporter html is not built yet'],
    [['--report', 'x.html'], '--report is not built yet'],
    [['--trace', 'x'], '--trace is not built yet'],
    [['-q', '-v'], 'contradict'],
    [['--seed', ''], '--seed takes a text'],
    [['--what'], "unknown option '--what'"],
  ])('%j is refused before anything is run', async (flags, message) => {
    at.file('a.yaml', [{ tags: ['throw:0'] }])
    const { exit, out, err } = await at.run('run', 'a.yaml', ...flags)
    expect(err).toContain(message)
    expect({ exit, out }).toEqual({ exit: 2, out: '' })
  })
})

test('the main job judges the library and ends with the table of guarantees', async () => {
  at.file('scenarios/library/a.yaml', [
    { title: 'first', expect: [expectation({ guarantee: 'progress' })] },
    { title: 'second' },
  ])
  const { exit, out } = await at.run()
  expect(exit).toBe(0)
  expect(out).toMatch(/first +· +✓\n/)
  expect(out).toContain('2 scenarios: 2 met')
})
