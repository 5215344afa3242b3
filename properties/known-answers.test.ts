import { describe, expect, test } from 'vitest'
import { ConsumingHistory, ORDERS } from './testing/consuming.test.helper.ts'
import { History } from './testing/history.test.helper.ts'

/**
 * Known answers of the checker for recorded Kafka histories in Jepsen's tests, as histories of ours: what it would report of
 * its own is reported under the names of `docs/checks.md`, and what it lets pass is let pass. Those about transactions and
 * about several polls of one operation have nothing to stand for here yet.
 */
describe('logs', () => {
  test('1: an unknown send and an acknowledged one at the same offset are no contradiction until the first is proved', () => {
    const one = (): History => new History().formed().sent(0).unknown(0).sent(1).appended(1, 1, 0, 0)
    expect(one().answered(1, 1, 0, 1).acked(1, 0).ended('max-events').broken()).toEqual([])
    const proved = one().appended(2, 0, 0, 0).ended('max-events')
    expect(proved.broken()).toEqual(['log-matching'])
    expect(proved.of('replica-agreement').violations.map(({ kind }) => kind)).toEqual(['diverged-replicas'])
  })

  test('2: a failed send that is readable', () => {
    const sent = (): History => new History().formed().sent(0)
    const failed = (h: History): History => h.appended(1, 0, 0, 0).appended(2, 0, 0, 0).appended(3, 0, 0, 0)
    const read = failed(sent()).fetched(1, 2, 1, 0).fetched(1, 3, 1, 0).high(1, 1, 0).failed(0, 19).ended()
    expect(read.of('outcome-honesty').violations.map(({ kind }) => kind)).toEqual(['false-failure'])
    expect(sent().failed(0, 19).ended().of('outcome-honesty').observed).toBe('holds')
  })

  test('3: what lies below something that was read is lost, what lies above it may come', () => {
    // Records a and b were acknowledged and d is not known; only c is there in the end.
    const h = new History({ minIsr: 1, acks: '1', idempotence: false }).formed()
    h.sent(0).appended(1, 0, 0, 0).acked(0, 0).sent(1).appended(1, 1, 1, 0).acked(1, 1).sent(3).unknown(3)
    h.crashed(1).elect(2, 1, 1, [2, 3]).began(2, 1, 0, 0, [2, 3]).sent(2).unknown(2)
    h.appended(2, 2, 0, 1).appended(3, 2, 0, 1).fetched(2, 3, 1, 1).high(2, 1, 1)
    const { violations } = h.ended().of('at-least-once')
    expect(violations.map(({ kind, records }) => [kind, ...records])).toEqual([
      ['lost-record', 'checkout#0/0'],
      ['lost-record', 'checkout#0/1'],
    ])
  })

  test('4: an offset that was overwritten', () => {
    const h = new History({ minIsr: 1, acks: '1', idempotence: false })
      .formed()
      .sent(0)
      .appended(1, 0, 0, 0)
      .acked(0, 0)
    h.crashed(1).elect(2, 1, 1, [2, 3]).began(2, 1, 0, 0, [2, 3])
    h.published(1, 0, 2, 1, [3]).published(2, 1, 2, 1, [3])
    const { violations } = h.ended().of('durability')
    expect(violations.map(({ kind, records }) => [kind, ...records])).toEqual([['lost-acked-write', 'checkout#0/0']])
  })

  test('9: sends of one process that lie in reverse order', () => {
    const sent = (offsets: readonly [number, number]): History => {
      const h = new History({ idempotence: false }).formed().sent(0).sent(1)
      for (const batch of offsets) {
        const at = offsets.indexOf(batch)
        h.appended(1, batch, at, 0).appended(2, batch, at, 0).appended(3, batch, at, 0)
      }
      return h.fetched(1, 2, 2, 0).fetched(1, 3, 2, 0).high(1, 2, 0)
    }
    const reversed = sent([1, 0]).ended().of('order-per-partition')
    expect(reversed.violations.map(({ kind }) => kind)).toEqual(['reordered-records'])
    expect(sent([0, 1]).ended().of('order-per-partition').observed).toBe('holds')
  })

  test("12: another one's record between two of a process is no anomaly", () => {
    const h = new History().formed().published(0)
    h.sent(1, 1, 0, 0, h.audit).appended(1, 1, 1, 0, 1, h.audit).appended(2, 1, 1, 0, 1, h.audit)
    h.appended(3, 1, 1, 0, 1, h.audit).fetched(1, 2, 2, 0).fetched(1, 3, 2, 0).high(1, 2, 0)
    expect(h.acked(1, 1, 0, h.audit).published(2, 2).ended().violated()).toEqual([])
  })

  test('13: an acknowledgement names one offset and the record lies at another', () => {
    const h = (): History => new History().formed().published(0).sent(1).appended(1, 1, 1, 0).appended(2, 1, 1, 0)
    const there = (history: History): History =>
      history.appended(3, 1, 1, 0).fetched(1, 2, 2, 0).fetched(1, 3, 2, 0).high(1, 2, 0)
    expect(there(h()).acked(1, 3).ended().violated()).toEqual(['outcome-honesty'])
    expect(there(h()).acked(1, 1).ended().violated()).toEqual([])
    const twice = there(h()).answered(1, 1, 1).acked(1, 1)
    for (const node of twice.brokers) twice.appended(node, 1, 2, 0)
    twice.fetched(1, 2, 3, 0).fetched(1, 3, 3, 0).high(1, 3, 0)
    expect(twice.ended().violated()).toEqual(['at-most-once', 'exactly-once'])
  })
})

