import { checkSchema } from './check-schema.ts'
import { ConfigImporter } from './imports.ts'
import type { LoadOptions } from './options.ts'
import { Place } from './place.ts'
import { Report } from './report.ts'
import { resolveScenario } from './resolve/scenario.ts'
import type { LoadedFile, Scenario } from './scenario.ts'
import { readOverrides } from './source/overrides.ts'
import type { MapTree } from './source/tree.ts'
import { readValue } from './source/value-tree.ts'
import { readYaml } from './source/yaml-tree.ts'
import { documentsOf } from './variants.ts'

export type { LoadOptions } from './options.ts'

/**
 * Loads the text of a scenario file: YAML 1.2, of which JSON is a part. Whatever the text is, the result is scenarios or
 * diagnostics, never an exception, in bounded time; scenarios only when no diagnostic is an error.
 */
export function loadScenarioText(file: string, text: string, options: LoadOptions): LoadedFile {
  const report = new Report()
  return finish(file, text, readYaml(file, text, report), options, report)
}

/** Loads the object that a module exports, with the same checks; its diagnostics have no place in a text. */
export function loadScenarioValue(file: string, value: unknown, options: LoadOptions): LoadedFile {
  const report = new Report()
  return finish(file, '', readValue(value, report), options, report)
}

function finish(file: string, text: string, tree: MapTree | null, options: LoadOptions, report: Report): LoadedFile {
  const scenarios = tree === null ? [] : resolveAll(file, tree, options, report)
  const imports = Object.fromEntries(report.imports)
  return { file, text, imports, scenarios: report.failed ? [] : scenarios, diagnostics: report.finish() }
}

function resolveAll(file: string, tree: MapTree, options: LoadOptions, report: Report): readonly Scenario[] {
  const overrides = readOverrides(options.set ?? [], options.profile ?? null, report)
  const importer = new ConfigImporter(file, options, report)
  return documentsOf(tree, overrides, report, importer).map((document) => {
    const scenario = resolveScenario(new Place(report, [], document.tree, null), file, document.variant, options)
    // After the resolver: the schema speaks where the resolver has nothing better to say.
    checkSchema(document.tree, report)
    return scenario
  })
}
