import { roomFor } from '../code/room.ts'

/** Whether a file is a module to import rather than text to parse. */
export function isModule(file: string): boolean {
  return /\.(?:mjs|ts)$/i.test(file)
}

/**
 * Imports a scenario module, where a user's code may run, and gives its default export as data.
 *
 * @param workerScript of the pool; by default the product's
 * @throws UsageError when it cannot be imported or exports nothing
 */
export function moduleValue(path: string, shown: string, workerScript?: URL): unknown {
  return roomFor(workerScript).describe(path, shown)
}
