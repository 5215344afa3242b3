import type { ConfigImporter } from './imports.ts'
import { Place } from './place.ts'
import type { Report } from './report.ts'
import { mergeMaps } from './source/merge.ts'
import { applyOverrides, type Override } from './source/overrides.ts'
import { countNodes, isNull, type MapTree, withKey, withoutKey } from './source/tree.ts'

export interface ScenarioDocument {
  readonly tree: MapTree
  readonly variant: string | null
}

/** All variants together may have this many values; a file of a few hundred variants is far below. */
const MOST_VALUES = 2_000_000

/**
 * The documents of a file: the base when it has an `expect` of its own, then each variant. A variant that has an `expect`
 * is judged by that alone, because the base's claims are what its patch may falsify; one without takes the base's.
 */
export function documentsOf(
  file: MapTree,
  overrides: readonly Override[],
  report: Report,
  importer: ConfigImporter,
): readonly ScenarioDocument[] {
  const whole = applyOverrides(importer.apply(file), overrides, report, importer)
  const base = withoutKey(whole, 'variants')
  const root = new Place(report, [], whole, null)
  const variants = root.get('variants')
  const documents: ScenarioDocument[] = []
  if (root.has('expect')) documents.push({ tree: base, variant: null })
  if (variants.expectMap('`variants`')) documents.push(...variantDocuments(variants, base, overrides, importer))
  if (documents.length > 0 || report.failed) return documents
  root.error(
    'TWICESHY_NOTHING_JUDGED',
    'nothing is judged: the scenario has no `expect`',
    'add `expect: { exactly-once: holds }`',
  )
  return [{ tree: base, variant: null }]
}

function variantDocuments(
  variants: Place,
  base: MapTree,
  overrides: readonly Override[],
  importer: ConfigImporter,
): readonly ScenarioDocument[] {
  const places = variants.entries()
  if (places.length * countNodes(base) > MOST_VALUES) {
    variants.error('TWICESHY_TOO_LARGE', 'the file is too large for so many variants', 'split it into several files')
    return []
  }
  return places.flatMap((place) => {
    checkVariant(place)
    if (place.broken || !place.expectMap(`variant \`${place.name}\``)) return []
    const patch: MapTree =
      place.tree?.kind === 'map' ? place.tree : { kind: 'map', entries: new Map(), span: null, origin: null }
    const merged = merge(base, patch, place)
    const tree = applyOverrides(merged, overrides, place.report, importer)
    if (!new Place(place.report, [], tree, null).has('expect')) {
      place.keyErrorOrValue(
        'TWICESHY_NOTHING_JUDGED',
        `variant \`${place.name}\` judges nothing: it has no \`expect\``,
        'add `expect: { exactly-once: holds }`',
      )
    }
    return [{ tree, variant: place.name }]
  })
}

function checkVariant(place: Place): void {
  if (!/^[A-Za-z0-9._-]{1,100}$/.test(place.name)) {
    const help = 'letters, digits, `.`, `_` and `-`, at most 100 of them'
    place.keyErrorOrValue('TWICESHY_NAME', `\`${place.name.slice(0, 80)}\` cannot be a variant's name`, help)
  }
  for (const key of ['scenario', 'variants', 'campaign', 'replay']) {
    const inner = place.get(key)
    if (inner.tree !== null)
      inner.keyErrorOrValue('TWICESHY_UNKNOWN_KEY', `\`${key}\` cannot stand in a variant`, 'it belongs to the file')
  }
}

function merge(base: MapTree, patch: MapTree, place: Place): MapTree {
  const own = patch.entries.get('expect')
  const merged = mergeMaps(base, withoutKey(patch, 'expect'), (path, tree) => {
    const removed = new Place(place.report, [...place.path, ...path], tree, tree.span)
    const message = `there is no \`${path.join('.')}\` in the base, so nothing is removed`
    removed.error('TWICESHY_REMOVES_NOTHING', message, 'an empty value in a variant removes a key; check its spelling')
  })
  if (own === undefined) return merged
  return isNull(own.value) ? withoutKey(merged, 'expect') : withKey(merged, 'expect', own)
}
