import { Console } from 'node:console'
import { writeSync } from 'node:fs'
import { basename } from 'node:path'
import { workerData } from 'node:worker_threads'
import { MARK_NAME } from '../../properties/mutants/mark.ts'
import type { HandlerFactory } from '../../scenarios/handler.ts'
import type { Drain } from '../../sim/host.ts'
import { testedDrain } from '../host/drain.ts'
import { sha256 } from '../host/sha256.ts'
import { type Judge, plainJudge } from '../pool/judge.ts'
import { UsageError } from '../usage-error.ts'
import { Guard } from './guard.ts'
import { handlersOf, type OwnHandler } from './handlers-of.ts'
import { type Exports, importModule } from './import-module.ts'
import { CELL, type FromRoom, IN_HANDLER, IN_MODULE, type Marked, type RoomData, type ToRoom } from './messages.ts'
import { HandlerMistake } from './mistake.ts'
import { contentOf, valueAt } from './module-content.ts'
import { type CodeWatch, keyOf, UserHandlers } from './user-handlers.ts'

const { port, cells: shared } = workerData as RoomData
const cells = new Int32Array(shared)
const guard = new Guard()
const judges = new Map<string, Judge>()
const factories = new Map<string, HandlerFactory>()
let drain: Drain | null = null
/** Somebody waits for an answer. */
let isAsked = false

function answer(message: FromRoom): void {
  if (!isAsked) return
  isAsked = false
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
  port.postMessage(message)
  Atomics.add(cells, CELL.answers, 1)
  Atomics.notify(cells, CELL.answers)
}

function failure(error: unknown): FromRoom {
  const { message, stack } = error instanceof Error ? error : new Error(String(error))
  if (error instanceof UsageError || error instanceof HandlerMistake)
    return { kind: 'mistake', message, help: error.help }
  return { kind: 'failed', message, stack: stack ?? null }
}

/** A module may wait for something that never comes, or end the process: neither may look like a result. */
async function imported(path: string, shown: string): Promise<Exports> {
  const stuck = (): void =>
    answer({
      kind: 'mistake',
      message: `${shown} waits for something that never comes`,
      help: 'look for an `await` in it',
      isOver: true,
    })
  process.once('beforeExit', stuck)
  process.exit = (): never => {
    throw new UsageError(`${shown} ended the process while it was imported`, 'a module only exports')
  }
  Atomics.add(cells, CELL.entries, 1)
  Atomics.store(cells, CELL.inside, IN_MODULE)
  port.unref()
  try {
    return await importModule(path, shown)
  } finally {
    port.ref()
    Atomics.store(cells, CELL.inside, 0)
    process.off('beforeExit', stuck)
    process.exit = exit
  }
}

async function importHandlers(handlers: readonly OwnHandler[]): Promise<void> {
  for (const { application, code } of handlers) {
    if (factories.has(keyOf(code))) continue
    const shown = basename(code.module)
    const exported = await imported(code.module, shown)
    const found = code.entry.startsWith('/')
      ? valueAt(exported['default'], code.entry)
      : exported[code.entry || 'default']
    if (typeof found !== 'function') {
      const where = code.entry === '' ? 'default export' : `export \`${code.entry}\``
      const what = found === undefined ? `${shown} has no ${where}` : `the ${where} of ${shown} is no function`
      throw new UsageError(
        `the handler of \`${application}\` is not there: ${what}`,
        'write `export default () => (record, context) => ({ … })`',
      )
    }
    factories.set(keyOf(code), found as HandlerFactory)
  }
}

function watchOf(handlers: readonly OwnHandler[]): CodeWatch {
  const places = new Map(handlers.map(({ application }, at) => [application, at + IN_HANDLER]))
  return {
    enter: (application, module) => {
      Atomics.add(cells, CELL.entries, 1)
      Atomics.store(cells, CELL.inside, places.get(application) ?? IN_HANDLER)
      guard.enter(application, module)
    },
    leave: () => {
      Atomics.store(cells, CELL.inside, 0)
      guard.leave()
    },
  }
}

async function judged(request: ToRoom & { readonly kind: 'judge' }): Promise<FromRoom> {
  const { judgeModule, scenario, run, options } = request
  const handlers = handlersOf(scenario.spec)
  await importHandlers(handlers)
  let judge = judges.get(judgeModule)
  if (judge === undefined) {
    judge = await plainJudge(judgeModule)
    judges.set(judgeModule, judge)
  }
  const judgeOnce = judge
  const watch = watchOf(handlers)
  // A callback of the event loop: within a promise callback nothing could be drained.
  return new Promise((resolve) => {
    realSetImmediate(() => {
      try {
        drain ??= testedDrain()
        const drained = drain
        const code = (): UserHandlers => new UserHandlers(factories, drained, watch)
        resolve({ kind: 'judged', result: judgeOnce(scenario, run, { hasher: sha256, code }, options) })
        if ((globalThis as Marked)[MARK_NAME] === true) Atomics.store(cells, CELL.mutated, 1)
      } catch (error) {
        resolve(failure(error))
      }
    })
  })
}

async function obey(request: ToRoom): Promise<FromRoom> {
  switch (request.kind) {
    case 'judge':
      return judged(request)
    case 'describe': {
      const { path, shown } = request
      const { default: exported } = await imported(path, shown)
      if (exported === undefined)
        throw new UsageError(`${shown} has no default export`, 'write `export default defineScenario({ … })`')
      if (typeof exported === 'function')
        throw new UsageError(
          `the default export of ${shown} is a function, and no scenario`,
          'a handler belongs into one: `handler: ./handler.mjs`',
        )
      try {
        return { kind: 'described', content: contentOf(exported, basename(path)) }
      } catch (error) {
        throw new UsageError(`${shown}: its default export cannot be read: ${String(error)}`, 'use plain values only')
      }
    }
    case 'import':
      await importHandlers(request.handlers)
      return { kind: 'imported' }
  }
}

const realSetImmediate = setImmediate
const print = writeSync
/** What a user's code prints is told at once, and never between the lines of a report. */
const printed = ((chunk: string | Uint8Array) => {
  print(2, typeof chunk === 'string' ? Buffer.from(chunk) : chunk)
  return true
}) as typeof process.stdout.write
process.stdout.write = printed
process.stderr.write = printed
// One that asks the environment for no colours.
globalThis.console = new Console({ stdout: process.stdout, stderr: process.stderr, colorMode: false })
guard.install()
const exit = process.exit.bind(process)
process.on('uncaughtException', (error) => {
  if (!guard.tookStray(error)) answer(failure(error))
})
port.on('message', (request: ToRoom) => {
  isAsked = true
  obey(request)
    .catch(failure)
    .then(answer, () => process.exit(1))
})
Atomics.store(cells, CELL.open, 1)
