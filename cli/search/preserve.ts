import type { CaseFrame } from '../../properties/search/case.ts'
import {
  type Counterexample,
  counterexampleOf,
  drawnCounterexample,
  explicitCase,
  savedText,
  sizeOf,
} from '../../properties/search/counterexample.ts'
import { type Proved, shrink } from '../../properties/search/shrink.ts'
import { guaranteeText } from '../../properties/search/signature.ts'
import { wrapped } from '../../reports/layout.ts'
import { counted } from '../../reports/words.ts'
import type { Scenario } from '../../scenarios/format/scenario.ts'
import type { SearchBench } from './bench.ts'
import type { Slot } from './corpus.ts'

/** What was found, to be saved and shrunk. */
export interface Found {
  readonly frame: CaseFrame
  readonly scenario: Scenario
  readonly run: number
  /** `twiceshy fuzz a.yaml --seed 42 (run 731)` */
  readonly foundBy: string
}

export interface PreserveOptions {
  readonly bench: SearchBench
  readonly slot: Slot
  readonly version: string
  /** Shrinking ends after so much real time; 0 = none of it. */
  readonly shrinkBudgetMs: number
  readonly interrupted: () => boolean
  readonly onProgress: (line: () => string) => void
}

export interface Preserved {
  /** That of the run that is saved. */
  readonly frame: CaseFrame
  readonly counterexample: Counterexample
  readonly path: string
  /** How it was shrunk, in words; '' when it was not. */
  readonly shrinking: string
  /** Whether each of its faults was taken away alone, and the violation was gone each time. */
  readonly minimal: boolean
}

/** Saves a counterexample at once, and again whenever shrinking made it smaller, so that nothing is lost at any time. */
export async function preserve(found: Found, options: PreserveOptions): Promise<Preserved> {
  const { scenario, run } = found
  const { bench } = options
  const judge = (judged: Scenario): ReturnType<SearchBench['judge']> => bench.judge(judged, 0)
  const explicit = await bench.drive(explicitCase(found.frame, scenario, bench.traceOf(scenario, run)))
  if (explicit === null)
    return saveAsDrawn(found, options, await bench.drive(drawnCounterexample(found.frame, scenario)))
  const { frame, proved: start } = explicit
  const first = counterexampleOf(frame, start)
  const saveAs = (counterexample: Counterexample, notes: readonly string[]): string =>
    save({ ...found, frame }, options, counterexample, notes)
  let path = saveAs(first, [])
  if (options.shrinkBudgetMs === 0) return { frame, counterexample: first, path, shrinking: '', minimal: false }
  const until = performance.now() + options.shrinkBudgetMs
  let better: Proved = start
  const { best, runs, steps, minimal } = await shrink(frame, start, {
    judge,
    goOn: (soFar) => {
      options.onProgress(() => `shrinking · ${inWords(better)} left · ${counted(soFar, 'run')}`)
      return !options.interrupted() && performance.now() < until
    },
    onBetter: (proved) => {
      better = proved
      path = saveAs(counterexampleOf(frame, proved), [])
    },
  })
  const shrinking = shrunkInWords(start, best, steps, runs)
  const counterexample = counterexampleOf(frame, best)
  const minimality = minimal ? ['Minimal:  without any one of its faults nothing is violated.'] : []
  path = saveAs(counterexample, [`Shrunk ${shrinking}.`, ...minimality])
  return { frame, counterexample, path, shrinking, minimal }
}

function saveAsDrawn(found: Found, options: PreserveOptions, counterexample: Counterexample | null): Preserved {
  if (counterexample === null) {
    throw new Error(`run ${found.run} of ${found.scenario.file} was judged again and did not show its violation again`)
  }
  const note = 'Its faults are drawn under run-seed: written out one by one they did not show it again.'
  const path = save(found, options, counterexample, [note])
  return { frame: found.frame, counterexample, path, shrinking: '', minimal: false }
}

function save(
  found: Found,
  options: PreserveOptions,
  counterexample: Counterexample,
  notes: readonly string[],
): string {
  const { frame, foundBy } = found
  const { version, slot } = options
  const { kind, message } = counterexample.shown.violation
  return slot.save(savedText(frame, counterexample, version), (path) =>
    savedText(frame, counterexample, version, [
      `Found by: ${foundBy}, twiceshy ${version}`,
      ...wrapped(`Violates: ${guaranteeText(frame.signature)}, ${kind}: ${message}`, HEAD_WIDTH).map(hanging),
      ...notes,
      `Replay:   npx twiceshy replay ${path}`,
    ]),
  )
}

/** Columns of prose in the comment at the top. */
const HEAD_WIDTH = 110

function hanging(line: string, at: number): string {
  return at === 0 ? line : `          ${line}`
}

function shrunkInWords(start: Proved, best: Proved, steps: number, runs: number): string {
  const [from, to] = [sizeOf(start.found), sizeOf(best.found)]
  const faults = `from ${counted(from.faults, 'fault')} to ${to.faults}`
  const records = `from ${counted(from.records, 'record')} to ${to.records}`
  return `${faults}, ${records}, in ${counted(steps, 'step')} of ${counted(runs, 'run')}`
}

function inWords({ found }: Proved): string {
  const { faults, records } = sizeOf(found)
  return `${counted(faults, 'fault')}, ${counted(records, 'record')}`
}
