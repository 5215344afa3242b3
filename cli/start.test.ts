import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

const DIST = new URL('../dist/', import.meta.url).href

/** What a built module loads at once: files below `dist`, and packages. */
function loadedBy(file: string): ReadonlySet<string> {
  const loaded = new Set<string>()
  const left = [new URL(file, DIST).href]
  for (let url = left.pop(); url !== undefined; url = left.pop()) {
    if (loaded.has(url)) continue
    loaded.add(url)
    if (!url.startsWith(DIST)) continue
    const text = readFileSync(new URL(url), 'utf8')
    for (const [, name = ''] of text.matchAll(/^(?:import|export)\s(?:[^'"`;]*?\sfrom\s)?["']([^"']+)["']/gm))
      left.push(name.startsWith('.') ? new URL(name, url).href : name)
  }
  return new Set([...loaded].map((url) => url.replace(DIST, '')))
}

function matching(file: string, what: RegExp): readonly string[] {
  return [...loadedBy(file)].filter((name) => what.test(name))
}

test('a start loads neither the simulator nor its judges, its schema or its parser', () => {
  expect(loadedBy('cli/main.js')).toContain('commander')
  expect(
    // The name of a mark is a word, and all that a start knows of mutants.
    matching(
      'cli/main.js',
      /^(?:properties\/(?!mutants\/mark)|sim\/(?:kafka|world)|scenarios\/format\/load|zod|yaml|fast-check)/,
    ),
  ).toEqual([])
})

test('run loads the judge and the search only when it needs them', () => {
  expect(loadedBy('cli/commands/run.js')).toContain('cli/pool/judge-all.js')
  expect(
    matching('cli/commands/run.js', /^(?:properties\/(?:judge|search)|sim\/world|scenarios\/format\/load)/),
  ).toEqual([])
})

test('a thread that judges loads neither the schema nor the parser of scenario files', () => {
  expect(matching('properties/judge.js', /^(?:zod|yaml|cli|reports|scenarios\/format\/load)/)).toEqual([])
})
