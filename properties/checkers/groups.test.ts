import { describe, expect, test } from 'vitest'
import { M } from '../../sim/history/catalogue.ts'
import { tpOf } from '../../sim/history/ids.ts'
import { partitionFor } from '../../sim/kafka/group/partition-for.ts'
import { ConsumingHistory, OTHER_ORDERS, PAYMENTS } from '../testing/consuming.test.helper.ts'

function reading(records: number): ConsumingHistory {
  const h = new ConsumingHistory({ readers: ['billing'] })
  h.at(1000)
  for (let n = 0; n < records; n++) h.put(n)
  return h
}

describe('offset-safety', () => {
  test('a commit past work that is not done', () => {
    const h = reading(5)
    const [node] = h.billing as [number, number]
    h.at(1100).handles(node, h.record(0), 0).works(node, h.record(1), 1)
    for (const n of [2, 3, 4]) h.got(node, h.record(n), n)
    h.at(1200).commits('billing', node, 5).at(1300)
    for (const n of [1, 2, 3, 4]) h.processed(node, h.record(n), n)
    const verdict = h.ended().of('offset-safety', 'billing')
    expect(verdict).toMatchObject({ observed: 'violated', judged: 1, violationCount: 1 })
    expect(verdict.violations[0]).toEqual({
      kind: 'offset-past-work',
      atUs: 1_200_000,
      message:
        'group billing-group had committed offset 5 of orders-0 at 1.200s (billing#0, generation 1), but billing#0 had got checkout#0/1 ' +
        'from offset 1 of orders-0 at 1.100s and was not done with it; so it was with 4 records: checkout#0/1, checkout#0/2, checkout#0/3 and 1 more',
      records: ['checkout#0/1', 'checkout#0/2', 'checkout#0/3', 'checkout#0/4'],
    })
    expect(h.ended().of('at-least-once', 'billing', 'consume').observed).toBe('holds')
  })

  test('work that is done may be passed, whoever did it, and what nobody was given', () => {
    const h = reading(4)
    const [old, next] = h.billing as [number, number]
    h.works(old, h.record(0), 0).handles(next, h.record(0), 0).handles(next, h.record(1), 1)
    h.commits('billing', next, 2, 2).commits('billing', next, 4, 2)
    expect(h.ended().of('offset-safety')).toMatchObject({ observed: 'holds', judged: 2 })
  })

  test('the record at hand is not passed by a commit of its own offset', () => {
    const h = reading(2)
    const [node] = h.billing as [number, number]
    h.handles(node, h.record(0), 0).works(node, h.record(1), 1).commits('billing', node, 1)
    expect(h.ended().of('offset-safety').observed).toBe('holds')
    expect(h.ended().of('offset-safety', 'checkout').reason).toBe('nothing to judge')
  })

  test('a late commit of an older position', () => {
    const h = reading(2)
    const [old, next] = h.billing as [number, number]
    for (const n of [0, 1]) h.handles(next, h.record(n), n)
    h.at(2000).commits('billing', next, 2, 2).at(2500).commits('billing', old, 1, 1)
    const outcome = h.ended()
    expect(outcome.of('offset-safety').violations).toEqual([
      {
        kind: 'offset-regressed',
        atUs: 2_500_000,
        message:
          'group billing-group moved back: group billing-group had committed offset 2 of orders-0 at 2.000s (billing#1, generation 2), and at ' +
          '2.500s billing#0 (generation 1) committed offset 1 of orders-0; nothing asked for that',
        records: [],
      },
    ])
    expect(outcome.of('fencing').violations.map((violation) => violation.kind)).toEqual(['zombie-commit'])
  })

  test('partitions are apart from each other, the same offset again is no move', () => {
    const h = reading(3)
    const [node] = h.billing as [number, number]
    for (const n of [0, 1, 2]) h.handles(node, h.record(n), n)
    h.commits('billing', node, 3).commits('billing', node, 0, 1, OTHER_ORDERS).commits('billing', node, 3)
    expect(h.ended().of('offset-safety')).toMatchObject({ observed: 'holds', judged: 2 })
  })

  test('a script may ask for it', () => {
    const steps = [{ do: 'seek', topic: 'orders', partition: 0, offset: 0 }] as const
    const h = new ConsumingHistory({ readers: ['billing'], steps })
    const [node] = h.billing as [number, number]
    h.commits('billing', node, 3).commits('billing', node, 1)
    expect(h.ended().of('offset-safety').observed).toBe('holds')
  })

  describe('through a change of coordinators', () => {
    /** Offset 1 in generation 1, offset 2 in generation 2; then broker 2 finds what it finds. */
    function changed(offset: number, generation: number): ConsumingHistory {
      const h = reading(3)
      const [node] = h.billing as [number, number]
      h.loads('billing', 1, 0)
      for (const n of [0, 1, 2]) h.handles(node, h.record(n), n)
      h.at(2000).commits('billing', node, 1).at(3000).commits('billing', node, 2, 2)
      return h.at(4000).commits('billing', node, offset, generation, undefined, 2).loads('billing', 2, 1)
    }

    test('commits are lost', () => {
      const outcome = changed(1, 1).at(5000).ended()
      expect(outcome.of('offset-safety').violations).toMatchObject([
        {
          kind: 'offset-regressed',
          atUs: 4_000_000,
          message: expect.stringContaining(
            'at 4.000s broker-2, which then became its coordinator, knew only offset 1 of orders-0',
          ),
        },
      ])
      // It tells what it found: nobody committed anything.
      expect(outcome.of('fencing').observed).toBe('holds')
    })

    test('and the group goes on from there', () => {
      const h = changed(1, 1)
      h.at(5000).commits('billing', h.billing[0] as number, 1, 3, undefined, 2)
      expect(h.at(6000).ended().of('offset-safety').violations).toMatchObject([
        { atUs: 5_000_000, message: expect.stringContaining('at 5.000s billing#0 (generation 3) committed offset 1') },
      ])
    })

    test('commits are found again', () => {
      expect(changed(2, 2).ended().of('offset-safety')).toMatchObject({ observed: 'holds', judged: 2 })
    })

    test('the new high watermark comes later, from the very beginning', () => {
      const h = reading(3)
      const [node] = h.billing as [number, number]
      h.loads('billing', 1, 0)
      for (const n of [0, 1, 2]) h.handles(node, h.record(n), n)
      h.at(2000).commits('billing', node, 1).at(3000).commits('billing', node, 2, 2)
      h.at(4000).loads('billing', 2, 1)
      h.at(4100).commits('billing', node, 1, 1, undefined, 2).commits('billing', node, 2, 2, undefined, 2)
      const outcome = h.at(5000).ended()
      expect(outcome.of('offset-safety')).toMatchObject({ observed: 'holds', judged: 2 })
      expect(outcome.of('fencing').observed).toBe('holds')
    })

    test('the new high watermark comes later', () => {
      const h = changed(1, 1)
      h.at(4100).commits('billing', h.billing[0] as number, 2, 2, undefined, 2)
      h.at(4200).commits('billing', h.billing[0] as number, 3, 2, undefined, 2)
      expect(h.ended().of('offset-safety')).toMatchObject({ observed: 'holds', judged: 3 })
    })

    test('of another partition of the offsets topic they are no business of this group', () => {
      const h = changed(2, 2)
      h.at(4050)
        .loads('service', 3, 7)
        .at(4100)
        .commits('billing', h.billing[0] as number, 1, 2, undefined, 2)
      expect(h.at(4200).ended().of('offset-safety').violations).toMatchObject([{ atUs: 4_100_000 }])
    })

    test('the old one leads again before it has heard of the other, and loads nothing', () => {
      const h = changed(2, 2)
      const kept = tpOf(9, partitionFor('billing-group', 50))
      h.at(4100).emit(M.leaderBegan, 1, kept, 2, 0, 0)
      h.at(4200).commits('billing', h.billing[0] as number, 1, 2, undefined, 1)
      expect(h.at(4300).ended().of('offset-safety').violations).toMatchObject([{ atUs: 4_200_000 }])
    })

    test('the old one does not know yet', () => {
      const h = changed(2, 2)
      h.at(4100).commits('billing', h.billing[0] as number, 1, 1, undefined, 1)
      const outcome = h.at(4200).ended()
      expect(outcome.of('offset-safety')).toMatchObject({ observed: 'holds', judged: 2 })
      expect(outcome.of('fencing').observed).toBe('holds')
    })
  })

  test('a generation that finds its group nowhere', () => {
    const h = reading(1)
    const [node, next] = h.billing as [number, number]
    h.at(2000).handles(node, h.record(0), 0).commits('billing', node, 1)
    h.at(3000).rebalanced('billing', 2).at(3100).fetchedOffset('billing', next, -1, 2)
    expect(h.ended().of('offset-safety').violations[0]?.message).toContain('at 3.100s generation 2 found it nowhere')
  })

  test('an answer may be older than a commit', () => {
    const h = reading(1)
    const [node] = h.billing as [number, number]
    h.at(1500).rebalanced('billing', 2)
    h.at(2000).handles(node, h.record(0), 0).commits('billing', node, 1, 2)
    h.at(3100).fetchedOffset('billing', node, -1, 2)
    expect(h.ended().of('offset-safety').observed).toBe('holds')
  })

  describe('of a processor', () => {
    function processing(): ConsumingHistory {
      const h = new ConsumingHistory({ readers: ['service'] })
      h.put(0)
      return h.works(h.service[0] as number, h.record(0), 0)
    }

    test('work is done when its output is acknowledged', () => {
      const h = processing()
      h.forwards(h.service[0] as number, 0, h.record(0))
      expect(
        h
          .commits('service', h.service[0] as number, 1)
          .ended()
          .of('offset-safety').observed,
      ).toBe('holds')
    })

    test('not when it is sent', () => {
      const h = processing()
      h.derives(h.service[0] as number, 0, h.record(0)).commits('service', h.service[0] as number, 1)
      h.ack(0, h.append(0, { tp: PAYMENTS, node: h.service[0] as number }), {
        tp: PAYMENTS,
        node: h.service[0] as number,
      })
      const outcome = h.ended()
      expect(outcome.of('offset-safety', 'service').violations[0]?.kind).toBe('offset-past-work')
      expect(outcome.of('exactly-once', 'service', 'consume').observed).toBe('holds')
    })
  })

  test('a sink has done what its store refuses because it has seen it', () => {
    const committed = (reason: number): ConsumingHistory => {
      const h = new ConsumingHistory({ readers: ['writer'], fence: 'offset' })
      h.put(0, { tp: PAYMENTS })
      h.works(h.writer[0] as number, h.record(0), 0, PAYMENTS).refused(h.record(0), 0, reason)
      return h.commits('writer', h.writer[0] as number, 1, 1, PAYMENTS)
    }
    expect(committed(2).ended().of('offset-safety').observed).toBe('holds')
    expect(committed(1).ended().of('offset-safety').observed).toBe('violated')
  })

  test('a store that remembers a record is believed when the record took effect', () => {
    const committed = (tookEffect: boolean): ConsumingHistory => {
      const h = new ConsumingHistory({ readers: ['writer'] })
      h.put(0, { tp: PAYMENTS })
      h.put(0, { tp: PAYMENTS, batch: 9, acked: false })
      h.works(h.writer[0] as number, h.record(0), 0, PAYMENTS)
      if (tookEffect) h.stored(h.record(0), 0)
      else h.refused(h.record(0), 0, 3)
      h.works(h.writer[0] as number, h.record(0), 1, PAYMENTS).refused(h.record(0), 1, 3)
      return h.commits('writer', h.writer[0] as number, 2, 1, PAYMENTS)
    }
    expect(committed(true).ended().of('offset-safety').observed).toBe('holds')
    expect(committed(false).ended().of('offset-safety').observed).toBe('violated')
  })
})

