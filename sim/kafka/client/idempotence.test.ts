import { describe, expect, it } from 'vitest'
import { tpOf } from '../../history/ids.ts'
import { constant } from '../../kernel/spread.ts'
import { MILLISECOND, SECOND } from '../../kernel/time.ts'
import { Errors } from '../protocol/errors.ts'
import { FakeCluster } from './fake-cluster.test.support.ts'
import { TestApp } from './test-app.test.support.ts'

const TP = tpOf(1, 0)

function start(
  config: ConstructorParameters<typeof TestApp>[1] = {},
  partitions = 1,
): { readonly c: FakeCluster; readonly app: TestApp } {
  const c = new FakeCluster({
    latency: constant(MILLISECOND),
    boring: true,
    topics: [{ name: 'orders', topicId: 1, partitions }],
  })
  return { c, app: new TestApp(c, { 'linger.ms': 0, ...config }) }
}

/** (epoch, sequence) of every request, by partition. */
function identities(c: FakeCluster, partition = 0): readonly string[] {
  return c.produces.flatMap(({ request }) =>
    request.partitionData
      .filter((data) => data.index === partition)
      .map(({ records }) => `${records.producerEpoch}/${records.baseSequence}`),
  )
}

describe('producer id', () => {
  it('is asked for again until it comes, and nothing is sent before', () => {
    const { c, app } = start()
    c.initError = (n) => (n < 3 ? Errors.COORDINATOR_LOAD_IN_PROGRESS : 0)
    c.startClient(app)
    app.send()
    c.runUntil(200 * MILLISECOND)
    expect(c.produces).toHaveLength(0)
    c.runUntil(5 * SECOND)
    expect(app.callbacks).toEqual(['0 acked@0'])
    expect(c.of('producer.initialized')).toHaveLength(1)
  })

  it('does not stop batches from expiring while it cannot be had', () => {
    const { c, app } = start({ 'delivery.timeout.ms': 2000, 'request.timeout.ms': 1000 })
    c.initError = () => Errors.COORDINATOR_LOAD_IN_PROGRESS
    c.startClient(app)
    app.send()
    c.runUntil(5 * SECOND)
    expect(app.callbacks).toEqual(['0 failed:7'])
  })
})

describe('OUT_OF_ORDER_SEQUENCE_NUMBER', () => {
  it('is retried unchanged while an earlier batch is open', () => {
    const { c, app } = start()
    app.warmUp()
    c.react = (n) => (n === 0 ? { error: 19 } : 'ok')
    for (let n = 0; n < 3; n++) {
      app.send()
      c.runUntil(c.kernel.now + 100)
    }
    c.runUntil(10 * SECOND)
    // All three go out; 2 and 3 meet a gap, then follow one at a time in order.
    expect(identities(c)).toEqual(['0/1', '0/2', '0/3', '0/1', '0/2', '0/3'])
    expect(c.of('epoch.bumped')).toHaveLength(0)
    expect(c.ordinals()).toEqual([0, 1, 2, 3])
    const times = c.produces.map(({ time }) => time)
    expect((times[4] ?? 0) - (times[3] ?? 0)).toBeGreaterThanOrEqual(2 * MILLISECOND)
    expect((times[5] ?? 0) - (times[4] ?? 0)).toBeGreaterThanOrEqual(2 * MILLISECOND)
  })

  it('makes a retry wait while a batch before it is unanswered at another broker', () => {
    const topics = [{ name: 'orders', topicId: 1, partitions: 2 }]
    const c = new FakeCluster({ latency: constant(MILLISECOND), boring: true, brokers: 2, topics })
    const app = new TestApp(c, { 'linger.ms': 0, 'request.timeout.ms': 5000, 'metadata.max.age.ms': 500 })
    app.warmUp()
    app.send({ partition: 1 }) // stands the connection to broker 2, which then answers for metadata
    c.runUntil(c.kernel.now + 10 * MILLISECOND)
    app.callbacks.length = 0
    c.react = (n) => (n === 1 ? 'silent' : 'ok')
    app.send()
    c.runUntil(c.kernel.now + 10 * MILLISECOND)
    c.setLeader(0, 2)
    c.runUntil(c.kernel.now + SECOND)
    app.send()
    c.runUntil(c.kernel.now + 3 * SECOND)
    expect(identities(c)).toEqual(['0/1', '0/2'])
    c.runUntil(c.kernel.now + 10 * SECOND)
    expect(identities(c)).toEqual(['0/1', '0/2', '0/1', '0/2'])
    expect(app.callbacks).toEqual(['2 acked@1', '3 acked@2'])
  })

  it('of the batch that must come next is a gap: the epoch goes up and sequences begin at 0', () => {
    const { c, app } = start()
    app.warmUp()
    // The log loses what was acknowledged, as an unclean election does.
    c.log(TP).length = 0
    c.react = (n) => (n === 0 ? { error: Errors.OUT_OF_ORDER_SEQUENCE_NUMBER } : 'ok')
    app.send()
    c.runUntil(10 * SECOND)
    expect(identities(c)).toEqual(['0/1', '1/0'])
    expect(c.of('epoch.bumped').map((moment) => moment.fields.slice(0, 3))).toEqual([[1000, 1, TP]])
    expect(app.callbacks).toEqual(['1 acked@0'])
  })

  it('rewrites every batch in flight of the partition, in order', () => {
    const { c, app } = start()
    app.warmUp()
    c.log(TP).length = 0
    c.react = (n) => (n < 3 ? { error: Errors.OUT_OF_ORDER_SEQUENCE_NUMBER } : 'ok')
    for (let n = 0; n < 3; n++) {
      app.send()
      c.runUntil(c.kernel.now + 100)
    }
    c.runUntil(10 * SECOND)
    expect(identities(c)).toEqual(['0/1', '0/2', '0/3', '1/0', '1/1', '1/2'])
    expect(c.ordinals()).toEqual([1, 2, 3])
    expect(c.of('epoch.bumped')).toHaveLength(1)
  })
})

