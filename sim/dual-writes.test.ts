import { describe, expect, test } from 'vitest'
import type { WritesWhen } from './application/applications.ts'
import type { FaultPlan } from './faults/plan.ts'
import { M } from './history/catalogue.ts'
import { recordOrdinal } from './history/ids.ts'
import type { MomentObserver } from './history/recorder.ts'
import { store } from './reading-world.test.support.ts'
import type { OnUnknown } from './application/workload.ts'
import { producer, TestHasher, world } from './world.test.support.ts'
import { runWorld } from './world.ts'

/** What became of records, in the order in which it did: `row 3`, `sent 3`, `acked 3`. */
class Log implements MomentObserver {
  readonly kinds = [M.rowWritten, M.recordSent, M.produceAcked]
  readonly lines: string[] = []

  onMoment(kind: number, _time: number, _node: number, a: number): void {
    const what = kind === M.rowWritten ? 'row' : kind === M.recordSent ? 'sent' : 'acked'
    this.lines.push(`${what} ${recordOrdinal(a)}`)
  }

  count(what: string): number {
    return this.lines.filter((line) => line.startsWith(what)).length
  }
}

function run(when: WritesWhen, onUnknown: OnUnknown = 'give-up', plan: FaultPlan = []): Log {
  const log = new Log()
  const spec = {
    ...world({ producers: [producer('shop', 'orders', { writes: { into: 'ledger', when }, onUnknown })] }),
    stores: [store('ledger')],
  }
  expect(runWorld(spec, plan, '1', { hasher: new TestHasher(), observers: [log] }).ended).toBe('settled')
  return log
}

/** The shop dies as soon as row 50 is there. */
const DIES: FaultPlan = [
  {
    entry: 0,
    trigger: {
      kind: 'when',
      match: { moment: 'row.written', fields: {} },
      nth: 51,
      everyMatch: false,
      times: null,
      afterUs: 0,
    },
    action: { kind: 'crash', target: { kind: 'node', name: 'shop#0' } },
    forUs: 1_000_000,
  },
]

describe('a producer that also writes a database', () => {
  test('writes each row before it publishes', () => {
    const { lines } = run('before-publishing')
    for (let n = 0; n < 100; n++) expect(lines.indexOf(`row ${n}`)).toBeLessThan(lines.indexOf(`sent ${n}`))
  })

  test('or after it was told that the record is published', () => {
    const { lines } = run('after-publishing')
    for (let n = 0; n < 100; n++) expect(lines.indexOf(`acked ${n}`)).toBeLessThan(lines.indexOf(`row ${n}`))
  })

  test('or instead', () => {
    const log = run('instead-of-publishing')
    expect([log.count('row'), log.count('sent')]).toEqual([100, 0])
  })

  test('has a row without its record when it dies in between and gives up', () => {
    const log = run('before-publishing', 'give-up', DIES)
    expect([log.count('row'), log.count('sent')]).toEqual([100, 99])
  })

  test('begins again what it remembers: the row is there once all the same', () => {
    const log = run('before-publishing', 'resend', DIES)
    expect(log.count('row')).toBe(100)
    expect(log.lines).toContain('sent 50')
  })
})
