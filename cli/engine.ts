import type { FrameStyle } from '../scenarios/format/frame.ts'
import type { Diagnostic, LoadedFile } from '../scenarios/format/scenario.ts'

/** The parts of the product that are loaded only when a command needs them, so that `--help` stays fast. */
export interface Engine {
  /** Checks and resolves one file. */
  load(file: string, text: string, options: LoadOptions): LoadedFile
  /** The same for what a module exports. */
  loadValue(file: string, value: unknown, options: LoadOptions): LoadedFile
  /** A diagnostic with its code frame; `imports` are the texts of the other files that it may point into. */
  render(
    diagnostic: Diagnostic,
    file: string,
    text: string,
    style: FrameStyle,
    imports?: Readonly<Record<string, string>>,
  ): string
  /** The JSON schema of scenario files. */
  schema(): unknown
}

export interface LoadOptions {
  /** `path=value` of each `--set`. */
  readonly set: readonly string[]
  readonly profile: string | null
  /** Reads a `.properties` file that a scenario names, relative to that scenario. */
  readonly readConfig: (path: string) => string | { readonly error: string }
  /** Finds a module that a scenario names, relative to that scenario. */
  readonly findModule?: (path: string) => string | { readonly error: string }
}
