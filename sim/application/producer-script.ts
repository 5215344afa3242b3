import type { MomentMatch } from '../history/match.ts'
import type { TimerHandle } from '../kernel/kernel.ts'
import type { Env } from '../kafka/env.ts'
import type { ProducerJournal } from './producer-journal.ts'
import type { DrawnStep, OnUnknownCommit } from './workload.ts'

/** The process that carries a script out. Calls that take time end in {@link ProducerScript.stepOver}. */
export interface ScriptHost {
  sendNext(): void
  awaitMoment(match: MomentMatch): void
  flush(): void
  restart(): void
  close(): void
  beginTransaction(): void
  commitTransaction(onUnknown: OnUnknownCommit): void
  abortTransaction(): void
}

/** The steps of a scripted producer; how far it has come stands in the journal. */
export class ProducerScript {
  private readonly env: Env
  private readonly journal: ProducerJournal
  private readonly steps: readonly DrawnStep[]
  private readonly host: ScriptHost
  private readonly timerKind: number
  private timer: TimerHandle = 0
  private awaited: MomentMatch | null = null

  constructor(env: Env, journal: ProducerJournal, steps: readonly DrawnStep[], host: ScriptHost, timerKind: number) {
    this.env = env
    this.journal = journal
    this.steps = steps
    this.host = host
    this.timerKind = timerKind
  }

  get isOver(): boolean {
    return this.journal.step >= this.steps.length
  }

  /** The moment that the script waits for; null = none. */
  get awaits(): MomentMatch | null {
    return this.awaited
  }

  /** Does one step; false when the thread must wait for time or a moment. */
  doStep(): boolean {
    const { journal, host } = this
    const step = this.steps[journal.step]
    if (step === undefined) return false
    switch (step.do) {
      case 'send':
        journal.step++
        host.sendNext()
        break
      case 'wait':
        return this.wait(step.us)
      case 'wait-moment':
        if (this.awaited === null) {
          this.awaited = step.match
          host.awaitMoment(step.match)
        }
        return false
      case 'flush':
        host.flush()
        break
      case 'restart':
        journal.step++
        journal.closed = false
        host.restart()
        break
      case 'close':
        host.close()
        break
      case 'begin':
        journal.step++
        host.beginTransaction()
        break
      case 'commit':
        journal.step++
        host.commitTransaction(step.onUnknown)
        break
      case 'abort':
        journal.step++
        host.abortTransaction()
        break
    }
    return true
  }

  /** A step that took time is done. */
  stepOver(): void {
    this.journal.step++
  }

  /** The awaited moment has happened; false when none was awaited. */
  onMoment(): boolean {
    if (this.awaited === null) return false
    this.awaited = null
    this.journal.step++
    return true
  }

  /** Its timer fired. */
  onTimer(): void {
    this.timer = 0
  }

  /** Waits for nothing any more. */
  stop(): void {
    this.awaited = null
    this.env.cancel(this.timer)
    this.timer = 0
  }

  private wait(us: number): boolean {
    const { journal, env } = this
    if (journal.waitUntil < 0) journal.waitUntil = env.monotonic() + us
    const left = journal.waitUntil - env.monotonic()
    if (left > 0) {
      if (this.timer === 0) this.timer = env.setTimer(this.timerKind, left)
      return false
    }
    journal.waitUntil = -1
    journal.step++
    return true
  }
}
