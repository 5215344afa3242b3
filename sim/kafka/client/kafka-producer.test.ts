import { describe, expect, it } from 'vitest'
import { tpOf } from '../../history/ids.ts'
import { constant } from '../../kernel/spread.ts'
import { MILLISECOND, SECOND } from '../../kernel/time.ts'
import { CLIENT_PROFILES } from '../protocol/profile.ts'
import { FakeCluster } from './fake-cluster.test.support.ts'
import { TestApp } from './test-app.test.support.ts'

const TP = tpOf(1, 0)

function cluster(options: ConstructorParameters<typeof FakeCluster>[0] = {}): FakeCluster {
  return new FakeCluster({ latency: constant(MILLISECOND), boring: true, ...options })
}

describe('KafkaProducer without trouble', () => {
  it('with acks=all: gets an id and metadata, batches, and acks with offsets', () => {
    const c = cluster()
    const app = new TestApp(c)
    c.startClient(app)
    expect(app.send()).toBe(false) // waits for metadata
    c.runUntil(SECOND)
    expect(app.events).toHaveLength(1)
    for (let n = 0; n < 3; n++) expect(app.send()).toBe(true)
    c.runUntil(2 * SECOND)
    expect(app.callbacks).toEqual(['0 acked@0', '1 acked@1', '2 acked@2', '3 acked@3'])
    expect(c.produces.map(({ request }) => request.partitionData[0]?.records)).toMatchObject([
      { producerId: 1000, producerEpoch: 0, baseSequence: 0 },
      { producerId: 1000, producerEpoch: 0, baseSequence: 1 },
    ])
    expect(c.of('producer.initialized')).toHaveLength(1)
    expect(c.of('produce.acked').map((moment) => moment.fields[3])).toEqual([0, 1, 2, 3])
    expect(c.of('record.batched').map((moment) => moment.fields[3])).toEqual([0, 0, 1, 2])
  })

  it('with acks=1 and no idempotence sends without an id', () => {
    const c = cluster()
    const app = new TestApp(c, { acks: '1', 'enable.idempotence': false })
    app.warmUp()
    app.send()
    c.runUntil(2 * SECOND)
    expect(app.callbacks).toEqual(['1 acked@1'])
    expect(c.produces[0]?.request).toMatchObject({
      acks: 1,
      partitionData: [{ records: { producerId: -1, baseSequence: -1 } }],
    })
    expect(c.of('producer.initialized')).toHaveLength(0)
  })

  it('with acks=0 acks with offset -1 as soon as the request is handed over', () => {
    const c = cluster()
    const app = new TestApp(c, { acks: '0', 'enable.idempotence': false, 'linger.ms': 0 })
    app.warmUp()
    c.runUntil(SECOND)
    const { now } = c.kernel
    app.send()
    c.runUntil(now + 10)
    expect(app.callbacks).toEqual(['1 acked@-1'])
    expect(c.log(TP)).toHaveLength(1) // still on its way
    c.runUntil(now + SECOND)
    expect(c.log(TP)).toHaveLength(2)
  })

  it('turns idempotence off when acks or retries were lowered', () => {
    for (const config of [{ acks: '1' }, { retries: 0 }] as const) {
      const c = cluster()
      const app = new TestApp(c, config)
      app.warmUp()
      expect(c.log(TP)[0]?.producerId).toBe(-1)
    }
  })

  it('lingers, and leaves earlier when the batch is full', () => {
    const c = cluster()
    const app = new TestApp(c, { 'linger.ms': 50, 'batch.size': 400 })
    app.warmUp()
    const { now } = c.kernel
    app.send()
    c.runUntil(now + 49 * MILLISECOND)
    expect(c.produces).toHaveLength(0)
    c.runUntil(now + SECOND)
    expect(c.produces.map(({ time }) => time - now)).toEqual([51 * MILLISECOND])
    const later = c.kernel.now
    for (let n = 0; n < 4; n++) app.send() // 61 + 3 * 107 = 382: the fourth opens another batch
    c.runUntil(later + 20 * MILLISECOND)
    expect(c.produces[1]?.time).toBe(later + MILLISECOND)
    expect(c.produces[1]?.request.partitionData[0]?.records).toMatchObject({
      size: 61 + 3 * 107,
      records: { length: 3 },
    })
    c.runUntil(later + SECOND)
    expect(c.produces[2]?.time).toBe(later + 51 * MILLISECOND)
  })

  it('puts one batch per partition into a request, up to max.request.size', () => {
    const topics = [{ name: 'orders', topicId: 1, partitions: 3 }]
    const c = cluster({ topics })
    const app = new TestApp(c)
    app.warmUp()
    for (let n = 0; n < 6; n++) app.send({ partition: n % 3 })
    c.runUntil(2 * SECOND)
    expect(c.produces).toHaveLength(1)
    expect(c.produces[0]?.request.partitionData.map((data) => data.records.records.length)).toEqual([2, 2, 2])

    const small = cluster({ topics })
    const tight = new TestApp(small, { 'max.request.size': 400 })
    tight.warmUp()
    for (let n = 0; n < 3; n++) tight.send({ partition: n })
    small.runUntil(2 * SECOND)
    expect(small.produces.map(({ request }) => request.partitionData.length)).toEqual([2, 1])
  })

  it('keeps at most max.in.flight requests on a connection', () => {
    const c = cluster()
    const app = new TestApp(c, { 'max.in.flight.requests.per.connection': 2, 'linger.ms': 0 })
    app.warmUp()
    c.react = () => 'silent'
    for (let n = 0; n < 10; n++) {
      app.send()
      c.runUntil(c.kernel.now + 5 * MILLISECOND)
    }
    expect(c.produces).toHaveLength(2)
  })

  it('refuses what is larger than max.request.size at once', () => {
    const c = cluster()
    const app = new TestApp(c, { 'max.request.size': 1000 })
    app.warmUp()
    expect(app.send({ size: 1000 })).toBe(true)
    expect(app.callbacks).toEqual(['1 failed:10'])
    expect(c.of('produce.failed')).toHaveLength(1)
  })

  it('flush() sends at once and tells when all is done', () => {
    const c = cluster()
    const app = new TestApp(c, { 'linger.ms': 10_000 })
    c.startClient(app)
    app.send()
    c.runUntil(SECOND)
    expect(c.produces).toHaveLength(0)
    app.producer.flush()
    expect(app.events).not.toContain('1000ms flushed')
    c.runUntil(1_500_000)
    expect(app.callbacks).toEqual(['0 acked@0'])
    expect(app.events.at(-1)).toMatch(/flushed/)
  })

  it('close() completes what is queued and leaves nothing behind', () => {
    const c = cluster()
    const app = new TestApp(c, { 'linger.ms': 10_000 })
    c.startClient(app)
    app.send()
    c.runUntil(SECOND)
    app.send()
    app.producer.close()
    c.runUntil(2 * SECOND)
    expect(app.callbacks).toEqual(['0 acked@0', '1 acked@1'])
    expect(app.events.at(-1)).toMatch(/closed/)
    expect(app.send()).toBe(true)
    expect(app.callbacks.at(-1)).toBe('2 failed:-1')
    expect(c.kernel.pending).toBe(0)
  })

  it('closeNow() aborts: failed when never sent, unknown when out', () => {
    const c = cluster()
    const app = new TestApp(c, { 'linger.ms': 0 })
    app.warmUp()
    c.react = () => 'silent'
    app.send()
    c.runUntil(c.kernel.now + 10 * MILLISECOND)
    app.send()
    app.producer.closeNow()
    expect(app.callbacks).toEqual(['1 unknown:-1', '2 failed:-1'])
    c.runUntil(500 * SECOND)
    expect(app.callbacks).toHaveLength(2)
  })
})

