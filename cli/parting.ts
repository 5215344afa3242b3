import { divergenceLines } from '../reports/divergence.ts'
import { counted } from '../reports/words.ts'
import type { Context } from './context.ts'
import { JUDGE, WORKER } from './places.ts'
import { judgeAgain, type KeptTrace } from './pool/again.ts'
import type { Nondeterminism, Way } from './pool/failures.ts'
import { Agenda, type OneRun } from './pool/tasks.ts'

/** So many runs at most are judged before a run, to see whether they leave something behind for it. */
const EARLIER = 20

/** What a thread judges before the run that is looked at. */
interface Past {
  readonly told: readonly string[]
  readonly runs: readonly OneRun[]
}

/**
 * Where two judgements of the same run part: the first moment that differs, with both sides. The run is judged again in
 * threads of their own, the second time after more and more of what may have left something behind. Empty when the judge
 * keeps no traces.
 */
export async function whereTheyPart(failure: Nondeterminism, context: Context): Promise<readonly string[]> {
  const { ways } = failure
  if (failure.sameDigest) return ['the moments are the same; what the judges say of them differs']
  const judge = (way: Way, past: readonly OneRun[]): Promise<KeptTrace> =>
    way.trace?.() ?? again([...past, failure], way, context)
  const first = await judge(ways[0], [])
  if (first === null) return []
  for (const { told, runs } of ways[1].trace === undefined ? pastsOf(failure) : [ALONE]) {
    const second = await judge(ways[1], runs)
    const lines = second === null ? null : divergenceLines(first, second)
    if (lines !== null) return [...lines, ...told]
  }
  return ['judged again, it gave the same trace every time: what differs lies outside of the run']
}

const ALONE: Past = { told: [], runs: [] }

/** Least first, so that no more is told than it takes. */
function pastsOf({ task, run, tasks }: Nondeterminism): readonly Past[] {
  const after = (runs: readonly OneRun[], what: string): Past => ({
    told: [`the first was judged in a thread of its own, the second in one that had judged ${what}`],
    runs,
  })
  const others = firstRuns(new Agenda([task])).filter((other) => other.run !== run)
  const elsewhere = tasks.filter((other) => other !== task && other.count > 0)
  const pasts = [ALONE, after([{ task, run }], 'the same run before')]
  for (const some of [others.slice(0, 1), others])
    if (some.length > 0) pasts.push(after(some, `${counted(some.length, 'other run')} before`))
  const some = firstRuns(new Agenda(elsewhere))
  if (some.length > 0) pasts.push(after(some, `${counted(some.length, 'run')} of other scenarios before`))
  return pasts
}

function firstRuns(agenda: Agenda): readonly OneRun[] {
  return Array.from({ length: Math.min(EARLIER, agenda.total) }, (_, index) => agenda.runOf(agenda.at(index)))
}

function again(runs: readonly OneRun[], { options }: Way, context: Context): Promise<KeptTrace> {
  // Threads run what was compiled.
  const script = new URL('./again-worker.js', context.workerScript ?? WORKER)
  const plain = runs.map(({ task, run }) => ({ task, run }))
  return judgeAgain(script, { judgeModule: context.judgeModule ?? JUDGE, runs: plain, options })
}
