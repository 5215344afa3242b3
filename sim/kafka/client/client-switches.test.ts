import { describe, expect, it } from 'vitest'
import { constant } from '../../kernel/spread.ts'
import { MILLISECOND, SECOND } from '../../kernel/time.ts'
import { CLIENT_SWITCHES, type ClientSwitches, NO_SWITCHES } from '../protocol/client-switches.ts'
import type { ProducerConfig } from '../protocol/config/producer.ts'
import { Errors } from '../protocol/errors.ts'
import { clientProfile } from '../protocol/profile.ts'
import { FakeCluster } from './fake-cluster.test.support.ts'
import { TestApp } from './test-app.test.support.ts'

interface World {
  readonly c: FakeCluster
  readonly app: TestApp
}

/** A producer with a switch that has sent one record to the only partition, or to the first of several. */
function world(
  switches: Partial<ClientSwitches>,
  config: Partial<ProducerConfig> = {},
  { brokers = 1, partitions = 1 } = {},
): World {
  const topics = [{ name: 'orders', topicId: 1, partitions }]
  const c = new FakeCluster({ latency: constant(MILLISECOND), boring: true, brokers, topics })
  const app = new TestApp(c, { 'linger.ms': 0, ...config }, clientProfile({ base: 'kafka-4.1', switches }))
  app.warmUp()
  return { c, app }
}

/** Sends records one by one, each in a batch of its own. */
function sendEach({ c, app }: World, count: number): void {
  for (let n = 0; n < count; n++) {
    app.send()
    c.runUntil(c.kernel.now + 100)
  }
}

function identities(c: FakeCluster, partition = 0): readonly string[] {
  return c.produces.flatMap(({ request }) =>
    request.partitionData
      .filter(({ index }) => index === partition)
      .map(({ records }) => `${records.producerEpoch}/${records.baseSequence}`),
  )
}

it('today’s client does the first thing of every switch', () => {
  expect(CLIENT_SWITCHES.map(({ name, values }) => [name, values[0]])).toEqual(Object.entries(NO_SWITCHES))
})

describe('partition.muting', () => {
  /** A is at the old leader when the partition moves, and B is sent; then A’s request times out. */
  function moving(switches: Partial<ClientSwitches>): readonly number[] {
    const config = {
      'enable.idempotence': false,
      'max.in.flight.requests.per.connection': 1,
      'request.timeout.ms': 3000,
      'metadata.max.age.ms': 500,
    }
    const w = world(switches, config, { brokers: 2 })
    w.c.react = (n) => (n === 0 ? 'silent' : 'ok')
    sendEach(w, 1)
    w.c.setLeader(0, 2)
    w.c.runUntil(w.c.kernel.now + SECOND)
    sendEach(w, 1)
    w.c.runUntil(w.c.kernel.now + 10 * SECOND)
    return w.c.ordinals()
  }

  it('keeps a batch from overtaking one in flight at an old leader', () => {
    expect(moving({})).toEqual([0, 1, 2])
  })

  it('without it (KAFKA-3197) one request per connection does not keep the order', () => {
    expect(moving({ 'partition.muting': 'never' })).toEqual([0, 2, 1])
  })
})

describe('sequence.advance', () => {
  it('with the answer only, batches sent meanwhile have one sequence, and all but the first are lost', () => {
    const w = world({ 'sequence.advance': 'when-acknowledged' })
    sendEach(w, 3)
    w.c.runUntil(w.c.kernel.now + SECOND)
    expect(identities(w.c)).toEqual(['0/1', '0/1', '0/1'])
    expect(w.app.callbacks).toEqual(['1 acked@1', '2 acked@1', '3 acked@1'])
    expect(w.c.ordinals()).toEqual([0, 1])
  })

  it('with the answer, batches sent one after the other count on', () => {
    const w = world({ 'sequence.advance': 'when-acknowledged' })
    for (let n = 0; n < 3; n++) {
      sendEach(w, 1)
      w.c.runUntil(w.c.kernel.now + SECOND)
    }
    expect(identities(w.c)).toEqual(['0/1', '0/2', '0/3'])
  })
})

