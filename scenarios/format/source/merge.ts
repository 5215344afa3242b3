import { isNull, type MapTree, type Tree } from './tree.ts'

/** A part of a patch that removes a key which the base does not have. */
export type RemovedNothing = (path: readonly string[], patch: Tree) => void

/** Lays a patch over a base: maps merge key by key, everything else replaces, an empty value removes the key. */
export function mergeMaps(
  base: MapTree,
  patch: MapTree,
  removedNothing: RemovedNothing,
  path: readonly string[] = [],
): MapTree {
  const entries = new Map(base.entries)
  for (const [key, entry] of patch.entries) {
    const below = [...path, key]
    const old = entries.get(key)
    if (isNull(entry.value)) {
      if (!entries.delete(key)) removedNothing(below, entry.value)
    } else if (entry.value.kind === 'map' && (old === undefined || isNull(old.value) || old.value.kind === 'map')) {
      const under: MapTree = old?.value.kind === 'map' ? old.value : { ...entry.value, entries: new Map() }
      // A new map keeps its empty values: `topics: { audit: }` declares a topic, it removes nothing.
      const merged = old?.value.kind === 'map' ? mergeMaps(under, entry.value, removedNothing, below) : entry.value
      entries.set(key, { keySpan: entry.keySpan, value: merged })
    } else entries.set(key, entry)
  }
  return { ...base, entries }
}
