import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Scenario } from '../../scenarios/format/scenario.ts'
import { JUDGE, ROOM } from '../built.test.support.ts'
import { realEngine } from '../real-engine.ts'
import { UsageError } from '../usage-error.ts'
import { CodeRoom } from './room.ts'

// Threads run what `tsc -b` made of the sources.
const room = new CodeRoom(ROOM)
const judgeModule = JUDGE
const folder = mkdtempSync(join(tmpdir(), 'twiceshy-'))
let load: (file: string) => Scenario
let files = 0

beforeAll(async () => {
  const engine = await realEngine()
  load = (file) => {
    const path = join(folder, file)
    const findModule = (module: string): string => join(folder, module)
    const options = { set: [], profile: null, readConfig: () => ({ error: 'none' }), findModule }
    const { scenarios, diagnostics } = engine.loadValue(file, room.describe(path, file), options)
    expect(diagnostics.filter(({ severity }) => severity === 'error')).toEqual([])
    return scenarios[0] as Scenario
  }
})
afterAll(() => rmSync(folder, { recursive: true }))

function write(name: string, text: string): string {
  writeFileSync(join(folder, name), text)
  return name
}

/** A scenario whose handler is that factory. */
function withHandler(factory: string, head = ''): string {
  return write(
    `own-${files++}.mjs`,
    `${head}
const factory = ${factory}
export default {
  scenario: 'own',
  topics: { orders: {}, sums: {} },
  producers: { checkout: { to: 'orders', send: { records: 5 }, config: { acks: 'all' } } },
  processors: {
    sum: { from: 'orders', to: 'sums', commit: 'after-output', handler: factory,
      config: { 'group.id': 'g', 'auto.offset.reset': 'earliest' } },
  },
  expect: { 'exactly-once': 'holds', progress: 'holds' },
}
`,
  )
}

function judged(factory: string, head = ''): ReturnType<CodeRoom['judge']> {
  return room.judge(judgeModule, load(withHandler(factory, head)), 0, {})
}

function mistake(factory: string, head = ''): UsageError {
  try {
    judged(factory, head)
  } catch (error) {
    if (error instanceof UsageError) return error
    throw error
  }
  throw new Error('nothing was refused')
}

describe('a handler', () => {
  test.each([
    ['that gives one output', '() => (record) => ({ value: record.value })', 5],
    ['that gives a list', '() => ({ key }) => [{ key }, { key, value: null, size: 7 }]', 10],
    ['that is asynchronous', '() => async (record, at) => { await at.sleep(1.5); await at.step("x"); return {} }', 5],
    ['that waits for several things', '() => (r, at) => Promise.all([at.sleep(1), at.sleep(2)]).then(() => ({}))', 5],
  ])('%s is judged as any other work', (_, factory, derived) => {
    const { verdicts, moments } = judged(factory)
    expect(verdicts.map(({ observed }) => observed)).toEqual(['holds', 'holds'])
    expect(moments).toMatchObject({ 'handler.finished': 5, 'record.derived': derived })
  })

  test('gives nothing, and the record is done', () => {
    const { verdicts, moments } = judged('() => () => undefined')
    expect(verdicts.map(({ observed }) => observed)).toEqual(['holds', 'holds'])
    expect(moments['record.derived']).toBeUndefined()
  })

  test('is given records as they are, the clock of its node and dice of the seed', () => {
    const seen = `(record, at) => {
      const { id, topic, partition, offset, key, value, size } = record
      const ok = id === 'checkout#0/' + offset && topic === 'orders' && partition === 0 && key === null && value === id && size === 100
      if (!ok || at.random() >= 1 || !Number.isInteger(at.now())) throw new Error(JSON.stringify(record))
      return {}
    }`
    expect(judged(`() => ${seen}`).moments['handler.threw']).toBeUndefined()
    expect(
      judged('({ application, instance, incarnation }) => () => ({ value: application + instance + incarnation })')
        .moments,
    ).toMatchObject({ 'handler.finished': 5 })
  })

  test('that leaves something to be done has it done before the next record', () => {
    const { moments } = judged(
      '() => { let done = 0; return (record) => { if (done !== record.offset) throw new Error("late"); void Promise.resolve().then(() => done++) } }',
    )
    expect(moments['handler.threw']).toBeUndefined()
    expect(moments['handler.finished']).toBe(5)
  })

  test('that throws dies with its process, which is started again and goes on from what was committed', () => {
    const { moments, verdicts } = judged(
      '({ incarnation }) => (record) => { if (incarnation < 3 && record.offset === 2) throw new RangeError("odd"); return {} }',
    )
    expect(moments).toMatchObject({ 'handler.threw': 2, 'node.crashed': 2 })
    expect(verdicts.find(({ guarantee }) => guarantee === 'progress')?.observed).toBe('holds')
  })

  test('that always throws keeps its group from getting on, and what it threw is told', () => {
    const { waiting, verdicts } = judged('() => () => { null.x }')
    expect(verdicts.find(({ guarantee }) => guarantee === 'progress')?.observed).toBe('violated')
    expect(verdicts.flatMap(({ violations }) => violations)[0]?.message).toMatch(
      /the handler of sum threw \d+ times, of checkout#0\/0/,
    )
    expect(JSON.stringify(waiting)).toMatch(/its handler threw TypeError: .*own-\d+\.mjs:2/)
  })
})