describe('max.block.ms', () => {
  it('waits for metadata, and fails when it does not come', () => {
    const c = cluster()
    c.answerMetadata = false
    const app = new TestApp(c, { 'max.block.ms': 3000 })
    c.startClient(app)
    expect(app.send()).toBe(false)
    c.runUntil(10 * SECOND)
    expect(app.callbacks).toEqual(['0 failed:7'])
    expect(app.events).toEqual(['3000ms send returned'])
    expect(c.log(TP)).toHaveLength(0)
  })

  it('waits for memory, which finished batches give back', () => {
    const c = cluster()
    const app = new TestApp(c, { 'buffer.memory': 2000, 'batch.size': 1000, 'linger.ms': 100 })
    app.warmUp()
    app.events.length = 0
    expect(app.send({ size: 800 })).toBe(true)
    expect(app.send({ size: 800 })).toBe(true)
    const { now } = c.kernel
    expect(app.send({ size: 800 })).toBe(false)
    c.runUntil(now + SECOND)
    // Memory is exhausted: nothing lingers. One batch goes, comes back, and makes room.
    expect(app.events).toEqual([`${(now + 2 * MILLISECOND) / MILLISECOND}ms send returned`])
    expect(app.callbacks).toEqual(['1 acked@1', '2 acked@2', '3 acked@3'])
  })

  it('fails when memory does not come: the record never left', () => {
    const c = cluster()
    const app = new TestApp(c, { 'buffer.memory': 1000, 'batch.size': 1000, 'max.block.ms': 2000 })
    app.warmUp()
    c.react = () => 'silent'
    app.send({ size: 800 })
    expect(app.send({ size: 800 })).toBe(false)
    c.runUntil(c.kernel.now + 5 * SECOND)
    expect(app.callbacks).toEqual(['2 failed:7'])
  })
})

