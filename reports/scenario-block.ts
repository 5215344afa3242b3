import { labelOf, observedInWords, titleWithin, violationToRepeat } from './expectation-words.ts'
import { clipped, padded, widthOf, wrapped } from './layout.ts'
import { type Paint, signOf } from './paint.ts'
import type { ExpectationResult, ScenarioResult } from './result.ts'
import { storyBlock } from './story-block.ts'
import type { Story } from './story.ts'
import { waitingBlock } from './waiting-block.ts'
import { atSeconds, counted, grouped, shellQuoted, simulated } from './words.ts'

export interface BlockOptions {
  readonly paint: Paint
  readonly width: number
  readonly verbose: boolean
  /** What happened around the violation that a reader should repeat. */
  readonly story: Story | null
  /** Flags that must be given again for the same worlds, such as `--set …`. */
  readonly again: readonly string[]
}

const OBSERVED_WIDTH = 'violated'.length

/** One scenario in full: what was expected, what was observed, the proof, and how to see it again. */
export function scenarioBlock(result: ScenarioResult, options: BlockOptions): readonly string[] {
  const { paint } = options
  const labels = result.expectations.map(labelOf)
  const labelWidth = Math.max(0, ...labels.map(widthOf))
  const lines = [...headLines(result, options)]
  result.expectations.forEach((expectation, i) => {
    lines.push(...expectationLines(expectation, padded(labels[i] ?? '', labelWidth), result.runs, options))
  })
  for (const problem of result.problems) lines.push(...hanging(`  ${paint.bad('✗')} `, 4, problem, options.width))
  if (result.partial !== null) lines.push(...hanging(`  ${paint.open('?')} `, 4, partialInWords(result), options.width))
  lines.push(...waitingBlock(result, options))
  if (options.verbose) lines.push(...detailLines(result, options))
  if (options.story !== null) lines.push(...storyBlock(options.story, paint, options.width))
  const repeat = violationToRepeat(result)
  if (repeat !== null) lines.push(`  ${paint.faint('again')}  ${repeatCommand(result, repeat.seed, options.again)}`)
  return lines
}

function headLines(result: ScenarioResult, options: BlockOptions): readonly string[] {
  const { paint, width } = options
  const figures = `${counted(result.runs, 'run')} · seed ${result.seed}`
  const room = width - 4 - widthOf(figures)
  return [
    `${signOf(paint, result)} ${paint.strong(titleWithin(result, width - 2))}`,
    `  ${paint.faint(padded(clipped(result.file, room), room))}  ${paint.faint(figures)}`,
  ]
}

function expectationLines(
  expectation: ExpectationResult,
  label: string,
  runs: number,
  options: BlockOptions,
): readonly string[] {
  const { paint, width } = options
  const observed = padded(expectation.observed, OBSERVED_WIDTH)
  const indent = 4 + widthOf(label) + 2 + OBSERVED_WIDTH + 2
  const head = `  ${signOf(paint, expectation)} ${label}  ${observed}  `
  const lines = [...hanging(head, indent, observedInWords(expectation, runs), width)]
  const proof = expectation.firstViolation
  if (proof === null) return lines
  const time = atSeconds(proof.atMs)
  const hang = 6 + widthOf(time) + 2
  lines.push(...hanging(`      ${paint.faint(time)}  `, hang, `${proof.kind}: ${proof.message}`, width))
  const { span } = expectation
  const where = expectation.met || span === null ? '' : ` · expected at ${span.file}:${span.line}`
  lines.push(' '.repeat(hang) + paint.faint(`run ${grouped(proof.run)} · seed ${proof.seed}${where}`))
  return lines
}

function detailLines(result: ScenarioResult, options: BlockOptions): readonly string[] {
  const { paint, width } = options
  const judged = result.expectations.map((e) => `${labelOf(e)} ${grouped(e.judged)}`).join(', ')
  const ended = Object.entries(result.ended).filter(([, runs]) => runs > 0)
  const details: readonly (readonly [string, string])[] = [
    ['world', `${counted(result.events, 'event')} · ${simulated(result.virtualMs)} simulated`],
    ['judged', judged],
    ['ended', ended.map(([how, runs]) => `${how} ${grouped(runs)}`).join(', ')],
    [
      'faults',
      result.faults.map((f) => `[${f.entry}] fired ${grouped(f.fired)}, touched ${grouped(f.touched)}`).join(' · '),
    ],
    ['mattered', result.mattered === null ? '' : `in ${(result.mattered * 100).toFixed(0)} % of runs with faults`],
    ['cover', result.cover.map((goal) => `${goal.moment} in ${counted(goal.runs, 'run')}`).join(' · ')],
    ['digest', `${result.digest} of the first run`],
    ['', `${result.runDigest} of all`],
  ]
  return details
    .filter(([, text]) => text !== '')
    .flatMap(([name, text]) => hanging(`    ${paint.faint(padded(name, 8))}  `, 14, text, width))
}

function partialInWords(result: ScenarioResult): string {
  const share = `${grouped(result.runs)} of ${counted(result.runsPlanned, 'run')}`
  switch (result.partial) {
    case 'shard':
      return `this shard judged ${counted(result.runs, 'run')}; what it did not see, another may show`
    case 'bail':
      return `stopped by --bail after ${share}`
    case 'time-budget':
      return `the time budget ended after ${share}`
    case 'interrupted':
      return `interrupted after ${share}`
    case 'error':
      return `an internal error ended it after ${share}`
    case 'refused':
      return `a handler did what it may not after ${share}`
    case null:
      return ''
  }
}

/** The command that repeats one run. */
export function repeatCommand(
  result: Pick<ScenarioResult, 'file' | 'variant'>,
  seed: string,
  again: readonly string[],
): string {
  const filter = result.variant === null ? [] : ['--filter', result.variant]
  const words = ['twiceshy', 'run', result.file, '--seed', seed, '--runs', '1', '-v', ...filter, ...again]
  return words.map(shellQuoted).join(' ')
}

/** A text after a head of visible width `indent`, its further lines indented as far. */
function hanging(head: string, indent: number, text: string, width: number): readonly string[] {
  return wrapped(text, Math.max(24, width - indent)).map((line, i) =>
    i === 0 ? head + line : ' '.repeat(indent) + line,
  )
}
