import { describe, expect, test } from 'vitest'
import { tpOf } from '../../sim/history/ids.ts'
import { M } from '../../sim/history/catalogue.ts'
import { partitionFor } from '../../sim/kafka/group/partition-for.ts'
import type { ConsumerConfig } from '../../sim/kafka/protocol/config/consumer.ts'
import type { Waiting } from '../../sim/waiting.ts'
import { ConsumingHistory, ORDERS, OTHER_ORDERS } from '../testing/consuming.test.helper.ts'
import { History, type Outcome } from '../testing/history.test.helper.ts'
import type { Wait } from './wait.ts'

/** The one thing that waits by that name. */
function wait(outcome: Outcome, who: string): Wait {
  const found = outcome.waiting.filter((one) => one.who === who)
  expect(found.map(({ who }) => who)).toEqual([who])
  return found[0] as Wait
}

describe('a send without an outcome', () => {
  const sent = (h: History): Outcome => h.at(60_000).ended('heal-limit')
  const formed = (minIsr = 1): History => new History({ minIsr }).at(1).formed()

  test('that never came into a batch waits for metadata or memory', () => {
    const h = formed().at(10)
    h.emit(M.recordSent, h.checkout, (h.checkout << 20) | 0, 0, h.tp, -1)
    expect(wait(sent(h), 'checkout#0/0')).toEqual({
      kind: 'stuck-send',
      who: 'checkout#0/0',
      waitsFor: 'its outcome',
      sinceUs: 10_000,
      rule: 'send() waits for metadata of the topic or room in buffer.memory, at most max.block.ms',
      excuse: null,
      records: ['checkout#0/0'],
    })
  })

  test('waits for enough replicas in sync', () => {
    const h = formed(2).at(5).isr([1], 1, 0).adopted(1, [1], 1, 0).at(10).sent(0).at(20).retried(0, 19)
    expect(wait(sent(h), 'checkout#0/0')).toMatchObject({
      sinceUs: 10_000,
      rule:
        'acks=all waits for as many in sync as min.insync.replicas=2; ISR={broker-1} since 0.005s, and NOT_ENOUGH_REPLICAS ' +
        'is sent again until delivery.timeout.ms; NOT_ENOUGH_REPLICAS was the last answer, at 0.020s',
    })
  })

  test('not where acks=1 asks for no other replica', () => {
    const h = new History({ minIsr: 2, acks: '1', idempotence: false }).formed()
    h.isr([1], 1, 0).adopted(1, [1], 1, 0).sent(0)
    expect(wait(sent(h), 'checkout#0/0').rule).toBe('a batch ends with its answer or by delivery.timeout.ms')
  })

  test('waits for the high watermark to cover it', () => {
    const h = formed().sent(0).appended(1, 0, 0, 0)
    expect(wait(sent(h), 'checkout#0/0').rule).toBe(
      'acks=all is answered when the high watermark of orders-0 covers the batch; broker-1 holds it',
    )
  })

  test('waits for its partition to have a leader', () => {
    const h = formed().sent(0).elect(-1, 1, 1, [1])
    const { rule, excuse } = wait(sent(h), 'checkout#0/0')
    expect(rule).toBe('orders-0 waits for a leader, and what finds none is sent again until delivery.timeout.ms')
    expect(excuse).toBeNull()
  })
})

