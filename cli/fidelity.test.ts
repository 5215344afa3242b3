import { existsSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

const STATES = ['modelled', 'simplified', 'absent'] as const

const text = readFileSync('docs/fidelity.md', 'utf8')
const sections = text.split(/^## /m).slice(1)

function rulesIn(section: string): readonly (readonly string[])[] {
  const rows = section.split('\n').map((line) => line.split(' | ').map((cell) => cell.replace(/^\| | \|$/g, '')))
  return rows.filter((cells) => cells.length === 3 && STATES.some((state) => state === cells[1]) && !isReference(cells))
}

/** A rule that is told, and counted, elsewhere. */
function isReference(cells: readonly string[]): boolean {
  return /^see [\d.]+$/.test(cells[2] ?? '')
}

function countsOf(rules: readonly (readonly string[])[]): string {
  return STATES.map((state) => rules.filter((cells) => cells[1] === state).length).join(' | ')
}

test('the table at the top of docs/fidelity.md counts the rules below it', () => {
  const expected = sections
    .map((section) => [section.slice(0, section.indexOf('\n')), rulesIn(section)] as const)
    .filter(([, rules]) => rules.length > 0)
    .map(([title, rules]) => `| ${title} | ${countsOf(rules)} |`)
  const all = countsOf(sections.flatMap(rulesIn))
  const told = (text.split(/^## /m)[0] ?? '').split('\n').filter((line) => /^\|.*\d+\*{0,2} \|$/.test(line))
  expect(told).toEqual([...expected, `| **all** | ${all.replace(/\d+/g, '**$&**')} |`])
})

test('every test that docs/fidelity.md names exists', () => {
  const modelled = sections.flatMap(rulesIn).filter((cells) => cells[1] === 'modelled')
  const named = modelled.flatMap(
    (cells) => (cells[2] ?? '').match(/(?<![\w`/.])(?:\.\.\/)*[a-z-]+(?:\/[a-z-]+)+/g) ?? [],
  )
  expect(named.length).toBeGreaterThan(300)
  const missing = named.filter((name) => !existsSync(`sim/kafka/${name}.test.ts`) && !existsSync(`${name}.test.ts`))
  expect([...new Set(missing)]).toEqual([])
})