describe('retries', () => {
  it('a lost answer makes a duplicate without idempotence, none with it', () => {
    for (const idempotent of [false, true]) {
      const c = cluster()
      const app = new TestApp(c, { 'enable.idempotence': idempotent })
      app.warmUp()
      c.react = (n) => (n === 0 ? 'append-reset' : 'ok')
      app.send()
      c.runUntil(10 * SECOND)
      expect(app.callbacks).toEqual([idempotent ? '1 acked@1' : '1 acked@2'])
      expect(c.ordinals()).toEqual(idempotent ? [0, 1] : [0, 1, 1])
      expect(c.of('batch.retried').map((moment) => moment.fields.slice(2, 4))).toEqual([[13, 1]])
    }
  })

  it('with several in flight reorders without idempotence, never with it', () => {
    for (const idempotent of [false, true]) {
      const c = cluster()
      const app = new TestApp(c, { 'enable.idempotence': idempotent, 'linger.ms': 0 })
      app.warmUp()
      c.react = (n) => (n === 0 ? { error: 19 } : 'ok')
      for (let n = 0; n < 3; n++) {
        app.send()
        c.runUntil(c.kernel.now + 100)
      }
      c.runUntil(10 * SECOND)
      expect(app.callbacks).toHaveLength(3)
      expect(c.ordinals()).toEqual(idempotent ? [0, 1, 2, 3] : [0, 2, 3, 1])
    }
  })

  it('comes back in reverse when a connection is lost without idempotence', () => {
    const c = cluster()
    const app = new TestApp(c, { 'enable.idempotence': false, 'linger.ms': 0 })
    app.warmUp()
    c.react = (n) => (n < 3 ? (n === 2 ? 'reset' : 'silent') : 'ok')
    for (let n = 0; n < 3; n++) {
      app.send()
      c.runUntil(c.kernel.now + 100)
    }
    c.runUntil(10 * SECOND)
    expect(c.ordinals()).toEqual([0, 3, 2, 1])
  })

  it('with one in flight keeps the order without idempotence', () => {
    const c = cluster()
    const app = new TestApp(c, {
      'enable.idempotence': false,
      'linger.ms': 0,
      'max.in.flight.requests.per.connection': 1,
    })
    app.warmUp()
    c.react = (n) => (n === 0 || n === 2 ? { error: 19 } : 'ok')
    for (let n = 0; n < 4; n++) {
      app.send()
      c.runUntil(c.kernel.now + 100)
    }
    c.runUntil(10 * SECOND)
    expect(c.ordinals()).toEqual([0, 1, 2, 3, 4])
  })

  it('waits retry.backoff.ms, doubling up to retry.backoff.max.ms', () => {
    const c = cluster()
    const app = new TestApp(c, { 'linger.ms': 0 })
    app.warmUp()
    c.react = (n) => (n < 6 ? { error: 19 } : 'ok')
    app.send()
    c.runUntil(20 * SECOND)
    const times = c.produces.map(({ time }) => time)
    const waits = times.slice(1).map((time, n) => (time - (times[n] as number)) / MILLISECOND)
    // 80 % of 100, 200, 400, 800, 1000, 1000 ms (the least jitter), and the way there and back.
    expect(waits).toEqual([82, 162, 322, 642, 802, 802])
    expect(app.callbacks).toEqual(['1 acked@1'])
  })

  it('gives up after `retries`', () => {
    const c = cluster()
    const app = new TestApp(c, { 'enable.idempotence': false, retries: 2 })
    app.warmUp()
    c.react = () => ({ error: 19 })
    app.send()
    c.runUntil(20 * SECOND)
    expect(c.produces).toHaveLength(3)
    expect(app.callbacks).toEqual(['1 failed:19'])
  })

  it('asks for metadata after NOT_LEADER and goes to the new leader', () => {
    const c = cluster({ brokers: 2 })
    const app = new TestApp(c, { 'linger.ms': 0 }, CLIENT_PROFILES['kafka-2.8'])
    app.warmUp()
    const asked = c.metadataRequests
    c.setLeader(0, 2)
    app.send()
    c.runUntil(10 * SECOND)
    expect(app.callbacks).toEqual(['1 acked@1'])
    expect(c.produces.map(({ broker }) => broker)).toEqual([1, 2])
    expect(c.metadataRequests).toBeGreaterThan(asked)
    // No leader hints: the batch sits out its back-off.
    expect((c.produces[1]?.time ?? 0) - (c.produces[0]?.time ?? 0)).toBeGreaterThanOrEqual(80 * MILLISECOND)
  })

  it('uses a leader named in the error at once, without back-off (KIP-951)', () => {
    const c = cluster({ brokers: 2 })
    const app = new TestApp(c, { 'linger.ms': 0 })
    app.warmUp()
    c.setLeader(0, 2)
    c.react = (n) => (n === 0 ? { error: 6, leader: 2 } : 'ok')
    app.send()
    c.runUntil(10 * SECOND)
    expect(c.produces.map(({ broker }) => broker)).toEqual([1, 2])
    // Back (1 ms), connect (2), api versions (2), there (1).
    expect((c.produces[1]?.time ?? 0) - (c.produces[0]?.time ?? 0)).toBe(6 * MILLISECOND)
  })

  it('ignores metadata of an older leader epoch', () => {
    const c = cluster({ brokers: 2 })
    const app = new TestApp(c, { 'linger.ms': 0 })
    app.warmUp()
    c.setLeader(0, 2)
    c.react = (n) => (n === 0 ? { error: 6, leader: 2 } : 'ok')
    app.send()
    c.runUntil(c.kernel.now + 4 * MILLISECOND)
    const state = c.leaders.get(TP)
    // Metadata now comes from a broker that has not heard of the election.
    if (state !== undefined) Object.assign(state, { leader: 1, epoch: 0 })
    c.runUntil(c.kernel.now + 300 * MILLISECOND)
    expect(c.produces.slice(0, 2).map(({ broker }) => broker)).toEqual([1, 2])
    expect(c.produces.every(({ broker }, n) => n === 0 || broker === 2)).toBe(true)
  })

  it('keeps asking while a partition has no leader', () => {
    const c = cluster()
    const app = new TestApp(c)
    c.setLeader(0, -1)
    c.startClient(app)
    app.send()
    c.runUntil(2 * SECOND)
    expect(c.produces).toHaveLength(0)
    const asked = c.metadataRequests
    expect(asked).toBeGreaterThan(3)
    expect(asked).toBeLessThan(20)
    c.setLeader(0, 1)
    c.runUntil(4 * SECOND)
    expect(app.callbacks).toEqual(['0 acked@0'])
  })

  it('refreshes metadata after metadata.max.age.ms', () => {
    const c = cluster()
    const app = new TestApp(c, { 'metadata.max.age.ms': 5000 })
    app.warmUp()
    const asked = c.metadataRequests
    c.runUntil(21 * SECOND)
    expect(c.metadataRequests - asked).toBe(4)
  })

  it('survives a broker that is away for a while', () => {
    const c = cluster()
    const app = new TestApp(c)
    app.warmUp()
    c.crashBroker(1)
    app.send()
    c.runUntil(5 * SECOND)
    expect(app.callbacks).toEqual([])
    c.startBroker(1)
    c.runUntil(10 * SECOND)
    expect(app.callbacks).toEqual(['1 acked@1'])
  })
})

