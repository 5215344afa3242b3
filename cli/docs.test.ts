import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { INVARIANTS } from '../properties/invariants/names.ts'
import { GUARANTEES, STAGES } from '../scenarios/format/vocabulary.ts'

const checks = readFileSync(fileURLToPath(new URL('../docs/checks.md', import.meta.url)), 'utf8')

/** Rows of the table of properties: cells by column. */
const rows = checks.split('\n').flatMap((line) => (/^\| E\d+ +\|/.test(line) ? [line.split('|').slice(1, -1)] : []))

const named = (cell: string | undefined): readonly string[] =>
  [...(cell ?? '').matchAll(/`([a-z][a-z-]+)`/g)].map(([, name]) => name ?? '')

test('the table of checks names every invariant, and only such', () => {
  const names = INVARIANTS.map(({ name }) => name)
  expect(rows).toHaveLength(14)
  for (const [, , invariants] of rows) for (const name of named(invariants)) expect(names).toContain(name)
  expect(names.filter((name) => !checks.includes(`\`${name}\``))).toEqual([])
})

test('the table of checks names every guarantee, and only such', () => {
  const names = GUARANTEES.map(({ name }) => name as string)
  const told = rows.flatMap(([, , , guarantees]) => named(guarantees))
  const stages: readonly string[] = STAGES
  for (const name of told) if (!stages.includes(name)) expect(names).toContain(name)
  const missing = GUARANTEES.filter(({ name, judged }) => judged && !told.includes(name))
  expect(missing).toEqual([])
})
