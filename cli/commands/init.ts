import { mkdirSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { shellQuoted } from '../../reports/words.ts'
import type { Context, GlobalFlags } from '../context.ts'
import { EXIT, type ExitCode } from '../exit.ts'
import { reasonOf, shownPath } from '../files/collect.ts'
import { UsageError } from '../usage-error.ts'
import { firstScenario, workflow } from './init-files.ts'
import { type Own, type OwnScenario, ownScenario } from './init-own.ts'

const SCENARIOS = 'scenarios'

/**
 * `twiceshy init`: a first scenario, its schema for the editor and a CI workflow; with a topic or a producer's settings, a
 * scenario of those. Nothing that exists is touched.
 */
export async function init(
  folder: string,
  context: Context,
  own: Own | null = null,
  globals: GlobalFlags = { quiet: false, verbose: false, color: null },
): Promise<ExitCode> {
  const { out, cwd } = context.console
  const engine = await context.engine()
  const target = resolve(cwd, folder)
  const first: OwnScenario | null =
    own === null
      ? { path: join(target, SCENARIOS, 'first.yaml'), text: firstScenario(), beside: [] }
      : await ownScenario(own, target, globals, context)
  if (first === null) return EXIT.usage
  const scenario = first.path
  const files: readonly (readonly [string, string])[] = [
    [scenario, first.text],
    ...first.beside,
    [join(target, SCENARIOS, 'twiceshy.schema.json'), `${JSON.stringify(engine.schema(), null, 2)}\n`],
    [join(target, '.github', 'workflows', 'twiceshy.yml'), workflow(context.version)],
  ]
  for (const [path, text] of files) {
    const shown = shownPath(path, cwd)
    out.write(writeNew(path, shown, text) ? `  wrote   ${shown}\n` : `  exists  ${shown}, left as it is\n`)
  }
  out.write(`\nNow: twiceshy run ${shellQuoted(shownPath(scenario, cwd))}\n`)
  if (own?.consumer != null)
    out.write('`twiceshy fuzz` with the same file hunts for the smallest way to break a promise.\n')
  const yours = own === null ? 'your own topics, settings and faults' : 'your own faults and expectations'
  out.write(`Then put ${yours} in; \`twiceshy list\` shows what there is.\n`)
  return EXIT.met
}

function writeNew(path: string, shown: string, text: string): boolean {
  try {
    mkdirSync(dirname(path), { recursive: true })
    if (statSync(path, { throwIfNoEntry: false }) !== undefined) return false
    writeFileSync(path, text, { flag: 'wx' })
    return true
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    const reason = code === 'EEXIST' ? 'a part of the path is a file, not a folder' : reasonOf(error)
    throw new UsageError(`${shown} cannot be written: ${reason}`)
  }
}