describe('a definite failure', () => {
  it('raises the epoch, so that the next batch is no gap', () => {
    const { c, app } = start()
    app.warmUp()
    c.react = (n) => (n === 0 ? { error: Errors.INVALID_RECORD } : 'ok')
    app.send()
    c.runUntil(SECOND)
    app.send()
    c.runUntil(2 * SECOND)
    expect(app.callbacks).toEqual(['1 failed:87', '2 acked@1'])
    expect(identities(c)).toEqual(['0/1', '1/0'])
  })

  it('lets other partitions follow when nothing of theirs is in flight', () => {
    const { c, app } = start({}, 2)
    app.warmUp()
    app.send({ partition: 1 })
    c.runUntil(SECOND)
    c.react = (n) => (n === 1 ? { error: Errors.INVALID_RECORD } : 'ok')
    app.send({ partition: 0 })
    c.runUntil(2 * SECOND)
    app.send({ partition: 1 })
    c.runUntil(3 * SECOND)
    expect(identities(c, 1)).toEqual(['0/0', '1/0'])
    expect(app.callbacks.at(-1)).toBe('3 acked@1')
  })
})

describe('errors of one batch', () => {
  function answered(error: number, appended = false): { readonly c: FakeCluster; readonly app: TestApp } {
    const { c, app } = start()
    app.warmUp()
    c.react = (n) => (n === 0 ? { error, appended } : 'ok')
    app.send()
    c.runUntil(c.kernel.now + 5 * SECOND)
    app.send()
    c.runUntil(c.kernel.now + 5 * SECOND)
    return { c, app }
  }

  it('46 is success without an offset, and the next batch goes on', () => {
    const { c, app } = answered(Errors.DUPLICATE_SEQUENCE_NUMBER, true)
    expect(app.callbacks).toEqual(['1 acked@-1', '2 acked@2'])
    expect(identities(c)).toEqual(['0/1', '0/2'])
  })

  it('47 fails the batch, whose fate is unknown, and the next begins a new epoch', () => {
    const { c, app } = answered(Errors.INVALID_PRODUCER_EPOCH)
    expect(app.callbacks).toEqual(['1 unknown:47', '2 acked@1'])
    expect(identities(c)).toEqual(['0/1', '1/0'])
  })

  it('59 is retried in a new epoch', () => {
    const { c, app } = answered(Errors.UNKNOWN_PRODUCER_ID)
    expect(app.callbacks).toEqual(['1 acked@1', '2 acked@2'])
    expect(identities(c)).toEqual(['0/1', '1/0', '1/1'])
  })

  it('59 without a log start is retried unchanged', () => {
    const { c, app } = start()
    app.warmUp()
    c.logStartOffset = -1
    c.react = (n) => (n < 2 ? { error: Errors.UNKNOWN_PRODUCER_ID } : 'ok')
    app.send()
    c.runUntil(c.kernel.now + 5 * SECOND)
    expect(identities(c)).toEqual(['0/1', '0/1', '0/1'])
  })

  it('59 when retries are used up makes the partition begin at 0 in the epoch there is', () => {
    const { c, app } = start({ retries: 1 })
    c.logStartOffset = -1
    app.warmUp()
    c.react = (n) => (n < 2 ? { error: Errors.UNKNOWN_PRODUCER_ID } : 'ok')
    app.send()
    c.runUntil(c.kernel.now + 5 * SECOND)
    c.log(TP).length = 0
    app.send()
    c.runUntil(c.kernel.now + 5 * SECOND)
    expect(app.callbacks).toEqual(['1 unknown:59', '2 acked@0'])
    expect(identities(c)).toEqual(['0/1', '0/1', '0/0'])
  })

  it('retries used up leave the sequence, which may be in the log, as it is: the next is retried until it is settled', () => {
    const { c, app } = start({ retries: 2 })
    app.warmUp()
    c.react = (n) => (n < 3 ? { error: Errors.NOT_ENOUGH_REPLICAS } : 'ok')
    app.send()
    c.runUntil(c.kernel.now + 5 * SECOND)
    app.send()
    c.runUntil(c.kernel.now + 10 * SECOND)
    expect(app.callbacks.slice(0, 1)).toEqual(['1 failed:19'])
    // Three times out of order; then 45 is definite, and the epoch goes up.
    expect(identities(c)).toEqual(['0/1', '0/1', '0/1', '0/2', '0/2', '0/2'])
    expect(app.callbacks).toEqual(['1 failed:19', '2 unknown:45'])
    app.send()
    c.runUntil(c.kernel.now + 5 * SECOND)
    expect(identities(c).at(-1)).toBe('1/0')
  })

  it('a batch that was too large leaves again with the sequences it had, and no retry is counted', () => {
    const { c, app } = start({ 'batch.size': 1000, 'linger.ms': 5, retries: 1 })
    app.warmUp()
    c.react = (n) => (n < 3 ? { error: Errors.MESSAGE_TOO_LARGE } : 'ok')
    for (let n = 0; n < 3; n++) app.send()
    c.runUntil(c.kernel.now + 5 * SECOND)
    app.send()
    c.runUntil(c.kernel.now + 5 * SECOND)
    expect(identities(c)).toEqual(['0/1', '0/1', '0/1', '0/1', '0/4'])
    expect(c.ordinals()).toEqual([0, 1, 2, 3, 4])
  })
})

