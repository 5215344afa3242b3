import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { IndexedHeap } from './heap.ts'
import type { EventQueue } from './queue.ts'
import { TimingWheel } from './wheel.ts'

/** What a queue must do, in the plainest way. */
class SortedList implements EventQueue {
  time = 0
  private entries: { readonly slot: number; readonly time: number; readonly order: number }[] = []
  get size(): number {
    return this.entries.length
  }
  push(slot: number, time: number, order: number): void {
    this.entries.push({ slot, time, order })
    this.entries.sort((a, b) => a.time - b.time || a.order - b.order)
  }
  pop(): number {
    const first = this.entries.shift()
    if (first === undefined) return -1
    this.time = first.time
    return first.slot
  }
  remove(slot: number): void {
    this.entries = this.entries.filter((entry) => entry.slot !== slot)
  }
  reserve(): void {}
  clear(): void {
    this.entries = []
    this.time = 0
  }
}

type Action =
  | { readonly do: 'push'; readonly delay: number; readonly early: boolean }
  | { readonly do: 'pop' }
  | { readonly do: 'remove'; readonly which: number }
  | { readonly do: 'clear' }

/** Delays that tie, that cross every level of the wheel, and that lie on the borders of its turns. */
const delay = fc.oneof(
  fc.integer({ min: 0, max: 3 }),
  fc.integer({ min: 0, max: 3000 }),
  fc.integer({ min: 0, max: 40_000_000 }),
  fc.integer({ min: 0, max: 2 ** 45 }),
  fc.constantFrom(1023, 1024, 1025, 2 ** 20 - 1, 2 ** 20, 2 ** 20 + 1, 2 ** 30, 2 ** 40),
)
const action: fc.Arbitrary<Action> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('push' as const), delay, early: fc.boolean() }) },
  { weight: 5, arbitrary: fc.constant({ do: 'pop' as const }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('remove' as const), which: fc.nat(1000) }) },
  { weight: 1, arbitrary: fc.constant({ do: 'clear' as const }) },
)

/** What a queue shows while it is put through the actions, and then emptied. */
function history(queue: EventQueue, actions: readonly Action[]): readonly string[] {
  const seen: string[] = []
  const waiting: number[] = []
  const free: number[] = []
  let capacity = 4
  let order = 0
  let now = 0
  const pop = (): number => {
    const slot = queue.pop()
    if (slot >= 0) {
      now = queue.time
      waiting.splice(waiting.indexOf(slot), 1)
      free.push(slot)
    }
    seen.push(`${slot} at ${queue.time}, ${queue.size} left`)
    return slot
  }
  for (const step of actions) {
    switch (step.do) {
      case 'push': {
        const slot = free.pop() ?? waiting.length
        if (slot >= capacity) queue.reserve((capacity *= 2))
        queue.push(slot, now + step.delay, (step.early ? -(2 ** 50) : 0) + order++)
        waiting.push(slot)
        break
      }
      case 'pop':
        pop()
        break
      case 'remove':
        if (waiting.length > 0) {
          const [slot = 0] = waiting.splice(step.which % waiting.length, 1)
          queue.remove(slot)
          free.push(slot)
          seen.push(`${queue.size} left`)
        }
        break
      case 'clear':
        queue.clear()
        waiting.length = 0
        free.length = 0
        now = 0
    }
  }
  while (pop() >= 0);
  return seen
}

describe('event queues', () => {
  it.each([
    ['heap', () => new IndexedHeap(4)],
    ['wheel', () => new TimingWheel(4)],
  ])('the %s does what a sorted list does', (_, make) => {
    fc.assert(
      fc.property(fc.array(action, { maxLength: 120, size: 'max' }), (actions) => {
        expect(history(make(), actions)).toEqual(history(new SortedList(), actions))
      }),
      { numRuns: 400 },
    )
  })

  it.each([
    ['heap', () => new IndexedHeap()],
    ['wheel', () => new TimingWheel()],
  ])('the %s pops equal times in the order of scheduling, a negative tie first', (_, make) => {
    const queue = make()
    for (let slot = 0; slot < 40; slot++) queue.push(slot, 5000, slot)
    queue.push(40, 5000, -(2 ** 50) + 40)
    queue.push(41, 5000, -(2 ** 50) + 41)
    const popped = Array.from({ length: 42 }, () => queue.pop())
    expect(popped).toEqual([40, 41, ...Array.from({ length: 40 }, (_, slot) => slot)])
    expect(queue.pop()).toBe(-1)
  })

  it('an event may be pushed for the time that was just popped', () => {
    for (const queue of [new IndexedHeap(), new TimingWheel()]) {
      queue.push(0, 1024, 0)
      queue.push(1, 1024, 1)
      expect(queue.pop()).toBe(0)
      queue.push(2, 1024, -(2 ** 50))
      queue.push(3, 1024, 3)
      expect([queue.pop(), queue.pop(), queue.pop(), queue.size]).toEqual([2, 1, 3, 0])
    }
  })
})
