import { describe, expect, it } from 'vitest'
import type { Env } from '../env.ts'
import type { KafkaRecord } from '../protocol/batch.ts'
import { CLIENT_PROFILES } from '../protocol/profile.ts'
import { producerConfig } from './fake-cluster.test.support.ts'
import { PartitionState } from './partition-state.ts'
import { ProducerBatch } from './producer-batch.ts'
import { producerSettings } from './producer-settings.ts'
import { RecordAccumulator } from './record-accumulator.ts'
import { Sequences } from './sequences.ts'

const PROFILE = CLIENT_PROFILES['kafka-4.1']
const LAST = 2_147_483_647

function record(n: number): KafkaRecord {
  return { record: n, attempt: 0, key: null, size: 100, timestamp: 0 }
}

function batch(partition: PartitionState, id: number, records: number): ProducerBatch {
  const made = new ProducerBatch(id, partition, 0, 10_000, 0, record(0))
  for (let n = 1; n < records; n++) made.tryAppend(record(n))
  return made
}

function world(): { readonly sequences: Sequences; readonly partition: PartitionState } {
  const sequences = new Sequences(PROFILE)
  sequences.setIdentity(7, 0)
  return { sequences, partition: new PartitionState(1, 0) }
}

describe('sequences', () => {
  it('count records, and after 2147483647 comes 0', () => {
    const { sequences, partition } = world()
    partition.txn.startAtBeginning(7, 0)
    partition.txn.nextSequence = LAST - 1
    const bases = [1, 2, 3].map((records, id) => {
      const made = batch(partition, id, records)
      sequences.assign(made)
      return [made.baseSequence, made.lastSequence()]
    })
    expect(bases).toEqual([
      [LAST - 1, LAST - 1],
      [LAST, 0],
      [1, 3],
    ])
  })

  it('are those of the batch when it is split, in the order of its records', () => {
    const { sequences, partition } = world()
    const settings = producerSettings(producerConfig({ 'batch.size': 300 }), PROFILE)
    const env = { monotonic: () => 0 } as unknown as Env
    let batches = 10
    const accumulator = new RecordAccumulator(env, settings, { nextBatch: () => batches++ }, sequences, [partition])
    const [big, behind] = [batch(partition, 0, 5), batch(partition, 1, 1)]
    for (const each of [big, behind]) sequences.assign(each)
    partition.queue.push(behind)
    partition.txn.remove(big)
    const parts = accumulator.split(big)
    expect(parts.map((part) => [part.baseSequence, part.records.length])).toEqual([
      [0, 2],
      [2, 2],
      [4, 1],
    ])
    expect(partition.queue.all()).toEqual([...parts, behind])
    expect(partition.txn.firstInFlightSequence()).toBe(0)
    // Only the first may leave; the others follow one at a time.
    expect(parts.map((part) => sequences.shouldStopDrain(partition, part))).toEqual([false, true, true])
  })

  it('forgotten with a partition begin at 0 in the same epoch, and what was unresolved is no more', () => {
    const { sequences, partition } = world()
    const expired = batch(partition, 0, 3)
    sequences.assign(expired)
    sequences.release(expired)
    sequences.markUnresolved(expired)
    sequences.forget(partition)
    const next = batch(partition, 1, 1)
    expect(sequences.shouldStopDrain(partition, next)).toBe(false)
    sequences.assign(next)
    expect([next.producerEpoch, next.baseSequence]).toEqual([0, 0])
    expect(sequences.settle()).toEqual([])
  })

  it('unresolved are settled when all is acknowledged, and missing when the last is not', () => {
    const { sequences, partition } = world()
    const [first, second] = [batch(partition, 0, 2), batch(partition, 1, 1)]
    for (const each of [first, second]) sequences.assign(each)
    sequences.release(first)
    sequences.markUnresolved(first)
    expect(sequences.settle()).toEqual([])
    sequences.onCompleted(second, 2)
    expect(sequences.settle()).toEqual([])
    const third = batch(partition, 2, 1)
    sequences.assign(third)
    sequences.release(third)
    sequences.markUnresolved(third)
    expect(sequences.settle()).toEqual([partition])
    expect(sequences.settle()).toEqual([])
  })
})
