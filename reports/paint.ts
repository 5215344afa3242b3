import type { ChalkInstance } from 'chalk'
import type { ExpectationResult, ScenarioResult } from './result.ts'

/** The colours of the terminal report by meaning. Signs and words carry the verdict too, never colour alone. */
export interface Paint {
  good(text: string): string
  bad(text: string): string
  open(text: string): string
  faint(text: string): string
  strong(text: string): string
}

export function paintWith(chalk: ChalkInstance): Paint {
  return {
    good: (text) => chalk.green(text),
    bad: (text) => chalk.red(text),
    open: (text) => chalk.yellow(text),
    faint: (text) => chalk.dim(text),
    strong: (text) => chalk.bold(text),
  }
}

/** ✓ as expected, ✗ not, ? cannot be told. */
export function signOf(paint: Paint, what: ScenarioResult | ExpectationResult): string {
  if (what.met) return paint.good('✓')
  const open = 'inconclusive' in what ? what.inconclusive : what.observed === 'unknown'
  return open ? paint.open('?') : paint.bad('✗')
}