describe('sequence.on-error', () => {
  it('given back, the sequence goes to the next batch: that one is lost and the first doubled', () => {
    const w = world({ 'sequence.on-error': 'give-back' }, { 'max.in.flight.requests.per.connection': 1 })
    w.c.react = (n) => (n === 0 ? 'append-reset' : 'ok')
    sendEach(w, 2)
    w.c.runUntil(w.c.kernel.now + 5 * SECOND)
    expect(identities(w.c)).toEqual(['0/1', '0/1', '0/2'])
    expect(w.app.callbacks).toEqual(['2 acked@1', '1 acked@2'])
    expect(w.c.ordinals()).toEqual([0, 1, 1])
  })

  it('kept, the retry is recognised', () => {
    const w = world({}, { 'max.in.flight.requests.per.connection': 1 })
    w.c.react = (n) => (n === 0 ? 'append-reset' : 'ok')
    sendEach(w, 2)
    w.c.runUntil(w.c.kernel.now + 5 * SECOND)
    expect(w.app.callbacks).toEqual(['1 acked@1', '2 acked@2'])
    expect(w.c.ordinals()).toEqual([0, 1, 2])
  })
})

describe('sequence.unknown-topic', () => {
  function vanishing(switches: Partial<ClientSwitches>): World {
    const w = world(switches, { 'metadata.max.age.ms': 500 })
    w.c.knowsTopics = false
    w.c.runUntil(w.c.kernel.now + SECOND)
    w.c.knowsTopics = true
    sendEach(w, 1)
    w.c.runUntil(w.c.kernel.now + SECOND)
    return w
  }

  it('forgotten with the topic, sequences begin anew under the same identity: the record passes for an old one', () => {
    const { c, app } = vanishing({ 'sequence.unknown-topic': 'forget' })
    expect(identities(c)).toEqual(['0/0'])
    expect(app.callbacks).toEqual(['1 acked@0'])
    expect(c.ordinals()).toEqual([0])
  })

  it('kept, they go on', () => {
    const { c, app } = vanishing({})
    expect(identities(c)).toEqual(['0/1'])
    expect(app.callbacks).toEqual(['1 acked@1'])
  })
})

describe('metadata.topic-ids', () => {
  /** The leader moves there and back, and then the topic goes and is made again. */
  function madeAgain(switches: Partial<ClientSwitches>): World {
    const w = world(switches, { 'metadata.max.age.ms': 500 })
    w.c.setLeader(0, 1)
    w.c.setLeader(0, 1)
    w.c.runUntil(w.c.kernel.now + SECOND)
    w.c.knowsTopics = false
    w.c.runUntil(w.c.kernel.now + SECOND)
    w.c.knowsTopics = true
    w.c.makeAgain(2)
    sendEach(w, 1)
    w.c.runUntil(w.c.kernel.now + 5 * SECOND)
    return w
  }

  it('told, the topic that is made again is another one, which goes on with the sequences and begins its epochs anew', () => {
    const { c, app } = madeAgain({})
    expect(c.ordinals(0, 2)).toEqual([1])
    expect(identities(c)).toEqual(['0/1'])
    expect(app.callbacks).toEqual(['1 acked@0'])
  })

  it('ignored, its metadata looks old until it has had as many leaders (KAFKA-13488)', () => {
    const w = madeAgain({ 'metadata.topic-ids': 'ignored' })
    expect(w.c.ordinals(0, 2)).toEqual([])
    expect(w.app.callbacks).toEqual([])
    w.c.setLeader(0, 1, 2)
    w.c.setLeader(0, 1, 2)
    w.c.runUntil(w.c.kernel.now + 5 * SECOND)
    expect(w.c.ordinals(0, 2)).toEqual([1])
  })
})

