import type { TimerHandle } from '../kernel/kernel.ts'
import { samplerOf } from '../kernel/sampler.ts'
import { WORKLOAD } from '../kernel/site.ts'
import type { PollFailure } from '../kafka/client/consumer/poll-failure.ts'
import type { Env } from '../kafka/env.ts'
import type { ConsumerStep } from './applications.ts'
import type { MomentMatch } from '../history/match.ts'
import { EffectOutput } from './effect-output.ts'
import type { Output } from './output.ts'
import { MOMENT_HAPPENED, type ProcessHost } from './process-host.ts'
import type { ReaderProcessOptions } from './reader-options.ts'
import { READER_TIMERS, ReaderProcess } from './reader-process.ts'

const STEP: number = READER_TIMERS

/** A step with its partitions as numbers. */
export type ConsumerProcessStep =
  | Exclude<ConsumerStep, { readonly do: 'seek' | 'commit' | 'pause' | 'resume' }>
  | { readonly do: 'pause' | 'resume'; readonly tps: readonly number[] | null }
  | { readonly do: 'seek'; readonly tp: number; readonly offset: number }
  | { readonly do: 'commit'; readonly offsets: readonly { readonly tp: number; readonly offset: number }[] | null }

/** What a scripted consumer must not forget with its process. */
export class ConsumerScript {
  readonly steps: readonly ConsumerProcessStep[]
  /** Next step. */
  step = 0
  /** When a `wait` step is over; -1 = none has begun. */
  waitUntil = -1
  closed = false

  constructor(steps: readonly ConsumerProcessStep[]) {
    this.steps = steps
  }
}

/** One instance of a consumer: having processed a record is the effect. It loops, or follows a script. */
export class ConsumerProcess extends ReaderProcess {
  private readonly script: ConsumerScript | null
  private readonly world: Pick<ProcessHost, 'awaitMoment'>
  /** Records that the `poll` step has got so far. */
  private got = 0
  private stepTimer: TimerHandle = 0
  private stopped = false
  /** The moment that the script waits for; null = none. */
  private awaited: MomentMatch | null = null
  /** Seeks in partitions that were not assigned: made when they are, as a rebalance listener would. */
  private readonly seeks: Map<number, number> = new Map()
  /** So for partitions to be paused. */
  private readonly pauses: Set<number> = new Set()

  constructor(env: Env, options: ReaderProcessOptions, script: ConsumerScript | null, host: ProcessHost) {
    super(env, options, host)
    this.world = host
    this.script = script
  }

  protected makeOutput(): Output {
    return new EffectOutput(this.env)
  }

  override get readsOn(): boolean {
    return this.script === null && super.readsOn
  }

  /** A script takes no further step; a loop reads on to the end of what there is. */
  override stopWork(): void {
    if (this.script === null) return
    this.stopped = true
    this.awaited = null
    this.env.cancel(this.stepTimer)
  }

  override onStart(): void {
    if (this.script?.closed === true) this.end()
    else super.onStart()
  }

  override onTimer(kind: number, a: number, b: number): void {
    if (kind !== STEP) super.onTimer(kind, a, b)
    // Asked to end while it waited, it is already at it.
    else if (!this.ending) this.proceed()
  }

  override onSignal(kind: number, a: number, b: number): void {
    if (kind === MOMENT_HAPPENED) this.onMoment()
    else super.onSignal(kind, a, b)
  }

  private onMoment(): void {
    if (this.awaited === null || this.script === null) return
    this.awaited = null
    this.script.step++
    if (!this.ending) this.proceed()
  }

  override waiting(): readonly string[] {
    return this.awaited === null ? super.waiting() : [`the moment ${this.awaited.moment}`]
  }

  override onPartitionsAssigned(partitions: readonly number[]): void {
    super.onPartitionsAssigned(partitions)
    for (const tp of partitions) {
      if (this.pauses.delete(tp)) this.consumer?.pause(tp)
      const offset = this.seeks.get(tp)
      if (offset === undefined) continue
      this.seeks.delete(tp)
      this.consumer?.seek(tp, offset)
    }
  }

  protected override isResting(): boolean {
    if (this.script === null) return super.isResting()
    return this.state === 'resting' || super.isResting()
  }

  override isIdle(): boolean {
    if (this.script !== null && !this.isOver(this.script)) return false
    return super.isIdle()
  }

  protected override handDone(): void {
    this.got += this.hand.records.length
    super.handDone()
  }

  protected override proceed(): void {
    if (this.script === null || this.ending) super.proceed()
    else this.follow(this.script)
  }

  protected override onStepDone(): void {
    if (this.script !== null) this.script.step++
    this.proceed()
  }

  private isOver(script: ConsumerScript): boolean {
    return this.stopped || script.closed || script.step >= script.steps.length
  }

  /** Does steps until one takes time. */
  private follow(script: ConsumerScript): void {
    this.state = 'resting'
    for (;;) {
      const step = script.steps[script.step]
      if (step === undefined || this.stopped) return
      switch (step.do) {
        case 'poll':
          if (this.got < step.records) {
            this.poll()
            return
          }
          this.got = 0
          script.step++
          break
        case 'seek':
          if (this.owned.has(step.tp)) this.consumer?.seek(step.tp, step.offset)
          else this.seeks.set(step.tp, step.offset)
          script.step++
          break
        case 'pause':
        case 'resume':
          this.setPaused(step.tps ?? [...this.owned], step.do === 'pause')
          script.step++
          break
        case 'wakeup':
          this.consumer?.wakeup()
          script.step++
          break
        case 'commit':
          this.commit(step.offsets?.map(({ tp, offset }) => ({ tp, offset, leaderEpoch: -1 })) ?? null, 'step')
          return
        case 'wait':
          if (!this.waited(script, step)) return
          script.step++
          break
        case 'wait-moment':
          if (this.awaited === null) {
            this.awaited = step.match
            this.world.awaitMoment(this.env.node, step.match)
          }
          return
        case 'close':
          script.step++
          script.closed = true
          this.end()
          return
      }
    }
  }

  private setPaused(tps: readonly number[], paused: boolean): void {
    for (const tp of tps) {
      if (!paused) this.pauses.delete(tp)
      else if (!this.owned.has(tp)) this.pauses.add(tp)
      if (paused) this.consumer?.pause(tp)
      else this.consumer?.resume(tp)
    }
  }

  /** A `poll` step that was woken up has got what it got: WakeupException is caught. */
  override onPollFailed(failure: PollFailure): void {
    if (this.script === null || failure.kind !== 'wakeup') {
      super.onPollFailed(failure)
      return
    }
    this.got = 0
    this.script.step++
    this.proceed()
  }

  private waited(script: ConsumerScript, step: ConsumerStep & { readonly do: 'wait' }): boolean {
    const { env } = this
    if (script.waitUntil < 0) {
      const sampler = samplerOf(step.for)
      script.waitUntil = env.monotonic() + sampler.length(env.decide(WORKLOAD, sampler.bound))
    }
    const left = script.waitUntil - env.monotonic()
    if (left > 0) {
      this.stepTimer = env.setTimer(STEP, left)
      return false
    }
    script.waitUntil = -1
    return true
  }
}
