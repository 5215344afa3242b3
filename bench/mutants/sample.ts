import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Patch } from '../../properties/mutants/mutant.ts'
import { Stream } from '../../sim/kernel/stream.ts'
import { type Change, changesOf } from './operators.ts'

/** A mutant that a generic operator made. Its id is the changed line before and after, so it survives edits elsewhere. */
export interface GenericMutant extends Patch {
  readonly operator: Change['operator']
  readonly before: string
  readonly after: string
}

/** Folder whose rules are mutated. */
const FOLDER = 'sim/kafka'

/** Draws mutants of what is built, every place where an operator applies being as likely; the same seed draws the same ones. */
export function sampleMutants(root: string, count: number, seed: string): readonly GenericMutant[] {
  const files = builtFiles(join(root, 'dist', FOLDER)).map((path) => `${FOLDER}/${path}`)
  const places = files.flatMap((file) => {
    const source = readFileSync(join(root, 'dist', file), 'utf8')
    return changesOf(source).map((change) => ({ file, source, change }))
  })
  const draw = new Stream(seed, 'mutants')
  const drawn: GenericMutant[] = []
  while (drawn.length < count && places.length > 0) {
    const [place] = places.splice(draw.below(places.length), 1)
    if (place === undefined) continue
    const mutant = genericMutant(place.file, place.source, place.change)
    // Of changes that read the same one is enough.
    if (drawn.every(({ id }) => id !== mutant.id)) drawn.push(mutant)
  }
  return drawn
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
  const name = file.slice(FOLDER.length + 1).replace(/\.js$/, '')
  const before = source.slice(source.lastIndexOf('\n', change.start) + 1, endOfLine(source, change.end))
  const at = change.start - source.lastIndexOf('\n', change.start) - 1
  const changed = change.replacement.replaceAll('MARK && ', '').replace(/^MARK;$/, ';')
  const after = before.slice(0, at) + changed + before.slice(at + change.end - change.start)
  return {
    id: `${name} ${operator}: ${onOneLine(before)} -> ${onOneLine(after)}`,
    file: file.replace(/\.js$/, '.ts'),
    anchor: source.slice(from, to),
    replacement,
    operator,
    before: onOneLine(before),
    after: onOneLine(after),
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
