import { setFlagsFromString } from 'node:v8'
import { runInThisContext } from 'node:vm'
import type { Drain } from '../../sim/host.ts'

/**
 * Runs `process.nextTick` and promise callbacks until none is left. Node does the same after each of its own callbacks; the
 * name is not documented, so whoever uses it tests it first. Null where there is no such thing.
 */
export function tickDrain(): Drain | null {
  const { _tickCallback: drain } = process as unknown as { readonly _tickCallback?: () => void }
  return drain === undefined ? null : () => drain.call(process)
}

/** The same by V8 itself, for promise callbacks only. Null where V8 does not have it. */
export function checkpointDrain(): Drain | null {
  try {
    // It stays on: V8 compiles a function anew when it has not been called for long.
    setFlagsFromString('--allow-natives-syntax')
    return runInThisContext('(() => %PerformMicrotaskCheckpoint())') as Drain
  } catch {
    return null
  }
}

/** Whether a chain of promises has run to its end when the drain returns. Nothing can be drained from within a promise callback. */
export function drains(drain: Drain): boolean {
  let steps = 0
  const chain = async (): Promise<void> => {
    for (; steps < 3; steps++) await Promise.resolve()
  }
  chain().catch(() => {})
  drain()
  return steps === 3
}

/**
 * The first drain that works here.
 *
 * @throws Error when none does: called from within a promise callback, or by a Node that has neither
 */
export function testedDrain(): Drain {
  for (const make of [tickDrain, checkpointDrain]) {
    const drain = make()
    if (drain !== null && drains(drain)) return drain
  }
  throw new Error(`asynchronous handlers cannot be run by Node ${process.versions.node}`)
}
