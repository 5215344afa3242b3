import { type Remedy, remedies, type RemedyQuestion } from '../../properties/search/remedies.ts'
import { wrapped } from '../../reports/layout.ts'
import type { Paint } from '../../reports/paint.ts'
import { noneOf, shellQuoted } from '../../reports/words.ts'
import type { SearchBench } from './bench.ts'

/** What should be changed? Null when it was cut short. */
export async function advise(
  question: RemedyQuestion,
  bench: SearchBench,
  goOn: (name: string, runs: number) => boolean,
): Promise<readonly Remedy[] | null> {
  const search = remedies(question)
  let step = search.next()
  for (let runs = 0; step.done !== true; runs++) {
    if (!goOn(step.value.scenario.title, runs)) return null
    step = search.next(await bench.judge(step.value.scenario, step.value.run))
  }
  return step.value
}

/** The answer as lines: what prevents it first, then what only helps in this very run. */
export function adviceLines(found: readonly Remedy[], paint: Paint, width: number): readonly string[] {
  const confirmed = found.filter(({ violatedIn }) => violatedIn === 0)
  const partial = found.filter(({ violatedIn }) => violatedIn > 0)
  const indent = ' '.repeat(11)
  const lines = confirmed.flatMap(({ name, sets, confirmedIn }) => [
    ...block(`${name} prevents it, and chaos breaks the guarantee in ${noneOf(confirmedIn)}`, width),
    ...sets.map((set) => `${indent}${paint.faint(`--set ${shellQuoted(set)}`)}`),
  ])
  const others = partial.flatMap(({ name, confirmedIn }) =>
    block(`${name} prevents it here, but not always: chaos run ${confirmedIn} broke the guarantee`, width).map((line) =>
      paint.faint(line),
    ),
  )
  const none = confirmed.length === 0 ? block('no single safety setting prevents it', width) : []
  const [first = '', ...rest] = [...none, ...lines, ...others]
  return [`  ${paint.faint('change')}   ${first.trimStart()}`, ...rest]

  function block(text: string, columns: number): readonly string[] {
    return wrapped(text, columns - indent.length).map((line) => indent + line)
  }
}
