import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const root = fileURLToPath(new URL('..', import.meta.url))

/** One way each in which simulated code could come to depend on the machine, the locale or the engine. */
const HAZARDS: Readonly<Record<string, string>> = {
  'the host clock': 'export const a = Date.now()',
  'a date': 'export const a = new Date()',
  'a high-resolution clock': 'export const a = performance.now()',
  'a random number': 'export const a = Math.random()',
  'a random number by another name': 'const { random } = Math\nexport const a = random()',
  'a power': 'export const a = Math.pow(2, 0.5)',
  'a logarithm': 'export const a = Math.log(2)',
  'an exponential': 'export const a = Math.exp(2)',
  'a sine': 'export const a = Math.sin(2)',
  'random bytes': 'export const a = crypto.randomUUID()',
  'a real timer': 'setTimeout(() => {}, 1)',
  'a microtask': 'queueMicrotask(() => {})',
  'the process': 'export const a = process.pid',
  'the console': "console.log('a')",
  'a formatter of the locale': 'export const a = new Intl.NumberFormat()',
  'an order of the locale': "export const a = 'a'.localeCompare('b')",
  'a text of the locale': 'export const a = (1).toLocaleString()',
  'a weak reference': 'export const a = new WeakRef({})',
  'a finaliser': 'export const a = new FinalizationRegistry(() => {})',
  'the global object': 'export const a = globalThis',
  'the machine': "import { readFileSync } from 'node:fs'\nexport const a = readFileSync",
  'an unordered sort': 'export const a = [10, 9].sort()',
  'an unordered copy': 'export const a = [10, 9].toSorted()',
  'an any': 'export const a: any = 1',
  'a default export': 'export default 1',
  'a promise left alone': 'async function a(): Promise<void> {}\nexport function b(): void {\n  a()\n}',
}

let folder = ''

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'twiceshy-lint-'))
  const config = JSON.parse(readFileSync(join(root, '.oxlintrc.json'), 'utf8')) as { ignorePatterns: unknown }
  writeFileSync(join(folder, '.oxlintrc.json'), JSON.stringify({ ...config, ignorePatterns: ['node_modules'] }))
  writeFileSync(
    join(folder, 'tsconfig.json'),
    JSON.stringify({ compilerOptions: { strict: true, target: 'es2023', lib: ['es2023', 'dom'] } }),
  )
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
  for (const room of ['sim', 'properties']) {
    mkdirSync(join(folder, room))
    writeFileSync(join(folder, room, 'clean.ts'), 'export const a: readonly number[] = [2, 1].sort((x, y) => x - y)\n')
  }
  Object.values(HAZARDS).forEach((source, index) => {
    for (const room of ['sim', 'properties']) writeFileSync(join(folder, room, `hazard-${index}.ts`), `${source}\n`)
  })
})

afterAll(() => rmSync(folder, { recursive: true }))

describe('the linter refuses in sim and properties', () => {
  let complaints = ''
  beforeAll(() => {
    const arguments_ = [join(root, 'node_modules/oxlint/bin/oxlint'), '--type-aware', '--format=unix']
    complaints = spawnSync(process.execPath, arguments_, { cwd: folder, encoding: 'utf8' }).stdout
  }, 60_000)

  test.each(Object.keys(HAZARDS))('%s', (hazard) => {
    const index = Object.keys(HAZARDS).indexOf(hazard)
    for (const room of ['sim', 'properties']) expect(complaints).toContain(`${room}/hazard-${index}.ts:`)
  })

  test('and nothing else', () => {
    expect(complaints).not.toContain('clean.ts')
  })
})

test('no power with the operator either: `x ** y` of a fraction differs between engines', () => {
  const offenders = ['sim', 'properties'].flatMap((room) =>
    readdirSync(join(root, room), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
      .filter((file) => /^(?!\s*(\*|\/)).*\w \*\* /m.test(readFileSync(join(root, room, file), 'utf8'))),
  )
  expect(offenders).toEqual([])
})
