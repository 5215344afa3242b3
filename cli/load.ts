import { statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { Chalk, type ChalkInstance } from 'chalk'
import { colorLevel } from '../reports/color.ts'
import { type FrameStyle, PLAIN } from '../scenarios/format/frame.ts'
import type { Diagnostic, LoadedFile, Scenario } from '../scenarios/format/scenario.ts'
import { counted } from '../reports/words.ts'
import { handlersOf } from './code/handlers-of.ts'
import { roomFor } from './code/room.ts'
import type { Context, GlobalFlags } from './context.ts'
import type { Engine } from './engine.ts'
import { type Collected, collectFiles, type Mistake } from './files/collect.ts'
import { isModule, moduleValue } from './files/module.ts'
import { readText } from './files/read.ts'
import { errorText, UsageError } from './usage-error.ts'

/** Files in a run's report show at most so many mistakes. */
const MOST_SHOWN = 20

export interface LoadRequest {
  readonly paths: readonly string[]
  readonly set: readonly string[]
  readonly profile: string | null
  readonly quiet: boolean
  /** Warnings with their lines and help, instead of a line each. */
  readonly verbose: boolean
  readonly color: boolean | null
}

export interface Loaded {
  readonly scenarios: readonly Scenario[]
  readonly emptyFolders: readonly string[]
  /** False when a mistake was told; then nothing may be run. */
  readonly ok: boolean
}

/** Loads every file and tells every mistake of every file on standard error. */
export async function loadScenarios(request: LoadRequest, context: Context): Promise<Loaded> {
  const engine = await context.engine()
  const collected = collectFiles(request.paths, context.console.cwd)
  const teller = new Teller(context, engine, request)
  for (const mistake of collected.mistakes) teller.mistake(mistake)
  const scenarios: Scenario[] = []
  for (const file of collected.files) {
    const loaded = loadFile(file, request, context, engine, teller)
    if (loaded === null) continue
    teller.diagnostics(loaded)
    scenarios.push(...loaded.scenarios)
  }
  teller.end(collected)
  return { scenarios, emptyFolders: collected.emptyFolders, ok: teller.mistakes === 0 }
}

/** Where the text of a scenario that is not written yet would stand, and what to tell. */
export interface CheckRequest extends GlobalFlags {
  /** What mistakes keep from happening: `nothing was written`. */
  readonly instead: string
  /** Settings files that are not written yet either, by their paths as the text names them. */
  readonly beside?: ReadonlyMap<string, string>
}

/** Tells the mistakes and warnings of a text; false when there is a mistake. */
export async function checkText(file: string, text: string, request: CheckRequest, context: Context): Promise<boolean> {
  const engine = await context.engine()
  const teller = new Teller(context, engine, { ...request, paths: [], set: [], profile: null })
  const read = configReader(resolve(context.console.cwd, file))
  const readConfig = (config: string): ReturnType<typeof read> => request.beside?.get(config) ?? read(config)
  teller.diagnostics(engine.load(file, text, { set: [], profile: null, readConfig }))
  teller.end({ files: [file], mistakes: [], emptyFolders: [] }, request.instead)
  return teller.mistakes === 0
}

function loadFile(
  file: string,
  request: LoadRequest,
  context: Context,
  engine: Engine,
  teller: Teller,
): LoadedFile | null {
  const path = resolve(context.console.cwd, file)
  try {
    const options = {
      set: request.set,
      profile: request.profile,
      readConfig: configReader(path),
      findModule: moduleFinder(path),
    }
    const { workerScript } = context
    const loaded = isModule(file)
      ? engine.loadValue(file, moduleValue(path, file, workerScript), options)
      : engine.load(file, readText(path, file), options)
    importHandlers(loaded, workerScript)
    return loaded
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    teller.mistake({ message: error.message, help: error.help })
    return null
  }
}

/** A handler that is not there is a mistake of the file, told before anything is run. */
function importHandlers({ file, scenarios }: LoadedFile, workerScript: URL | undefined): void {
  const handlers = scenarios.flatMap(({ spec }) => handlersOf(spec))
  if (handlers.length > 0) roomFor(workerScript).importAll(handlers, file)
}

/** Finds the modules that a scenario names, by their paths relative to it. */
export function moduleFinder(scenario: string): (module: string) => string | { readonly error: string } {
  return (module) => {
    const path = resolve(dirname(scenario), module)
    const isFile = statSync(path, { throwIfNoEntry: false })?.isFile() === true
    return isFile ? path : { error: `there is no file ${module}` }
  }
}

/** Reads the `.properties` files that a scenario names, by their paths relative to it. */
export function configReader(scenario: string): (config: string) => string | { readonly error: string } {
  return (config) => {
    try {
      return readText(resolve(dirname(scenario), config), config)
    } catch (error) {
      if (error instanceof UsageError) return { error: error.message }
      throw error
    }
  }
}

function frameStyle(chalk: ChalkInstance): FrameStyle {
  return {
    error: (text) => chalk.red(text),
    warning: (text) => chalk.yellow(text),
    strong: (text) => chalk.bold(text),
    faint: (text) => chalk.dim(text),
    help: (text) => chalk.cyan(text),
  }
}

/** Writes mistakes and warnings, and counts. */
class Teller {
  mistakes = 0
  private shown = 0
  private readonly context: Context
  private readonly engine: Engine
  private readonly quiet: boolean
  private readonly verbose: boolean
  private shortened = false
  private readonly style: FrameStyle

  constructor(context: Context, engine: Engine, request: LoadRequest) {
    this.context = context
    this.engine = engine
    this.quiet = request.quiet
    this.verbose = request.verbose
    const { env, err } = context.console
    this.style = frameStyle(new Chalk({ level: colorLevel({ flag: request.color, env, isTTY: err.isTTY }) }))
  }

  mistake(mistake: Mistake): void {
    this.mistakes++
    if (this.shown++ < MOST_SHOWN) this.context.console.err.write(errorText(mistake.message, mistake.help))
  }

  diagnostics(loaded: LoadedFile): void {
    for (const diagnostic of loaded.diagnostics) {
      const isError = diagnostic.severity === 'error'
      if (isError) this.mistakes++
      else if (this.quiet) continue
      if (isError && this.shown++ >= MOST_SHOWN) continue
      if (!isError && !this.verbose) {
        this.warning(diagnostic, loaded)
        continue
      }
      const frame = this.engine.render(diagnostic, loaded.file, loaded.text, this.style, loaded.imports)
      this.context.console.err.write(`${frame.trimEnd()}\n\n`)
    }
  }

  /** `warning: file:line:column message` */
  private warning(diagnostic: Diagnostic, { file, text }: LoadedFile): void {
    const [span] = diagnostic.spans
    const place = span === undefined ? file : `${span.file}:${span.line}:${span.column}`
    // The frame's first line, where nothing of the file can reach the terminal unseen.
    const [head = ''] = this.engine.render(diagnostic, file, text, PLAIN).split('\n', 1)
    this.context.console.err.write(`${this.style.warning('warning:')} ${place} ${head.replace(/^warning: /, '')}\n`)
    this.shortened = true
  }

  end(collected: Collected, instead: string = 'nothing was run'): void {
    const { err } = this.context.console
    if (this.shortened)
      err.write(`  ${this.style.faint('-v shows what warnings are about and how to put it right')}\n\n`)
    if (this.mistakes > MOST_SHOWN) err.write(`… and ${counted(this.mistakes - MOST_SHOWN, 'more mistake')}\n`)
    if (this.mistakes > 0) {
      const files = collected.files.length === 0 ? '' : ` in ${counted(collected.files.length, 'file')}`
      err.write(`${counted(this.mistakes, 'mistake')}${files}; ${instead}\n`)
    }
  }
}
