import { availableParallelism } from 'node:os'
import { UsageError } from './usage-error.ts'

/** Values of flags. Each parser names the flag, what was written, and what can be. */

/** Most worker threads that are started. */
const MOST_JOBS = 512
const MOST_RUNS = 1_000_000_000

export interface Shard {
  /** From 1. */
  readonly index: number
  readonly of: number
}

export function parseRuns(text: string): number {
  return wholeNumber('--runs', text, 1, MOST_RUNS)
}

export function parseJobs(text: string): number {
  if (text === 'auto') return availableParallelism()
  if (!/^\d+$/.test(text)) throw new UsageError(`--jobs takes a whole number or auto, not ${quoted(text)}`)
  return wholeNumber('--jobs', text, 1, MOST_JOBS)
}

export function parseBail(text: string): number {
  // `--bail a.yaml` reads the file as the number.
  if (!/^[+-]?\d+$/.test(text)) {
    throw new UsageError(
      `--bail takes a whole number, not ${quoted(text)}`,
      'write --bail=1, or put --bail behind the files',
    )
  }
  return wholeNumber('--bail', text, 1, MOST_RUNS)
}

export function parseShard(text: string): Shard {
  const match = /^(\d+)\/(\d+)$/.exec(text)
  const example = 'write it like 1/4: the first of four shards'
  if (match === null) throw new UsageError(`--shard takes i/n, not ${quoted(text)}`, example)
  const index = Number(match[1])
  const of = Number(match[2])
  if (!Number.isSafeInteger(of) || of < 1 || of > MOST_RUNS || index < 1 || index > of) {
    throw new UsageError(`--shard ${text}: there is no shard ${match[1]} of ${match[2]}`, example)
  }
  return { index, of }
}

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** A length of real time such as `60s` or `1h30m`, in milliseconds. */
export function parseBudget(text: string): number {
  return parseLength('--time-budget', text, 1)
}

/** A length of real time of at least so many milliseconds, for the named flag. */
export function parseLength(flag: string, text: string, least: number): number {
  const parts = [...text.matchAll(/(\d+)(ms|s|m|h|d)/g)]
  const total = parts.reduce((sum, part) => sum + Number(part[1]) * (UNITS[part[2] ?? ''] ?? 0), 0)
  if (parts.length === 0 || parts.map((part) => part[0]).join('') !== text || total < least) {
    throw new UsageError(`${flag} takes a length of time, not ${quoted(text)}`, 'write it like 60s, 90s or 1h30m')
  }
  // Longer timers do not exist in Node.
  if (total > 2 ** 31 - 1) throw new UsageError(`${flag} ${text}: at most 24d are possible`)
  return total
}

/** `--set a.b=value`, kept as written: what it means depends on the scenario. */
export function parseSet(text: string): string {
  const at = text.indexOf('=')
  if (at < 1) {
    throw new UsageError(
      `--set takes path=value, not ${quoted(text)}`,
      'for example --set producers.checkout.config.acks=all',
    )
  }
  return text
}

export const REPORTERS_BUILT = ['pretty', 'json', 'ndjson', 'junit', 'github', 'markdown'] as const
export const REPORTERS_PLANNED = ['html'] as const
export type ReporterName = (typeof REPORTERS_BUILT)[number]

export interface ReporterChoice {
  readonly name: ReporterName
  /** null = standard output. */
  readonly file: string | null
}

/** `--reporter name[=file]`. */
export function parseReporter(text: string): ReporterChoice {
  const at = text.indexOf('=')
  const name = at < 0 ? text : text.slice(0, at)
  const file = at < 0 ? null : text.slice(at + 1)
  if (file === '') throw new UsageError(`--reporter ${text}: the file's name is missing`)
  const built = REPORTERS_BUILT.find((known) => known === name)
  if (built !== undefined) return { name: built, file }
  if (REPORTERS_PLANNED.some((known) => known === name)) {
    throw new UsageError(`the reporter ${name} is not built yet`, `there are ${REPORTERS_BUILT.join(', ')}`)
  }
  throw new UsageError(`there is no reporter ${quoted(name)}`, `there are ${REPORTERS_BUILT.join(', ')}`)
}

function wholeNumber(flag: string, text: string, least: number, most: number): number {
  if (!/^[+-]?\d+$/.test(text)) throw new UsageError(`${flag} takes a whole number, not ${quoted(text)}`)
  const value = Number(text)
  if (value < least) throw new UsageError(`${flag} ${text}: it must be at least ${least}`)
  if (value > most) throw new UsageError(`${flag} ${text}: more than ${most} is not possible`)
  return value
}

function quoted(text: string): string {
  return JSON.stringify(text)
}
