import type { ConfigImporter } from '../imports.ts'
import type { Report } from '../report.ts'
import { type MapTree, type Tree, withKey } from './tree.ts'
import { scalarTree } from './value-tree.ts'
import { readYamlValue } from './yaml-value.ts'

/** One `--set path=value`. */
export interface Override {
  readonly argument: string
  readonly path: string
  readonly value: Tree
}

/**
 * Reads `--set` arguments; the value is YAML, so `--set faults=[]` and `--set seed=7` say what they look like.
 * The `--profile` flag is one more of them.
 */
export function readOverrides(args: readonly string[], profile: string | null, report: Report): readonly Override[] {
  const overrides: Override[] = []
  for (const argument of args) {
    const equals = argument.indexOf('=')
    const path = argument.slice(0, Math.max(0, equals)).trim()
    const value =
      equals < 0 ? null : readYamlValue(argument.slice(equals + 1).trim(), `--set ${argument.slice(0, 200)}`)
    if (path === '' || path.split('.').includes('') || value === null) {
      const help = 'write `--set path=value`, such as `--set producers.checkout.config.acks=1`'
      const message = `\`--set ${argument.slice(0, 200)}\` is not understood`
      report.add('', { code: 'TWICESHY_SET', severity: 'error', message, help, spans: [] })
    } else overrides.push({ argument, path, value })
  }
  const flag = `--profile ${profile ?? ''}`
  return profile === null
    ? overrides
    : [...overrides, { argument: flag, path: 'profile', value: scalarTree(profile, flag) }]
}

/** Writes overrides into a document. Those inside `variants` are left to the document that has them. */
export function applyOverrides(
  document: MapTree,
  overrides: readonly Override[],
  report: Report,
  importer: ConfigImporter,
): MapTree {
  let result = document
  for (const override of overrides) {
    const path = splitPath(override.path, result)
    if (path[0] === 'variants' && !document.entries.has('variants')) continue
    const changed = setAt(result, path, override.value)
    if (changed !== null && changed.kind === 'map') result = importer.apply(changed)
    else {
      const message = `\`--set ${override.argument.slice(0, 200)}\` leads through something that has no keys`
      report.add('', { code: 'TWICESHY_SET', severity: 'error', message, help: null, spans: [] })
    }
  }
  return result
}

/** Dots separate, except that below `config`, a topic or `profile` the rest is one Kafka key. */
function splitPath(path: string, document: MapTree): readonly string[] {
  const parts = path.split('.')
  const first = parts[0]
  if (first === 'variants' && parts.length > 2) {
    return ['variants', parts[1] ?? '', ...splitPath(parts.slice(2).join('.'), document)]
  }
  if (first === 'profile') return join(parts, 1)
  if (first === 'topics' && parts.length > 2) return topicPath(parts, document)
  const keyed = parts.findIndex((part, at) => (at > 0 && part === 'config') || (at > 1 && part === 'profile'))
  return keyed > 0 ? join(parts, keyed + 1) : parts
}

function join(parts: readonly string[], from: number): readonly string[] {
  return parts.length > from ? [...parts.slice(0, from), parts.slice(from).join('.')] : parts
}

/** A topic's name may hold dots itself: the longest declared one counts. */
function topicPath(parts: readonly string[], document: MapTree): readonly string[] {
  const topics = document.entries.get('topics')?.value
  for (let length = parts.length - 1; length > 1; length--) {
    const name = parts.slice(1, length).join('.')
    if (topics?.kind === 'map' && topics.entries.has(name)) return ['topics', name, parts.slice(length).join('.')]
  }
  return join(parts, 2)
}

function setAt(tree: Tree | null, path: readonly string[], value: Tree): Tree | null {
  const [key, ...rest] = path
  if (key === undefined) return value
  if (tree === null || (tree.kind === 'scalar' && (tree.value === null || tree.value === 'perfect'))) {
    return setAt({ kind: 'map', entries: new Map(), span: tree?.span ?? null, origin: value.origin }, path, value)
  }
  if (tree.kind === 'list') return setInList(tree, key, rest, value)
  if (tree.kind !== 'map') return null
  const old = tree.entries.get(key)
  const inner = setAt(key === 'profile' && rest.length > 0 ? withBase(old?.value) : (old?.value ?? null), rest, value)
  return inner === null ? null : withKey(tree, key, { keySpan: old?.keySpan ?? null, value: inner })
}

/** A profile that is only named is the base of one with switches. */
function withBase(profile: Tree | undefined): Tree | null {
  if (profile === undefined || profile.kind !== 'scalar' || profile.value === null) return profile ?? null
  const { span, origin } = profile
  return { kind: 'map', entries: new Map([['base', { keySpan: null, value: profile }]]), span, origin }
}

function setInList(
  tree: Extract<Tree, { kind: 'list' }>,
  key: string,
  rest: readonly string[],
  value: Tree,
): Tree | null {
  const index = /^\d{1,6}$/.test(key) ? Number(key) : -1
  const old = tree.items[index]
  const inner = old === undefined ? null : setAt(old, rest, value)
  return inner === null ? null : { ...tree, items: tree.items.map((item, i) => (i === index ? inner : item)) }
}
