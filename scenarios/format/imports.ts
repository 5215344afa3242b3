import type { LoadOptions } from './options.ts'
import { pathText, type Report } from './report.ts'
import { BROKER } from './resolve/cluster.ts'
import { type ConfigKind, isSetting, noSetting, settingNames } from './resolve/config.ts'
import { CONSUMER, PROCESSOR } from './resolve/consumer-config.ts'
import { PRODUCER } from './resolve/producer-config.ts'
import type { Diagnostic, SourceSpan } from './scenario.ts'
import { readProperties } from './source/properties-tree.ts'
import { type MapEntry, type MapTree, type Tree, withKey } from './source/tree.ts'
import { didYouMean } from './suggest.ts'

interface ImportOptions {
  readonly readConfig?: LoadOptions['readConfig'] | undefined
}

interface ConfigPlace {
  readonly path: readonly string[]
  readonly kind: ConfigKind
}

/** Where the path of a `.properties` file may stand; `*` is any name. */
const CONFIG_PLACES: readonly ConfigPlace[] = [
  { path: ['cluster', 'config'], kind: BROKER },
  { path: ['cluster', 'each', '*', 'config'], kind: BROKER },
  { path: ['producers', '*', 'config'], kind: PRODUCER },
  { path: ['consumers', '*', 'config'], kind: CONSUMER },
  { path: ['processors', '*', 'config'], kind: PROCESSOR },
  { path: ['sinks', '*', 'config'], kind: CONSUMER },
]

/**
 * Puts the settings of `.properties` files in the place of their paths, in a document and in its variants, before those are
 * merged. What is not simulated is said and left out: such files are written for Kafka, not for this.
 */
export class ConfigImporter {
  readonly #file: string
  readonly #read: LoadOptions['readConfig']
  readonly #report: Report
  readonly #known = new Map<string, Tree>()

  /** @param file the scenario, which the paths are relative to. */
  constructor(file: string, options: ImportOptions, report: Report) {
    this.#file = file
    this.#read = options.readConfig
    this.#report = report
  }

  /** A document that holds no path any more; what was imported before stays. */
  apply(document: MapTree): MapTree {
    return CONFIG_PLACES.reduce((tree, { path, kind }) => {
      const change = (value: Tree, at: readonly string[]): Tree => this.#imported(value, at, kind)
      return changedAt(changedAt(tree, path, [], change), ['variants', '*', ...path], [], change)
    }, document)
  }

  #imported(value: Tree, at: readonly string[], kind: ConfigKind): Tree {
    if (value.kind !== 'scalar' || value.value === null) return value
    if (typeof value.value !== 'string' || value.value.trim() === '') {
      return this.#refused(value, at, '`config` must be a map of settings or the path of a `.properties` file', null)
    }
    const identity = `${kind.what} ${value.value}`
    const known = this.#known.get(identity)
    if (known !== undefined) return known
    const tree = this.#load(value.value, value, at, kind)
    this.#known.set(identity, tree)
    return tree
  }

  #load(path: string, value: Tree, at: readonly string[], kind: ConfigKind): Tree {
    const read = this.#read?.(path) ?? { error: `${path} cannot be read: there are no files here` }
    if (typeof read !== 'string') {
      return this.#refused(value, at, read.error, `the path is relative to ${this.#file}`)
    }
    const shown = beside(this.#file, path)
    this.#report.addImport(shown, read)
    const map = readProperties(shown, read, this.#report)
    if (map === null) return { kind: 'broken', span: value.span, origin: value.origin }
    const entries = new Map<string, MapEntry>()
    for (const [key, entry] of map.entries) {
      if (isSetting(kind, key)) entries.set(key, entry)
      else this.#leftOut(key, entry.keySpan, at, kind)
    }
    return { ...map, entries }
  }

  #leftOut(key: string, span: SourceSpan | null, at: readonly string[], kind: ConfigKind): void {
    const known = kind.notSimulated.includes(key)
    const message = known
      ? `the ${kind.what} setting \`${key}\` is not simulated, so it is left out`
      : `${noSetting(kind, key)}, so it is left out`
    const help = known || this.#report.full ? null : didYouMean(key, settingNames(kind))
    const code = known ? 'TWICESHY_NOT_SIMULATED' : 'TWICESHY_UNKNOWN_CONFIG'
    this.#say(at, { code, severity: 'warning', message, help, spans: span === null ? [] : [span] }, key)
  }

  #refused(value: Tree, at: readonly string[], message: string, help: string | null): Tree {
    const { span, origin } = value
    const from = origin === null ? '' : ` (set by \`${origin}\`)`
    const spans = span === null ? [] : [span]
    this.#say(at, { code: 'TWICESHY_PROPERTIES', severity: 'error', message: message + from, help, spans })
    return { kind: 'broken', span, origin }
  }

  #say(
    at: readonly string[],
    diagnostic: Parameters<Report['add']>[1] & Diagnostic,
    ...below: readonly string[]
  ): void {
    this.#report.add(pathText([...at, ...below]), diagnostic)
  }
}

type Change = (value: Tree, at: readonly string[]) => Tree

/** A tree with every value at a path changed; the same tree when none stands there. */
function changedAt(tree: MapTree, path: readonly string[], at: readonly string[], change: Change): MapTree {
  const [key, ...rest] = path
  if (key === undefined) return tree
  const keys = key === '*' ? [...tree.entries.keys()] : [key]
  return keys.reduce((changed, name) => {
    const entry = changed.entries.get(name)
    if (entry === undefined) return changed
    const { value } = entry
    const here = [...at, name]
    const next =
      rest.length === 0 ? change(value, here) : value.kind === 'map' ? changedAt(value, rest, here, change) : value
    return next === value ? changed : withKey(changed, name, { ...entry, value: next })
  }, tree)
}

/** A path as it is written in a file, as it is shown: from where the file's own path starts. */
export function beside(file: string, path: string): string {
  if (/^(?:[/\\]|[A-Za-z]:)/.test(path)) return path
  const parts = file.split('/').slice(0, -1)
  for (const part of path.split(/[/\\]/)) {
    const last = parts[parts.length - 1]
    if (part === '.' || part === '') continue
    if (part === '..' && last !== undefined && last !== '..' && last !== '') parts.pop()
    else parts.push(part)
  }
  return parts.join('/')
}
