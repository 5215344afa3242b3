import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import type { ReportEvent } from '../reports/report.ts'
import type { ResultDocument, ScenarioResult } from '../reports/result.ts'
import { called, type Ended, started } from './built.test.support.ts'
import { saveScenario } from '../scenarios/format/save.ts'
import type { RawScenario } from '../scenarios/format/raw.ts'
import type { ReplayRecord } from '../scenarios/format/scenario.ts'

const folder = mkdtempSync(join(tmpdir(), 'twiceshy-cli-'))

function twiceshy(...args: readonly string[]): Promise<Ended> {
  return called(folder, ...args)
}

async function judged(...args: readonly string[]): Promise<ResultDocument> {
  return JSON.parse((await twiceshy('run', '--json', ...args)).out) as ResultDocument
}

function write(name: string, text: string | Uint8Array): void {
  writeFileSync(join(folder, name), text)
}

const SCENARIO = `
scenario: three replicas
tags: [small]
topics: { orders: { partitions: 1, replication.factor: 3, min.insync.replicas: 2 } }
producers: { checkout: { to: orders, send: { records: 50, every: 10ms } } }
expect: { durability: holds, publish/exactly-once: holds }
run: { for: 10s, runs: 6 }
`

/** Loses a record in most runs: the leader dies when it has acknowledged, often before anybody has copied. */
const LOSES: RawScenario = {
  scenario: 'acks=1 loses',
  topics: { orders: { partitions: 1, 'replication.factor': 3, 'min.insync.replicas': 2 } },
  producers: {
    checkout: {
      to: 'orders',
      send: { records: 60, every: '1ms' },
      config: { acks: 1, 'enable.idempotence': false, 'linger.ms': 0 },
    },
  },
  network: { latency: { uniform: ['1ms', '10ms'] } },
  faults: [{ when: { moment: 'produce.acked', record: 'checkout#0/40' }, crash: 'leader(orders-0)', for: '20s' }],
  expect: { durability: 'holds' },
  run: { for: '30s', runs: 5 },
}

beforeAll(() => {
  write('good.yaml', SCENARIO)
  write('bad.yaml', SCENARIO.replace('min.insync.replicas: 2', 'min.insync.replica: 2').replace('10ms', '10'))
  write('loses.yaml', saveScenario(LOSES))
  write('warns.yaml', SCENARIO.replace('every: 10ms }', 'every: 10ms }, config: { acks: 1 }'))
  write('inconclusive.yaml', SCENARIO.replace('for: 10s', 'for: 10s, max-events: 100'))
  mkdirSync(join(folder, 'empty'))
})

describe('without judging', () => {
  test('--version tells the version of the package, quickly', () => {
    const began = performance.now()
    expect(started(folder, '--version')).toMatchObject({
      code: 0,
      err: '',
      out: expect.stringMatching(/^twiceshy \d+\.\d+\.\d+\n$/) as string,
    })
    expect(performance.now() - began).toBeLessThan(5000)
  })

  test('every mistake of a file is told with its place', async () => {
    const { code, out, err } = await twiceshy('run', 'bad.yaml')
    expect({ code, out }).toEqual({ code: 2, out: '' })
    expect(err).toContain('did you mean `min.insync.replicas`?')
    expect(err).toMatch(/bad\.yaml:4:\d+/)
    expect(err).toMatch(/bad\.yaml:5:\d+/)
    expect(err).toContain('2 mistakes in 1 file; nothing was run')
  })

  test('warnings take one line each, and with -v show their lines and help', async () => {
    const short = await twiceshy('run', 'warns.yaml', '--runs', '1')
    expect(short.err).toMatch(/^warning: warns\.yaml:5:\d+ `acks: 1` silently turns idempotence off\n {2}-v shows/)
    expect(short.err).not.toContain('╭─')
    const long = await twiceshy('run', 'warns.yaml', '--runs', '1', '-v')
    expect(long.err).toContain('╭─ warns.yaml:5:')
    expect(long.err).toContain('help:')
    expect((await twiceshy('run', 'warns.yaml', '--runs', '1', '-q')).err).toBe('')
  })

  test('schema prints a JSON schema', async () => {
    expect(JSON.parse((await twiceshy('schema')).out)).toHaveProperty('$schema')
  })

  test.each([
    ['', 'list scenarios'],
    ['scenarios', 'acks=0 loses'],
    ['guarantees', 'committed-durability'],
    ['anomalies', 'lost-acked-write'],
    ['faults', 'power-loss'],
    ['moments', 'batch.deduplicated'],
    ['configs', 'min.insync.replicas'],
    ['profiles', 'kafka-4.1'],
  ])('list %s', async (topic, told) => {
    const { code, out, err } = await twiceshy('list', ...(topic === '' ? [] : [topic]), '-q')
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(out).toContain(told)
  })

  test('list scenarios of a path', async () => {
    expect((await twiceshy('list', 'scenarios', 'good.yaml')).out).toContain(
      'three replicas  6 runs  good.yaml: durability holds',
    )
  })

  test('a module is loaded like any other file', async () => {
    write('m.mjs', 'export default { scenario: "from code", producers: { p: { to: "nowhere" } } }')
    const { code, err } = await twiceshy('run', 'm.mjs')
    expect(code).toBe(2)
    expect(err).toContain('nowhere')
  })
})

