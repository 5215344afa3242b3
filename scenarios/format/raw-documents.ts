import { ConfigImporter } from './imports.ts'
import type { LoadOptions } from './options.ts'
import { Report } from './report.ts'
import type { RawScenario } from './raw.ts'
import { readOverrides } from './source/overrides.ts'
import type { MapTree, Tree } from './source/tree.ts'
import { readValue } from './source/value-tree.ts'
import { readYaml } from './source/yaml-tree.ts'
import { documentsOf } from './variants.ts'

/** A file's base or one of its variants as plain values: variants merged in, flags applied, nothing resolved. */
export interface RawDocument {
  readonly variant: string | null
  readonly raw: RawScenario
}

/** What a file is changed by before it is read: `--set` and `--profile`. */
export interface RawChanges {
  readonly set: readonly string[]
  readonly profile: string | null
  /** Reads the `.properties` files that the scenario names; their settings become a part of the documents. */
  readonly readConfig?: LoadOptions['readConfig'] | undefined
}

/** The documents of a scenario file's text, in the order in which they are judged. For files that load without a mistake. */
export function rawDocumentsOfText(file: string, text: string, changes: RawChanges): readonly RawDocument[] {
  return documents(readYaml(file, text, new Report()), changes)
}

/** The same for the object that a module exports. */
export function rawDocumentsOfValue(value: unknown, changes: RawChanges): readonly RawDocument[] {
  return documents(readValue(value, new Report()), changes)
}

function documents(tree: MapTree | null, changes: RawChanges): readonly RawDocument[] {
  if (tree === null) return []
  const report = new Report()
  const importer = new ConfigImporter('', changes, report)
  return documentsOf(tree, readOverrides(changes.set, changes.profile, report), report, importer).map((document) => ({
    variant: document.variant,
    raw: valueOf(document.tree, null) as RawScenario,
  }))
}

/** Keys whose values are names and texts: a number there is taken as written, `00123` stays `00123`. */
const NAMES: ReadonlySet<string> = new Set([
  'scenario',
  'seed',
  'tags',
  'rack',
  'broker.rack',
  'log.dirs',
  'metadata.log.dir',
  'client.rack',
  'between',
  'to',
  'from',
  'into',
  'id',
  'key',
  'value',
  'record',
  'producer',
  'topic',
  'node',
  'group',
  'group.id',
  'group.instance.id',
  'application.id',
  'input',
  'transactional.id',
  'version',
  'run-seed',
  'digest',
])

function valueOf(tree: Tree, key: string | null): unknown {
  switch (tree.kind) {
    case 'scalar':
      return typeof tree.value === 'number' && key !== null && NAMES.has(key) ? tree.source : tree.value
    case 'list':
      return tree.items.map((item) => valueOf(item, key))
    case 'map':
      return Object.fromEntries([...tree.entries].map(([name, entry]) => [name, valueOf(entry.value, name)]))
    case 'broken':
      return null
  }
}