describe('the thread stops, by name and line,', () => {
  test.each([
    ['Date.now', '() => () => { Date.now() }'],
    ['new Date()', '() => () => ({ value: String(new Date()) })'],
    ['Date()', '() => () => ({ value: Date() })'],
    ['Math.random', '() => () => { Math.random() }'],
    ['setTimeout', '() => () => { setTimeout(() => {}, 1) }'],
    ['setTimeout', '() => async () => { await new Promise((go) => setTimeout(go, 1)) }'],
    ['setInterval', '() => () => { setInterval(() => {}, 1) }'],
    ['setImmediate', '() => () => { setImmediate(() => {}) }'],
    ['performance.now', '() => () => { performance.now() }'],
    ['crypto.randomUUID', '() => () => ({ value: crypto.randomUUID() })'],
    ['fetch', '() => async () => { await fetch("http://localhost:1") }'],
    ['process.hrtime', '() => () => { process.hrtime() }'],
    ['process.exit', '() => () => { process.exit(0) }'],
    ['process.nextTick', '() => () => { process.nextTick(() => {}) }'],
    ['process.on', '() => () => { process.on("exit", () => {}) }'],
    ['process.env.HOME', '() => () => ({ value: process.env.HOME })'],
    ['process.pid', '() => () => ({ value: String(process.pid) })'],
    ['Atomics.wait', '() => () => { Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1) }'],
    ['Intl.DateTimeFormat.format()', '() => () => ({ value: new Intl.DateTimeFormat().format() })'],
  ])('%s', (name, factory) => {
    const { message, help } = mistake(factory)
    expect(message).toMatch(/^own-\d+\.mjs: own, run 0 · seed 1: the handler of `sum` reaches for /)
    expect(message).toMatch(new RegExp(`reaches for ${name.replaceAll(/[.()]/g, '\\$&')} \\(own-\\d+\\.mjs:2\\)$`))
    expect(help).not.toBeNull()
  })

  test.each([
    ['fs.readFileSync', "import { readFileSync } from 'node:fs'", '() => () => { readFileSync("x") }'],
    ['fs.readFileSync', "import fs from 'fs'", '() => () => { fs.readFileSync("x") }'],
    [
      'fs/promises.readFile',
      "import { readFile } from 'node:fs/promises'",
      '() => async () => { await readFile("x") }',
    ],
    ['timers/promises.setTimeout', "import { setTimeout } from 'timers/promises'", '() => () => setTimeout(1)'],
    ['child_process.execSync', "import { execSync } from 'node:child_process'", '() => () => { execSync("true") }'],
    ['net.connect', "import net from 'node:net'", '() => () => { net.connect(1) }'],
    ['crypto.randomBytes', "import { randomBytes } from 'node:crypto'", '() => () => { randomBytes(1) }'],
    ['Date.now', 'const now = Date.now', '() => () => { now() }'],
    ['process.env.HOME', 'const { env } = process', '() => () => { env.HOME }'],
    ['vm.runInNewContext', "import vm from 'node:vm'", '() => () => { vm.runInNewContext("Date.now()") }'],
  ])('%s by way of a module: %s', (name, head, factory) => {
    expect(mistake(factory, head).message).toContain(`reaches for ${name} (`)
  })

  test('what a handler catches itself', () => {
    expect(mistake('() => () => { try { Math.random() } catch {} }').message).toContain('reaches for Math.random')
  })

  test('nothing of what is pure', () => {
    const pure =
      '() => ({ timestamp }) => ({ value: new Date(timestamp).toISOString() + new Intl.DateTimeFormat("en").format(5) + Math.max(1, 2) + structuredClone([1]) })'
    expect(judged(pure).moments['handler.finished']).toBe(5)
  })
})

