import { existsSync, readdirSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { nearest } from '../../scenarios/format/suggest.ts'
import type { Context } from '../context.ts'
import { UsageError } from '../usage-error.ts'

const ENDING = '.yaml'

/**
 * The files and folders that a campaign is about: what exists or looks like a path is taken as one, any other word is the name
 * of a campaign that comes with the package.
 *
 * @throws {@link UsageError} when there is no campaign of that name
 */
export function campaignPaths(words: readonly string[], context: Pick<Context, 'root' | 'console'>): readonly string[] {
  return words.map((word) => {
    if (word === '' || existsSync(resolve(context.console.cwd, word))) return word
    const folder = join(context.root, 'scenarios', 'campaigns')
    const names = namesIn(folder)
    if (names.includes(word)) return shown(join(folder, `${word}${ENDING}`), context.console.cwd)
    if (/[./\\]/.test(word)) return word
    const near = nearest(word, names)
    const help = near === null ? `there are ${names.join(', ')}; or give a file` : `did you mean \`${near}\`?`
    throw new UsageError(`there is no campaign and no file ${JSON.stringify(word)}`, help)
  })
}

function namesIn(folder: string): readonly string[] {
  if (!existsSync(folder)) return []
  return readdirSync(folder)
    .filter((name) => name.endsWith(ENDING))
    .map((name) => name.slice(0, -ENDING.length))
    .sort((a, b) => (a < b ? -1 : 1))
}

/** Below the working directory relative to it, as the commands that repeat a run are shorter then. */
function shown(path: string, cwd: string): string {
  const below = relative(cwd, path)
  return below.startsWith('..') ? path : below
}