describe('single-owner', () => {
  test('two members hold a partition in one generation', () => {
    const h = reading(1)
    const [first, second] = h.billing as [number, number]
    h.at(1000).assigned('billing', first, 3).at(1500).assigned('billing', second, 3)
    const verdict = h.ended().of('single-owner', 'billing')
    expect(verdict).toMatchObject({ observed: 'violated', judged: 2, violationCount: 1 })
    expect(verdict.violations[0]).toEqual({
      kind: 'double-ownership',
      atUs: 1_500_000,
      message:
        'in generation 3 of group billing-group orders-0 has two owners at 1.500s: billing#0 since 1.000s and billing#1 since 1.500s',
      records: [],
    })
  })

  test('a partition kept into a generation that gave it to somebody else', () => {
    const h = reading(1)
    const [first, second] = h.billing as [number, number]
    h.assigned('billing', first, 1).assigned('billing', second, 2)
    // Cooperative: what a member keeps is not assigned to it again.
    h.assigned('billing', first, 2, OTHER_ORDERS)
    expect(h.ended().of('single-owner').violations).toHaveLength(1)
  })

  test.each([
    ['revoked first', (h: ConsumingHistory, node: number) => h.revoked('billing', node, 1)],
    ['lost first', (h: ConsumingHistory, node: number) => h.lost('billing', node, 1)],
    ['a process that is gone', (h: ConsumingHistory, node: number) => h.crashed(node)],
    [
      'another partition',
      (h: ConsumingHistory, node: number) => h.revoked('billing', node, 1).assigned('billing', node, 1, OTHER_ORDERS),
    ],
  ])('not with %s', (_name, gives) => {
    const h = reading(1)
    const [first, second] = h.billing as [number, number]
    h.assigned('billing', first, 1)
    gives(h, first)
    h.assigned('billing', second, 1)
    expect(h.ended().of('single-owner').observed).toBe('holds')
  })

  test('a zombie of an older generation does not know yet', () => {
    const h = reading(1)
    const [first, second] = h.billing as [number, number]
    h.assigned('billing', first, 1).assigned('billing', second, 2).lost('billing', first, 1)
    expect(h.ended().of('single-owner')).toMatchObject({ observed: 'holds', judged: 2 })
  })

  test('taken by hand nothing is owned', () => {
    const h = reading(1)
    for (const node of h.billing) h.assigned('billing', node, -1)
    expect(h.ended().of('single-owner').reason).toBe('nothing to judge')
  })

  function writing(fence: 'none' | 'generation' | 'offset'): ConsumingHistory {
    const h = new ConsumingHistory({ readers: ['writer'], fence })
    for (const n of [0, 1]) h.put(n, { tp: PAYMENTS })
    return h.at(2000).stored(h.record(0), 0, 1, 2)
  }

  test('a fence that lets an older generation through', () => {
    const h = writing('generation').at(3000)
    const { violations } = h.stored(h.record(1), 1, 1, 1).ended().of('single-owner')
    expect(violations).toEqual([
      {
        kind: 'double-ownership',
        atUs: 3_000_000,
        message:
          'ledger took checkout#0/1 (offset 1 of payments-0) at 3.000s from an owner of generation 1 of group writer-group, although its ' +
          'successor of generation 2 had written since 2.000s and the store has the fence "generation"',
        records: ['checkout#0/1'],
      },
    ])
  })

  test('a fence of offsets asks for the offset only', () => {
    const late = writing('offset')
    expect(late.stored(late.record(1), 1, 1, 1).ended().of('single-owner').observed).toBe('holds')
    const again = writing('offset')
    expect(again.stored(again.record(0), 0, 1, 1).ended().of('single-owner').observed).toBe('violated')
  })

  test('without a fence nobody promised anything', () => {
    const h = writing('none')
    expect(h.stored(h.record(1), 1, 1, 1).ended().of('single-owner').reason).toBe('nothing to judge')
  })
})

