import { resolve } from 'node:path'
import type { LoadedFile, Scenario } from '../../scenarios/format/scenario.ts'
import type { Engine } from '../engine.ts'
import { isModule, moduleValue } from '../files/module.ts'
import { readText } from '../files/read.ts'
import { configReader, moduleFinder } from '../load.ts'
import { realEngine } from '../real-engine.ts'
import { withSeed } from '../seed.ts'
import { UsageError } from '../usage-error.ts'
import type { Target } from './messages.ts'

/**
 * The scenarios of some files, each under the seed if one is given.
 *
 * @throws {@link UsageError} when a file cannot be read or has mistakes, or a variant does not exist
 */
export async function scenariosOf(
  targets: readonly Target[],
  { cwd, seed }: { readonly cwd: string; readonly seed: string | null },
): Promise<readonly Scenario[]> {
  const engine = await realEngine()
  const scenarios: Scenario[] = []
  for (const { file, variant } of targets) {
    const loaded = await loadFile(engine, file, resolve(cwd, file))
    const mistake = loaded.diagnostics.find(({ severity }) => severity === 'error')
    if (mistake !== undefined) throw new UsageError(`${file}: ${mistake.message}`, mistake.help)
    const wanted = variant === undefined ? loaded.scenarios : loaded.scenarios.filter((one) => one.variant === variant)
    if (wanted.length === 0) throw new UsageError(`${file} has no ${variant ?? 'base'} to judge`, null)
    scenarios.push(...wanted.map((scenario) => (seed === null ? scenario : withSeed(scenario, seed))))
  }
  return scenarios
}

async function loadFile(engine: Engine, file: string, path: string): Promise<LoadedFile> {
  const options = { set: [], profile: null, readConfig: configReader(path), findModule: moduleFinder(path) }
  if (isModule(file)) return engine.loadValue(file, moduleValue(path, file), options)
  return engine.load(file, readText(path, file), options)
}
