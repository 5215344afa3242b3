import { createRequire, syncBuiltinESMExports } from 'node:module'
import { HandlerMistake, placeOf } from './mistake.ts'

/** Whose code is running now. */
interface Inside {
  readonly application: string
  readonly module: string
}

const TIME = 'use `context.now()`: the simulated clock is the only one there is'
const DICE = 'use `context.random()`: the seed decides, so that a run can be repeated'
const WAIT = '`await context.sleep(milliseconds)` waits in simulated time'
const REACH = 'a run is a pure function of file, plan and seed: nothing outside can be reached from it'

/** What belongs to the machine's clock, dice and doors among the globals. */
const GLOBALS: readonly (readonly [name: string, help: string])[] = [
  ['setTimeout', WAIT],
  ['setInterval', WAIT],
  ['setImmediate', WAIT],
  ['fetch', REACH],
  ['WebSocket', REACH],
  ['EventSource', REACH],
  ['BroadcastChannel', REACH],
  ['MessageChannel', REACH],
  ['WeakRef', REACH],
  ['FinalizationRegistry', REACH],
]

/** Objects whose functions are closed. */
const OBJECTS: readonly (readonly [name: string, help: string, functions: readonly string[]])[] = [
  ['performance', TIME, ['now', 'mark', 'measure', 'timeOrigin']],
  ['crypto', DICE, ['getRandomValues', 'randomUUID']],
  ['Atomics', WAIT, ['wait', 'waitAsync']],
  [
    'process',
    REACH,
    [
      'exit',
      'abort',
      'kill',
      'hrtime',
      'uptime',
      'cpuUsage',
      'memoryUsage',
      'resourceUsage',
      'nextTick',
      'chdir',
      'cwd',
      'on',
      'once',
      'addListener',
      'prependListener',
      'off',
      'removeListener',
      'removeAllListeners',
      'binding',
      'dlopen',
      'umask',
    ],
  ],
]

/** What tells of the machine without being called. */
const OF_PROCESS: readonly string[] = ['pid', 'ppid', 'argv', 'execArgv']

/** Modules of which every function is closed. */
const MODULES: readonly (readonly [name: string, help: string])[] = [
  ['fs', REACH],
  ['fs/promises', REACH],
  ['child_process', REACH],
  ['net', REACH],
  ['tls', REACH],
  ['http', REACH],
  ['https', REACH],
  ['http2', REACH],
  ['dgram', REACH],
  ['dns', REACH],
  ['dns/promises', REACH],
  ['timers', WAIT],
  ['timers/promises', WAIT],
  ['os', REACH],
  ['vm', REACH],
  ['worker_threads', REACH],
  ['cluster', REACH],
  ['inspector', REACH],
]
/** Of these only what rolls dice. */
const DICE_OF_CRYPTO: readonly string[] = [
  'randomBytes',
  'randomInt',
  'randomUUID',
  'randomFill',
  'randomFillSync',
  'getRandomValues',
  'generateKey',
  'generateKeySync',
  'generateKeyPair',
  'generateKeyPairSync',
]

type Callable = (...args: readonly unknown[]) => unknown

/**
 * Closes the ways to the machine's clock, its dice and the world outside, for as long as a user's handler runs. It replaces
 * them in the whole thread, once and before any of the user's modules is imported, and lets everybody else through.
 */
export class Guard {
  private inside: Inside | null = null
  private caught: HandlerMistake | null = null

  /** Replaces what is to be closed. To be called once in a thread. */
  install(): void {
    const require = createRequire(import.meta.url)
    const world = globalThis as unknown as Record<string, unknown>
    for (const [name, help] of GLOBALS) this.close(world, name, name, help)
    for (const [name, help, functions] of OBJECTS)
      for (const each of functions) this.close(world[name], each, `${name}.${each}`, help)
    this.close(Math, 'random', 'Math.random', DICE)
    this.closeDate()
    this.closeFormats()
    this.closeProcess()
    for (const [name, help] of MODULES) {
      const module = require(`node:${name}`) as Record<string, unknown>
      for (const key of Object.keys(module)) this.close(module, key, `${name}.${key}`, help)
    }
    const crypto = require('node:crypto') as Record<string, unknown>
    for (const key of DICE_OF_CRYPTO) this.close(crypto, key, `crypto.${key}`, DICE)
    // What modules import by name follows.
    syncBuiltinESMExports()
    process.on('unhandledRejection', (reason) => this.onRejection(reason))
  }

  /** A user's code begins to run. */
  enter(application: string, module: string): void {
    this.inside = { application, module }
    this.caught = null
  }

  /**
   * The user's code has returned.
   *
   * @throws {@link HandlerMistake} when it reached for something, whether or not it caught what that threw
   */
  leave(): void {
    this.inside = null
    const { caught } = this
    this.caught = null
    if (caught !== null) throw caught
  }

