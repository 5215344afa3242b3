import { expect, test } from 'vitest'
import { MILLISECOND } from '../../kernel/time.ts'
import { Errors } from '../protocol/errors.ts'
import { ProducerIdManager } from './producer-id-manager.ts'

class World {
  now = 0
  reachable = true
  requests = 0
  /** First id of the next block. */
  next = 0
  readonly ids: ProducerIdManager

  constructor() {
    const send = (): void => {
      this.requests++
    }
    this.ids = new ProducerIdManager(
      { monotonic: () => this.now },
      { brokerEpoch: 7, ready: () => this.reachable, send },
      1,
    )
  }

  grant(): void {
    this.ids.onCompletion({ errorCode: Errors.NONE, producerIdStart: this.next, producerIdLen: 1000 })
    this.next += 3000
  }

  refuse(): void {
    this.ids.onCompletion({ errorCode: Errors.STALE_BROKER_EPOCH, producerIdStart: -1, producerIdLen: 0 })
  }

  take(count: number): readonly number[] {
    return Array.from({ length: count }, () => this.ids.generate())
  }
}

test('without a block the client is put off, and one block is asked for', () => {
  const world = new World()
  expect(world.take(3)).toEqual([-1, -1, -1])
  expect(world.requests).toBe(1)
  world.grant()
  expect(world.take(2)).toEqual([0, 1])
})

test('the next block is asked for when nine tenths are used, and begun only after the last of the old', () => {
  const world = new World()
  world.take(1)
  world.grant()
  world.take(900)
  expect(world.requests).toBe(1)
  world.take(1)
  expect(world.requests).toBe(2)
  world.grant()
  expect(world.take(101).slice(-3)).toEqual([999, 3000, 3001])
})

test('a prefetch that failed is not tried again before the block is used up', () => {
  const world = new World()
  world.take(1)
  world.grant()
  world.take(901)
  world.refuse()
  world.now += 50 * MILLISECOND
  world.take(99)
  expect(world.requests).toBe(2)
  expect(world.take(1)).toEqual([-1])
  expect(world.requests).toBe(3)
})

test('after a refusal 50 ms pass before the next request', () => {
  const world = new World()
  world.take(1)
  world.refuse()
  world.now += 49 * MILLISECOND
  world.take(1)
  expect(world.requests).toBe(1)
  world.now += MILLISECOND
  world.take(1)
  expect(world.requests).toBe(2)
})

test('a request whose answer was lost is sent again as soon as the controller can be reached', () => {
  const world = new World()
  world.take(1)
  world.reachable = false
  world.ids.onCompletion(null)
  expect(world.requests).toBe(1)
  world.reachable = true
  world.ids.onControllerReady()
  expect(world.requests).toBe(2)
})
