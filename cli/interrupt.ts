import type { StopSignal } from './pool/stop.ts'
import { EXIT } from './exit.ts'

/**
 * Turns Ctrl-C and the time budget into a request to stop: what is known then is still reported. A second Ctrl-C ends
 * the process at once.
 *
 * @returns a function that lets go of the signals and the timer
 */
export function untilInterrupted(stop: StopSignal, timeBudgetMs: number | null, beforeExit: () => void): () => void {
  const interrupt = (): void => {
    if (stop.reason === 'interrupted' || stop.reason === 'time-budget') {
      beforeExit()
      process.exit(EXIT.interrupted)
    }
    stop.stop('interrupted')
  }
  const timer = timeBudgetMs === null ? null : setTimeout(() => stop.stop('time-budget'), timeBudgetMs)
  process.on('SIGINT', interrupt)
  process.on('SIGTERM', interrupt)
  return () => {
    process.off('SIGINT', interrupt)
    process.off('SIGTERM', interrupt)
    if (timer !== null) clearTimeout(timer)
  }
}
