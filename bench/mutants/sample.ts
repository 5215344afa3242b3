import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Patch } from '../../properties/mutants/mutant.ts'
import { type Change, changesOf } from './operators.ts'

/** A mutant that a generic operator made. Its id is the changed line before and after, so it survives edits elsewhere. */
export interface GenericMutant extends Patch {
  readonly operator: Change['operator']
  readonly before: string
  readonly after: string
}

/** Folder whose rules are mutated. */
const FOLDER = 'sim/kafka'

/**
 * Draws mutants of what is built, every change being as likely. Each has a rank of its own, by the seed and its id, and the first
 * ones are taken: so an edit of the code changes little of what is drawn.
 */
export function sampleMutants(root: string, count: number, seed: string): readonly GenericMutant[] {
  const files = builtFiles(join(root, 'dist', FOLDER)).map((path) => `${FOLDER}/${path}`)
  const mutants = files.flatMap((file) => {
    const source = readFileSync(join(root, 'dist', file), 'utf8')
    return changesOf(source).map((change) => ({ file, source, change, id: idOf(file, source, change) }))
  })
  // Of changes that read the same one is enough.
  const byId = new Map(mutants.map((mutant) => [mutant.id, mutant]))
  return [...byId.values()]
    .map((mutant) => ({ mutant, rank: rankOf(seed, mutant.id) }))
    .sort((a, b) => (a.rank < b.rank ? -1 : 1))
    .slice(0, count)
    .map(({ mutant }) => genericMutant(mutant.file, mutant.source, mutant.change))
}

function rankOf(seed: string, id: string): string {
  return createHash('sha256').update(`${seed}\n${id}`).digest('hex')
}

/** The changed line before and after. */
function linesOf(
  source: string,
  { start, end, replacement }: Change,
): { readonly before: string; readonly after: string } {
  const from = source.lastIndexOf('\n', start) + 1
  const line = source.slice(from, endOfLine(source, end))
  const changed = replacement.replaceAll('MARK && ', '').replace(/^MARK;$/, ';')
  const after = line.slice(0, start - from) + changed + line.slice(end - from)
  return { before: onOneLine(line), after: onOneLine(after) }
}

function idOf(file: string, source: string, change: Change): string {
  const { before, after } = linesOf(source, change)
  return `${file.slice(FOLDER.length + 1).replace(/\.js$/, '')} ${change.operator}: ${before} -> ${after}`
}

/** The change as a patch: its anchor takes so many lines along that it stands only once in the file. */
function genericMutant(file: string, source: string, change: Change): GenericMutant {
  const { operator } = change
  let from = source.lastIndexOf('\n', change.start) + 1
  let to = endOfLine(source, change.end)
  while (isRepeated(source, source.slice(from, to))) {
    from = source.lastIndexOf('\n', from - 2) + 1
    to = endOfLine(source, to + 1)
  }
  const replacement = source.slice(from, change.start) + change.replacement + source.slice(change.end, to)
  return {
    id: idOf(file, source, change),
    file: file.replace(/\.js$/, '.ts'),
    anchor: source.slice(from, to),
    replacement,
    operator,
    ...linesOf(source, change),
  }
}

function onOneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim()
}

function endOfLine(source: string, from: number): number {
  const end = source.indexOf('\n', from)
  return end < 0 ? source.length : end
}

function isRepeated(source: string, text: string): boolean {
  return source.indexOf(text) !== source.lastIndexOf(text)
}

function builtFiles(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((path) => path.replaceAll('\\', '/'))
    .filter((path) => path.endsWith('.js') && !path.includes('.test.'))
    .sort((a, b) => (a < b ? -1 : a > b ? 1 : 0))
}
