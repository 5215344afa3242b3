import { M } from '../history/catalogue.ts'
import { recordOf } from '../history/ids.ts'
import type { Env } from '../kafka/env.ts'
import {
  ABANDONED,
  ACKED,
  type FAILED,
  type ProducerJournal,
  STARTED,
  type UNKNOWN,
  WITHDRAWN,
} from './producer-journal.ts'
import type { OnUnknown } from './workload.ts'

/**
 * What one incarnation of the application does with its journal: which records it still waits for, and which it will send
 * again. After a failure it gives up or resends; a record acknowledged once is settled for good.
 */
export class RecordBook {
  private readonly env: Env
  private readonly journal: ProducerJournal
  private readonly onUnknown: OnUnknown
  /** Records begun whose end the application still waits for. */
  private open = 0
  /** To be sent again at once, oldest first. */
  private due: number[] = []
  /** To be sent again when the pause is over. */
  private pausing: number[] = []

  constructor(env: Env, journal: ProducerJournal, onUnknown: OnUnknown) {
    this.env = env
    this.journal = journal
    this.onUnknown = onUnknown
  }

  /** No outcome is awaited and nothing is to be sent again. */
  get isSettled(): boolean {
    return this.open === 0
  }

  /** A new process reads the journal: what was begun and not resolved is of unknown outcome. */
  recover(): void {
    const { journal, env } = this
    for (let n = 0; n < journal.started; n++) {
      const state = journal.states[n] as number
      if (state === ACKED || state === ABANDONED || state === WITHDRAWN) continue
      if (this.resends()) {
        this.open++
        this.due.push(n)
      } else if (state === STARTED) {
        journal.states[n] = ABANDONED
        env.emit(M.recordAbandoned, recordOf(env.node, n), (journal.attempts[n] as number) - 1)
      }
    }
  }

  /** The next record is begun; returns its ordinal. */
  begin(): number {
    this.open++
    return this.journal.started++
  }

  /** send() is about to be called for a record; returns the number of the attempt. */
  attempt(n: number): number {
    const attempt = this.journal.attempts[n] as number
    this.journal.states[n] = STARTED
    this.journal.attempts[n] = attempt + 1
    return attempt
  }

  acked(n: number): void {
    this.journal.states[n] = ACKED
    this.open--
  }

  /** The application took a record back, by aborting its transaction. */
  withdrawn(n: number): void {
    this.journal.states[n] = WITHDRAWN
    this.open--
  }

  /** The callback failed. True when a pause before sending again begins now. */
  troubled(n: number, state: typeof FAILED | typeof UNKNOWN): boolean {
    this.journal.states[n] = state
    if (!this.resends()) {
      this.open--
      return false
    }
    return this.pausing.push(n) === 1
  }

  /** The pause is over. */
  resume(): void {
    for (const n of this.pausing) this.due.push(n)
    this.pausing.length = 0
  }

  /** Whether a record is to be sent again at once. */
  get hasDue(): boolean {
    return this.due.length > 0
  }

  /** The next record to send again. */
  takeDue(): number | undefined {
    return this.due.length === 0 ? undefined : this.due.shift()
  }

  /** The script has closed its producer: what was to be sent again is not. */
  close(): void {
    this.journal.closed = true
    this.open -= this.due.length + this.pausing.length
    this.due.length = 0
    this.pausing.length = 0
  }

  private resends(): boolean {
    return this.onUnknown === 'resend' && !this.journal.closed
  }
}