describe('delivery.timeout.ms', () => {
  const short = { 'delivery.timeout.ms': 4000, 'request.timeout.ms': 1000 } as const

  it('a batch never sent fails', () => {
    const c = cluster()
    const app = new TestApp(c, short)
    app.warmUp()
    c.crashBroker(1)
    c.runUntil(c.kernel.now + SECOND)
    const { now } = c.kernel
    app.send()
    c.runUntil(20 * SECOND)
    expect(app.callbacks).toEqual(['1 failed:7'])
    expect(c.of('batch.expired')).toMatchObject([{ time: now + 4 * SECOND, fields: { 2: 0 } }])
  })

  it('a batch that only met errors from before the append fails', () => {
    const c = cluster()
    const app = new TestApp(c, short)
    app.warmUp()
    c.react = () => ({ error: 19 })
    app.send()
    c.runUntil(20 * SECOND)
    expect(app.callbacks).toHaveLength(1)
    expect(app.callbacks[0]).toMatch(/^1 failed:/)
  })

  it('a batch in flight is of unknown outcome, and a late answer changes nothing', () => {
    const c = cluster()
    const app = new TestApp(c, { 'delivery.timeout.ms': 2000, 'request.timeout.ms': 10_000, 'linger.ms': 0 })
    app.warmUp()
    c.react = () => 'append-silent'
    app.send()
    c.runUntil(30 * SECOND)
    expect(app.callbacks).toEqual(['1 unknown:7'])
    expect(c.of('batch.expired')[0]?.fields[2]).toBe(1)
    expect(c.ordinals()).toEqual([0, 1])
  })

  it('a batch that timed out once stays unknown, whatever was answered later', () => {
    const c = cluster()
    const app = new TestApp(c, { ...short, 'enable.idempotence': false })
    app.warmUp()
    c.react = (n) => (n === 0 ? 'silent' : { error: 19 })
    app.send()
    c.runUntil(20 * SECOND)
    expect(app.callbacks).toHaveLength(1)
    expect(app.callbacks[0]).toMatch(/^1 unknown:/)
  })
})

