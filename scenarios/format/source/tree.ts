import type { SourceSpan } from '../scenario.ts'

/** A scenario file as a tree that still knows where everything stands. Made from YAML, from a module's object, or by `--set`. */
export type Tree = ScalarTree | MapTree | ListTree | BrokenTree

interface TreePosition {
  /** Null when the value stands in no text: a module's object, or `--set`. */
  readonly span: SourceSpan | null
  /** The flag that wrote this value, such as `--set seed=7`, or null. */
  readonly origin: string | null
}

export interface ScalarTree extends TreePosition {
  readonly kind: 'scalar'
  readonly value: string | number | boolean | null
  /** As written: `seed: 00123` is the text `00123`. Quotes are taken off. */
  readonly source: string
  /** A comment such as `#0` that follows on the same line: `writer #0` was probably meant as `writer#0`. */
  readonly indexComment: string | null
}

export interface MapTree extends TreePosition {
  readonly kind: 'map'
  readonly entries: ReadonlyMap<string, MapEntry>
}

export interface MapEntry {
  readonly keySpan: SourceSpan | null
  readonly value: Tree
}

export interface ListTree extends TreePosition {
  readonly kind: 'list'
  readonly items: readonly Tree[]
}

/** A value whose mistake is reported already; nothing more is said about it. */
export interface BrokenTree extends TreePosition {
  readonly kind: 'broken'
}

/** Whether this is an empty value (`key:` or `key: null`). */
export function isNull(tree: Tree): boolean {
  return tree.kind === 'scalar' && tree.value === null
}

/** A map without one of its keys. */
export function withoutKey(map: MapTree, key: string): MapTree {
  const entries = new Map(map.entries)
  entries.delete(key)
  return { ...map, entries }
}

/** A map with one key set or replaced. */
export function withKey(map: MapTree, key: string, entry: MapEntry): MapTree {
  const entries = new Map(map.entries)
  entries.set(key, entry)
  return { ...map, entries }
}

/** How many nodes a tree has. */
export function countNodes(tree: Tree): number {
  let count = 1
  if (tree.kind === 'map') for (const entry of tree.entries.values()) count += countNodes(entry.value)
  if (tree.kind === 'list') for (const item of tree.items) count += countNodes(item)
  return count
}

/**
 * The tree as plain values, for the schema. Empty values of a map are left out: they mean the default.
 * Objects have no prototype, so that a key named `__proto__` is a key.
 */
export function toPlain(tree: Tree): unknown {
  switch (tree.kind) {
    case 'scalar':
      return tree.value
    case 'list':
      return tree.items.map(toPlain)
    case 'map': {
      const plain = Object.create(null) as Record<string, unknown>
      for (const [key, entry] of tree.entries) {
        if (entry.value.kind !== 'broken' && !isNull(entry.value)) plain[key] = toPlain(entry.value)
      }
      return plain
    }
    case 'broken':
      return undefined
  }
}
