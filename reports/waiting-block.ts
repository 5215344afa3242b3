import { wrapped } from './layout.ts'
import type { Paint } from './paint.ts'
import type { ScenarioResult, WaitResult } from './result.ts'
import { atSeconds, grouped } from './words.ts'

/** So many are told unless everything is asked for. */
const TOLD = 4
const INDENT = 9

export interface WaitingOptions {
  readonly paint: Paint
  readonly width: number
  readonly verbose: boolean
}

/**
 * Who waited for what in the first run that did not settle: where the scenario is not met or progress is expected, else only
 * when everything is asked for.
 */
export function waitingBlock(result: ScenarioResult, { paint, width, verbose }: WaitingOptions): readonly string[] {
  const { waiting } = result
  if (waiting === null || waiting.waits.length === 0) return []
  const asked = result.expectations.some(({ guarantee, observed }) => guarantee === 'progress' && observed !== 'holds')
  if (!verbose && result.met && !asked) return []
  const told = verbose ? waiting.waits : waiting.waits.slice(0, TOLD)
  const { run, seed, ended, atMs } = waiting
  const more = waiting.waits.length - told.length
  return [
    `  ${paint.faint('waits')}  ${paint.faint(`run ${grouped(run)} · seed ${seed} · ended by ${ended} at ${atSeconds(atMs)}`)}`,
    ...told.flatMap((wait) => hanging(waitInWords(wait), width)),
    ...(more > 0 ? [' '.repeat(INDENT) + paint.faint(`… and ${grouped(more)} more, which -v and --json tell`)] : []),
  ]
}

/** `orders-0 waits for a leader since 9.100s: no electable leader, ...`. */
export function waitInWords({ who, waitsFor, sinceMs, rule, excuse }: WaitResult): string {
  const since = sinceMs === null ? '' : ` since ${atSeconds(sinceMs)}`
  const excused = excuse === null ? '' : ` (excused: ${excuse})`
  return `${who} waits for ${waitsFor}${since}${rule === null ? '' : `: ${rule}`}${excused}`
}

function hanging(text: string, width: number): readonly string[] {
  return wrapped(text, Math.max(24, width - INDENT - 2)).map(
    (line, at) => ' '.repeat(at === 0 ? INDENT : INDENT + 2) + line,
  )
}