describe('an expired batch', () => {
  const config = { 'delivery.timeout.ms': 3000, 'request.timeout.ms': 1000 } as const

  it('that had been retried leaves its sequence unresolved: nothing new until the epoch is raised', () => {
    const { c, app } = start(config)
    app.warmUp()
    c.react = (n) => (n < 3 ? 'silent' : 'ok')
    app.send()
    c.runUntil(c.kernel.now + 2500 * MILLISECOND)
    app.send()
    c.runUntil(20 * SECOND)
    expect(app.callbacks).toEqual(['1 unknown:7', '2 acked@1'])
    expect(identities(c).at(-1)).toBe('1/0')
    expect(c.of('epoch.bumped')).toHaveLength(1)
  })

  it('that had been retried is followed by a new epoch as soon as nothing is in flight', () => {
    const { c, app } = start(config)
    app.warmUp()
    c.react = (n) => (n < 3 ? 'silent' : 'ok')
    app.send()
    c.runUntil(c.kernel.now + 6 * SECOND)
    app.send()
    c.runUntil(20 * SECOND)
    expect(app.callbacks).toEqual(['1 unknown:7', '2 acked@1'])
    expect(identities(c)).toEqual(['0/1', '0/1', '0/1', '1/0'])
  })

  it('is settled without a new epoch when a later batch is acknowledged', () => {
    const { c, app } = start({ 'delivery.timeout.ms': 1500, 'request.timeout.ms': 1000 })
    app.warmUp()
    c.react = (n) => (n < 2 ? 'append-silent' : 'ok')
    app.send()
    c.runUntil(c.kernel.now + 1300 * MILLISECOND)
    app.send()
    c.runUntil(c.kernel.now + 300 * MILLISECOND)
    expect(app.callbacks).toEqual(['1 unknown:7'])
    app.send()
    c.runUntil(c.kernel.now + 300 * MILLISECOND)
    // Batch 2 is out and may tell what became of batch 1: until then batch 3 waits.
    expect(identities(c)).toEqual(['0/1', '0/1', '0/2'])
    c.runUntil(c.kernel.now + 10 * SECOND)
    expect(app.callbacks).toEqual(['1 unknown:7', '2 acked@2', '3 acked@3'])
    expect(identities(c).at(-1)).toBe('0/3')
    expect(c.of('epoch.bumped')).toHaveLength(0)
  })

  it('in its first flight leaves a hole that followers run into', () => {
    const { c, app } = start({ 'delivery.timeout.ms': 2000, 'request.timeout.ms': 30_000 })
    app.warmUp()
    c.react = (n) => (n === 0 ? 'silent' : 'ok')
    app.send()
    c.runUntil(c.kernel.now + 3 * SECOND)
    expect(app.callbacks).toEqual(['1 unknown:7'])
    app.send()
    c.runUntil(c.kernel.now + SECOND)
    expect(identities(c)).toEqual(['0/1', '0/2'])
    expect(c.of('epoch.bumped')).toHaveLength(0)
  })
})

