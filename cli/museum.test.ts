import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import type { ResultDocument, ScenarioResult } from '../reports/result.ts'
import type { RawPatch, RawScenario } from '../scenarios/format/raw.ts'
import { MAIN } from './built.test.support.ts'

// The rules of scenarios/museum: one documented anomaly per file, shown and taken away by one setting under one plan.

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const FILES: readonly string[] = readdirSync(`${ROOT}scenarios/museum`).filter((file) => file.endsWith('.yaml'))

/** What a variant says of its judging, and not of its world. */
const JUDGING: ReadonlySet<string> = new Set(['about', 'expect', 'cover', 'run', 'void'])

const SCENARIOS: ReadonlyMap<string, RawScenario> = new Map(
  FILES.map((file) => [file, parse(readFileSync(`${ROOT}scenarios/museum/${file}`, 'utf8')) as RawScenario]),
)

function read(file: string): RawScenario {
  return SCENARIOS.get(file) as RawScenario
}

function variant(file: string, name: string): RawPatch {
  const patch = read(file).variants?.[name]
  if (patch === undefined) throw new Error(`${file} has no variant ${name}`)
  return patch
}

/** The settings that a variant changes, as `path=value`. The base of a profile is no change. */
function settings(value: unknown, path: readonly string[] = []): readonly string[] {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) {
    return path.at(-1) === 'base' ? [] : [`${path.join('.')}=${JSON.stringify(value)}`]
  }
  return Object.entries(value)
    .filter(([key]) => path.length > 0 || !JUDGING.has(key))
    .flatMap(([key, inner]) => settings(inner, [...path, key]))
}

function pathsThatDiffer(a: RawPatch, b: RawPatch): ReadonlySet<string> {
  const [first, second] = [new Set(settings(a)), new Set(settings(b))]
  const different = [...first]
    .filter((each) => !second.has(each))
    .concat([...second].filter((each) => !first.has(each)))
  return new Set(different.map((each) => each.slice(0, each.indexOf('='))))
}

describe.each(FILES)('%s', (file) => {
  test('is named by its anomaly, and judges nothing but its variants', () => {
    const { scenario, expect: expected, variants } = read(file)
    expect(file).toMatch(/^[A-Z]\d\d[a-z]?-[a-z0-9-]+\.yaml$/)
    expect(String(scenario)).toMatch(new RegExp(`^${file.slice(0, file.indexOf('-'))}: `))
    expect(expected).toBeUndefined()
    expect(Object.keys(variants ?? {})).toEqual(expect.arrayContaining(['before', 'after', 'after-chaos']))
  })

  test('has one plan for before and after, which differ in one setting', () => {
    const [before, after] = [variant(file, 'before'), variant(file, 'after')]
    for (const patch of [before, after]) expect([patch.faults, patch.chaos]).toEqual([undefined, undefined])
    expect(pathsThatDiffer(before, after).size).toBe(1)
  })

  test('has the setting of after under chaos', () => {
    const chaotic = variant(file, 'after-chaos')
    expect(settings(chaotic)).toEqual(expect.arrayContaining([...settings(variant(file, 'after'))]))
    expect(chaotic.chaos).toBeDefined()
    expect(chaotic.faults ?? read(file).faults ?? []).toEqual([])
    expect(chaotic.run?.runs).toBeGreaterThanOrEqual(200)
  })

  test('expects a named kind before, and nothing but guarantees that hold after', () => {
    const expected = Object.values(variant(file, 'before').expect ?? {})
    expect(expected.some((each) => typeof each === 'object' && each !== null && 'violated' in each)).toBe(true)
    for (const name of ['after', 'after-chaos']) {
      const held = Object.values(variant(file, name).expect ?? {})
      expect(held.length).toBeGreaterThan(0)
      expect(new Set(held)).toEqual(new Set(['holds']))
    }
  })
})

describe('run', () => {
  let results: readonly ScenarioResult[] = []

  beforeAll(() => {
    const args = [MAIN, 'run', 'scenarios/museum', '--runs', '1', '--json']
    const { stdout } = spawnSync(process.execPath, args, { cwd: ROOT, encoding: 'utf8', maxBuffer: 1 << 26 })
    results = (JSON.parse(stdout) as ResultDocument).scenarios
  }, 120_000)

  test.each(FILES)('%s shows the anomaly in run 0, and not after', (file) => {
    const of = (name: string): ScenarioResult | undefined =>
      results.find((result) => result.file.endsWith(file) && result.variant === name)
    expect([of('before')?.met, of('after')?.met]).toEqual([true, true])
    const violated = of('before')?.expectations.filter(({ expected }) => expected === 'violated') ?? []
    expect(violated.length).toBeGreaterThan(0)
    for (const { firstViolation } of violated) expect(firstViolation?.run).toBe(0)
  })
})
