import { describe, expect, test } from 'vitest'
import { tellStory } from '../story.ts'
import { BROKER_1, CHECKOUT, ORDERS, record, TraceWriter } from '../trace.test.support.ts'

/** Readers stand at nodes that the trace has names for. */
const [READER, STORE] = [CHECKOUT, BROKER_1]

function lines(trace: TraceWriter, atMs: number): readonly string[] {
  const violation = { kind: 'duplicate-effect', atUs: atMs * 1000, records: ['checkout#0/5'] }
  return tellStory(trace.chunks(), { violation, faults: [] })
    .lines.filter(({ atUs }) => atUs >= 200_000)
    .map(({ text, isCause }) => `${isCause ? '▶ ' : ''}${text}`)
}

const PLACE = { record: record(5), tp: ORDERS, offset: 5 }
const COMMIT = { group: 'billing', tp: ORDERS, generation: 1, member: READER }

describe('what readers did with a record', () => {
  test('deliveries, work, effects and the first commit past it; nothing of other records', () => {
    const trace = new TraceWriter()
      .send(100, 5)
      .at(200)
      .tell('group.rebalanced', BROKER_1, { group: 'billing', generation: 1, members: 2 })
      .tell('partition.assigned', READER, { group: 'billing', tp: ORDERS, generation: 1 })
      .tell('record.delivered', READER, { ...PLACE, record: record(4), offset: 4 })
      .tell('record.delivered', READER, PLACE)
      .tell('offset.committed', BROKER_1, { ...COMMIT, offset: 5 })
      .tell('work.started', READER, PLACE)
      .tell('effect.applied', READER, { ...PLACE, what: 0, store: READER })
      .at(300)
      .tell('commit.failed', READER, { ...COMMIT, offset: 6, error: 25 })
      .tell('member.removed', BROKER_1, { group: 'billing', member: READER, generation: 1, expired: true })
      .tell('partition.lost', READER, { group: 'billing', tp: ORDERS, generation: 1 })
      .at(400)
      .tell('effect.refused', STORE, { ...PLACE, store: STORE, reason: 1 })
      .tell('effect.applied', STORE, { ...PLACE, what: 1, store: STORE })
      .at(401)
      .tell('offset.committed', BROKER_1, { ...COMMIT, offset: 6 })
      .tell('offset.committed', BROKER_1, { ...COMMIT, offset: 7 })
    expect(lines(trace, 400)).toEqual([
      'group billing enters generation 1 with 2 members',
      'checkout#0 takes orders-0 over in generation 1',
      'checkout#0 is handed checkout#0/5, offset 5 of orders-0',
      'checkout#0 begins to work on checkout#0/5',
      'checkout#0 has processed checkout#0/5',
      'checkout#0 could not commit offset 6 of orders-0 for group billing: UNKNOWN_MEMBER_ID',
      'checkout#0 is no member of group billing any more: nothing was heard of it for too long',
      'checkout#0 learns that orders-0 is no longer its own',
      'broker-1 refuses checkout#0/5 by its generation fence',
      '▶ broker-1 takes a new row for checkout#0/5: duplicate-effect',
      'group billing has committed offset 6 of orders-0, past it, for checkout#0',
    ])
  })

  test('what a processor makes of it', () => {
    const made = { record: record(9), input: record(5), index: 0 }
    const trace = new TraceWriter().send(100, 5).at(200).tell('record.derived', READER, made)
    expect(lines(trace, 200)).toEqual(['▶ checkout#0 makes checkout#0/9 of checkout#0/5: duplicate-effect'])
  })

  test('coordinators that take a group over, and not those without one', () => {
    const trace = new TraceWriter()
      .send(100, 5)
      .at(200)
      .tell('coordinator.loaded', BROKER_1, { tp: ORDERS, epoch: 1, groups: 0 })
      .tell('coordinator.loaded', BROKER_1, { tp: ORDERS, epoch: 2, groups: 1 })
    expect(lines(trace, 200)).toEqual(['▶ broker-1 coordinates 1 group now: duplicate-effect'])
  })
})