describe('a fatal error', () => {
  it('of a batch ends the producer: what waits fails, what is out is unknown, nothing more is taken', () => {
    const { c, app } = start({ 'max.in.flight.requests.per.connection': 2 })
    app.warmUp()
    c.react = (n) => (n === 0 ? { error: Errors.CLUSTER_AUTHORIZATION_FAILED } : 'silent')
    for (let n = 0; n < 3; n++) {
      app.send()
      c.runUntil(c.kernel.now + 100)
    }
    c.runUntil(c.kernel.now + SECOND)
    app.send()
    c.runUntil(c.kernel.now + 60 * SECOND)
    expect(app.callbacks).toEqual(['1 failed:31', '2 unknown:31', '3 failed:31', '4 failed:31'])
    expect(c.produces).toHaveLength(2)
  })

  it('of InitProducerId does so too', () => {
    const { c, app } = start()
    c.initError = () => Errors.UNSUPPORTED_VERSION
    c.startClient(app)
    app.send()
    c.runUntil(5 * SECOND)
    app.send()
    c.runUntil(10 * SECOND)
    expect(app.callbacks).toEqual(['0 failed:35', '1 failed:35'])
    expect(c.produces).toHaveLength(0)
  })
})

describe('epochs', () => {
  /** A gap in the log that only a new epoch closes, for the nth time. */
  function gap(c: FakeCluster, app: TestApp): void {
    const from = c.produces.length
    c.react = (n) => (n === from ? { error: Errors.INVALID_RECORD } : 'ok')
    app.send()
    c.runUntil(c.kernel.now + SECOND)
  }

  it('end at 32767: the producer gets a new id and begins at epoch 0 and sequence 0', () => {
    const { c, app } = start()
    c.producerEpoch = 32_767
    app.warmUp()
    c.producerEpoch = 0
    gap(c, app)
    app.send()
    c.runUntil(c.kernel.now + SECOND)
    expect(app.callbacks.at(-1)).toBe('2 acked@1')
    expect(c.produces.at(-1)?.request.partitionData[0]?.records).toMatchObject({
      producerId: 1001,
      producerEpoch: 0,
      baseSequence: 0,
    })
  })
})

describe('a long run of lost answers', () => {
  it('never doubles, loses or reorders what is acknowledged', () => {
    const { c, app } = start({ 'request.timeout.ms': 1000 })
    app.warmUp()
    c.react = (n) =>
      n % 4 === 1 ? 'append-reset' : n % 7 === 3 ? { error: 20, appended: true } : n % 5 === 2 ? { error: 6 } : 'ok'
    for (let n = 0; n < 200; n++) {
      app.send()
      c.runUntil(c.kernel.now + 3 * MILLISECOND)
    }
    c.runUntil(c.kernel.now + 60 * SECOND)
    expect(app.callbacks.every((callback) => callback.includes('acked'))).toBe(true)
    expect(app.callbacks).toHaveLength(200)
    expect(c.ordinals()).toEqual(Array.from({ length: 201 }, (_, n) => n))
    // The reported offset is where the record lies.
    for (const callback of app.callbacks) {
      const [ordinal, offset] = callback.split(' acked@')
      expect(c.ordinals()[Number(offset)]).toBe(Number(ordinal))
    }
  })
})
