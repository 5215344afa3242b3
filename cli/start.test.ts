import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'

const DIST = new URL('../dist/', import.meta.url)

/** A built file: the modules that it holds, and what it loads at once. */
interface Built {
  readonly modules: readonly string[]
  readonly loads: readonly string[]
}

function filesBelow(folder: URL): readonly string[] {
  const names = readdirSync(fileURLToPath(folder), { recursive: true, encoding: 'utf8' })
  return names.filter((name) => name.endsWith('.js')).map((name) => new URL(name.replaceAll('\\', '/'), folder).href)
}

/** Before it is packed a file is a module; packed it tells them, each before its text. */
function read(url: string, isPacked: boolean): Built {
  const text = readFileSync(new URL(url), 'utf8')
  const modules = isPacked
    ? [...text.matchAll(/^\/\/ dist\/(\S+\.js)$/gm)].map(([, name = '']) => name)
    : [url.slice(DIST.href.length)]
  const loads = [...text.matchAll(/^(?:import|export)\s(?:[^'"`;]*?\sfrom\s)?["']([^"']+)["']/gm)].map(
    ([, name = '']) => (name.startsWith('.') ? new URL(name, url).href : name),
  )
  return { modules, loads }
}

describe.each([
  { how: 'as it was compiled', folder: DIST, isPacked: false },
  { how: 'as it is packed', folder: new URL('bundle/', DIST), isPacked: true },
])('$how', ({ folder, isPacked }) => {
  const files = new Map(
    filesBelow(folder)
      .filter((url) => isPacked || !url.startsWith(`${DIST.href}bundle/`))
      .map((url) => [url, read(url, isPacked)]),
  )

  /** The built files, and packages, that a module loads at once. */
  function filesLoadedBy(module: string): ReadonlySet<string> {
    const [start] = [...files].filter(([, { modules }]) => modules.includes(module))
    if (start === undefined) throw new Error(`${module} was not built`)
    const loaded = new Set<string>()
    const left = [start[0]]
    for (let url = left.pop(); url !== undefined; url = left.pop()) {
      if (loaded.has(url)) continue
      loaded.add(url)
      left.push(...(files.get(url)?.loads ?? []))
    }
    return loaded
  }

  function loadedBy(module: string): ReadonlySet<string> {
    return new Set([...filesLoadedBy(module)].flatMap((url) => files.get(url)?.modules ?? [url]))
  }

  function matching(module: string, what: RegExp): readonly string[] {
    return [...loadedBy(module)].filter((name) => what.test(name))
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
    expect(loadedBy('properties/judge.js')).toContain('sim/world.js')
    expect(matching('properties/judge.js', /^(?:zod|yaml|cli|reports|scenarios\/format\/load)/)).toEqual([])
  })

  if (isPacked)
    test('a thread that judges loads few files, each of which costs time', () => {
      expect(filesLoadedBy('properties/judge.js').size).toBeLessThan(40)
    })
})