  /** Something failed that nobody waits for. False when it is none of the user's code. */
  tookStray(error: unknown): boolean {
    if (this.inside === null) return this.caught !== null
    this.onRejection(error)
    // Node goes on by a timer of its own, and the run is over anyway.
    this.inside = null
    return true
  }

  private refuse(name: string, help: string): never {
    const { application, module } = this.inside as Inside
    const mistake = new HandlerMistake(application, '', null)
    this.caught ??= new HandlerMistake(application, `reaches for ${name}${placeOf(mistake, module)}`, help)
    throw this.caught
  }

  private onRejection(reason: unknown): void {
    if (this.inside === null) throw reason
    const { application, module } = this.inside
    const said = reason instanceof Error ? reason.message : String(reason)
    const what = `began something that failed and did not wait for it: ${said}${placeOf(reason, module)}`
    this.caught ??= new HandlerMistake(application, what, '`await` every promise')
  }

  /** Anything that can be called or constructed gives way to a likeness of itself that asks first. */
  private close(owner: unknown, key: string, name: string, help: string): void {
    if ((typeof owner !== 'object' && typeof owner !== 'function') || owner === null) return
    const known: unknown = (owner as Record<string, unknown>)[key]
    if (typeof known !== 'function') return
    const descriptor = Object.getOwnPropertyDescriptor(owner, key)
    if (descriptor !== undefined && descriptor.configurable !== true && descriptor.writable !== true) return
    const likeness = new Proxy(known as Callable, {
      apply: (target, self, args) => {
        if (this.inside !== null) this.refuse(name, help)
        return Reflect.apply(target, self, args)
      },
      construct: (target, args, newTarget) => {
        if (this.inside !== null) this.refuse(name, help)
        return Reflect.construct(target, args, newTarget) as object
      },
    })
    Object.defineProperty(owner, key, {
      value: likeness,
      writable: true,
      configurable: true,
      enumerable: descriptor?.enumerable ?? false,
    })
  }

  /** A date of a given time is no reading of a clock. */
  private closeDate(): void {
    const { Date: real } = globalThis
    this.close(real, 'now', 'Date.now', TIME)
    globalThis.Date = new Proxy(real, {
      apply: (target, self, args: []) => {
        if (this.inside !== null) this.refuse('Date()', TIME)
        return Reflect.apply(target, self, args)
      },
      construct: (target, args, newTarget) => {
        if (this.inside !== null && args.length === 0) this.refuse('new Date()', TIME)
        return Reflect.construct(target, args, newTarget) as object
      },
    })
    // `new Date().constructor` leads to the same.
    real.prototype.constructor = globalThis.Date
  }

  /** Without a date, formats take the clock's. */
  private closeFormats(): void {
    const formats = Intl.DateTimeFormat.prototype as unknown as Record<string, Callable>
    const format = Object.getOwnPropertyDescriptor(formats, 'format') as PropertyDescriptor
    const withDate =
      (formatted: Callable, name: string): Callable =>
      (...args) => {
        if (this.inside !== null && args[0] === undefined) this.refuse(`Intl.DateTimeFormat.${name}()`, TIME)
        return formatted(...args)
      }
    const known = formats['formatToParts'] as Callable
    Object.defineProperty(formats, 'format', {
      configurable: true,
      get() {
        return withDate(format.get?.call(this) as Callable, 'format')
      },
    })
    Object.defineProperty(formats, 'formatToParts', {
      configurable: true,
      writable: true,
      value(this: unknown, ...args: readonly unknown[]) {
        return withDate((date) => Reflect.apply(known, this, [date]), 'formatToParts')(...args)
      },
    })
  }

  /** Variables of the environment and what the process is called with differ from one machine to the next. */
  private closeProcess(): void {
    const asked = (name: string): void => {
      if (this.inside !== null) this.refuse(name, REACH)
    }
    const env = new Proxy(process.env, {
      get: (target, key) => {
        asked(`process.env.${String(key)}`)
        return Reflect.get(target, key) as unknown
      },
      has: (target, key) => {
        asked(`process.env.${String(key)}`)
        return Reflect.has(target, key)
      },
      ownKeys: (target) => {
        asked('process.env')
        return Reflect.ownKeys(target)
      },
    })
    Object.defineProperty(process, 'env', { value: env, writable: true, configurable: true, enumerable: true })
    for (const key of OF_PROCESS) {
      const value = (process as unknown as Record<string, unknown>)[key]
      const get = (): unknown => {
        asked(`process.${key}`)
        return value
      }
      Object.defineProperty(process, key, { get, configurable: true, enumerable: true })
    }
  }
}
