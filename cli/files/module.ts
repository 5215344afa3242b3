import { writeSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import { EXIT } from '../exit.ts'
import { errorText, UsageError } from '../usage-error.ts'

/** Whether a file is a module to import rather than text to parse. */
export function isModule(file: string): boolean {
  return /\.(?:mjs|ts)$/i.test(file)
}

/**
 * Imports a scenario module and gives its default export.
 *
 * @throws {@link UsageError} when it cannot be imported or exports nothing
 */
export async function moduleValue(path: string, shown: string): Promise<unknown> {
  const exported = await importDefault(path, shown)
  if (exported === undefined) {
    throw new UsageError(`${shown} has no default export`, 'write `export default defineScenario({ … })`')
  }
  return exported
}

async function importDefault(path: string, shown: string): Promise<unknown> {
  const { href } = pathToFileURL(path)
  try {
    const loaded = (await whileAlive(import(href), shown)) as { readonly default?: unknown }
    return loaded.default
  } catch (error) {
    if (error instanceof UsageError) throw error
    const code = (error as NodeJS.ErrnoException | null)?.code
    if (code === 'ERR_UNKNOWN_FILE_EXTENSION') return importByJiti(path, shown)
    const help =
      code === 'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX'
        ? 'Node strips types only: write no enums and no parameter properties'
        : null
    throw new UsageError(`${shown}${lineIn(error, href)} cannot be imported: ${messageOf(error)}`, help)
  }
}

/** A module may wait for something that never comes, or end the process: neither must look like a result. */
async function whileAlive<T>(work: Promise<T>, shown: string): Promise<T> {
  let stuck = (): void => {}
  const exited = (): void => {
    process.exitCode = EXIT.usage
    writeSync(2, errorText(`${shown} ended the process while it was imported`, 'a scenario module only exports'))
  }
  const never = new Promise<never>((_, reject) => {
    stuck = () => reject(new UsageError(`${shown} waits for something that never comes`, 'look for an `await` in it'))
  })
  process.once('beforeExit', stuck)
  process.once('exit', exited)
  try {
    return await Promise.race([work, never])
  } finally {
    process.off('beforeExit', stuck)
    process.off('exit', exited)
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
  readonly createJiti: (from: string) => { import(path: string, options: { readonly default: true }): Promise<unknown> }
}

/** Older Node versions run no TypeScript; `jiti` does, if the user has it. */
async function importByJiti(path: string, shown: string): Promise<unknown> {
  const name = 'jiti'
  let jiti: Jiti
  try {
    jiti = (await import(name)) as Jiti
  } catch {
    throw new UsageError(
      `Node ${process.versions.node} cannot read .ts scenarios such as ${shown}`,
      'use Node 22.18 or newer, `npm i -D jiti`, or write .yaml or .mjs',
    )
  }
  try {
    return await jiti.createJiti(import.meta.url).import(path, { default: true })
  } catch (error) {
    throw new UsageError(`${shown} cannot be imported: ${messageOf(error)}`)
  }
}
