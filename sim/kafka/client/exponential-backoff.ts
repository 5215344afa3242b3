import { JITTER } from '../../kernel/site.ts'
import type { Env } from '../env.ts'

/**
 * `ExponentialBackoff` with multiplier 2 and jitter 0.2: the `attempts`-th wait (from 0), in microseconds, spread over
 * 80..120 % and never above `maxUs`. A first wait that is not below the longest is constant.
 */
export function exponentialBackoff(env: Env, initialUs: number, maxUs: number, attempts: number): number {
  if (initialUs >= maxUs) return maxUs
  let term = initialUs
  for (let i = 0; i < attempts && term > 0 && term < maxUs; i++) term *= 2
  if (term > maxUs) term = maxUs
  const spread = Math.floor(term / 5)
  return Math.min(maxUs, term - spread + env.decide(JITTER, 2 * spread + 1))
}
