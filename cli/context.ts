import type { Console } from './console.ts'
import type { Engine } from './engine.ts'

/** What every command gets. Tests put their own parts in. */
export interface Context {
  readonly console: Console
  readonly engine: () => Promise<Engine>
  /** Module that exports `judgeRun`, and the script of a worker; by default the product's. */
  readonly judgeModule?: string
  readonly workerScript?: URL
  readonly version: string
  readonly root: string
}

/** `-q`, `-v`, `--color`, `--no-color`. */
export interface GlobalFlags {
  readonly quiet: boolean
  readonly verbose: boolean
  readonly color: boolean | null
}
