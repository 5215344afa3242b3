import type { MomentMatch } from '../history/match.ts'

/** The world around a process of an application. */
export interface ProcessHost {
  /** A process that was told to shut down is done. Comes from within one of its handlers: end it after that event. */
  exited(node: number): void
  /** A process waits for a moment; the world signals it when it happens. */
  awaitMoment(node: number, match: MomentMatch): void
}