describe('a partition', () => {
  test('waits for a leader that may be elected: no excuse', () => {
    const h = new History().formed().published(0).crashed(1).at(70).elect(-1, 1, 1, [1]).at(100)
    const outcome = h.ended('heal-limit')
    expect(wait(outcome, 'orders-0')).toEqual({
      kind: 'stuck-replication',
      who: 'orders-0',
      waitsFor: 'a leader',
      sinceUs: 70_000,
      rule: 'the controller elects broker-1 once registered and unfenced; broker-1 is down',
      excuse: null,
      records: [],
    })
    expect(outcome.of('progress')).toMatchObject({ observed: 'violated', excused: false })
  })

  test('waits for a leader that nobody may be: excused', () => {
    const outcome = new History({ elr: false }).formed().published(0).at(70).elect(-1, 1, 1, []).ended('heal-limit')
    const found = wait(outcome, 'orders-0')
    expect(found.rule).toBe('no electable leader: ISR={}, ELR={}, and unclean.leader.election.enable is false')
    expect(found.excuse).toContain('nobody may lead orders-0')
    expect(outcome.of('progress')).toMatchObject({ observed: 'unknown', excused: true })
  })

  test('an excuse covers its own partition only', () => {
    const h = new History({ elr: false, partitions: 2 }).formed().published(0)
    h.emit(M.leaderElected, 0, tpOf(1, 1), -1, 1, 1, 0, 0, 0)
    h.sent(1)
    const outcome = h.ended('heal-limit')
    expect(wait(outcome, 'orders-1').excuse).not.toBeNull()
    expect(wait(outcome, 'checkout#0/1').excuse).toBeNull()
    expect(outcome.of('progress')).toMatchObject({ observed: 'violated', excused: false, violationCount: 1 })
  })

  test('waits for its elected leader to begin', () => {
    const outcome = new History().formed().published(0).at(70).elect(2, 1, 1, [1, 2, 3]).crashed(2).ended('heal-limit')
    expect(wait(outcome, 'orders-0')).toMatchObject({
      waitsFor: 'broker-2 to lead',
      sinceUs: 70_000,
      rule: 'until a broker has applied the metadata log up to its election it answers NOT_LEADER_OR_FOLLOWER; broker-2 is down',
    })
  })

  test('waits for a follower', () => {
    const h = new History().formed().published(0).at(40).sent(1).appended(1, 1, 1, 0).appended(2, 1, 1, 0).unknown(1)
    expect(wait(h.at(60).ended('heal-limit'), 'orders-0')).toMatchObject({
      waitsFor: 'broker-3 to catch up',
      sinceUs: 40_000,
    })
  })

  test('waits for a replica to be in sync again', () => {
    const h = new History().formed().published(0).at(40).isr([1, 2], 1, 0).at(60)
    expect(wait(h.ended('heal-limit'), 'orders-0')).toMatchObject({
      waitsFor: 'broker-3 to be in sync',
      sinceUs: 40_000,
      rule: expect.stringContaining('AlterPartition'),
    })
  })

  test('waits for its high watermark, which min ISR may hold', () => {
    const appended = (h: History): History => {
      for (const node of h.brokers) h.appended(node, 0, 0, 0)
      return h.unknown(0)
    }
    const all = appended(new History({ minIsr: 2 }).formed().at(10).sent(0))
    expect(wait(all.ended('heal-limit'), 'orders-0')).toMatchObject({
      waitsFor: 'its high watermark',
      sinceUs: 10_000,
      rule: 'the high watermark is the lowest log end of the ISR; ISR={broker-1, broker-2, broker-3}',
    })
  })

  test('that lost its controller has no way out', () => {
    const h = new History().formed().published(0).at(5).wiped(0).sent(1).elect(-1, 1, 1, [1])
    const outcome = h.at(60).ended('heal-limit')
    expect(outcome.waiting.map(({ excuse }) => excuse)).toEqual(
      outcome.waiting.map(() => 'the controller lost its disk, and with it all metadata, at 0.005s'),
    )
    expect(outcome.of('progress').excused).toBe(true)
  })
})

const OFFSETS_INDEX = partitionFor('billing-group', 50)
const OFFSETS: number = tpOf(9, OFFSETS_INDEX)

/** Billing has read one of two orders; its offsets lie in a topic of their own. */
function behind(options: Partial<ConstructorParameters<typeof ConsumingHistory>[0]> = {}): ConsumingHistory {
  const h = new ConsumingHistory({ readers: ['billing'], elr: false, ...options }).at(10)
  h.emit(M.leaderElected, 0, OFFSETS, 1, 0, 0, 0b1110, 0, 0)
  h.loads('billing', 1, 0)
  const [node] = h.billing as [number]
  h.assigned('billing', node, 1)
  for (const n of [0, 1]) h.put(n)
  h.handles(node, h.record(0), 0).at(20).commits('billing', node, 1)
  return h
}

