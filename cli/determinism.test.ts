import { afterAll, describe, expect, test, vi } from 'vitest'
import { Nursery, type Plant } from './planted.test.support.ts'

const SCENARIO = `
scenario: three replicas
topics: { orders: { partitions: 2, replication.factor: 3, min.insync.replicas: 2 } }
producers: { checkout: { to: orders, send: { records: 50, every: 10ms } } }
expect: { durability: holds, publish/exactly-once: holds }
run: { for: 5s, runs: 4 }
`

const LATENCY = {
  anchor: 'return sampler.length(this.kernel.decideFor(LATENCY, lane1, lane2, sampler.bound));',
} as const

function latency(prelude: string, more: string): Plant {
  const replacement = `const drawn = sampler.length(this.kernel.decideFor(LATENCY, lane1, lane2, sampler.bound)); return ${more};`
  return { ...LATENCY, prelude, replacement }
}

const nursery = new Nursery()
nursery.file('a.yaml', SCENARIO)
afterAll(() => nursery.remove())

// Every test starts the command line several times.
vi.setConfig({ testTimeout: 120_000 })

/** Everything that makes a run depend on more than scenario, plan and seed. */
const PLANTS: readonly { readonly name: string; readonly plant: Plant; readonly told: RegExp }[] = [
  {
    name: 'a counter in a module, which goes on from run to run',
    plant: latency('let sent = 0;', 'drawn + sent++'),
    told: /the second in one that had judged the same run before/,
  },
  {
    name: 'a cache in a module, which keeps what the first run put there',
    plant: latency(
      'const cache = new Map();',
      '(cache.has(from + 99 * to) || cache.set(from + 99 * to, drawn), cache.get(from + 99 * to))',
    ),
    told: /the second in one that had judged (1 other run|\d+ other runs) before/,
  },
  {
    name: "the host's time",
    plant: latency('', 'drawn + Number(process.hrtime.bigint() % 5n)'),
    told: /second {2}/,
  },
]

/** What shows only in a world that was copied. */
const LEFT_BEHIND: readonly { readonly name: string; readonly plant: Plant }[] = [
  {
    name: 'state beside the world, by object',
    plant: latency(
      'const counts = new WeakMap();',
      '(counts.set(this, (counts.get(this) ?? 0) + 1), drawn + counts.get(this))',
    ),
  },
  {
    name: 'a Map in another order after the world was copied',
    plant: {
      anchor: 'for (const [key, value] of from)',
      replacement: 'for (const [key, value] of [...from].reverse())',
    },
  },
]

/** The first moment that differs, with both sides and what came before. */
function expectLocated(err: string): void {
  expect(err).toContain('internal error: the same run gave two digests')
  expect(err).toMatch(/scenario {2}a\.yaml: three replicas/)
  expect(err).toMatch(/run {7}\d · seed 1/)
  expect(err).toMatch(/the traces part at record [\d,]+:/)
  const [first, second] = ['first', 'second'].map((side) => new RegExp(`^ {2}${side} +(.+)$`, 'm').exec(err)?.[1])
  expect(err).toMatch(/^ {2}before +\S+ s \S+/m)
  expect(first).toMatch(/^\d+\.\d{6} s \S+ \S+\.\S+/)
  expect(second).toMatch(/^\d+\.\d{6} s \S+ \S+\.\S+/)
  expect(first).not.toBe(second)
}

describe.each(PLANTS)('$name', ({ plant: defect, told }) => {
  test('is found and located by check-determinism', () => {
    const { code, out, err } = nursery.run(defect, 'check-determinism', 'a.yaml')
    expect(code).toBe(70)
    expect(out).toContain('✗ the runs are not the same everywhere')
    expectLocated(err)
    expect(err).toMatch(told)
  })

  test.each(['1', '2'])(
    'is found and located by the share of runs that every command repeats, with --jobs %s',
    (jobs) => {
      const { code, err } = nursery.run(defect, 'run', 'a.yaml', '--jobs', jobs)
      expect(code).toBe(70)
      expectLocated(err)
    },
  )
})

test.each(['fuzz', 'campaign'])("the host's chance is found and located by the share that %s repeats", (command) => {
  const defect = latency('', 'drawn + Math.floor(5 * Math.random())')
  const { code, err } = nursery.run(defect, command, 'a.yaml', '--runs', '5')
  expect(code).toBe(70)
  expectLocated(err)
})

test.each(LEFT_BEHIND)('$name is found and located by check-determinism', ({ plant: defect }) => {
  expect(nursery.run(defect, 'run', 'a.yaml').code).toBe(0)
  const { code, out, err } = nursery.run(defect, 'check-determinism', 'a.yaml')
  expect(code).toBe(70)
  expect(out).toContain('✓ worker threads, heap queue, sent messages frozen')
  expect(out).not.toContain('✓ a fresh thread, backwards, copied on the way')
  expectLocated(err)
})

test("the machine's time zone is found and located under another Node binary", () => {
  const defect = latency('', 'drawn + Math.abs(new Date(0).getTimezoneOffset())')
  const { code, out, err } = nursery.run(defect, 'check-determinism', 'a.yaml', '--node', process.execPath)
  expect(code).toBe(70)
  // Every way on this Node gave the same: without another one it would not be found.
  expect(out.match(/^✓ .*/gm)).toEqual([
    expect.stringMatching(/^✓ main thread, heap queue/),
    expect.stringMatching(/^✓ worker threads, wheel queue, trace kept/),
    expect.stringMatching(/^✓ worker threads, heap queue, sent messages frozen/),
    expect.stringMatching(/^✓ a fresh thread, backwards, copied on the way/),
  ])
  expectLocated(err)
})

test('a judge that remembers earlier runs is found, though every moment is the same', () => {
  const defect = {
    anchor: 'observed: "holds",\n\t\t\treason: null,\n\t\t\tjudged\n',
    prelude: 'let asked = 0;',
    replacement: 'observed: "holds", reason: null, judged: judged + asked++',
  }
  const { code, err } = nursery.run(defect, 'run', 'a.yaml', '--jobs', '2')
  expect(code).toBe(70)
  expect(err).toMatch(/internal error: the same run, with the digest \w+ both times, gave two results/)
  expect(err).toContain('the moments are the same; what the judges say of them differs')
})

test('what is sound is the same in every way', () => {
  const defect = { ...LATENCY, replacement: LATENCY.anchor }
  const { code, out } = nursery.run(defect, 'check-determinism', 'a.yaml', '--node', process.execPath)
  expect(code).toBe(0)
  expect(out).toContain('20 runs in 5 ways, every digest the same')
})
