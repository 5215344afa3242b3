import { inspect } from 'node:util'
import type { Handler, HandlerContext, HandlerFactory, HandlerResult } from '../../scenarios/handler.ts'
import type {
  CodeAnswer,
  CodeInstance,
  CodePause,
  CodePowers,
  CodeRecord,
  CodeReference,
  CodeTarget,
  Drain,
  UserCode,
} from '../../sim/host.ts'
import { HandlerMistake, placeOf } from './mistake.ts'
import { outputsOf } from './result.ts'

/** Whoever wants to know when a user's code runs. */
export interface CodeWatch {
  enter(application: string, module: string): void
  /** @throws {@link HandlerMistake} when it did what it may not */
  leave(): void
}

const NEVER = 'it may await `context.sleep()`, `context.step()` and promises of its own that resolve without them'
/** What it may return, by where that goes. */
const RETURNS: Readonly<Record<CodeTarget['kind'], string>> = {
  nowhere: 'return nothing, or write a processor, which publishes',
  topics: 'a handler returns nothing, one output such as { key, value }, or a list of them',
  store:
    'a handler of a sink returns nothing, and the record is left out, or one effect such as { key }; a processor splits records',
}
/** Bound of a roll of the dice: 2^30. */
const DICE = 0x4000_0000
/** A day: the longest sleep in milliseconds. */
const LONGEST_SLEEP = 86_400_000

/** A record in a handler's hands. */
interface Call {
  readonly record: CodeRecord
  state: 'runs' | 'done' | 'threw'
  result: unknown
  /** Pauses that have begun and are not told yet. */
  begun: CodePause[]
  /** How many have begun and are not over. */
  open: number
}

interface Pause {
  readonly call: Call
  readonly goOn: () => void
}

interface Process {
  readonly application: string
  readonly module: string
  /** Of the world in which it is called now. */
  powers: CodePowers | null
  readonly handler: Handler
  readonly target: CodeTarget
  /** Pauses of its workers' calls that are not over, by number. */
  readonly open: Map<number, Pause>
  pauses: number
}

/** The handlers of one run: each process has one of its own. */
export class UserHandlers implements UserCode {
  private readonly factories: ReadonlyMap<string, HandlerFactory>
  private readonly drain: Drain
  private readonly watch: CodeWatch
  private readonly processes: Process[] = []

  /** @param factories by {@link keyOf} */
  constructor(factories: ReadonlyMap<string, HandlerFactory>, drain: Drain, watch: CodeWatch) {
    this.factories = factories
    this.drain = drain
    this.watch = watch
  }

  begin(code: CodeReference, instance: CodeInstance, target: CodeTarget): number {
    const { application } = instance
    const { module } = code
    const factory = this.factories.get(keyOf(code))
    if (factory === undefined) throw new Error(`the handler of ${application} was not imported`)
    this.watch.enter(application, module)
    let handler: unknown
    let thrown: { readonly error: unknown } | null = null
    try {
      handler = factory(instance)
    } catch (error) {
      thrown = { error }
    }
    this.drain()
    this.watch.leave()
    if (thrown !== null) {
      const what = `cannot be made: its factory threw ${saidBy(thrown.error)}${placeOf(thrown.error, module)}`
      throw new HandlerMistake(application, what, null)
    }
    if (typeof handler !== 'function') {
      const what = `is not made by a factory: calling it gave ${handler === null ? 'null' : `a ${typeof handler}`}`
      throw new HandlerMistake(application, what, 'write `handler: () => (record, context) => ({ … })`')
    }
    const process = {
      application,
      module,
      powers: null,
      handler: handler as Handler,
      target,
      open: new Map(),
      pauses: 0,
    }
    return this.processes.push(process) - 1
  }

  handle(number: number, record: CodeRecord, powers: CodePowers): CodeAnswer {
    const process = this.processes[number] as Process
    process.powers = powers
    const call: Call = { record: Object.freeze(record), state: 'runs', result: undefined, begun: [], open: 0 }
    this.watch.enter(process.application, process.module)
    try {
      const result = process.handler(call.record, this.contextOf(process, call))
      if (isPromise(result)) follow(result, call)
      else settle(call, 'done', result)
    } catch (error) {
      settle(call, 'threw', error)
    }
    this.drain()
    return this.answer(process, call)
  }