describe('refused, with what to do,', () => {
  test.each([
    ['a number', '() => () => 7', 'returned 7'],
    ['a text', '() => () => "x"', 'returned "x"'],
    ['a function', '() => () => () => 1', 'returned a function'],
    ['a list in a list', '() => () => [[]]', 'returned a list'],
    ['an odd key', '() => () => ({ partition: 1 })', 'returned an output with `partition`'],
    ['another topic', '() => () => ({ topic: "orders" })', 'returned an output to "orders"; `to` has sums'],
    ['a value that is no text', '() => () => ({ value: { a: 1 } })', 'returned an output whose `value` is an object'],
    ['a key that is no text', '() => async () => ({ key: 4 })', 'returned an output whose `key` is 4'],
    ['an odd size', '() => () => ({ size: -1 })', 'returned an output whose `size` is -1'],
    ['too much', '() => () => Array.from({ length: 1001 }, () => ({}))', 'returned 1001 outputs'],
    ['no handler', '() => ({})', 'is not made by a factory'],
    ['no factory', '(record) => ({ value: record.value })', 'is not made by a factory'],
    ['a factory that throws', '() => { throw new Error("no") }', 'cannot be made: its factory threw Error: no'],
    ['a changed record', '() => (record) => { record.value = "x"; return record }', 'changes the record'],
    ['a promise that nobody keeps', '() => () => new Promise(() => {})', 'never finishes'],
    ['a sleep not awaited', '() => (r, at) => { at.sleep(1) }', 'is done before a sleep or step'],
    ['a sleep into the past', '() => (r, at) => at.sleep(-1)', 'sleeps for -1'],
    ['a step without a name', '() => (r, at) => at.step()', 'comes to a step without a name'],
    [
      'a failure of later',
      '() => () => { queueMicrotask(() => { throw new Error("lost") }) }',
      'did not wait for it: lost',
    ],
    [
      'a failure beside its result',
      '() => () => { Promise.reject(new Error("lost")); return {} }',
      'did not wait for it: lost',
    ],
    [
      'a failure nobody waits for',
      '() => async () => { Promise.reject(new Error("lost")); await null }',
      'did not wait for it: lost',
    ],
  ])('%s', (_, factory, said) => {
    const { message } = mistake(factory)
    expect(message).toContain('the handler of `sum` ')
    expect(message).toContain(said)
  })

  test('a handler that loops for ever, and the next run is judged by a new thread', () => {
    const { message, help } = mistake('() => () => { for (;;); }')
    expect(message).toMatch(/^own-\d+\.mjs: own, run 0 · seed 1: the handler of `sum` was called and did not come back/)
    expect(help).toContain('endless loop')
    expect(judged('() => () => ({})').moments['handler.finished']).toBe(5)
  }, 30_000)

  test.each([
    ['a module that loops for ever', 'for (;;);', 'did not come back'],
    [
      'a module that waits for ever',
      'await new Promise(() => {}); export default {}',
      'waits for something that never comes',
    ],
    ['a module that ends the process', 'process.exit(0)', 'ended the process'],
    ['a module that throws', '\nthrow new Error("broken")', ':2 cannot be imported: broken'],
    ['a module with nothing', 'export const x = 1', 'has no default export'],
    ['a handler alone', 'export default () => () => ({})', 'is a function, and no scenario'],
  ])(
    '%s',
    (_, text, said) => {
      const name = write(`bad-${files++}.mjs`, text)
      expect(() => room.describe(join(folder, name), name)).toThrow(said)
    },
    30_000,
  )

  test.each([
    ['./none.mjs', 'cannot be imported'],
    [`./${write('export.mjs', 'export const x = 1; export const f = () => () => ({})')}`, 'has no default export'],
    ['./export.mjs#y', 'has no export `y`'],
    ['./export.mjs#x', 'the export `x` of export.mjs is no function'],
  ])('a handler %s that is not there', (reference, said) => {
    const [path = '', entry = ''] = reference.split('#')
    const handlers = [{ application: 'sum', code: { module: join(folder, path), entry } }]
    expect(() => room.importAll(handlers, 'a.yaml')).toThrow(said)
  })
})

/** A scenario in which handlers `a` and `b` work; `b` is a consumer's, of everything that `a` writes to `sums`. */
function chain(a: string, b: string, more = '', commit = 'after-output'): ReturnType<CodeRoom['judge']> {
  const group = (id: string): string => `config: { 'group.id': '${id}', 'auto.offset.reset': 'earliest' }`
  const name = write(
    `chain-${files++}.mjs`,
    `export default {
  scenario: 'chain',
  topics: { orders: {}, sums: {}, others: {} },
  producers: { checkout: { to: 'orders', send: { records: 12 }, config: { acks: 'all' } } },
  processors: { a: { from: 'orders', to: ['sums', 'others'], commit: '${commit}', handler: ${a}, ${group('a')} } },
  consumers: { b: { from: 'sums', commit: 'after-processing', 'commit-every': 'record', handler: ${b}, ${group('b')} } },
  ${more}
  expect: { 'exactly-once': 'holds', 'b:exactly-once': 'holds', 'offset-safety': 'holds', progress: 'holds' },
}
`,
  )
  return room.judge(judgeModule, load(name), 0, {})
}

