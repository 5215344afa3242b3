/** Numbers in words, the same on every machine: nothing here asks the locale. */

/** `1204` as `1,204`. */
export function grouped(n: number): string {
  const digits = String(Math.trunc(Math.abs(n)))
  let out = ''
  for (let i = 0; i < digits.length; i++) {
    if (i > 0 && (digits.length - i) % 3 === 0) out += ','
    out += digits.charAt(i)
  }
  return n < 0 ? `-${out}` : out
}

/** `1 run`, `1,204 runs`. */
export function counted(n: number, one: string, many: string = `${one}s`): string {
  return `${grouped(n)} ${n === 1 ? one : many}`
}

/**
 * The 95 % upper confidence bound of an event seen in none of `runs` independent runs, in percent: the exact rule of
 * three, 1 - 0.05^(1/n).
 */
export function upperBoundPercent(runs: number): number {
  return 100 * (1 - 0.05 ** (1 / runs))
}

/** A percentage with two significant digits, rounded up, so that "below" stays true. */
export function roundedUpPercent(percent: number): string {
  if (percent <= 0) return '0 %'
  if (percent >= 10) return `${Math.ceil(percent - 1e-9)} %`
  const decimals = 1 - Math.floor(Math.log10(percent))
  const scale = 10 ** decimals
  return `${(Math.ceil(percent * scale - 1e-9) / scale).toFixed(decimals)} %`
}

/** `0 of 200 runs (95 % sure: below 1.5 %)`; a single run says nothing about a rate. */
export function noneOf(runs: number): string {
  if (runs === 1) return '0 of 1 run'
  return `0 of ${grouped(runs)} runs (95 % sure: below ${roundedUpPercent(upperBoundPercent(runs))})`
}

/** A moment of simulated time: `12.345s`, with microseconds only where there are any. */
export function atSeconds(ms: number): string {
  const us = Math.round(ms * 1000)
  const fraction = String(us % 1_000_000).padStart(6, '0')
  return `${Math.floor(us / 1_000_000)}.${fraction.endsWith('000') ? fraction.slice(0, 3) : fraction}s`
}

/** A length of simulated time: `850 ms`, `42.0 s`, `12.5 min`, `20.1 h`, `3.2 days`. */
export function simulated(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`
  if (ms < 120_000) return `${(ms / 1000).toFixed(1)} s`
  if (ms < 7_200_000) return `${(ms / 60_000).toFixed(1)} min`
  if (ms < 172_800_000) return `${(ms / 3_600_000).toFixed(1)} h`
  return `${(ms / 86_400_000).toFixed(1)} days`
}

/** `a`, `a and b`, `a, b and c`. */
export function listed(items: readonly string[]): string {
  if (items.length < 2) return items[0] ?? ''
  return `${items.slice(0, -1).join(', ')} and ${items[items.length - 1] ?? ''}`
}

/** An argument as a POSIX shell wants it. */
export function shellQuoted(argument: string): string {
  return /^[\w@%+=:,./-]+$/.test(argument) ? argument : `'${argument.replaceAll("'", String.raw`'\''`)}'`
}
