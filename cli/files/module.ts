import { pathToFileURL } from 'node:url'
import { UsageError } from '../usage-error.ts'

/** Whether a file is a module to import rather than text to parse. */
export function isModule(file: string): boolean {
  return /\.(?:mjs|ts)$/i.test(file)
}

/**
 * Imports a scenario module and gives what it exports as JSON text, so that it is checked like any other file.
 *
 * @throws {@link UsageError} when it cannot be imported, or exports anything but data
 */
export async function moduleAsText(path: string, shown: string): Promise<string> {
  const exported = await importDefault(path, shown)
  if (exported === undefined) {
    throw new UsageError(`${shown} has no default export`, 'write `export default defineScenario({ … })`')
  }
  if (typeof exported !== 'object' || exported === null || Array.isArray(exported)) {
    throw new UsageError(`the default export of ${shown} is no scenario but ${nameOf(exported)}`)
  }
  refuseCode(exported, shown, [], [])
  return JSON.stringify(exported, null, 2)
}

async function importDefault(path: string, shown: string): Promise<unknown> {
  try {
    const loaded = (await import(pathToFileURL(path).href)) as { readonly default?: unknown }
    return loaded.default
  } catch (error) {
    const code = (error as NodeJS.ErrnoException | null)?.code
    if (code === 'ERR_UNKNOWN_FILE_EXTENSION') return importByJiti(path, shown)
    const help =
      code === 'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX' ? 'Node strips types only: write no enums and no parameter properties' : null
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

/** JSON would drop code without a word, so it is refused by name. */
function refuseCode(value: unknown, shown: string, path: readonly string[], above: readonly object[]): void {
  const where = path.length === 0 ? 'the scenario' : path.join('.')
  if (typeof value === 'function') {
    throw new UsageError(`${shown}: ${where} is a function, and code in scenarios is not simulated yet`)
  }
  if (typeof value === 'bigint' || typeof value === 'symbol') {
    throw new UsageError(`${shown}: ${where} is a ${typeof value}, and scenarios are plain data`)
  }
  if (typeof value !== 'object' || value === null) return
  if (above.includes(value)) throw new UsageError(`${shown}: ${where} contains itself`)
  const prototype: unknown = Object.getPrototypeOf(value)
  if (!Array.isArray(value) && prototype !== null && Object.getPrototypeOf(prototype) !== null) {
    throw new UsageError(`${shown}: ${where} is a ${nameOf(value)}, and scenarios are plain data`)
  }
  for (const [key, inner] of Object.entries(value)) refuseCode(inner, shown, [...path, key], [...above, value])
}

function nameOf(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object') return (value.constructor as { readonly name?: string } | undefined)?.name ?? 'an object'
  return `a ${typeof value}`
}
