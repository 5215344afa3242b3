import { describe, expect, it } from 'vitest'
import { constant } from '../../kernel/spread.ts'
import { FakeCluster } from './fake-cluster.test.support.ts'
import { murmur2, utf8Length } from './murmur2.ts'
import { PartitionState } from './partition-state.ts'
import { BuiltInPartitioner, partitionForKey } from './partitioner.ts'
import { ProducerBatch } from './producer-batch.ts'

describe('murmur2', () => {
  // Kafka's own known answers (UtilsTest.testMurmur2).
  it.each([
    ['21', -973932308],
    ['foobar', -790332482],
    ['a-little-bit-long-string', -985981536],
    ['a-little-bit-longer-string', -1486304829],
    ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
    ['abc', 479470107],
  ])('of %s is %i', (text, hash) => {
    expect(murmur2(text)).toBe(hash)
  })

  it('takes UTF-8 bytes', () => {
    expect(utf8Length('aé€😀')).toBe(1 + 2 + 3 + 4)
    expect(utf8Length('\ud800')).toBe(1)
    expect(murmur2('é')).not.toBe(murmur2('e'))
  })

  it('places a key by the positive hash', () => {
    expect(partitionForKey('foobar', 7)).toBe((-790332482 & 0x7fffffff) % 7)
    for (let n = 0; n < 100; n++) {
      const partition = partitionForKey(`k${n}`, 5)
      expect(partition).toBeGreaterThanOrEqual(0)
      expect(partition).toBeLessThan(5)
    }
  })
})

describe('BuiltInPartitioner', () => {
  const env = new FakeCluster({ latency: constant(0) }).env(0)
  const make = (leaders: readonly number[]): PartitionState[] =>
    leaders.map((leader, index) => {
      const partition = new PartitionState(1, index)
      partition.leader = leader
      return partition
    })

  it('stays until batch.size bytes went to a partition, then may move', () => {
    const partitions = make([1, 1, 1, 1])
    const partitioner = new BuiltInPartitioner(1000)
    const visited: number[] = []
    for (let n = 0; n < 400; n++) {
      const partition = partitioner.peek(env, partitions)
      visited.push(partition.index)
      partitioner.appended(env, partitions, partition, 100)
    }
    for (let turn = 0; turn < 40; turn++) {
      const ten = visited.slice(turn * 10, turn * 10 + 10)
      expect(new Set(ten).size).toBe(1)
    }
    expect(new Set(visited).size).toBe(4)
  })

  it('stays up to twice as long while its batch is open', () => {
    const partitions = make([1, 1])
    const partitioner = new BuiltInPartitioner(1000)
    const partition = partitioner.peek(env, partitions)
    partition.queue.push(
      new ProducerBatch(1, partition, 0, 1_000_000, 0, { record: 1, attempt: 0, key: null, size: 100, timestamp: 0 }),
    )
    partitioner.appended(env, partitions, partition, 1900)
    expect(partitioner.peek(env, partitions)).toBe(partition)
    const batch = partition.queue.first as ProducerBatch
    batch.closed = true
    const later = Array.from({ length: 50 }, () => {
      const at = partitioner.peek(env, partitions)
      partitioner.appended(env, partitions, at, 2000)
      return at.index
    })
    expect(new Set(later).size).toBe(2)
  })

  it('draws among partitions with a leader while there are some', () => {
    for (let n = 0; n < 20; n++) expect(new BuiltInPartitioner(1).peek(env, make([-1, 1, -1])).index).toBe(1)
    expect(new BuiltInPartitioner(1).peek(env, make([-1, -1])).index).toBeLessThan(2)
  })
})
