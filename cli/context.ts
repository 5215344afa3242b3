import type { Console } from './console.ts'
import type { huntMutant } from './mutants/hunt.ts'
import type { Engine } from './engine.ts'

/** What every command gets. Tests put their own parts in. */
export interface Context {
  readonly console: Console
  readonly engine: () => Promise<Engine>
  /** Module that exports `judgeRun`, and the script of a worker; by default the product's. */
  readonly judgeModule?: string
  readonly workerScript?: URL
  /** Hunts a mutant; by default in a copy of the built package. */
  readonly hunt?: typeof huntMutant
  readonly version: string
  readonly root: string
}

/** `-q`, `-v`, `--color`, `--no-color`. */
export interface GlobalFlags {
  readonly quiet: boolean
  readonly verbose: boolean
  readonly color: boolean | null
}
