import type { Env } from '../../env.ts'
import type { ConsumerParts } from './consumer-parts.ts'

/** What close() does next: `commit` = the positions, `wait` = for an event, `end` = nothing is left to wait for. */
export type CloseTurn = 'commit' | 'wait' | 'end'

/** `ConsumerCoordinator.close` and `AbstractCoordinator.close` */
export class ConsumerClose {
  private readonly env: Env
  private readonly parts: ConsumerParts
  private phase: 'not-begun' | 'committing' | 'leaving' | 'draining' | 'closed' = 'not-begun'
  private until = 0

  constructor(env: Env, parts: ConsumerParts) {
    this.env = env
    this.parts = parts
  }

  /** close() was called, or the consumer dropped. */
  get isBegun(): boolean {
    return this.phase !== 'not-begun'
  }

  get isClosed(): boolean {
    return this.phase === 'closed'
  }

  /** When whoever closes loses patience. */
  get deadline(): number {
    return this.until
  }

  begin(deadline: number): void {
    this.phase = 'committing'
    this.until = deadline
  }

  end(): void {
    this.phase = 'closed'
  }

  /** One turn of close(). */
  turn(): CloseTurn {
    const { settings, commits, finder, coordination, groupClient } = this.parts
    const isOver = this.env.monotonic() >= this.until
    if (this.phase === 'committing') {
      this.phase = 'leaving'
      if (settings.autoCommit) return 'commit'
    }
    if (this.phase === 'leaving') {
      if (commits.hasWaiting && !isOver) {
        finder.ensureReady()
        return this.wait()
      }
      if (!groupClient.prepareLeave()) return 'wait'
      groupClient.leave()
      this.phase = 'draining'
    }
    return !isOver && finder.node >= 0 && coordination.pending(finder.node) > 0 ? this.wait() : 'end'
  }

  private wait(): CloseTurn {
    this.parts.wake.wakeAt(this.until)
    return 'wait'
  }
}