  resume(number: number, pause: number, powers: CodePowers): CodeAnswer {
    const process = this.processes[number] as Process
    process.powers = powers
    const { call, goOn } = process.open.get(pause) as Pause
    process.open.delete(pause)
    call.open--
    this.watch.enter(process.application, process.module)
    goOn()
    this.drain()
    return this.answer(process, call)
  }

  private answer(process: Process, call: Call): CodeAnswer {
    this.watch.leave()
    const { application } = process
    switch (call.state) {
      case 'runs': {
        if (call.open === 0)
          throw new HandlerMistake(application, `never finishes: it waits for something that never comes`, NEVER)
        const pauses = call.begun
        call.begun = []
        return { state: 'waits', pauses }
      }
      case 'done':
        return this.done(process, call)
      case 'threw':
        return this.threw(process, call)
    }
  }

  private done({ application, target }: Process, call: Call): CodeAnswer {
    if (call.open > 0) {
      const what = 'is done before a sleep or step that it began is over'
      throw new HandlerMistake(application, what, '`await` it')
    }
    const outputs = outputsOf(call.result, call.record, target)
    if ('nonsense' in outputs)
      throw new HandlerMistake(application, `returned ${outputs.nonsense}`, RETURNS[target.kind])
    return { state: 'done', outputs }
  }

  private threw({ application, module }: Process, { result: error }: Call): CodeAnswer {
    if (error instanceof HandlerMistake) throw error
    const place = placeOf(error, module)
    if (error instanceof TypeError && FROZEN.test(error.message)) {
      const help = 'make a new object; the record may be read again by somebody else'
      throw new HandlerMistake(application, `changes the record that it was given${place}`, help)
    }
    return { state: 'threw', message: `${saidBy(error)}${place}` }
  }

  private contextOf(process: Process, call: Call): HandlerContext {
    const { application } = process
    const pause = (us: number, step: string | null): Promise<void> => {
      if (call.state !== 'runs') {
        const what = 'uses the context of a record that it is done with'
        throw new HandlerMistake(application, what, 'every record comes with a context of its own')
      }
      const id = process.pauses++
      call.begun.push({ id, us, step })
      call.open++
      return new Promise((goOn) => process.open.set(id, { call, goOn }))
    }
    return {
      now: () => Math.floor((process.powers as CodePowers).wallClock() / 1000),
      random: () => (process.powers as CodePowers).decide(DICE) / DICE,
      sleep: (milliseconds) => {
        if (!(milliseconds >= 0 && milliseconds <= LONGEST_SLEEP)) {
          const what = `sleeps for ${String(milliseconds)}`
          throw new HandlerMistake(application, what, `a sleep is 0 to ${LONGEST_SLEEP} milliseconds`)
        }
        return pause(Math.round(milliseconds * 1000), null)
      },
      step: (name) => {
        if (typeof name !== 'string' || name === '')
          throw new HandlerMistake(application, 'comes to a step without a name', "write `context.step('charged')`")
        return pause(0, name)
      },
    }
  }
}

/** What V8 says about a write to a frozen object. */
const FROZEN = /read only property|object is not extensible|Cannot delete property/

/** What a handler is known by. */
export function keyOf({ module, entry }: CodeReference): string {
  return `${module}#${entry}`
}

function settle(call: Call, state: 'done' | 'threw', result: unknown): void {
  call.state = state
  call.result = result
}

function follow(promise: PromiseLike<HandlerResult>, call: Call): void {
  promise.then(
    (result) => settle(call, 'done', result),
    (error: unknown) => settle(call, 'threw', error),
  )
}

function isPromise(value: unknown): value is PromiseLike<HandlerResult> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === 'function'
}

function saidBy(error: unknown): string {
  if (error instanceof Error) return `${error.name}: ${firstLine(error.message)}`
  return firstLine(typeof error === 'string' ? error : inspect(error, { depth: 1, breakLength: Infinity }))
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? text
}
