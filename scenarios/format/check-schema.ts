import type { z } from 'zod'
import { Place, wordsOf } from './place.ts'
import { pathText, type Report } from './report.ts'
import { BROKER } from './resolve/cluster.ts'
import { isSetting } from './resolve/config.ts'
import { PROCESSOR } from './resolve/consumer-config.ts'
import { SCENARIO_SCHEMA } from './schema.ts'
import { type Tree, toPlain } from './source/tree.ts'
import { didYouMean } from './suggest.ts'

/**
 * Holds a document against the schema. Unknown keys are always said; everything else only where the resolver, which knows
 * more and says it better, has said nothing.
 */
export function checkSchema(tree: Tree, report: Report): void {
  if (report.full) return
  const result = SCENARIO_SCHEMA.safeParse(toPlain(tree))
  if (result.success) return
  for (const issue of flatten(result.error.issues)) {
    if (issue.code === 'unrecognized_keys') {
      for (const key of issue.keys) unknownKey(placeAt(report, tree, [...issue.path.map(String), key]))
    } else mismatch(placeAt(report, tree, issue.path.map(String)), issue)
  }
}

type Issue = z.core.$ZodIssue

/** Unions keep every branch's issues: the branch that fits the written value best speaks. */
function flatten(issues: readonly Issue[]): readonly Issue[] {
  return issues.flatMap((issue) => {
    if (issue.code !== 'invalid_union' || issue.errors.length === 0) return [issue]
    const best = issue.errors.reduce((a, b) => (badness(b) < badness(a) ? b : a))
    if (badness(best) >= WRONG_SHAPE) return [issue]
    return flatten(best.map((inner) => ({ ...inner, path: [...issue.path, ...inner.path] })))
  })
}

const WRONG_SHAPE = 1000

function badness(issues: readonly Issue[]): number {
  const misfit = issues.some((issue) => issue.path.length === 0 && issue.code !== 'unrecognized_keys')
  return issues.length + (misfit ? WRONG_SHAPE : 0)
}

function placeAt(report: Report, tree: Tree, path: readonly string[]): Place {
  let place = new Place(report, [], tree, null)
  for (const part of path) {
    const item = place.tree?.kind === 'list' ? place.items()[Number(part)] : place.get(part)
    place = item ?? new Place(report, [...place.path, part], null, place.keySpan)
  }
  return place
}

function unknownKey(place: Place): void {
  if (place.report.mentions(pathText(place.path))) return
  const parent = place.path.slice(0, -1)
  const keys = keysAt(SCENARIO_SCHEMA, parent)
  // Known, but not beside the others: the resolver says what is wrong with them.
  if (keys.includes(place.name) && place.report.covers(pathText(parent))) return
  const kafkaKey = [PROCESSOR, BROKER].some((kind) => isSetting(kind, place.name))
  const help =
    kafkaKey && keys.includes('config') ? `\`${place.name}\` belongs under \`config:\`` : suggestion(place, keys)
  const where = parent.length === 0 ? '' : ` in ${wordsOf(parent)}`
  place.keyErrorOrValue('TWICESHY_UNKNOWN_KEY', `unknown key \`${place.name}\`${where}`, help)
}

function suggestion(place: Place, keys: readonly string[]): string | null {
  return place.report.full ? null : didYouMean(place.name, keys)
}

function mismatch(place: Place, issue: Issue): void {
  if (place.broken || place.report.full || place.report.covers(pathText(place.path))) return
  if (!place.written) {
    if (place.report.covers(pathText(place.path.slice(0, -1)))) return
    place.error('TWICESHY_MISSING', `${wordsOf(place.path)} is missing`)
    return
  }
  const expected =
    issue.code === 'invalid_type' ? `must be ${article(issue.expected)}` : 'has a form that is not understood'
  place.error('TWICESHY_TYPE', `${wordsOf(place.path)} ${expected}: ${place.describe()}`)
}

function article(type: string): string {
  switch (type) {
    case 'record':
    case 'object':
      return 'a map of keys'
    case 'array':
    case 'tuple':
      return 'a list'
    case 'int':
      return 'a whole number'
    default:
      return `a ${type}`
  }
}

/** The keys that the schema knows at a path. */
function keysAt(schema: z.core.$ZodType, path: readonly string[]): readonly string[] {
  const [key, ...rest] = path
  if (key === undefined) return objectsOf(schema).flatMap((object) => Object.keys(object.shape))
  return innerOf(schema, key).flatMap((inner) => keysAt(inner, rest))
}

function objectsOf(schema: z.core.$ZodType): readonly z.core.$ZodObjectDef[] {
  const def = (schema as z.core.$ZodTypes)._zod.def
  if (def.type === 'object') return [def]
  if (def.type === 'optional' || def.type === 'nullable') return objectsOf(def.innerType)
  return def.type === 'union' ? def.options.flatMap(objectsOf) : []
}

function innerOf(schema: z.core.$ZodType, key: string): readonly z.core.$ZodType[] {
  const def = (schema as z.core.$ZodTypes)._zod.def
  if (def.type === 'object') return existing(Object.hasOwn(def.shape, key) ? def.shape[key] : undefined)
  if (def.type === 'record') return [def.valueType]
  if (def.type === 'array') return [def.element]
  if (def.type === 'tuple') return existing(def.items[Number(key)])
  if (def.type === 'optional' || def.type === 'nullable') return innerOf(def.innerType, key)
  return def.type === 'union' ? def.options.flatMap((option) => innerOf(option, key)) : []
}

function existing(schema: z.core.$ZodType | undefined): readonly z.core.$ZodType[] {
  return schema === undefined ? [] : [schema]
}