describe('epoch.memory', () => {
  /** Partition 0 raises the epoch while partition 1 is idle. */
  function bumped(switches: Partial<ClientSwitches>): readonly string[] {
    const w = world(switches, {}, { partitions: 2 })
    w.app.send({ partition: 1 })
    w.c.runUntil(w.c.kernel.now + SECOND)
    w.c.react = (n) => (n === 1 ? { error: Errors.INVALID_RECORD } : 'ok')
    w.app.send({ partition: 0 })
    w.c.runUntil(w.c.kernel.now + SECOND)
    w.app.send({ partition: 1 })
    w.c.runUntil(w.c.kernel.now + SECOND)
    expect(w.app.callbacks.at(-1)).toBe('3 acked@1')
    return identities(w.c, 1)
  }

  it('of partitions: an idle one begins at 0 in the new epoch', () => {
    expect(bumped({})).toEqual(['0/0', '1/0'])
  })

  it('of the producer only (before KAFKA-12152): an idle partition counts on and is refused', () => {
    expect(bumped({ 'epoch.memory': 'producer' })).toEqual(['0/0', '1/1', '2/0'])
  })

  it('of the producer only: a partition with batches in flight begins at 0 after the last of them', () => {
    const w = world({ 'epoch.memory': 'producer' }, {}, { partitions: 2 })
    w.c.react = (n) => (n === 0 ? { error: Errors.INVALID_RECORD } : 'ok')
    w.app.send({ partition: 0 })
    w.c.runUntil(w.c.kernel.now + 100)
    w.app.send({ partition: 1 })
    w.c.runUntil(w.c.kernel.now + SECOND)
    w.app.send({ partition: 1 })
    w.c.runUntil(w.c.kernel.now + SECOND)
    expect(identities(w.c, 1)).toEqual(['0/0', '1/0'])
  })
})

describe('retry.siblings', () => {
  /** Two batches leave together to two brokers: the first refuses, the second appends and is slow to say so. */
  function together(switches: Partial<ClientSwitches>, idempotent: boolean, late: 'slow' | 'silent' = 'silent'): World {
    const config = { 'linger.ms': 5, 'enable.idempotence': idempotent }
    const w = world(switches, config, { brokers: 2, partitions: 2 })
    w.app.send({ partition: 1 })
    w.c.runUntil(w.c.kernel.now + SECOND)
    w.app.callbacks.length = 0
    const from = w.c.produces.length
    w.c.react = (n, _, broker) => {
      if (n >= from + 2) return 'ok'
      if (broker === 1) return { error: Errors.NOT_LEADER_OR_FOLLOWER }
      return late === 'silent' ? 'append-silent' : 'ok'
    }
    w.app.send({ partition: 0 })
    w.app.send({ partition: 1 })
    w.c.runUntil(w.c.kernel.now + 20 * SECOND)
    return w
  }

  it.each([true, false])('wait for their own answers (idempotence %s)', (idempotent) => {
    const { c, app } = together({}, idempotent, 'slow')
    expect(c.ordinals(1)).toEqual([1, 3])
    expect(app.callbacks).toEqual(['3 acked@1', '2 acked@1'])
  })

  it.each([true, false])('sent again while unanswered are doubled (idempotence %s)', (idempotent) => {
    const { c, app } = together({ 'retry.siblings': 'send-again' }, idempotent)
    expect(c.ordinals(1)).toEqual([1, 3, 3])
    expect(app.callbacks).toEqual(['2 acked@1'])
  })

  it('are not sent again when their answer comes before that', () => {
    const { c, app } = together({ 'retry.siblings': 'send-again' }, true, 'slow')
    expect(c.ordinals(1)).toEqual([1, 3])
    expect(new Set(app.callbacks)).toEqual(new Set(['2 acked@1', '3 acked@1']))
  })
})

describe('retry.partition', () => {
  it.each([true, false])('chosen again, a record without a key is in two partitions (idempotence %s)', (idempotent) => {
    const w = world({ 'retry.partition': 'choose-again' }, { 'enable.idempotence': idempotent }, { partitions: 3 })
    w.c.react = (n) => (n === 0 ? 'append-reset' : 'ok')
    w.app.send({ partition: -1 })
    w.c.runUntil(w.c.kernel.now + 5 * SECOND)
    const homes = [0, 1, 2].filter((partition) => w.c.ordinals(partition).includes(1))
    expect(homes).toHaveLength(2)
    expect(w.app.callbacks).toHaveLength(1)
  })

  it('is kept for records with a key, and for those that were given a partition', () => {
    const w = world({ 'retry.partition': 'choose-again' }, {}, { partitions: 3 })
    w.c.react = (n) => (n === 0 ? 'append-reset' : 'ok')
    w.app.send({ key: 'k' })
    w.app.send({ partition: 2 })
    w.c.runUntil(w.c.kernel.now + 5 * SECOND)
    expect([0, 1, 2].flatMap((partition) => w.c.ordinals(partition)).toSorted((a, b) => a - b)).toEqual([0, 1, 2])
  })
})
