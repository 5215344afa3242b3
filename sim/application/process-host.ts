import type { MomentMatch } from '../history/match.ts'

/** Signal by which the world tells a process that the moment it awaits has happened. */
export const MOMENT_HAPPENED = 16

/** The world around a process of an application. */
export interface ProcessHost {
  /** A process that was told to shut down is done. Comes from within one of its handlers: end it after that event. */
  exited(node: number): void
  /** A process waits for a moment; the world signals it when it happens. */
  awaitMoment(node: number, match: MomentMatch): void
}

/** The world around a process that runs the user's own code. */
export interface OwnCodeHost extends ProcessHost {
  /** A process died of what its own code threw. Comes from within one of its handlers: it is gone after that event. */
  threw(node: number, message: string): void
}
