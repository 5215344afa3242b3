import { describe, expect, it } from 'vitest'
import { tpOf } from '../../../history/ids.ts'
import { Api } from '../../protocol/api.ts'
import { RACK_AWARE_SELECTOR } from '../../protocol/config/broker.ts'
import type { ConsumerConfig } from '../../protocol/config/consumer.ts'
import { Errors } from '../../protocol/errors.ts'
import { FakeBrokers } from './fake-brokers.test.support.ts'
import { TestReader } from './test-reader.test.support.ts'

const P0 = tpOf(1, 0)
const ALONE: Partial<ConsumerConfig> = { 'group.id': '', 'client.rack': 'b', 'metadata.max.age.ms': 1000 }

/** Broker 1 leads and sends readers to broker 2. */
function cluster(): FakeBrokers {
  const c = new FakeBrokers({ brokers: 2 })
  c.readReplica = 2
  c.append(P0, 10)
  return c
}

function reader(c: FakeBrokers, config: Partial<ConsumerConfig> = {}): TestReader {
  return new TestReader(c, { assign: [P0], config: { ...ALONE, ...config } })
}

/** The brokers that were fetched from between two times, in milliseconds. */
function askedBetween(c: FakeBrokers, from: number, to: number): readonly number[] {
  const fetches = c.asked(Api.Fetch).filter(({ time }) => time >= from * 1000 && time < to * 1000)
  return fetches.map(({ broker }) => broker)
}

describe('fetching from the nearest replica (KIP-392)', () => {
  it('goes where the leader says, and tells its rack', () => {
    const c = cluster()
    const a = reader(c)
    c.runUntil(500)
    expect(a.offsets()).toHaveLength(10)
    const [first, ...others] = askedBetween(c, 0, 500)
    expect(first).toBe(1)
    expect(new Set(others)).toEqual(new Set([2]))
    expect(c.asked(Api.Fetch)[0]?.body).toMatchObject({ rackId: 'b' })
    expect(c.of('fetch.redirected').map(({ fields }) => fields.slice(0, 2))).toEqual([[P0, 2]])
  })

  it('asks the leader again after metadata.max.age.ms, however often it has been told the same', () => {
    const c = cluster()
    reader(c)
    c.runUntil(5000)
    const atLeader = askedBetween(c, 0, 5000).filter((broker) => broker === 1).length
    expect(atLeader).toBeGreaterThanOrEqual(3)
    expect(atLeader).toBeLessThanOrEqual(5)
  })

  it.each([
    ['OFFSET_OUT_OF_RANGE', Errors.OFFSET_OUT_OF_RANGE],
    ['OFFSET_NOT_AVAILABLE', Errors.OFFSET_NOT_AVAILABLE],
    ['NOT_LEADER_OR_FOLLOWER', Errors.NOT_LEADER_OR_FOLLOWER],
    ['FENCED_LEADER_EPOCH', Errors.FENCED_LEADER_EPOCH],
  ] as const)('%s of the replica sends it back to the leader, and its position stays', (_, error) => {
    const c = cluster()
    const a = reader(c)
    c.readReplicaError = error
    c.runUntil(300)
    expect(a.records).toHaveLength(0)
    expect(askedBetween(c, 0, 300).slice(0, 3)).toEqual([1, 2, 1])
    c.readReplicaError = Errors.NONE
    c.runUntil(1000)
    expect(a.offsets()).toHaveLength(10)
    expect(c.of('position.reset')).toHaveLength(1)
  })

  it('goes back to the leader when the replica does not answer any more', () => {
    const c = cluster()
    const a = reader(c)
    c.runUntil(300)
    c.readReplica = -1
    c.crash(2)
    c.append(P0, 5)
    c.runUntil(1500)
    expect(a.offsets()).toHaveLength(15)
  })

  it('asks the new leader first', () => {
    const c = cluster()
    const a = reader(c)
    c.runUntil(300)
    c.readReplica = -1
    c.elect(P0, 2)
    c.append(P0, 2)
    c.runUntil(2500)
    expect(a.offsets()).toHaveLength(12)
    c.readReplica = 1
    c.elect(P0, 2)
    c.append(P0, 2)
    c.runUntil(5000)
    expect(a.offsets()).toHaveLength(14)
    expect(c.of('fetch.redirected').map(({ fields }) => fields[1])).toContain(1)
  })
})

it('the name of the selector is Kafka’s', () => {
  expect(RACK_AWARE_SELECTOR).toBe('org.apache.kafka.common.replica.RackAwareReplicaSelector')
})
