import type { z } from 'zod'
import { BROKER_CONFIG } from '../../sim/kafka/protocol/config/broker.ts'
import { PRODUCER_CONFIG } from '../../sim/kafka/protocol/config/producer.ts'
import { Place, wordsOf } from './place.ts'
import { pathText, type Report } from './report.ts'
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
  const parent = place.path.slice(0, -1)
  const keys = keysAt(SCENARIO_SCHEMA, parent)
  const kafkaKey = place.name in PRODUCER_CONFIG || place.name in BROKER_CONFIG
  const help = kafkaKey && keys.includes('config') ? `\`${place.name}\` belongs under \`config:\`` : suggestion(place, keys)
  const where = parent.length === 0 ? '' : ` in ${wordsOf(parent)}`
  place.keyErrorOrValue('TWICESHY_UNKNOWN_KEY', `unknown key \`${place.name}\`${where}`, help)
}

function suggestion(place: Place, keys: readonly string[]): string | null {
  return place.report.full ? null : didYouMean(place.name, keys)
}

function mismatch(place: Place, issue: Issue): void {
  if (place.broken || place.report.full || place.report.covers(pathText(place.path))) return
  if (!place.written) {
    place.error('TWICESHY_MISSING', `${wordsOf(place.path)} is missing`)
    return
  }
  const expected = issue.code === 'invalid_type' ? `must be ${article(issue.expected)}` : 'has a form that is not understood'
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
  switch (def.type) {
    case 'object':
      return [def]
    case 'optional':
    case 'nullable':
      return objectsOf(def.innerType)
    case 'union':
      return def.options.flatMap(objectsOf)
    default:
      return []
  }
}

function innerOf(schema: z.core.$ZodType, key: string): readonly z.core.$ZodType[] {
  const def = (schema as z.core.$ZodTypes)._zod.def
  switch (def.type) {
    case 'object': {
      const inner = Object.hasOwn(def.shape, key) ? def.shape[key] : undefined
      return inner === undefined ? [] : [inner]
    }
    case 'record':
      return [def.valueType]
    case 'array':
      return [def.element]
    case 'tuple': {
      const inner = def.items[Number(key)]
      return inner === undefined ? [] : [inner]
    }
    case 'optional':
    case 'nullable':
      return innerOf(def.innerType, key)
    case 'union':
      return def.options.flatMap((option) => innerOf(option, key))
    default:
      return []
  }
}
