import { expect, test } from 'vitest'
import type { Action, FaultEntry } from '../sim/faults/plan.ts'
import { actionInWords, isRandomFault } from './fault-words.ts'
import { CRASH_AT_1S, CRASH_SOMETIME } from './sample.test.support.ts'

const broker = (n: number): { readonly kind: 'node'; readonly name: string } => ({ kind: 'node', name: `broker-${n}` })
const rest = { kind: 'role', role: 'rest' } as const
const stream = { from: broker(1), to: null, api: 'Produce', reply: true, nth: 1, count: 1, connection: 'any' } as const

test.each<[Action, string]>([
  [{ kind: 'pause', target: { kind: 'active-controller' } }, 'pause controller(active)'],
  [{ kind: 'partition', groups: [[broker(1), broker(2)], [rest]] }, 'partition broker-1, broker-2 | rest'],
  [{ kind: 'isolate', target: broker(1), direction: 'in', from: rest }, 'isolate broker-1 from rest'],
  [{ kind: 'clock-jump', target: broker(1), byUs: -90_000_000 }, 'set the clock of broker-1 back by 1m30s'],
  [{ kind: 'clock-jump', target: broker(1), byUs: 1000 }, 'set the clock of broker-1 forward by 1ms'],
  [{ kind: 'clock-skew', target: broker(1), byUs: -1000 }, 'the clock of broker-1 loses 1ms in a second'],
  [{ kind: 'drop', ...stream }, 'drop answers to Produce from broker-1'],
  [{ kind: 'disconnect', between: [broker(1), broker(2)] }, 'disconnect broker-1 and broker-2'],
  [
    { kind: 'crash', target: { kind: 'any', of: [broker(1), { kind: 'minority', of: 'brokers' }] } },
    'crash any of broker-1, minority(brokers)',
  ],
])('%j in words', (action, words) => {
  expect(actionInWords(action)).toBe(words)
})

test.each<[string, FaultEntry, boolean]>([
  ['a fixed time', CRASH_AT_1S, false],
  ['a drawn time', CRASH_SOMETIME, true],
  ['a drawn length', { ...CRASH_AT_1S, for: { kind: 'exponential', meanUs: 5 } }, true],
  ['a fixed length', { ...CRASH_AT_1S, for: { kind: 'constant', us: 5 } }, false],
  ['a step of an application', { ...CRASH_AT_1S, trigger: { kind: 'fail', step: 'before-commit', nth: 1 } }, false],
  ['a drawn node', { ...CRASH_AT_1S, action: { kind: 'crash', target: { kind: 'any', of: [broker(1)] } } }, true],
  [
    'a drawn delay',
    { ...CRASH_AT_1S, action: { kind: 'delay', ...stream, by: { kind: 'uniform', minUs: 1, maxUs: 2 } } },
    true,
  ],
])('%s', (_, entry, random) => {
  expect(isRandomFault(entry)).toBe(random)
})
