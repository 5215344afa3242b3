export type StopReason = 'time-budget' | 'interrupted'

/** Asks for an end from outside: Ctrl-C or the time budget. The first reason stays. */
export class StopSignal {
  private why: StopReason | null = null
  private readonly listeners = new Set<() => void>()

  get reason(): StopReason | null {
    return this.why
  }

  stop(reason: StopReason): void {
    if (this.why !== null) return
    this.why = reason
    for (const listener of this.listeners) listener()
  }

  /** Calls back once when it stops, at once if it already has; gives a function that forgets the callback. */
  onStop(listener: () => void): () => void {
    if (this.why !== null) listener()
    else this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }
}
