import { JITTER } from '../../kernel/site.ts'
import type { Env } from '../env.ts'

/** Longest wait: no run is that long (17 years), and the kernel's clock still holds it. */
const LONGEST = 562_949_953_421_312

/**
 * `ExponentialBackoff` with multiplier 2 and jitter 0.2: the `attempts`-th wait (from 0), in microseconds, spread over
 * 80..120 % and never above `maxUs`. A first wait that is not below the longest is constant.
 */
export function exponentialBackoff(env: Env, initialUs: number, maxUs: number, attempts: number): number {
  const max = Math.min(maxUs, LONGEST)
  if (initialUs >= max) return max
  let term = initialUs
  for (let i = 0; i < attempts && term > 0 && term < max; i++) term *= 2
  if (term > max) term = max
  const spread = Math.floor(term / 5)
  return Math.min(max, term - spread + env.decide(JITTER, 2 * spread + 1))
}
