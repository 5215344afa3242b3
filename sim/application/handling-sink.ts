import type { CodeOutput, CodeReference } from '../host.ts'
import type { ConsumedRecord } from '../kafka/client/consumer/completed-fetch.ts'
import type { Env } from '../kafka/env.ts'
import type { CallOutput, CallOutputOptions } from './call-output.ts'
import { HandledCallOutput } from './handled-call-output.ts'
import { HandledSinkOutput } from './handled-sink-output.ts'
import { type HandlerOwner, HandlerWork, type OwnCode } from './handler-work.ts'
import type { MadeOutput } from './output.ts'
import type { OwnCodeHost } from './process-host.ts'
import type { SinkOutput, SinkOutputOptions } from './sink-output.ts'
import { SINK_TIMERS, SinkProcess, type SinkProcessOptions } from './sink-process.ts'

const HANDLER: number = SINK_TIMERS

export interface HandlingSinkOptions extends SinkProcessOptions {
  readonly code: CodeReference
  readonly instance: number
  /** Which of its processes it is, counted from 1. */
  readonly incarnation: number
  /** Name of the store. */
  readonly into: string
}

/** One instance of a sink, into a database or an endpoint, whose effects the user's own code decides on. */
export class HandlingSink extends SinkProcess implements HandlerOwner {
  private readonly handling: HandlingSinkOptions
  private readonly world: OwnCodeHost
  private readonly own: OwnCode
  private handler: HandlerWork | null = null
  private handled: MadeOutput | null = null

  constructor(env: Env, options: HandlingSinkOptions, host: OwnCodeHost, own: OwnCode) {
    super(env, options, host)
    this.handling = options
    this.world = host
    this.own = own
  }

  protected override newOutput(options: SinkOutputOptions): SinkOutput {
    this.handler = this.newHandler()
    const handled = new HandledSinkOutput(this.env, this, options, this.handler)
    this.handled = handled
    return handled
  }

  protected override newCalls(options: CallOutputOptions): CallOutput {
    this.handler = this.newHandler()
    const handled = new HandledCallOutput(this.env, this, options, this.handler)
    this.handled = handled
    return handled
  }

  private newHandler(): HandlerWork {
    const { code, instance, incarnation, topics, into, name: application } = this.handling
    const target = { kind: 'store', name: into } as const
    const work = { code, timer: HANDLER, application, instance, incarnation, topics, target }
    return new HandlerWork(this.env, work, this.own, this)
  }

  override onTimer(kind: number, a: number, b: number): void {
    if (this.handler?.onTimer(kind, a) !== true) super.onTimer(kind, a, b)
  }

  // --- HandlerOwner -------------------------------------------------------------------------------------------------

  onMade(worker: number, polled: ConsumedRecord, effects: readonly CodeOutput[]): void {
    this.handled?.onMade(worker, polled, effects)
  }

  onThrew(message: string): void {
    this.world.threw(this.env.node, message)
  }
}
