import fc, { type Arbitrary } from 'fast-check'
import type { Spread } from '../../sim/kernel/spread.ts'
import { MILLISECOND } from '../../sim/kernel/time.ts'

/** Times shrink in steps of so much first: what is left are times such as `7s` and `1500ms`. */
export const COARSE: number = 500 * MILLISECOND

/**
 * A time as coarse steps, milliseconds and microseconds, each shrinking towards 0. Like every arbitrary of a plan it can
 * be shrunk from the bare value, without the seed that made it: each `map` has its way back.
 */
export function timeUpTo(mostUs: number): Arbitrary<number> {
  const steps = fc.nat(Math.max(0, Math.ceil(mostUs / COARSE)))
  return fc.tuple(steps, fc.nat(COARSE / MILLISECOND - 1), fc.nat(MILLISECOND - 1)).map(
    ([step, ms, us]) => step * COARSE + ms * MILLISECOND + us,
    (value) => {
      const us = wholeNumber(value)
      return [Math.floor(us / COARSE), Math.floor((us % COARSE) / MILLISECOND), us % MILLISECOND]
    },
  )
}

/** Whether a time is in coarse steps, or in whole milliseconds below one: `3200ms` is odd, `7s` and `12ms` are not. */
export function isRound(us: number): boolean {
  return us % COARSE === 0 || (us < COARSE && us % MILLISECOND === 0)
}

/** One of several values, the simplest first; they are told apart by what they say, not by identity. */
export function choice<T>(values: readonly T[]): Arbitrary<T> {
  const texts = values.map(textOf)
  return fc.nat(values.length - 1).map(
    (index) => values[index] as T,
    (value) => {
      const index = texts.indexOf(textOf(value))
      if (index < 0) throw new Error('none of these values')
      return index
    },
  )
}

/** How many messages a fault takes: one is simplest, then all (null), then two and more. */
export function countUpTo(most: number): Arbitrary<number | null> {
  return fc.nat(Math.max(1, most)).map(
    (n) => (n === 0 ? 1 : n === 1 ? null : n),
    (value) => (value === null ? 1 : wholeNumber(value) === 1 ? 0 : wholeNumber(value)),
  )
}

/** A length of time that may vary. */
export function spreadUpTo(mostUs: number): Arbitrary<Spread> {
  const time = timeUpTo(mostUs)
  return fc.oneof(
    record<Spread & { kind: 'constant' }>({ kind: fc.constant('constant'), us: time }),
    fc.tuple(time, time).map(
      ([minUs, moreUs]): Spread => ({ kind: 'uniform', minUs, maxUs: minUs + moreUs }),
      (value) => {
        const spread = value as Spread
        if (spread.kind !== 'uniform') throw new Error('not a uniform spread')
        return [spread.minUs, spread.maxUs - spread.minUs]
      },
    ),
    record<Spread & { kind: 'exponential' }>({ kind: fc.constant('exponential'), meanUs: time }),
    record<Spread & { kind: 'normal' }>({ kind: fc.constant('normal'), meanUs: time, stddevUs: time }),
  )
}

/** A record with exactly these keys; it shrinks key by key, and has no prototype tricks of its own. */
export function record<T extends object>(fields: { readonly [K in keyof T]: Arbitrary<T[K]> }): Arbitrary<T> {
  return fc.record<T>(fields, { noNullPrototype: true })
}

/** What two equal values have in common, whatever the order of their keys. */
export function textOf(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  )
}

/** Each value once, where it stands first. */
export function distinct<T>(values: readonly T[]): readonly T[] {
  const seen = new Set<string>()
  return values.filter((value) => {
    const text = textOf(value)
    return !seen.has(text) && seen.add(text)
  })
}

function wholeNumber(value: unknown): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) throw new Error('not a whole number')
  return value
}
