import { describe, expect, test } from 'vitest'
import { ConsumingHistory, PAYMENTS, type ReaderName } from '../testing/consuming.test.helper.ts'
import type { Outcome } from '../testing/history.test.helper.ts'

function kindsOf(outcome: Outcome, subject: ReaderName | null, stage: 'consume' | 'end-to-end'): readonly string[] {
  return outcome.of('at-most-once', subject, stage).violations.map((violation) => violation.kind)
}

describe('effects of a consumer', () => {
  function twice(): ConsumingHistory {
    const h = new ConsumingHistory({ readers: ['billing'] })
    const [first, second] = h.billing as [number, number]
    h.at(1000).put(0)
    h.at(1100).handles(first, h.record(0), 0).crashed(first)
    h.at(2000).handles(second, h.record(0), 0, undefined, 2).commits('billing', second, 1, 2)
    return h
  }

  test('processed, not committed, processed again', () => {
    const outcome = twice().ended()
    expect(outcome.findings()).toEqual([
      'consume/at-most-once: duplicate-effect',
      'end-to-end/at-most-once: duplicate-effect',
      'checkout:end-to-end/at-most-once: duplicate-effect',
      'billing:consume/at-most-once: duplicate-effect',
      'billing:end-to-end/at-most-once: duplicate-effect',
      'consume/exactly-once: duplicate-effect',
      'end-to-end/exactly-once: duplicate-effect',
      'checkout:end-to-end/exactly-once: duplicate-effect',
      'billing:consume/exactly-once: duplicate-effect',
      'billing:end-to-end/exactly-once: duplicate-effect',
    ])
    expect(outcome.of('at-most-once', 'billing', 'end-to-end')).toMatchObject({
      judged: 1,
      violations: [
        {
          atUs: 2_000_000,
          message:
            'checkout#0/0 took effect twice: processed by billing#0 at 1.100s (generation 1), and again by billing#1 at 2.000s (generation 2); ' +
            'when billing#1 read offset 0 of orders-0 again at 2.000s, group billing-group had committed nothing',
          records: ['checkout#0/0'],
        },
      ],
    })
  })

  test('a violation stands however the run ends; without one a run cut short decides nothing', () => {
    expect(twice().ended('max-events').of('at-most-once', null, 'consume').observed).toBe('violated')
    const h = new ConsumingHistory({ readers: ['billing'] })
    h.put(0)
    h.handles(h.billing[0] as number, h.record(0), 0)
    expect(h.ended('heal-limit').of('at-most-once', null, 'consume')).toMatchObject({ observed: 'unknown', judged: 1 })
  })

  test('delivered twice and processed once is no duplicate', () => {
    const h = new ConsumingHistory({ readers: ['billing'] })
    h.put(0)
    h.works(h.billing[0] as number, h.record(0), 0).crashed(h.billing[0] as number)
    h.handles(h.billing[1] as number, h.record(0), 0)
    expect(h.ended().findings()).toEqual([])
  })

  test('two copies in the log are two things to do, but one thing to have happened', () => {
    const h = new ConsumingHistory({ readers: ['billing'] })
    h.put(0)
    h.append(0)
    for (const offset of [0, 1]) h.handles(h.billing[0] as number, h.record(0), offset)
    h.commits('billing', h.billing[0] as number, 2)
    const outcome = h.ended()
    expect(outcome.of('exactly-once', 'billing', 'consume')).toMatchObject({ observed: 'holds', judged: 1 })
    expect(kindsOf(outcome, 'billing', 'end-to-end')).toEqual(['duplicate-record'])
    expect(outcome.of('at-most-once', 'billing', 'end-to-end').violations[0]?.message).toContain(
      'the log holds checkout#0/0 twice, at offset 0 of orders-0 and offset 1 of orders-0',
    )
    expect(outcome.of('at-most-once', null, 'publish').violations[0]?.kind).toBe('duplicate-record')
  })
})

