import { mkdirSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { shellQuoted } from '../../reports/words.ts'
import type { Context } from '../context.ts'
import { EXIT, type ExitCode } from '../exit.ts'
import { reasonOf, shownPath } from '../files/collect.ts'
import { UsageError } from '../usage-error.ts'
import { firstScenario, workflow } from './init-files.ts'

const SCENARIOS = 'scenarios'

/** `twiceshy init`: a first scenario, its schema for the editor and a CI workflow. Nothing that exists is touched. */
export async function init(folder: string, context: Context): Promise<ExitCode> {
  const { out, cwd } = context.console
  const engine = await context.engine()
  const target = resolve(cwd, folder)
  const scenario = join(target, SCENARIOS, 'first.yaml')
  const files: readonly (readonly [string, string])[] = [
    [scenario, firstScenario()],
    [join(target, SCENARIOS, 'twiceshy.schema.json'), `${JSON.stringify(engine.schema(), null, 2)}\n`],
    [join(target, '.github', 'workflows', 'twiceshy.yml'), workflow(context.version)],
  ]
  for (const [path, text] of files) {
    const shown = shownPath(path, cwd)
    out.write(writeNew(path, shown, text) ? `  wrote   ${shown}\n` : `  exists  ${shown}, left as it is\n`)
  }
  out.write(`\nNow: twiceshy run ${shellQuoted(shownPath(scenario, cwd))}\n`)
  out.write('Then put your own topics, settings and faults in; `twiceshy list` shows what there is.\n')
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
