import { DAY, HOUR, MICROSECOND, MILLISECOND, MINUTE, SECOND } from '../../../sim/kernel/time.ts'
import { constant, type Spread } from '../../../sim/kernel/spread.ts'
import type { Place } from '../place.ts'

const UNITS: Readonly<Record<string, number>> = {
  us: MICROSECOND,
  ms: MILLISECOND,
  s: SECOND,
  m: MINUTE,
  h: HOUR,
  d: DAY,
}
/** A hundred years: far beyond any run, and exact in microseconds. */
export const LONGEST_US: number = 36_500 * DAY
const DURATION_HELP = 'a duration has a unit: `250us`, `250ms`, `30s`, `1m30s`, `1h`, `7d`'

/** `250us`, `1m30s`, `7d` in microseconds; null when it is not a duration, NaN when it is longer than a hundred years. */
export function parseDuration(text: string): number | null {
  if (!/^(?:\d{1,15}(?:\.\d{1,6})?(?:us|ms|s|m|h|d))+$/.test(text) || text.length > 100) return null
  let total = 0
  for (const match of text.matchAll(/(\d+(?:\.\d+)?)(us|ms|s|m|h|d)/g)) {
    const us = Number(match[1]) * (UNITS[match[2] ?? ''] ?? 0)
    // `1.5s` is fine, `0.5us` is not a whole number of microseconds.
    if (us <= LONGEST_US && Math.abs(us - Math.round(us)) > 1e-6) return null
    total += Math.round(us)
  }
  return total > LONGEST_US ? Number.NaN : total
}

/** Microseconds as the shortest duration that says the same, such as `1m30s`. */
export function formatDuration(us: number): string {
  if (us === 0) return '0s'
  let rest = us
  let text = ''
  for (const unit of ['d', 'h', 'm', 's', 'ms', 'us']) {
    const size = UNITS[unit] ?? 1
    const count = Math.floor(rest / size)
    if (count > 0) text += `${count}${unit}`
    rest -= count * size
  }
  return text
}

/** A length of time in microseconds; the fallback when nothing usable is written. */
export function durationAt<T>(place: Place, what: string, fallback: T): number | T {
  if (!place.written || place.broken) return fallback
  const tree = place.tree
  if (tree?.kind === 'scalar' && typeof tree.value === 'number') {
    place.error(
      'TWICESHY_TYPE',
      `${what} must be a duration, and ${place.describe()} has no unit`,
      `write \`${tree.source}ms\` or \`${tree.source}s\``,
    )
    return fallback
  }
  const us = tree?.kind === 'scalar' ? parseDuration(tree.source) : null
  if (us === null) {
    const help = tree?.kind === 'map' ? `${DURATION_HELP}; this one cannot vary` : DURATION_HELP
    place.error('TWICESHY_TYPE', `${what} must be a duration, not ${place.describe()}`, help)
    return fallback
  }
  if (!Number.isNaN(us)) return us
  place.error('TWICESHY_RANGE', `${what} is longer than a hundred years`)
  return fallback
}

/** A length of time that may be negative, such as `-1h`, in microseconds; the fallback when nothing usable is written. */
export function signedDurationAt<T>(place: Place, what: string, fallback: T): number | T {
  const tree = place.tree
  const sign = tree?.kind === 'scalar' ? /^[+-]/.exec(tree.source)?.[0] : undefined
  const us = sign === undefined || tree?.kind !== 'scalar' ? null : parseDuration(tree.source.slice(1))
  if (us === null) return durationAt(place, what, fallback)
  if (Number.isNaN(us)) {
    place.error('TWICESHY_RANGE', `${what} is longer than a hundred years`)
    return fallback
  }
  return sign === '-' ? -us : us
}

const SPREAD_HELP =
  'a duration such as `5s`, or `{ uniform: [50ms, 3s] }`, `{ exponential: 4s }`, `{ normal: { mean: 2ms, stddev: 1ms } }`'

/** A duration that may vary; the fallback when nothing usable is written. */
export function spreadAt<T>(place: Place, what: string, fallback: T): Spread | T {
  if (!place.written || place.broken) return fallback
  if (place.tree?.kind === 'scalar') {
    const us = durationAt(place, what, null)
    return us === null ? fallback : constant(us)
  }
  const kinds = place.entries()
  const kind = kinds[0]
  if (place.tree?.kind !== 'map' || kinds.length !== 1 || kind === undefined) {
    place.error('TWICESHY_TYPE', `${what} must be a duration or one spread, not ${place.describe()}`, SPREAD_HELP)
    return fallback
  }
  return spreadOf(kind, what) ?? fallback
}

function spreadOf(kind: Place, what: string): Spread | null {
  switch (kind.name) {
    case 'uniform':
      return uniform(kind, what)
    case 'exponential': {
      const meanUs = durationAt(kind, `the mean of ${what}`, null)
      return meanUs === null ? null : { kind: 'exponential', meanUs }
    }
    case 'normal': {
      const meanUs = durationAt(kind.get('mean'), `the mean of ${what}`, null)
      const stddevUs = durationAt(kind.get('stddev'), `the standard deviation of ${what}`, null)
      if (meanUs !== null && stddevUs !== null) return { kind: 'normal', meanUs, stddevUs }
      if (!kind.report.covers(kind.path.join('\u0000')))
        kind.error('TWICESHY_TYPE', `${what} needs \`mean\` and \`stddev\``, SPREAD_HELP)
      return null
    }
    default:
      kind.keyErrorOrValue('TWICESHY_UNKNOWN_KEY', `\`${kind.name}\` is no spread`, SPREAD_HELP)
      return null
  }
}

function uniform(place: Place, what: string): Spread | null {
  const [min, max, ...rest] = place.items()
  if (min === undefined || max === undefined || rest.length > 0) {
    place.error('TWICESHY_TYPE', `\`uniform\` must be a list of two durations, not ${place.describe()}`, SPREAD_HELP)
    return null
  }
  const minUs = durationAt(min, `the least of ${what}`, null)
  const maxUs = durationAt(max, `the most of ${what}`, null)
  if (minUs === null || maxUs === null) return null
  if (minUs <= maxUs) return { kind: 'uniform', minUs, maxUs }
  max.error(
    'TWICESHY_IMPOSSIBLE',
    `${what} goes from ${min.describe()} down to ${max.describe()}`,
    'write the shorter one first',
    min,
  )
  return null
}

/** The shortest length that a spread can give. */
export function leastUs(spread: Spread): number {
  switch (spread.kind) {
    case 'constant':
      return spread.us
    case 'uniform':
      return spread.minUs
    case 'exponential':
    case 'normal':
      return 0
  }
}

/** The length that a spread gives on average. */
export function meanUs(spread: Spread): number {
  switch (spread.kind) {
    case 'constant':
      return spread.us
    case 'uniform':
      return (spread.minUs + spread.maxUs) / 2
    case 'exponential':
    case 'normal':
      return spread.meanUs
  }
}