describe('a group that is behind', () => {
  const stuck = (h: History): Wait => wait(h.at(90).ended('heal-limit'), 'group billing-group')

  test('waits for the rest of the partition since it last moved', () => {
    expect(stuck(behind())).toEqual({
      kind: 'stuck-group',
      who: 'group billing-group',
      waitsFor: 'offsets 1 to 2 of orders-0',
      sinceUs: 20_000,
      rule: 'billing#0 reads on by Fetch from its position, below the high watermark only',
      excuse: null,
      records: [],
    })
  })

  test('waits for work that has not begun, or not ended', () => {
    const given = behind().at(30)
    given.got(given.billing[0] as number, given.record(1), 1)
    expect(stuck(given).rule).toBe('billing#0 was given offset 1 at 0.030s and has not begun to work on it')
    const begun = behind().at(30)
    begun.works(begun.billing[0] as number, begun.record(1), 1)
    expect(stuck(begun).rule).toBe(
      'billing#0 was given offset 1 at 0.030s, began to work on it at 0.030s and has not finished',
    )
  })

  test('waits for a rebalance where nobody has the partition', () => {
    const h = behind()
    h.revoked('billing', h.billing[0] as number, 1)
    expect(stuck(h).rule).toContain('nobody of the group has the partition: a rebalance waits for every member')
    const dead = behind().crashed(4 + 2)
    expect(
      dead
        .at(90)
        .ended('heal-limit')
        .waiting.map(({ kind }) => kind),
    ).toContain('stuck-group')
  })

  test('is excused where nobody may lead the partition that keeps it', () => {
    const h = behind().at(30).emit(M.leaderElected, 0, OFFSETS, -1, 1, 1, 0, 0, 0)
    const found = stuck(h)
    expect(found.rule).toBe(
      `nobody leads __consumer_offsets-${OFFSETS_INDEX} since 0.030s, so FindCoordinator is answered COORDINATOR_NOT_AVAILABLE; ` +
        'no electable leader: ISR={}, ELR={}, and unclean.leader.election.enable is false',
    )
    expect(found.excuse).toContain(
      `group billing-group has no coordinator: nobody may lead __consumer_offsets-${OFFSETS_INDEX}`,
    )
    expect(h.ended('heal-limit').of('progress')).toMatchObject({ observed: 'unknown', excused: true })
  })

  test('not where somebody may lead it', () => {
    const h = behind().at(30).emit(M.leaderElected, 0, OFFSETS, -1, 1, 1, 0b10, 0, 0)
    const found = stuck(h)
    expect(found.excuse).toBeNull()
    expect(found.rule).toContain('the controller elects broker-1 once registered and unfenced; none of them is down')
    expect(h.ended('heal-limit').of('progress')).toMatchObject({ observed: 'violated' })
  })

  test('nor where it is another partition of that topic that nobody may lead', () => {
    const h = behind().emit(M.leaderElected, 0, tpOf(9, (OFFSETS_INDEX + 1) % 50), -1, 1, 1, 0, 0, 0)
    expect(stuck(h).excuse).toBeNull()
  })

  test('nor where the last leader known may come back (KIP-966)', () => {
    const h = behind({ elr: true }).emit(M.leaderElected, 0, OFFSETS, -1, 1, 1, 0, 0, 0)
    expect(stuck(h).excuse).toBeNull()
  })

  test('is excused where __consumer_offsets needs more replicas than there are brokers', () => {
    const config = { 'offsets.topic.num.partitions': 50, 'offsets.topic.replication.factor': 4 }
    const found = stuck(behind({ broker: config }))
    expect(found.rule).toContain('__consumer_offsets cannot be created: INVALID_REPLICATION_FACTOR')
    expect(found.excuse).toBe(
      'group billing-group has no coordinator: offsets.topic.replication.factor is 4, and there are 3 brokers',
    )
    expect(stuck(behind({ broker: { ...config, 'offsets.topic.replication.factor': 3 } })).excuse).toBeNull()
  })

  test('is excused where it has no position and no policy to get one', () => {
    const none = { 'auto.offset.reset': 'none' } as Partial<ConsumerConfig>
    const nowhere = (config: Partial<ConsumerConfig>): ConsumingHistory => {
      const h = new ConsumingHistory({ readers: ['billing'], consumer: config })
      h.put(0)
      return h
    }
    expect(stuck(nowhere(none)).excuse).toBe(
      'auto.offset.reset is none and group billing-group has no committed offset of orders-0: poll() throws NoOffsetForPartitionException',
    )
    expect(stuck(nowhere({ 'auto.offset.reset': 'earliest' })).excuse).toBeNull()
    // It has a position wherever it reads: nothing throws.
    const placed = behind({ consumer: none })
    placed.commits('billing', placed.billing[0] as number, 0, 1, OTHER_ORDERS)
    expect(stuck(placed).excuse).toBeNull()
  })

  test('is excused where its position lies behind the end and no policy moves it', () => {
    const verdict = (committed: number, reset: ConsumerConfig['auto.offset.reset']): Outcome => {
      const h = behind({ consumer: { 'auto.offset.reset': reset } })
      const [node] = h.billing as [number]
      h.put(0, { tp: OTHER_ORDERS })
      h.commits('billing', node, committed).commits('billing', node, 1, 1, OTHER_ORDERS)
      const because = 'poll() failed: offset-out-of-range'
      return h.ended('heal-limit', {}, [
        { kind: 'group', who: 'billing#0', waitsFor: 'a restart', because, tp: -1, node },
      ])
    }
    expect(verdict(9, 'none').of('progress')).toMatchObject({
      excused: true,
      reason: expect.stringContaining(
        'auto.offset.reset is none and group billing-group stands at offset 9 of orders-0, which ends at 2: poll() throws OffsetOutOfRangeException',
      ),
    })
    expect(verdict(2, 'none').of('progress').violations).toMatchObject([
      { kind: 'stuck-group', message: expect.stringContaining('billing#0 waits for a restart: poll() failed') },
    ])
    expect(verdict(9, 'earliest').of('progress').observed).toBe('violated')
  })
})

