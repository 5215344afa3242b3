import { describe, expect, test } from 'vitest'
import { type ReaderName, ConsumingHistory, ORDERS, PAYMENTS, RETRY } from '../testing/consuming.test.helper.ts'

/** A service that reads the retry topic it writes to: record 0 goes around `times`, each time in so many copies. */
function goesAround(times: number, readers: readonly ReaderName[] = ['billing', 'service'], copies = 1): Around {
  const h = new ConsumingHistory({ readers, retries: 'itself' })
  const [service] = h.service as [number, number]
  h.at(1000).put(0)
  let at = { record: h.record(0), offset: 0, tp: ORDERS }
  for (let n = 0; n < times; n++) {
    let offset = 0
    for (let copy = 0; copy < copies; copy++) {
      const made = h.passes(service, n * copies + copy, at.record, at.offset, at.tp, [RETRY])
      offset = made[0] as number
    }
    at = { record: h.record(n * copies + copies - 1, service), offset, tp: RETRY }
  }
  return { h, service, at, next: times * copies }
}

interface Around {
  readonly h: ConsumingHistory
  readonly service: number
  readonly at: { readonly record: number; readonly offset: number; readonly tp: number }
  /** The next record of the service. */
  readonly next: number
}

/** The position is saved, and the process dies before it is done. */
function diesAtLast({ h, service, at }: Around): ConsumingHistory {
  h.works(service, at.record, at.offset, at.tp).commits('service', service, at.offset + 1, 1, at.tp)
  return h.at(2000).crashed(service)
}

describe('a record that goes around', () => {
  test.each([1, 2, 5, 40])('%d times has its effect where it ends', (times) => {
    const around = goesAround(times)
    const { h, service, at, next } = around
    const [offset] = h.passes(service, next, at.record, at.offset, at.tp, [PAYMENTS])
    h.handles(h.billing[0] as number, h.record(next, service), offset as number, PAYMENTS)
    expect(h.ended().of('exactly-once', 'billing', 'end-to-end')).toMatchObject({ observed: 'holds', judged: 1 })
  })

  test.each([1, 2, 5, 40])('%d times, and then is lost, is found to be', (times) => {
    const outcome = diesAtLast(goesAround(times)).ended()
    for (const subject of ['billing', 'service', 'checkout'])
      expect(outcome.of('at-least-once', subject, 'end-to-end').violations[0]).toMatchObject({ kind: 'lost-effect' })
  })

  test('and is lost where nobody reads what the service publishes', () => {
    const outcome = diesAtLast(goesAround(3, ['service'])).ended()
    expect(outcome.of('at-least-once', null, 'end-to-end')).toMatchObject({ observed: 'violated', judged: 1 })
    expect(outcome.of('at-least-once', null, 'consume')).toMatchObject({ observed: 'violated', judged: 4 })
  })

  test('in copies is followed once for each', () => {
    const outcome = diesAtLast(goesAround(100, ['billing', 'service'], 2)).ended()
    expect(outcome.of('at-least-once', 'billing', 'end-to-end').violationCount).toBe(1)
  })

  test('without end is not followed for ever', () => {
    const { h } = goesAround(600)
    expect(h.ended('heal-limit').of('at-least-once', 'billing', 'end-to-end')).toMatchObject({
      observed: 'unknown',
      reason: expect.stringContaining('was passed on 500 times, and was followed no further'),
    })
  })
})
