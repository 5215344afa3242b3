import type { RunResult } from '../../properties/verdict.ts'
import { sha256 } from '../host/sha256.ts'

/** What must come back when a run is judged again: all that happened, and all that was said about it. */
export interface Mark {
  readonly digest: string
  /** Digest of the whole result, verdicts included. */
  readonly result: string
}

export function markOf(judged: RunResult): Mark {
  const { trace: _, ...result } = judged
  const hasher = sha256()
  hasher.update(new TextEncoder().encode(JSON.stringify(result)))
  return { digest: result.digest, result: hasher.digest() }
}

export function sameMark(one: Mark, other: Mark): boolean {
  return one.digest === other.digest && one.result === other.result
}