describe('judging', () => {
  test('--json is the documented document, byte for byte the same with any number of jobs', async () => {
    const one = await twiceshy('run', 'good.yaml', 'loses.yaml', '--json', '--jobs', '1')
    expect({ code: one.code, err: one.err }).toEqual({ code: 1, err: '' })
    expect(started(folder, 'run', 'good.yaml', 'loses.yaml', '--json', '--jobs', '2')).toEqual(one)
    const document = JSON.parse(one.out) as ResultDocument
    const digest = expect.stringMatching(/^[0-9a-f]{64}$/) as string
    const some = expect.any(Number) as number
    expect(document).toMatchObject({
      schemaVersion: 1,
      tool: { name: 'twiceshy', version: expect.stringMatching(/^\d+\.\d+\.\d+$/) as string },
      command: 'run',
      summary: { scenarios: 2, met: 1, notMet: 1, inconclusive: 0, runs: 11 },
      error: null,
    })
    const [good, loses] = document.scenarios
    expect(good).toMatchObject({
      file: 'good.yaml',
      scenario: 'three replicas',
      variant: null,
      seed: '1',
      runs: 6,
      met: true,
      digest,
      runDigest: digest,
      events: some,
      virtualMs: some,
      mattered: null,
      simplified: [],
      faults: [],
      counterexample: null,
    })
    expect(good?.expectations).toEqual([
      expect.objectContaining({ guarantee: 'durability', stage: null, subject: null, observed: 'holds', judged: 300 }),
      expect.objectContaining({ guarantee: 'exactly-once', stage: 'publish', observed: 'holds', firstViolation: null }),
    ])
    expect(loses).toMatchObject({ met: false, mattered: some, faults: [{ entry: 0, fired: 5, touched: 5 }] })
    expect(loses?.expectations[0]).toMatchObject({
      expected: 'holds',
      observed: 'violated',
      kinds: [],
      runsViolated: some,
      runsUnknown: 0,
      met: false,
      firstViolation: {
        run: some,
        seed: expect.stringMatching(/^1(\/\d+)?$/) as string,
        atMs: some,
        kind: 'lost-acked-write',
        message: expect.stringContaining('was acknowledged at') as string,
        records: [expect.stringMatching(/^checkout#0\/\d+$/) as string],
      },
    })
  })

  test('ndjson tells the same, event by event', async () => {
    const { out } = await twiceshy('run', 'loses.yaml', '--reporter', 'ndjson', '--reporter', 'json=all.json')
    const events = out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as ReportEvent)
    expect(events.map(({ type }) => type)).toEqual(['run-started', 'violation', 'scenario', 'summary'])
    expect(events[0]).toMatchObject({ schemaVersion: 1, command: 'run', scenarios: 1, runs: 5 })
    const document = JSON.parse(readFileSync(join(folder, 'all.json'), 'utf8')) as ResultDocument
    expect(events[2]).toEqual({ type: 'scenario', result: document.scenarios[0] })
  })

  test.each([
    ['every expectation met', ['good.yaml', '--runs', '1'], 0],
    ['one is not', ['good.yaml', 'loses.yaml', '--runs', '5'], 1],
    ['bad usage', ['good.yaml', '--runs', '0'], 2],
    ['a bad file', ['good.yaml', 'bad.yaml'], 2],
    ['inconclusive', ['inconclusive.yaml', '--runs', '1'], 3],
    ['not met and inconclusive', ['inconclusive.yaml', 'loses.yaml'], 1],
    ['nothing matched', ['good.yaml', '--filter', 'zzz'], 4],
    ['an empty folder', ['empty'], 4],
  ])('%s: the exit code', (_, args, code) => {
    const ended = started(folder, 'run', ...args)
    expect({ ...ended, code: ended.code }).toMatchObject({ code })
    expect(ended.err).not.toMatch(/^\s+at /m)
  })

  test('another seed is another run, and run n of a seed is run 0 of seed/n', async () => {
    const digest = async (...args: readonly string[]): Promise<string | undefined> =>
      (await judged('good.yaml', ...args)).scenarios[0]?.digest
    expect(await digest('--runs', '1', '--seed', '2')).not.toBe(await digest('--runs', '1', '--seed', '1'))
    expect(await digest('--runs', '1', '--seed', '1/1')).toBe(await digest('--runs', '6', '--shard', '2/6'))
  })

  test('shards together are the whole', async () => {
    const whole = await judged('loses.yaml', 'good.yaml')
    const shards: ResultDocument[] = []
    for (const shard of ['1/3', '2/3', '3/3']) shards.push(await judged('loses.yaml', 'good.yaml', '--shard', shard))
    const sum = (documents: readonly ResultDocument[], of: (result: ScenarioResult) => number): readonly number[] =>
      [0, 1].map((i) => documents.reduce((total, { scenarios }) => total + of(scenarios[i] as ScenarioResult), 0))
    for (const of of [
      (result: ScenarioResult): number => result.runs,
      (result: ScenarioResult): number => result.events,
      (result: ScenarioResult): number => result.expectations[0]?.runsViolated ?? 0,
      (result: ScenarioResult): number => result.expectations[0]?.judged ?? 0,
    ]) {
      expect(sum(shards, of)).toEqual(sum([whole], of))
    }
    expect(shards[0]?.scenarios[0]?.digest).toBe(whole.scenarios[0]?.digest)
  })

  test('--set changes the world, also of a topic key with dots', async () => {
    const one = await judged('good.yaml', '--runs', '1', '--set', 'producers.checkout.send.records=7')
    expect(one.scenarios[0]?.expectations[0]?.judged).toBe(7)
    const refused = await twiceshy('run', 'good.yaml', '--set', 'topics.orders.min.insync.replicas=4')
    expect(refused.code).toBe(2)
    expect(refused.err).toContain('min.insync.replicas')
  })

  test('--filter takes what contains the text', async () => {
    const { scenarios } = await judged('good.yaml', 'loses.yaml', '--runs', '1', '--filter', 'SMALL')
    expect(scenarios.map(({ scenario }) => scenario)).toEqual(['three replicas'])
  })

  test('-v tells the story of the violation, the same every time', async () => {
    const { code, out } = await twiceshy('run', 'loses.yaml', '-v', '--jobs', '2')
    expect(code).toBe(1)
    const story = out.slice(out.indexOf('  story\n'))
    expect(story).toMatch(/checkout#0 sends checkout#0\/\d+ to orders-0/)
    expect(story).toContain('faults[0] (crash leader(orders-0)) strikes broker-')
    expect(story).toMatch(/ {4}▶ .* begins to lead orders-0 in epoch 1/)
    expect(story.split('\n').filter((line) => /^ {4}[▶ ] +\d/.test(line)).length).toBeLessThanOrEqual(25)
    expect((await twiceshy('run', 'loses.yaml', '-v', '--jobs', '1')).out).toBe(out)
  })

  test('the first scenario that init writes in an empty folder is met, whatever the seed', async () => {
    expect((await twiceshy('init', 'first')).code).toBe(0)
    for (const seed of ['1', 'another']) {
      const { code, out, err } = await twiceshy('run', 'first/scenarios', '--runs', '40', '--seed', seed)
      expect({ code, err, out }).toMatchObject({ code: 0, err: '' })
      expect(out).toMatch(/durability +violated/)
    }
  })

  test('threads, queues and another time zone and language make no difference', () => {
    const node = ['--node', process.execPath]
    const { code, out } = started(folder, 'check-determinism', 'good.yaml', 'loses.yaml', '--runs', '3', ...node)
    expect(out).toContain('30 runs in 5 ways, every digest the same')
    expect(code).toBe(0)
  })

  // The whole library, in a process of its own.
  test(
    'the main job judges the library, names every variant and prints the table of guarantees',
    { timeout: 180_000 },
    () => {
      const { code, out, err } = started(folder, '--runs', '1')
      expect(out).toMatch(/\d+ scenarios: \d+ met.* · /)
      expect(out).toContain('✓ held   ✗ violated   ? unknown   · not judged   ! not as expected')
      expect(err).not.toContain('╭─')
      // One run need not show everything that a hundred show; nothing else may go wrong.
      expect([0, 1]).toContain(code)
      expect(out).not.toContain('expected to hold')
      expect(out).not.toContain('broke its own rule')
      const lines = out.split('\n').filter((line) => /^[✓✗?] /.test(line))
      expect(lines.length).toBeGreaterThan(20)
      expect(new Set(lines.map((line) => line.replace(/ {2}.*/, ''))).size).toBe(lines.length)
    },
  )
})

describe('a saved counterexample', () => {
  let record: ReplayRecord

  beforeAll(async () => {
    const [found] = (await judged('loses.yaml')).scenarios
    const violation = found?.expectations[0]?.firstViolation
    if (found === undefined || violation === null || violation === undefined) throw new Error('nothing was lost')
    const runSeed = violation.seed
    const digest = (await judged('loses.yaml', '--runs', '1', '--seed', runSeed)).scenarios[0]?.digest ?? ''
    const signature = `durability: ${violation.kind}`
    record = { version: '0.1.0', runSeed, digest, signature, bases: {}, overrides: [] }
  })

  /** Saves the violation of a run, as `fuzz` does. */
  function save(change: Partial<ReplayRecord> = {}): void {
    write('saved.yaml', saveScenario(LOSES, { head: ['found by a test'], replay: { ...record, ...change } }))
  }

  test('replay is green while digest and violation come back, and tells the story', async () => {
    save()
    const { code, out, err } = await twiceshy('replay', 'saved.yaml')
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(out).toContain('✓ digest     as recorded')
    expect(out).toContain('✓ violation  as recorded: durability: lost-acked-write')
    expect(out).toContain('  story\n')
    expect(out).toMatch(/▶ .* begins to lead orders-0 in epoch 1/)
  })

  test('it is red in run until it is fixed, and replay is red when it is gone', async () => {
    save()
    expect((await twiceshy('run', 'saved.yaml', '--runs', '1')).code).toBe(1)
    const fixed = await twiceshy('replay', 'saved.yaml', '--set', 'producers.checkout.config.acks=all')
    expect(fixed.code).toBe(1)
    expect(fixed.out).toContain('durability: lost-acked-write is gone; nothing is violated now')
  })

  test('another digest is red although the violation is there', async () => {
    save({ digest: '0'.repeat(64) })
    const { code, out } = await twiceshy('replay', 'saved.yaml')
    expect(code).toBe(1)
    expect(out).toContain('✗ digest     differs from the recorded one')
    expect(out).toContain('✓ violation  as recorded')
  })
})