describe('what only the world knows', () => {
  const waiting = (more: Partial<Waiting>): Waiting => ({
    kind: 'group',
    who: 'billing#0',
    waitsFor: 'its position to be committed',
    because: null,
    tp: -1,
    node: -1,
    ...more,
  })
  const done = (): ConsumingHistory => {
    const h = new ConsumingHistory({ readers: ['billing'], elr: false })
    h.put(0)
    const [node] = h.billing as [number]
    h.assigned('billing', node, 1).handles(node, h.record(0), 0)
    return h
  }

  test('is a violation of its own kind where moments tell nothing of it', () => {
    const h = done()
    const said = [waiting({ node: h.billing[0] as number, tp: ORDERS }), waiting({ kind: 'send', who: 'checkout#0' })]
    expect(h.at(5).ended('heal-limit', {}, said).of('progress').violations).toMatchObject([
      { kind: 'stuck-group', message: 'at 0.005s it was not over: billing#0 waits for its position to be committed' },
      { kind: 'stuck-send', message: 'at 0.005s it was not over: checkout#0 waits for its position to be committed' },
    ])
  })

  test('is excused with its own partition, not with another', () => {
    const leaderless = (): ConsumingHistory => done().emit(M.leaderElected, 0, tpOf(1, 1), -1, 1, 1, 0, 0, 0)
    const verdict = (more: Partial<Waiting>): boolean => {
      const h = leaderless()
      const said = [waiting({ node: h.billing[0] as number, ...more })]
      return h.ended('heal-limit', {}, said).of('progress').excused
    }
    expect(verdict({ tp: tpOf(1, 1) })).toBe(true)
    expect(verdict({ tp: ORDERS })).toBe(false)
    // It reads both: what it waits for may be either.
    expect(verdict({ tp: -1 })).toBe(true)
  })

  test('of a producer is excused only by a partition that it writes to', () => {
    const verdict = (topic: number): boolean => {
      const h = done().emit(M.leaderElected, 0, tpOf(topic, 0), -1, 1, 1, 0, 0, 0)
      return h.ended('heal-limit', {}, [waiting({ kind: 'send', who: 'audit#0', node: h.audit })]).of('progress')
        .excused
    }
    expect(verdict(1)).toBe(true)
    expect(verdict(2)).toBe(false)
  })

  test('a partition of __consumer_offsets is excused like any other', () => {
    const said = [waiting({ kind: 'replication', who: `__consumer_offsets-${OFFSETS_INDEX}`, tp: OFFSETS })]
    const verdict = (isr: number): Outcome => {
      const h = done().emit(M.leaderElected, 0, OFFSETS, 1, 0, 0, 0b1110, 0, 0)
      return h
        .loads('billing', 1, 0)
        .emit(M.leaderElected, 0, OFFSETS, -1, 1, 1, isr, 0, 0)
        .ended('heal-limit', {}, said)
    }
    expect(verdict(0).of('progress').excused).toBe(true)
    expect(verdict(0b10).of('progress').violations).toMatchObject([{ kind: 'stuck-replication' }])
  })
})

test('nothing waits in a run that settled', () => {
  expect(new History().formed().published(0).ended().waiting).toEqual([])
})

test('many sends do not push out what they wait for', () => {
  const h = new History().formed().at(5).elect(-1, 1, 1, [1])
  for (let n = 0; n < 150; n++) h.sent(n)
  const { waiting } = h.ended('heal-limit')
  expect(waiting).toHaveLength(100)
  expect(waiting[0]).toMatchObject({ who: 'orders-0', waitsFor: 'a leader' })
})
