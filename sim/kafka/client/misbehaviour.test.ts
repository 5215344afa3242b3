import { fc, test } from '@fast-check/vitest'
import { describe, expect } from 'vitest'
import { MILLISECOND, SECOND } from '../../kernel/time.ts'
import type { ProducerConfig } from '../protocol/config/producer.ts'
import { FakeCluster, type Reaction } from './fake-cluster.test.support.ts'
import { TestApp } from './test-app.test.support.ts'

const PARTITIONS = 3
const BEFORE_APPEND = [2, 3, 10, 18, 19, 87]
const DOUBTFUL = [6, 7, 20, 47, 56]

const reaction: fc.Arbitrary<Reaction> = fc.oneof(
  { weight: 6, arbitrary: fc.constant<Reaction>('ok') },
  fc.constantFrom<Reaction>('silent', 'append-silent', 'reset', 'append-reset'),
  fc.constantFrom(...BEFORE_APPEND).map((error): Reaction => ({ error })),
  fc.tuple(fc.constantFrom(...DOUBTFUL), fc.boolean()).map(([error, appended]): Reaction => ({ error, appended })),
)

const trouble = fc.record({
  at: fc.nat({ max: 8 * SECOND }),
  what: fc.constantFrom('crash', 'start', 'move'),
  broker: fc.integer({ min: 1, max: 2 }),
  partition: fc.nat({ max: PARTITIONS - 1 }),
})

const config: fc.Arbitrary<Partial<ProducerConfig>> = fc.record({
  acks: fc.constantFrom('0', '1', 'all'),
  'enable.idempotence': fc.boolean(),
  'linger.ms': fc.constantFrom(0, 5, 200),
  'batch.size': fc.constantFrom(0, 300, 16_384),
  'buffer.memory': fc.constantFrom(700, 40_000),
  'delivery.timeout.ms': fc.constantFrom(2500, 6000),
  'request.timeout.ms': fc.constantFrom(400, 1500),
  'max.block.ms': fc.constantFrom(0, 1000, 60_000),
  'max.in.flight.requests.per.connection': fc.constantFrom(1, 2, 5),
  retries: fc.constantFrom(0, 2, 2_147_483_647),
  'reconnect.backoff.ms': fc.constantFrom(0, 50),
})

describe('a producer among misbehaving brokers', () => {
  test.prop(
    {
      seed: fc.nat(),
      settings: config,
      reactions: fc.array(reaction, { maxLength: 40 }),
      troubles: fc.array(trouble, { maxLength: 6 }),
      closes: fc.constantFrom('never', 'close', 'now'),
    },
    { numRuns: 150 },
  )(
    'calls back exactly once per send, and the callback tells the truth',
    ({ seed, settings, reactions, troubles, closes }) => {
      const topics = [{ name: 'orders', topicId: 1, partitions: PARTITIONS }]
      const c = new FakeCluster({
        brokers: 2,
        topics,
        seed: String(seed),
        latency: { kind: 'uniform', minUs: 200, maxUs: 3000 },
      })
      const app = new TestApp(c, settings)
      c.react = (n) => reactions[n] ?? 'ok'
      troubles.forEach((each, n) => c.at(each.at, n))
      c.alarm = (n) => {
        const each = troubles[n]
        if (each === undefined) return
        const up = c.kernel.nodes[each.broker]?.state === 1
        if (each.what === 'crash' && up) c.crashBroker(each.broker)
        else if (each.what === 'start' && !up) c.startBroker(each.broker)
        else if (each.what === 'move') c.setLeader(each.partition, each.broker)
      }
      c.startClient(app)
      let sent = 0
      let free = true
      for (let n = 0; n < 60; n++) {
        const returned = app.events.length
        if (free) {
          free = app.send({ partition: n % PARTITIONS, size: 50 + (n % 7) * 30 })
          sent++
        }
        c.runUntil((n + 1) * 100 * MILLISECOND)
        if (app.events.length > returned) free = true
      }
      if (closes === 'close') app.producer.close()
      if (closes === 'now') app.producer.closeNow()
      for (const broker of c.brokers) if (c.kernel.nodes[broker]?.state !== 1) c.startBroker(broker)
      c.runUntil(200 * SECOND)

      const ended = app.callbacks.map((callback) => Number(callback.split(' ')[0]))
      expect(ended.toSorted((a, b) => a - b)).toEqual(Array.from({ length: sent }, (_, n) => n))
      const inLog = new Set([0, 1, 2].flatMap((partition) => c.ordinals(partition)))
      for (const callback of app.callbacks) {
        const [, ordinal, word, detail] = /^(\d+) (\w+)[@:](-?\d+)$/.exec(callback) ?? []
        const record = Number(ordinal)
        if (word === 'failed') expect(inLog.has(record)).toBe(false)
        if (word === 'acked' && settings.acks !== '0') {
          expect([0, 1, 2].some((partition) => c.ordinals(partition)[Number(detail)] === record)).toBe(true)
        }
      }
      if (closes === 'close') expect(app.events.at(-1)).toMatch(/closed/)
      if (closes !== 'never') expect(c.kernel.pending).toBe(0)
      const safe = c.of('producer.initialized').length > 0 && c.of('epoch.bumped').length === 0
      for (let partition = 0; partition < (safe ? PARTITIONS : 0); partition++) {
        const ordinals = c.ordinals(partition)
        // Within one epoch: in order of sending, nothing twice.
        expect(ordinals).toEqual([...new Set(ordinals)].toSorted((a, b) => a - b))
      }
    },
  )
})