describe('MESSAGE_TOO_LARGE', () => {
  it.each([true, false])('splits a batch into batch.size pieces, idempotence %s', (idempotent) => {
    const c = cluster()
    const app = new TestApp(c, { 'enable.idempotence': idempotent, 'batch.size': 1000 })
    app.warmUp()
    c.react = (n) => (n === 0 ? { error: 10 } : 'ok')
    for (let n = 0; n < 8; n++) app.send()
    const batched = c.of('record.batched').length
    c.runUntil(10 * SECOND)
    expect(app.callbacks).toEqual([
      '1 acked@1',
      '2 acked@2',
      '3 acked@3',
      '4 acked@4',
      '5 acked@5',
      '6 acked@6',
      '7 acked@7',
      '8 acked@8',
    ])
    expect(c.of('batch.split')).toHaveLength(1)
    expect(c.of('record.batched').length).toBe(batched + 8)
    expect(c.of('batch.retried')).toHaveLength(0)
  })

  it('goes round in circles until it expires when batch.size makes nothing smaller, as Kafka does', () => {
    const c = cluster()
    const app = new TestApp(c, { 'batch.size': 400, 'delivery.timeout.ms': 2000, 'request.timeout.ms': 1000 })
    app.warmUp()
    c.react = () => ({ error: 10 })
    for (let n = 0; n < 9; n++) app.send({ size: 20 })
    c.runUntil(10 * SECOND)
    // Each piece keeps the time of the first batch, so all end together, whether or not out at that time.
    expect(app.callbacks).toHaveLength(9)
    expect(app.callbacks.every((callback) => /(failed|unknown):7/.test(callback))).toBe(true)
    expect(c.of('produce.acked')).toHaveLength(0)
  })

  it('fails a single record', () => {
    const c = cluster()
    const app = new TestApp(c)
    app.warmUp()
    c.react = (n) => (n === 0 ? { error: 10 } : 'ok')
    app.send()
    c.runUntil(10 * SECOND)
    expect(app.callbacks).toEqual(['1 failed:10'])
  })
})
