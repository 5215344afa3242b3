import type { MutantOutcome } from '../../cli/mutants/outcome.ts'
import type { Mutant } from '../../properties/mutants/mutant.ts'
import { code, plain, tableOf } from '../../reports/markdown-text.ts'
import type { GenericMutant } from './sample.ts'
import { reasonFor } from './survivors.ts'
import { genericSummary, isSurvivor, namedRows } from './table.ts'

type Outcomes = ReadonlyMap<string, MutantOutcome>

const ABOUT = `# Mutants: judges that are themselves judged

A verdict is worth what its checker is worth. Each mutant below is one plausible way to get a rule of Kafka wrong: a small patch of the
*built* code, applied to a copy in a temporary folder and proved to be executed. It counts as caught when a run of the
scenario named violates a guarantee that the unmutated product keeps in the very same run, or breaks one of the model's invariants; a crash
of the simulator is no catch. *No longer shown* means that a violation which the scenario expects, and which the product shows in the
same runs, is gone.

\`npm run mutants\` hunts them all and prints this table; \`npm run mutants -- --generic 100 --seed 1\` adds mutants drawn from
generic operators ([mutants-drawn.md](mutants-drawn.md)). \`--write\` writes both pages: edit what they are written from.

## How to add one

1. Write it into \`properties/mutants/\`, in the file of its area: \`id\`, the \`rule\` it breaks with Kafka's name of it, the \`file\`, an
   \`anchor\` that stands exactly once in \`dist/\`*file*\`.js\`, and what stands there instead, with the word \`MARK\` (true) where it is reached.
2. Give it the scenario that should find it, and the runs that should do: \`npm run mutants -- --filter <id>\`.
3. If nothing finds it, that is a hole: write the scenario or the judge that is missing. Only where nobody could tell the
   difference, say so in \`equivalent\`.
`

const DRAWN: readonly string[] = [
  'Beside the [named ones](mutants.md), mutants are drawn from generic operators over all of `sim/kafka`: a condition negated, an integer',
  'plus or minus one, a statement dropped, two arguments swapped. Each is judged by up to 300 runs of library and campaigns in turn; one',
  'that no scenario has reached by then is given up after 120. Every change has a rank by the seed, so an edit of the code changes little of what is',
  'drawn; the page is as old as its last `npm run mutants -- --generic 100 --seed 1 --write`.',
]

/** The page `docs/mutants.md`. */
export function namedPage(mutants: readonly Mutant[], outcomes: Outcomes): string {
  return `${ABOUT}\n${namedPart(mutants, outcomes)}`
}

function namedPart(mutants: readonly Mutant[], outcomes: Outcomes): string {
  const rows = namedRows(mutants, outcomes)
  const caught = mutants.flatMap((mutant, at) => {
    const row = rows[at]
    if (mutant.caughtBy === null || row === undefined) return []
    const { id, rule } = mutant
    return [[code(id), plain(rule), code(row.by), plain(row.isMissed ? row.verdict : row.what), row.runs]]
  })
  const equivalent = mutants.filter(({ caughtBy }) => caughtBy === null)
  const lines = [
    `## Named mutants: ${caught.length}`,
    '',
    ...tableOf(['mutant', 'rule', 'caught by', 'what it violates', 'runs, of at most'], caught),
    '',
  ]
  if (equivalent.length === 0) return lines.join('\n')
  const argued = equivalent.map(({ id, rule, equivalent: why }) => [code(id), plain(rule), plain(why ?? '')])
  return [
    ...lines,
    `## Equivalent mutants: ${equivalent.length}`,
    '',
    'Nobody can tell these from the product.',
    '',
    ...tableOf(['mutant', 'rule', 'why'], argued),
    '',
  ].join('\n')
}

/** The page `docs/mutants-drawn.md`. */
export function drawnPage(mutants: readonly GenericMutant[], seed: string, outcomes: Outcomes): string {
  const survivors = mutants.flatMap((mutant) => {
    const outcome = outcomes.get(mutant.id)
    if (outcome === undefined || !isSurvivor(outcome)) return []
    const file = mutant.file.replace('sim/kafka/', '')
    const change = `${code(mutant.before)} becomes ${code(mutant.after)}`
    return [[plain(file), change, outcome.executed ? 'yes' : 'no', plain(reasonFor(mutant, outcome))]]
  })
  return [
    `# Drawn mutants: ${mutants.length}, seed ${seed}`,
    '',
    ...DRAWN,
    '',
    `${genericSummary(mutants, outcomes)}. That share has no target; each survivor is a question, and this is what came of it.`,
    '',
    ...tableOf(['file', 'change', 'reached', 'why it survives'], survivors),
    '',
  ].join('\n')
}
