import { pathToFileURL } from 'node:url'
import { UsageError } from '../usage-error.ts'

/** What a module exports, by name. */
export type Exports = Readonly<Record<string, unknown>>

/**
 * Imports a user's module.
 *
 * @throws {@link UsageError} when it cannot be imported
 */
export async function importModule(path: string, shown: string): Promise<Exports> {
  const { href } = pathToFileURL(path)
  try {
    return (await import(href)) as Exports
  } catch (error) {
    if (error instanceof UsageError) throw error
    const code = (error as NodeJS.ErrnoException | null)?.code
    if (code === 'ERR_UNKNOWN_FILE_EXTENSION' && path.toLowerCase().endsWith('.ts')) return importByJiti(path, shown)
    const help =
      code === 'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX'
        ? 'Node strips types only: write no enums and no parameter properties'
        : null
    throw new UsageError(`${shown}${lineIn(error, href)} cannot be imported: ${messageOf(error)}`, help)
  }
}

/** `:3` when the error tells a line of the module. */
function lineIn(error: unknown, href: string): string {
  const stack = error instanceof Error ? (error.stack ?? '') : ''
  const at = stack.indexOf(`${href}:`)
  return at < 0 ? '' : (/^:\d+/.exec(stack.slice(at + href.length))?.[0] ?? '')
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

interface Jiti {
  readonly createJiti: (from: string) => { import(path: string): Promise<unknown> }
}

/** Older Node versions run no TypeScript; `jiti` does, if the user has it. */
async function importByJiti(path: string, shown: string): Promise<Exports> {
  const name = 'jiti'
  let jiti: Jiti
  try {
    jiti = (await import(name)) as Jiti
  } catch {
    throw new UsageError(
      `Node ${process.versions.node} cannot read .ts modules such as ${shown}`,
      'use Node 22.18 or newer, which strips types itself, `npm i -D jiti`, or build it to .mjs and name that',
    )
  }
  try {
    return (await jiti.createJiti(import.meta.url).import(path)) as Exports
  } catch (error) {
    throw new UsageError(`${shown} cannot be imported: ${messageOf(error)}`)
  }
}