describe('effects of a processor', () => {
  function pipeline(readers: readonly ReaderName[], outputs = 1): ConsumingHistory {
    const h = new ConsumingHistory({ readers, outputs })
    h.at(1000).put(0)
    h.works(h.service[0] as number, h.record(0), 0)
    return h
  }

  test('two outputs of one input, made by two instances', () => {
    const h = pipeline(['service'])
    h.forwards(h.service[0] as number, 0, h.record(0))
    h.crashed(h.service[0] as number).works(h.service[1] as number, h.record(0), 0)
    h.at(2000).forwards(h.service[1] as number, 0, h.record(0))
    const outcome = h.ended()
    expect(kindsOf(outcome, 'service', 'consume')).toEqual(['duplicate-effect'])
    expect(kindsOf(outcome, null, 'end-to-end')).toEqual(['duplicate-effect'])
    expect(outcome.of('at-most-once', 'service', 'consume').violations[0]).toMatchObject({
      message:
        'checkout#0/0 took effect twice: service published what comes of it as service#0/0, made by service#0 at 1.000s, at offset 0 of ' +
        'payments-0, and again as service#1/0, made by service#1 at 2.000s, at offset 1 of payments-0; when service#1 read offset 0 of ' +
        'orders-0 again at 1.000s, group service-group had committed nothing',
      records: ['checkout#0/0', 'service#0/0', 'service#1/0'],
    })
  })

  test('an output that never came into the log is none', () => {
    const h = pipeline(['service'])
    h.derives(h.service[0] as number, 0, h.record(0)).crashed(h.service[0] as number)
    h.works(h.service[1] as number, h.record(0), 0)
    h.forwards(h.service[1] as number, 0, h.record(0))
    expect(h.ended().of('at-most-once', 'service', 'consume')).toMatchObject({ observed: 'holds', judged: 1 })
  })

  test('several outputs of one record are meant', () => {
    const h = pipeline(['service'], 2)
    for (const index of [0, 1]) h.forwards(h.service[0] as number, index, h.record(0), index)
    h.commits('service', h.service[0] as number, 1)
    expect(h.ended().findings()).toEqual([])
  })

  test('one output twice in the log', () => {
    const h = pipeline(['service'])
    h.forwards(h.service[0] as number, 0, h.record(0))
    h.append(0, { tp: PAYMENTS, node: h.service[0] as number })
    expect(kindsOf(h.ended(), 'service', 'consume')).toEqual(['duplicate-record'])
  })

  test('each copy of an input in the log has its output', () => {
    const h = pipeline(['service'])
    h.append(0)
    h.forwards(h.service[0] as number, 0, h.record(0))
    h.works(h.service[0] as number, h.record(0), 1)
    h.forwards(h.service[0] as number, 1, h.record(0))
    const outcome = h.ended()
    expect(outcome.of('at-most-once', 'service', 'consume').observed).toBe('holds')
    expect(kindsOf(outcome, 'service', 'end-to-end')).toEqual(['duplicate-record'])
  })

  test('the sink behind it is not to blame', () => {
    const h = pipeline(['service', 'writer'])
    h.forwards(h.service[0] as number, 0, h.record(0))
    h.works(h.service[1] as number, h.record(0), 0)
    h.forwards(h.service[1] as number, 0, h.record(0))
    h.stored(h.record(0, h.service[0]), 0).stored(h.record(0, h.service[1]), 1)
    const outcome = h.ended()
    expect(outcome.of('at-most-once', 'writer', 'consume')).toMatchObject({ observed: 'holds', judged: 2 })
    expect(kindsOf(outcome, 'writer', 'end-to-end')).toEqual(['duplicate-effect'])
    expect(outcome.of('at-most-once', 'writer', 'end-to-end')).toMatchObject({ judged: 1 })
    expect(outcome.of('at-most-once', 'writer', 'end-to-end').violations[0]).toMatchObject({
      message:
        'checkout#0/0 took effect twice: writer wrote to ledger as service#0/0 at 1.000s (generation 1), and again as service#1/0 at 1.000s ' +
        '(generation 1); when service#1 read offset 0 of orders-0 again at 1.000s, group service-group had committed nothing',
      records: ['checkout#0/0', 'service#0/0', 'service#1/0'],
    })
  })
})

