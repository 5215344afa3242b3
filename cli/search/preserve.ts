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
import { counted, grouped } from '../../reports/words.ts'
import type { Scenario } from '../../scenarios/format/scenario.ts'
import type { SearchBench } from './bench.ts'
import type { Slot } from './corpus.ts'
import { modulesFrom } from './moved-modules.ts'

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

/**
 * Saves a counterexample at once, and again whenever it became better to read or smaller, so that nothing is lost at any
 * time.
 */
export async function preserve(found: Found, options: PreserveOptions): Promise<Preserved> {
  const { frame, scenario, run } = found
  const { bench, interrupted } = options
  const drawn = await bench.drive(drawnCounterexample(frame, scenario))
  const drawnPath = drawn === null ? null : save(found, options, drawn, [DRAWN])
  const traced = bench.traced(scenario, run)
  const explicit = await bench.drive(explicitCase(frame, scenario, traced.trace), () => !interrupted())
  if (explicit !== null) return shrinkAndSave({ ...found, frame: explicit.frame }, options, explicit.proved)
  if (drawn !== null && drawnPath !== null)
    return { frame, counterexample: drawn, path: drawnPath, shrinking: '', minimal: false }
  throw new Error(`run ${run} of ${scenario.file} was judged again and did not show its violation again`)
}

const DRAWN = 'Its faults are drawn under run-seed: written out one by one they did not show it again.'

async function shrinkAndSave(found: Found, options: PreserveOptions, start: Proved): Promise<Preserved> {
  const { frame } = found
  const { bench, shrinkBudgetMs, interrupted, onProgress } = options
  const first = counterexampleOf(start)
  const firstPath = save(found, options, first, [])
  if (shrinkBudgetMs === 0) return { frame, counterexample: first, path: firstPath, shrinking: '', minimal: false }
  const until = performance.now() + shrinkBudgetMs
  let better: Proved = start
  const { best, runs, steps, minimal } = await shrink(frame, start, {
    judge: (scenario) => bench.judge(scenario, 0),
    goOn: (soFar) => {
      onProgress(() => `shrinking · ${inWords(better)} left · ${counted(soFar, 'run')}`)
      return !interrupted() && performance.now() < until
    },
    onBetter: (proved) => {
      better = proved
      save({ ...found, frame: proved.frame }, options, counterexampleOf(proved), [])
    },
  })
  const shrinking = shrunkInWords(start, best, steps, runs)
  const counterexample = counterexampleOf(best)
  const minimality = minimal ? ['Minimal:  without any one of its faults nothing is violated.'] : []
  const path = save({ ...found, frame: best.frame }, options, counterexample, [`Shrunk ${shrinking}.`, ...minimality])
  return { frame: best.frame, counterexample, path, shrinking, minimal }
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
  const moved = (text: string): string => modulesFrom(frame.raw, slot.absolute, text)
  return slot.save(moved(savedText(frame, counterexample, version)), (path) =>
    moved(
      savedText(frame, counterexample, version, [
        `Found by: ${foundBy}, twiceshy ${version}`,
        ...wrapped(`Violates: ${guaranteeText(frame.signature)}, ${kind}: ${message}`, HEAD_WIDTH).map(hanging),
        ...notes,
        `Replay:   npx twiceshy replay ${path}`,
      ]),
    ),
  )
}

/** Columns of prose in the comment at the top. */
const HEAD_WIDTH = 110

function hanging(line: string, at: number): string {
  return at === 0 ? line : `          ${line}`
}

function shrunkInWords(start: Proved, best: Proved, steps: number, runs: number): string {
  const tried = counted(runs, 'run')
  if (steps === 0) return `in no step of ${tried}: nothing smaller showed it`
  const [from, to] = [sizeOf(start.found), sizeOf(best.found)]
  const faults = `from ${counted(from.faults, 'fault')} to ${grouped(to.faults)}`
  const records = `from ${counted(from.records, 'record')} to ${grouped(to.records)}`
  return `${faults}, ${records}, in ${counted(steps, 'step')} of ${tried}`
}

function inWords({ found }: Proved): string {
  const { faults, records } = sizeOf(found)
  return `${counted(faults, 'fault')}, ${counted(records, 'record')}`
}
