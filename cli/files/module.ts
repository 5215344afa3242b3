import { pathToFileURL } from 'node:url'
import { UsageError } from '../usage-error.ts'

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
  try {
    const loaded = (await import(pathToFileURL(path).href)) as { readonly default?: unknown }
    return loaded.default
  } catch (error) {
    const code = (error as NodeJS.ErrnoException | null)?.code
    if (code === 'ERR_UNKNOWN_FILE_EXTENSION') return importByJiti(path, shown)
    const help =
      code === 'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX'
        ? 'Node strips types only: write no enums and no parameter properties'
        : null
    throw new UsageError(`${shown} cannot be imported: ${error instanceof Error ? error.message : String(error)}`, help)
  }
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
    throw new UsageError(`${shown} cannot be imported: ${error instanceof Error ? error.message : String(error)}`)
  }
}