describe('readers', () => {
  /** Four records; the first instance of billing reads some, then the second goes on somewhere. */
  function read(first: readonly number[], second: readonly number[], from: number): ConsumingHistory {
    const h = new ConsumingHistory({ readers: ['billing'] })
    const [one, other] = h.billing as [number, number]
    h.at(1000)
    for (const n of [0, 1, 2, 3]) h.put(n, { key: 1 })
    h.rebalanced('billing', 1).assigned('billing', one, 1)
    for (const n of first) h.at(1100 + n).handles(one, h.record(n), n)
    h.at(2000).commits('billing', one, from).crashed(one)
    h.at(9000).rebalanced('billing', 2).assigned('billing', other, 2).fetchedOffset('billing', other, from, 2)
    for (const n of second) h.at(9100 + n).handles(other, h.record(n), n, ORDERS, 2)
    return h.at(10_000).commits('billing', other, 4, 2)
  }
  const kinds = (h: ConsumingHistory): readonly string[] => {
    const outcome = h.ended()
    return [
      ...outcome.of('at-least-once', null, 'consume').violations,
      ...outcome.of('at-most-once', null, 'consume').violations,
      ...outcome.of('order-per-key').violations,
    ].map(({ kind, records }) => `${kind}: ${records.join(' ')}`)
  }

  test('6: a skipped record that nobody ever reads', () => {
    expect(kinds(read([0, 1], [3], 3))).toEqual(['lost-effect: checkout#0/2'])
    expect(kinds(read([0, 1], [2, 3], 2))).toEqual([])
  })

  test('7: a process that goes back to what failed is clean, one that goes on behind it is not', () => {
    expect(kinds(read([0], [1, 2, 3], 1))).toEqual([])
    expect(kinds(read([0], [3], 3))).toEqual(['lost-effect: checkout#0/1', 'lost-effect: checkout#0/2'])
  })

  test('8: polls that overlap do things twice and reorder nothing', () => {
    expect(kinds(read([0, 1, 2], [1, 2, 3], 1))).toEqual([
      'duplicate-effect: checkout#0/1',
      'duplicate-effect: checkout#0/2',
    ])
  })

  test('11: records of a key that are read backwards', () => {
    expect(kinds(read([0, 2, 1, 3], [], 4))[0]).toMatch(/^reordered-effects: /)
  })

  test('18: what is acknowledged and not read yet counts until it is', () => {
    const h = new ConsumingHistory({ readers: ['billing'] })
    const [one] = h.billing as [number, number]
    const undecided = (): string => h.ended('heal-limit').of('at-least-once', null, 'consume').reason ?? ''
    for (const n of [0, 1]) h.put(n)
    h.rebalanced('billing', 1).assigned('billing', one, 1).handles(one, h.record(0), 0)
    expect(undecided()).toContain('1 ')
    h.handles(one, h.record(1), 1).commits('billing', one, 2)
    expect(h.ended('heal-limit').of('at-least-once', null, 'consume').observed).toBe('holds')
  })
})
