import { expect, it } from 'vitest'
import { BatchQueue } from './batch-queue.ts'
import { PartitionState } from './partition-state.ts'
import { ProducerBatch } from './producer-batch.ts'

const partition = new PartitionState(1, 0)

function batch(id: number): ProducerBatch {
  return new ProducerBatch(id, partition, 0, 1000, 0, { record: id, attempt: 0, key: null, size: 1, timestamp: 0 })
}

it('does what an array does', () => {
  const queue = new BatchQueue()
  const array: ProducerBatch[] = []
  // A fixed walk through pushes, shifts and insertions that grows the ring several times and wraps it round.
  for (let n = 0; n < 400; n++) {
    const next = batch(n)
    if (n % 7 === 3) {
      const at = (n * 31) % (array.length + 1)
      queue.insert(at, next)
      array.splice(at, 0, next)
    } else if (n % 5 < 3 || n > 300) {
      queue.push(next)
      array.push(next)
    } else {
      expect(queue.shift()).toBe(array.shift())
    }
    if (n % 50 === 49) while (array.length > 2) expect(queue.shift()).toBe(array.shift())
    expect(queue.length).toBe(array.length)
    expect(queue.first).toBe(array[0])
    expect(queue.last).toBe(array.at(-1))
    expect(queue.all()).toEqual(array)
  }
})

it('has nothing outside its bounds and nothing after it was cleared', () => {
  const queue = new BatchQueue()
  expect(queue.shift()).toBeUndefined()
  queue.push(batch(1))
  queue.push(batch(2))
  expect(queue.at(-1)).toBeUndefined()
  expect(queue.at(2)).toBeUndefined()
  queue.clear()
  expect([queue.first, queue.last, queue.length]).toEqual([undefined, undefined, 0])
  queue.push(batch(3))
  expect(queue.all().map(({ id }) => id)).toEqual([3])
})