describe('fencing', () => {
  test('a commit of an older generation', () => {
    const h = reading(2)
    const [old, next] = h.billing as [number, number]
    h.at(2000).commits('billing', next, 1, 2).at(3000).commits('billing', old, 2, 1, OTHER_ORDERS)
    expect(h.ended().of('fencing', 'billing')).toMatchObject({
      judged: 2,
      violations: [
        {
          kind: 'zombie-commit',
          atUs: 3_000_000,
          message:
            'billing#0 committed offset 2 of orders-1 at 3.000s in generation 1, although group billing-group had committed offset 1 of ' +
            'orders-0 at 2.000s (billing#1, generation 2)',
          records: [],
        },
      ],
    })
  })

  test('not before one of a newer generation, and not outside of generations', () => {
    const h = reading(2)
    const [old, next] = h.billing as [number, number]
    h.commits('billing', old, 1, 1).commits('billing', next, 2, 2).commits('billing', old, 3, -1)
    expect(h.ended().of('fencing')).toMatchObject({ observed: 'holds', judged: 2 })
  })
})

describe('progress', () => {
  test('a group that does not come to the end', () => {
    const h = reading(3)
    h.handles(h.billing[0] as number, h.record(0), 0).commits('billing', h.billing[0] as number, 1)
    h.at(5000).healing().at(9000)
    expect(h.ended('heal-limit').of('progress').violations).toEqual([
      {
        kind: 'stuck-group',
        atUs: 9_000_000,
        message:
          'at 9.000s, 4.000s after every fault had ended, group billing-group stood at offset 1 of orders-0, with offsets 1 to 3 to read; ' +
          'it has waited since 1.000s: nobody of the group has the partition: a rebalance waits for every member to rejoin, ' +
          'at most max.poll.interval.ms, and a member that died keeps its share for session.timeout.ms',
        records: [],
      },
    ])
  })

  test('work that is done counts, also without a commit', () => {
    const h = reading(1)
    h.handles(h.billing[0] as number, h.record(0), 0)
    const kinds = h
      .ended('heal-limit', {}, [
        { kind: 'process', who: 'ledger', waitsFor: 'something else', because: null, tp: -1, node: -1 },
      ])
      .of('progress')
      .violations.map(({ kind }) => kind)
    expect(kinds).not.toContain('stuck-group')
  })

  test('who was stopped is not stuck', () => {
    const h = reading(1)
    for (const node of h.billing) h.crashed(node)
    const kinds = h
      .ended('heal-limit')
      .of('progress')
      .violations.map(({ kind }) => kind)
    expect(kinds).not.toContain('stuck-group')
  })

  test('a partition that nobody may lead is excused for its readers too', () => {
    const h = new ConsumingHistory({ readers: ['billing'], elr: false })
    h.put(0)
    h.elect(-1, 1, 1, [])
    expect(h.ended('heal-limit').of('progress')).toMatchObject({
      observed: 'unknown',
      excused: true,
      reason: expect.stringContaining('excused because nobody may lead orders-0'),
    })
  })

  /** A group with a record to read, and the partition that keeps its offsets is led by broker 1. */
  const kept = (): { readonly h: ConsumingHistory; readonly tp: number } => {
    const h = new ConsumingHistory({ readers: ['billing'], elr: false })
    h.put(0)
    const tp = tpOf(9, partitionFor('billing-group', 50))
    h.emit(M.leaderElected, 0, tp, 1, 0, 0, 0b10, 0, 0).loads('billing', 1, 0)
    return { h, tp }
  }

  test('a group whose offsets nobody may keep is excused', () => {
    const { h, tp } = kept()
    h.emit(M.leaderElected, 0, tp, -1, 1, 1, 0, 0, 0)
    expect(h.ended('heal-limit').of('progress')).toMatchObject({
      observed: 'unknown',
      excused: true,
      reason:
        'unavailable, excused because group billing-group has no coordinator: nobody may lead __consumer_offsets-39: ' +
        'no replica that certainly holds all committed records is left, and unclean.leader.election.enable is false',
    })
  })

  test('not while somebody may', () => {
    const { h, tp } = kept()
    h.emit(M.leaderElected, 0, tp, -1, 1, 1, 0b10, 0, 0)
    expect(h.ended('heal-limit').of('progress').violations[0]).toMatchObject({ kind: 'stuck-group' })
  })

  test('nor when it is the transactions of the group that nobody may keep', () => {
    const { h, tp } = kept()
    const other = tpOf(10, tp & 0xffff)
    h.emit(M.leaderElected, 0, other, 1, 0, 0, 0b10, 0, 0).emit(M.coordinatorLoaded, 1, other, 0, 0, 1)
    h.emit(M.leaderElected, 0, other, -1, 1, 1, 0, 0, 0)
    expect(h.ended('heal-limit').of('progress').violations[0]).toMatchObject({ kind: 'stuck-group' })
  })

  test('a run that settled has come to the end', () => {
    const h = reading(1)
    h.handles(h.billing[0] as number, h.record(0), 0).commits('billing', h.billing[0] as number, 1)
    // One record, three partitions, two of them read by billing.
    expect(h.ended().of('progress')).toMatchObject({ observed: 'holds', judged: 6 })
  })
})
