import type { CodeReference } from '../host.ts'
import type { ConsumedRecord } from '../kafka/client/consumer/completed-fetch.ts'
import type { Env } from '../kafka/env.ts'
import { HandledOutput } from './handled-output.ts'
import { type HandlerOwner, HandlerWork, type OwnCode } from './handler-work.ts'
import type { Output } from './output.ts'
import type { OwnCodeHost } from './process-host.ts'
import type { ReaderProcessOptions } from './reader-options.ts'
import { READER_TIMERS, ReaderProcess } from './reader-process.ts'

const HANDLER: number = READER_TIMERS

export interface HandlingProcessOptions extends ReaderProcessOptions {
  readonly code: CodeReference
  readonly instance: number
  /** Which of its processes it is, counted from 1. */
  readonly incarnation: number
}

/** One instance of a consumer whose work is the user's own code. */
export class HandlingProcess extends ReaderProcess implements HandlerOwner {
  private readonly consuming: HandlingProcessOptions
  private readonly world: OwnCodeHost
  private readonly own: OwnCode
  private handler: HandlerWork | null = null
  private handled: HandledOutput | null = null

  constructor(env: Env, options: HandlingProcessOptions, host: OwnCodeHost, own: OwnCode) {
    super(env, options, host)
    this.consuming = options
    this.world = host
    this.own = own
  }

  protected makeOutput(): Output {
    const { code, instance, incarnation, topics, name: application } = this.consuming
    const target = { kind: 'nowhere' } as const
    const options = { code, timer: HANDLER, application, instance, incarnation, topics, target }
    this.handler = new HandlerWork(this.env, options, this.own, this)
    this.handled = new HandledOutput(this.env, this, this.handler)
    return this.handled
  }

  override onTimer(kind: number, a: number, b: number): void {
    if (this.handler?.onTimer(kind, a) !== true) super.onTimer(kind, a, b)
  }

  // --- HandlerOwner -------------------------------------------------------------------------------------------------

  onMade(worker: number, polled: ConsumedRecord): void {
    this.handled?.onHandled(worker, polled)
  }

  onThrew(message: string): void {
    this.world.threw(this.env.node, message)
  }
}
