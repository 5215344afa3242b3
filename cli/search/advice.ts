import { type Advice, type ChaosTally, isConfirmed } from '../../properties/search/remedies.ts'
import { wrapped } from '../../reports/layout.ts'
import type { Paint } from '../../reports/paint.ts'
import { counted, grouped, noneOf, shellQuoted } from '../../reports/words.ts'

const INDENT: string = ' '.repeat(11)

/**
 * What should be changed, as lines: the settings that prevent the violation, the surest first. Null = it cannot be told,
 * because the faults could not be written out.
 */
export function adviceLines(advice: Advice | null, paint: Paint, width: number): readonly string[] {
  const lines = advice === null ? inBlock(UNTOLD, width) : changes(advice, paint, width)
  const [first = '', ...rest] = lines
  return [`  ${paint.faint('change')}   ${first.trimStart()}`, ...rest]
}

const UNTOLD = 'cannot be told: its faults, written out one by one, did not show it again'

function changes({ remedies, unchanged, besideItsFaults }: Advice, paint: Paint, width: number): readonly string[] {
  if (remedies.length === 0) return inBlock('no single safety setting prevents it', width)
  const chaosBreaks = besideItsFaults ? 'chaos besides these faults' : 'chaos'
  const sure = remedies.filter(isConfirmed)
  const helps = remedies.filter((remedy) => !isConfirmed(remedy))
  const confirmed = sure.flatMap(({ name, sets, chaos }) => [
    ...inBlock(`${name} prevents it; ${chaosBreaks} breaks the guarantee in ${noneOf(chaos.runs)}`, width),
    ...sets.map((set) => `${INDENT}${paint.faint(`--set ${shellQuoted(set)}`)}`),
  ])
  const partly = helps.flatMap(({ name, sets, chaos }) => [
    ...inBlock(`${name} prevents it here; ${chaosBreaks} still breaks the guarantee in ${inWords(chaos)}`, width),
    ...sets.map((set) => `${INDENT}${paint.faint(`--set ${shellQuoted(set)}`)}`),
  ])
  const compared =
    unchanged === null ? [] : inBlock(`without a change ${chaosBreaks} breaks it in ${inWords(unchanged)}`, width)
  return [...confirmed, ...partly, ...compared.map((line) => paint.faint(line))]
}

function inWords({ runs, violated }: ChaosTally): string {
  return violated === 0 ? noneOf(runs) : `${grouped(violated)} of ${counted(runs, 'run')}`
}

function inBlock(text: string, width: number): readonly string[] {
  return wrapped(text, width - INDENT.length).map((line) => INDENT + line)
}