describe('several topics and consumers', () => {
  const SPLIT = '() => ({ offset }) => ({ topic: offset % 3 === 0 ? "sums" : "others" })'

  test('an output goes to the topic that it names, and whoever reads another is not owed it', () => {
    const { moments, verdicts } = chain(SPLIT, '() => () => {}')
    expect(verdicts.map(({ observed }) => observed)).toEqual(['holds', 'holds', 'holds', 'holds'])
    expect(moments).toMatchObject({ 'handler.routed': 12, 'record.derived': 12, 'effect.applied': 4 })
  })

  test('an output that is lost is owed to those who read the topic that was named', () => {
    const a = '() => ({ offset }) => ({ topic: offset === 1 ? "sums" : "others" })'
    const crash = "faults: [{ when: { moment: 'handler.finished', nth: 2 }, crash: 'a', for: '1s' }],"
    const { verdicts } = chain(`${a}, 'commit-every': 'record'`, '() => () => {}', crash, 'before-output')
    const of = verdicts.find(({ guarantee, subject }) => guarantee === 'exactly-once' && subject === 'b')
    expect(of?.observed).toBe('violated')
    expect(of?.violations.map(({ kind }) => kind)).toEqual(['lost-effect'])
  })

  test('without a name the first of `to` gets it', () => {
    const { moments } = chain('() => () => ({})', '() => () => {}')
    expect(moments).toMatchObject({ 'effect.applied': 12 })
  })

  test('a consumer is done with a record when its handler has returned, and dies at its steps', () => {
    const b = '() => async (record, at) => { await at.sleep(5); await at.step("called"); await at.sleep(5) }'
    const crash = "faults: [{ when: { moment: 'handler.stepped', name: 'called', nth: 3 }, crash: 'b', for: '1s' }],"
    const { moments, verdicts } = chain('() => () => ({})', b, crash)
    expect(moments).toMatchObject({ 'effect.applied': 12, 'node.crashed': 1, 'handler.stepped': 13 })
    expect(verdicts.map(({ observed }) => observed)).toEqual(['holds', 'holds', 'holds', 'holds'])
  })

  test('a consumer that throws is started again', () => {
    const b = '({ incarnation }) => ({ offset }) => { if (incarnation === 1 && offset === 4) throw new Error("odd") }'
    expect(chain('() => () => ({})', b).moments).toMatchObject({ 'handler.threw': 1, 'effect.applied': 12 })
  })

  test('a consumer publishes nothing', () => {
    expect(() => chain('() => () => ({})', '() => (record) => ({ value: record.value })')).toThrow(
      "the handler of `b` returned an object, and what a consumer's handler returns goes nowhere",
    )
  })

  test('workers share the handler of their process, which has as many records at a time', () => {
    const b =
      '() => { let most = 0, now = 0; return async (r, at) => { most = Math.max(most, ++now); await at.sleep(30); now--; if (r.offset === 11 && most !== 3) throw new Error(String(most)) } }'
    const name = write(
      `workers-${files++}.mjs`,
      `export default {
  scenario: 'workers',
  topics: { orders: {} },
  producers: { checkout: { to: 'orders', send: { records: 12 }, config: { acks: 'all' } } },
  consumers: { b: { from: 'orders', handling: { 'hand-off': 3 }, commit: 'after-processing', handler: ${b},
    config: { 'group.id': 'b', 'auto.offset.reset': 'earliest' } } },
  expect: { 'exactly-once': 'holds' },
}
`,
    )
    const { moments, verdicts } = room.judge(judgeModule, load(name), 0, {})
    expect(moments).toMatchObject({ 'handler.finished': 12, 'effect.applied': 12 })
    expect(verdicts[0]?.observed).toBe('holds')
    expect(moments['handler.threw']).toBeUndefined()
  })
})

test('an export is found by name', () => {
  write('named.mjs', 'export const f = () => () => ({})')
  const handlers = [{ application: 'sum', code: { module: join(folder, 'named.mjs'), entry: 'f' } }]
  expect(() => room.importAll(handlers, 'a.yaml')).not.toThrow()
})

test('data of a module crosses as it is, and what is no data is told', () => {
  const name = write(
    'data.mjs',
    'const a = { x: 1n, f() {}, s: Symbol("q") }; a.self = a; export default { a, list: [1, , null] }',
  )
  const value = room.describe(join(folder, name), name) as { a: Record<string, unknown> }
  expect(value.a['x']).toBe(1n)
  expect(typeof value.a['f']).toBe('function')
  expect(typeof value.a['s']).toBe('symbol')
  expect(value.a['self']).toBe(value.a)
})