describe('effects in a store', () => {
  function stored(...whats: readonly number[]): Outcome {
    const h = new ConsumingHistory({ readers: ['writer'] })
    h.put(0, { tp: PAYMENTS })
    for (const what of whats) {
      h.works(h.writer[0] as number, h.record(0), 0, PAYMENTS).stored(h.record(0), 0, what)
    }
    return h.commits('writer', h.writer[0] as number, 1, 1, PAYMENTS).ended()
  }

  test.each([
    ['two rows', [1, 1], ['duplicate-effect']],
    ['two increments', [3, 3], ['duplicate-effect']],
    ['two upserts that both changed what is shown', [2, 2], ['duplicate-effect']],
    ['an upsert that changed nothing the second time', [2, 4], []],
    ['two calls', [5, 5], ['duplicate-effect']],
    ['two files', [6, 6], ['duplicate-effect']],
    ['one row', [1], []],
    ['many rows count once', [1, 1, 1], ['duplicate-effect']],
  ])('%s', (_name, whats, kinds) => {
    expect(kindsOf(stored(...whats), 'writer', 'consume')).toEqual(kinds)
    expect(kindsOf(stored(...whats), null, 'end-to-end')).toEqual(kinds)
  })

  test('what the store refused did not happen', () => {
    const h = new ConsumingHistory({ readers: ['writer'], fence: 'generation' })
    h.put(0, { tp: PAYMENTS })
    h.stored(h.record(0), 0, 1, 2).refused(h.record(0), 0, 1)
    expect(h.ended().of('exactly-once', 'writer', 'consume')).toMatchObject({ observed: 'holds', judged: 1 })
  })
})

test('two sinks of one store that write in different ways', () => {
  const h = new ConsumingHistory({ readers: ['writer'], archiver: true })
  h.put(0, { tp: PAYMENTS })
  h.works(h.writer[0] as number, h.record(0), 0, PAYMENTS).works(h.archiver, h.record(0), 0, PAYMENTS)
  h.stored(h.record(0), 0, 2).stored(h.record(0), 0, 1).stored(h.record(0), 0, 1)
  const outcome = h.ended()
  expect(outcome.of('exactly-once', 'archiver', 'consume')).toMatchObject({ observed: 'holds', judged: 1 })
  expect(outcome.of('at-most-once', 'writer', 'consume').observed).toBe('violated')
})

test('two sinks that write alike are told apart by whose work it was', () => {
  const both = (): ConsumingHistory => {
    const h = new ConsumingHistory({ readers: ['writer'], archiver: true })
    h.put(0, { tp: PAYMENTS })
    return h.works(h.writer[0] as number, h.record(0), 0, PAYMENTS).works(h.archiver, h.record(0), 0, PAYMENTS)
  }
  const twice = (one: (h: ConsumingHistory) => number, two: (h: ConsumingHistory) => number): Outcome => {
    const h = both()
    return h.stored(h.record(0), 0, 1, 1, PAYMENTS, one(h)).stored(h.record(0), 0, 1, 1, PAYMENTS, two(h)).ended()
  }
  const [writer, archiver] = [(h: ConsumingHistory) => h.writer[0] as number, (h: ConsumingHistory) => h.archiver]
  expect(twice(writer, writer).of('at-most-once', 'writer', 'consume').violations[0]?.kind).toBe('duplicate-effect')
  expect(twice(writer, archiver).of('at-most-once', 'writer', 'consume').observed).toBe('holds')
})

test('what a processor publishes is judged at the stage publish too', () => {
  const h = new ConsumingHistory({ readers: ['service'] })
  h.put(0)
  h.works(h.service[0] as number, h.record(0), 0)
  h.forwards(h.service[0] as number, 0, h.record(0))
  h.append(0, { tp: PAYMENTS, node: h.service[0] as number })
  const outcome = h.ended()
  expect(outcome.of('at-most-once', 'service', 'publish').violations[0]?.kind).toBe('duplicate-record')
  expect(outcome.of('at-most-once', 'checkout', 'publish').observed).toBe('holds')
})

describe('two applications of one group', () => {
  test('share the work', () => {
    const h = new ConsumingHistory({ readers: ['billing'], twoApplications: true })
    h.put(0)
    h.put(1)
    h.handles(h.billing[0] as number, h.record(0), 0).handles(h.oldBilling, h.record(1), 1)
    h.commits('billing', h.oldBilling, 2)
    const outcome = h.ended()
    expect(outcome.findings()).toEqual([])
    expect(outcome.of('exactly-once', null, 'end-to-end')).toMatchObject({ observed: 'holds', judged: 2 })
  })

  test('and do it twice between them', () => {
    const h = new ConsumingHistory({ readers: ['billing'], twoApplications: true })
    h.put(0)
    h.handles(h.billing[0] as number, h.record(0), 0).handles(h.oldBilling, h.record(0), 0)
    expect(kindsOf(h.ended(), 'billing', 'consume')).toEqual(['duplicate-effect'])
  })
})
