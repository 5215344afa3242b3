import { Document, isMap, isPair, isSeq, type Node, visit } from 'yaml'
import type { RawScenario } from './raw.ts'
import type { ReplayRecord } from './scenario.ts'

export interface SaveOptions {
  /** Lines of the comment at the top: how it was found, what it violates. */
  readonly head?: readonly string[]
  /** The recorded counterexample; written as the `replay:` block. */
  readonly replay?: ReplayRecord | null
}

/** Keys in the order in which the format page has them; people read saved files. */
const ORDER = [
  'scenario',
  'about',
  'seed',
  'profile',
  'tags',
  'cluster',
  'network',
  'topics',
  'producers',
  'consumers',
  'processors',
  'stores',
  'sinks',
  'sources',
  'faults',
  'chaos',
  'run',
  'cover',
  'expect',
  'void',
  'variants',
  'campaign',
  'replay',
] as const
/** How deep a section's value is: document, map, pair. */
const SECTION_DEPTH = 3
/** A collection of at most this many characters, quotes and all, stands on one line. */
const FLOW_WIDTH = 100

/**
 * Writes a scenario as YAML that loads to the same scenario, in a form people like to read: comments at the top, sections in
 * a fixed order, small maps on one line. Texts that look like numbers (a seed `00123`, a digest) are quoted, so that they
 * come back as written.
 */
export function saveScenario(scenario: RawScenario, options: SaveOptions = {}): string {
  const document = new Document(ordered(scenario, options.replay ?? null))
  visit(document, {
    Collection: (_, node, path) => {
      shape(node, path.length, isSeq(path[path.length - 1]))
    },
  })
  const head = (options.head ?? []).map((line) => line.replaceAll(/[\r\n]+/g, ' '))
  if (head.length > 0) document.commentBefore = head.map((line) => ` ${line}`).join('\n')
  if (isMap(document.contents)) spaceSections(document.contents.items)
  return document.toString({ lineWidth: 0, flowCollectionPadding: true, collectionStyle: 'any' })
}

function ordered(scenario: RawScenario, replay: ReplayRecord | null): Record<string, unknown> {
  const source = scenario as unknown as Readonly<Record<string, unknown>>
  const document: Record<string, unknown> = {}
  for (const key of ORDER) {
    const value = key === 'replay' && replay !== null ? replayBlock(replay) : source[key]
    if (value !== undefined) document[key] = value
  }
  return document
}

function replayBlock(replay: ReplayRecord): Record<string, unknown> {
  return {
    version: replay.version,
    'run-seed': replay.runSeed,
    digest: replay.digest,
    signature: replay.signature,
    bases: replay.bases,
    overrides: replay.overrides,
  }
}

/** Sections, and maps of maps, stand in blocks; what is small stands in braces, and so does an item of a list. */
function shape(node: unknown, depth: number, listed: boolean): void {
  if (!isMap(node) && !isSeq(node)) return
  const simple = listed || !node.items.some((item) => holdsMap(isPair(item) ? item.value : item))
  const json: unknown = node.toJSON()
  const text = JSON.stringify(json) ?? ''
  node.flow = node.items.length === 0 || (depth > SECTION_DEPTH && simple && text.length <= FLOW_WIDTH)
}

function holdsMap(value: unknown): boolean {
  return isMap(value) || (isSeq(value) && value.items.some(isMap))
}

interface Keyed {
  readonly key: unknown
}

/** An empty line before each section from `cluster` on. */
function spaceSections(pairs: readonly Keyed[]): void {
  const from = ORDER.indexOf('cluster')
  for (const pair of pairs) {
    const key = pair.key as (Node & { value?: unknown; spaceBefore?: boolean }) | null
    const at = ORDER.findIndex((name) => name === key?.value)
    if (key !== null && at >= from) key.spaceBefore = true
  }
}
