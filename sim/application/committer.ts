import { M } from '../history/catalogue.ts'
import type { KafkaConsumer } from '../kafka/client/consumer/kafka-consumer.ts'
import type { CommitOffset } from '../kafka/client/consumer/subscription-state.ts'
import type { Env } from '../kafka/env.ts'
import type { CommitBook } from './commit-book.ts'

/** Number of timer kinds a committer takes, from its `timerBase` on. */
export const COMMITTER_TIMERS = 2
const COMMIT = 0
const AFTER_COMMIT = 1

export interface CommitterOptions {
  readonly timerBase: number
  readonly group: string
  readonly tellSteps: boolean
}

/** The thread that commits. */
export interface CommitterOwner {
  /** commitSync() succeeded or threw, or commitAsync() returned: the thread goes on. */
  onCommitReturned(ok: boolean): void
}

/** A commit of the application, from the step before it to the one after it. */
export class Committer {
  private readonly env: Env
  private readonly options: CommitterOptions
  private readonly consumer: KafkaConsumer
  private readonly book: CommitBook
  private readonly owner: CommitterOwner
  private offsets: readonly CommitOffset[] | null = null
  private generation = -1
  private waits = true
  /** The consumer numbers commits in the same way: a callback may come before its call has returned the number. */
  private tokens = 0
  /** What the commits on their way save of what is finished, by token. */
  private readonly saving: Map<number, readonly CommitOffset[]> = new Map()
  /** Token of the commitSync() that has not returned; -1 = none. */
  private waitsFor = -1

  constructor(env: Env, options: CommitterOptions, consumer: KafkaConsumer, book: CommitBook, owner: CommitterOwner) {
    this.env = env
    this.options = options
    this.consumer = consumer
    this.book = book
    this.owner = owner
  }

  /** Commits whose callbacks have not been made. */
  get inFlight(): number {
    return this.saving.size
  }

  /** Commits offsets, or wherever the consumer stands (null). `waits` for commitSync(), else commitAsync(). */
  commit(offsets: readonly CommitOffset[] | null, generation: number, waits: boolean): void {
    this.offsets = offsets
    this.generation = generation
    this.waits = waits
    if (this.options.tellSteps) this.tell(M.stepBeforeCommit, COMMIT)
    else this.call()
  }

  /** False when the timer is none of its own. */
  onTimer(kind: number): boolean {
    switch (kind - this.options.timerBase) {
      case COMMIT:
        this.call()
        return true
      case AFTER_COMMIT:
        this.owner.onCommitReturned(true)
        return true
      default:
        return false
    }
  }

  /** A commit ended. */
  onCommitted(token: number, ok: boolean): void {
    if (ok) this.book.committed(this.saving.get(token) ?? [])
    this.saving.delete(token)
    if (token !== this.waitsFor) return
    this.waitsFor = -1
    this.returned(ok)
  }

  private call(): void {
    const token = this.tokens++
    this.saving.set(token, this.offsets ?? this.book.toCommit())
    if (this.waits) {
      this.waitsFor = token
      this.consumer.commitSync(this.offsets)
    } else {
      this.consumer.commitAsync(this.offsets)
      this.returned(true)
    }
  }

  private returned(ok: boolean): void {
    if (ok && this.options.tellSteps) this.tell(M.stepAfterCommit, AFTER_COMMIT)
    else this.owner.onCommitReturned(ok)
  }

  /** The step is an event of its own: what waits for it happens before anything else is done. */
  private tell(step: number, timer: number): void {
    const { env, options } = this
    env.emit(step, env.recorder.text(options.group), this.generation)
    env.setTimer(options.timerBase + timer, 0)
  }
}
