import type { Report } from '../report.ts'
import { MAX_DEPTH, MAX_NODES } from './guard.ts'
import type { MapEntry, MapTree, Tree } from './tree.ts'

/** Reads the object that a module exports. Null when it is none; then the report says why. Never throws. */
export function readValue(value: unknown, report: Report): MapTree | null {
  try {
    const tree = new ValueBuilder(report).build(value, [])
    if (tree.kind === 'map') return tree
    if (tree.kind !== 'broken')
      say(report, 'TWICESHY_NOT_A_MAP', 'a scenario is an object of keys', 'export default defineScenario({ ... })')
  } catch (error) {
    say(report, 'TWICESHY_NOT_DATA', `the scenario's object cannot be read: ${String(error)}`, 'use plain values only')
  }
  return null
}

/** A tree for a single plain value, such as what `--set` writes. */
export function scalarTree(value: string | number | boolean | null, origin: string | null = null): Tree {
  return { kind: 'scalar', value, source: value === null ? '' : String(value), indexComment: null, span: null, origin }
}

class ValueBuilder {
  readonly #report: Report
  readonly #open = new Set<object>()
  #nodes = 0

  constructor(report: Report) {
    this.#report = report
  }

  build(value: unknown, path: readonly string[]): Tree {
    if (++this.#nodes > MAX_NODES || path.length > MAX_DEPTH)
      return this.#broken(path, 'is too large or too deeply nested')
    if (value === null || value === undefined) return scalarTree(null)
    if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return scalarTree(value)
    if (typeof value === 'bigint') return scalarTree(value.toString())
    if (typeof value !== 'object')
      return this.#broken(path, `is a ${typeof value}, and only plain values may stand there`)
    if (this.#open.has(value)) return this.#broken(path, 'contains itself')
    this.#open.add(value)
    const tree = Array.isArray(value) ? this.#list(value, path) : this.#map(value, path)
    this.#open.delete(value)
    return tree
  }

  #list(value: readonly unknown[], path: readonly string[]): Tree {
    const items: Tree[] = []
    for (let i = 0; i < value.length && this.#nodes <= MAX_NODES; i++)
      items.push(this.build(value[i], [...path, String(i)]))
    return { kind: 'list', items, span: null, origin: null }
  }

  #map(value: object, path: readonly string[]): Tree {
    const entries = new Map<string, MapEntry>()
    for (const key of Object.keys(value)) {
      const inner: unknown = (value as Record<string, unknown>)[key]
      if (inner !== undefined) entries.set(key, { keySpan: null, value: this.build(inner, [...path, key]) })
    }
    return { kind: 'map', entries, span: null, origin: null }
  }

  #broken(path: readonly string[], what: string): Tree {
    say(this.#report, 'TWICESHY_NOT_DATA', `\`${path.join('.')}\` ${what}`, null)
    return { kind: 'broken', span: null, origin: null }
  }
}

function say(
  report: Report,
  code: 'TWICESHY_NOT_A_MAP' | 'TWICESHY_NOT_DATA',
  message: string,
  help: string | null,
): void {
  report.add('', { code, severity: 'error', message, help, spans: [] })
}
