import { keyOf, UserHandlers } from '../../cli/code/user-handlers.ts'
import { testedDrain } from '../../cli/host/drain.ts'
import { sha256 } from '../../cli/host/sha256.ts'
import type { HandlerFactory } from '../../scenarios/handler.ts'
import type { Drain } from '../../sim/host.ts'
import { runWorld } from '../../sim/world.ts'
import { type Sample, timed } from '../sample.ts'
import { scenarioOf } from './scenario-of.ts'

const CODE = { module: '/own.mjs', entry: '' }
const RECORDS = 500
/** Where the median lies among sorted numbers. */
const MIDDLE = 0.5

const TEXT = `
scenario: own handler
topics: { orders: {}, receipts: {} }
producers: { checkout: { to: orders, send: { records: ${RECORDS}, every: 500us }, config: { acks: all } } }
processors:
  accountant:
    from: orders
    to: receipts
    commit: after-output
    handler: ${CODE.module}
    config: { group.id: accounting, auto.offset.reset: earliest }
expect: { at-least-once: holds }
`

const sync: HandlerFactory = () => (record) => ({ value: `a receipt for ${record.value}` })
const async: HandlerFactory = () => async (record) => {
  const text = await Promise.resolve(`a receipt for ${record.value}`)
  return { value: text }
}

/**
 * What it costs that a handler is asynchronous: pairs of runs of one world, in turns, whose handlers make the same.
 * `ratio` is the median over the pairs of their processor times.
 */
export function run(count: number): Promise<Sample> {
  // In a callback of the event loop: within a promise callback nothing can be drained.
  return new Promise((resolve, reject) => {
    setImmediate(() => {
      try {
        resolve(compared(count, testedDrain()))
      } catch (error) {
        reject(error instanceof Error ? error : new Error(String(error)))
      }
    })
  })
}

function compared(count: number, drain: Drain): Sample {
  const { spec, seed } = scenarioOf(TEXT)
  const watch = { enter: (): void => {}, leave: (): void => {} }
  const runOf = (factory: HandlerFactory): string => {
    const code = new UserHandlers(new Map([[keyOf(CODE), factory]]), drain, watch)
    return runWorld(spec, [], seed, { hasher: sha256(), code }).digest
  }
  for (let i = 0; i < Math.max(10, count / 10); i++)
    if (runOf(sync) !== runOf(async)) throw new Error('an asynchronous handler gave another run')
  const ratios: number[] = []
  let total = 0
  for (let i = 0; i < count; i++) {
    const first = timed(() => runOf(i % 2 === 0 ? async : sync))
    const second = timed(() => runOf(i % 2 === 0 ? sync : async))
    ratios.push(i % 2 === 0 ? first / second : second / first)
    total += i % 2 === 0 ? first : second
  }
  ratios.sort((a, b) => a - b)
  const ratio = ratios[Math.floor(ratios.length * MIDDLE)] ?? Number.NaN
  return { count, ns: total, check: runOf(async), extra: { ratio } }
}
