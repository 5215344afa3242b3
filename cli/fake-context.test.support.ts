import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expectation, scenario } from '../reports/sample.test.support.ts'
import type { LoadedFile, Scenario } from '../scenarios/format/scenario.ts'
import { WORKER } from './built.test.support.ts'
import type { Context } from './context.ts'
import type { Engine } from './engine.ts'
import type { ExitCode } from './exit.ts'
import { main } from './program.ts'

/** Runs the command line in a folder of its own with a made-up loader and judge. */
export interface Bench {
  readonly folder: string
  /** Writes a file; scenarios are given as data. */
  file(name: string, content: string | readonly Partial<Scenario>[]): string
  run(...args: readonly string[]): Promise<{ readonly exit: ExitCode; readonly out: string; readonly err: string }>
}

export function bench(context: Partial<Context> = {}, env: Context['console']['env'] = {}): Bench {
  const folder = mkdtempSync(join(tmpdir(), 'twiceshy-'))
  return {
    folder,
    file(name, content) {
      mkdirSync(dirname(join(folder, name)), { recursive: true })
      writeFileSync(join(folder, name), typeof content === 'string' ? content : JSON.stringify(content))
      return name
    },
    async run(...args) {
      const text = { out: '', err: '' }
      const sink = (name: 'out' | 'err'): Context['console']['out'] => ({
        write: (more) => void (text[name] += more),
        isTTY: false,
        columns: 100,
      })
      const exit = await main(args, {
        console: { out: sink('out'), err: sink('err'), env, cwd: folder },
        engine: async () => fakeEngine,
        // Threads run what `tsc -b` made of the sources.
        judgeModule: new URL('../dist/cli/fake-judge.test.support.js', import.meta.url).href,
        workerScript: WORKER,
        version: '0.0.0',
        root: folder,
        ...context,
      })
      return { exit, ...text }
    },
  }
}

/** Reads scenarios written as data; a file that says `mistakes: n` has n of them. */
export const fakeEngine: Engine = {
  load(file, text): LoadedFile {
    const mistakes = Number(/^mistakes: (\d+)/.exec(text)?.[1] ?? 0)
    const diagnostics = Array.from({ length: mistakes }, (_, i) => ({
      code: 'TWICESHY_TEST',
      severity: 'error' as const,
      message: `mistake ${i + 1} of ${file}`,
      help: null,
      spans: [],
    }))
    const scenarios = mistakes > 0 ? [] : (JSON.parse(text) as readonly Partial<Scenario>[])
    return { file, text, diagnostics, scenarios: scenarios.map((change) => scenario({ file, ...change })) }
  },
  loadValue: (file, value) => ({
    file,
    text: '',
    diagnostics: [],
    scenarios: [scenario({ file, ...(value as Partial<Scenario>) })],
  }),
  render: ({ severity, message }) => `${severity}: ${message}\n`,
  schema: () => ({ title: 'a schema' }),
}

export const VIOLATED: Partial<Scenario> = { expect: [expectation({ expected: 'violated' })] }
