import { describe, expect, it } from 'vitest'
import { A, B, CAUSE, EventPool, KIND, NAME1, NAME2, STRIDE_SHIFT } from './event-pool.ts'

describe('EventPool', () => {
  it('keeps every column when it grows, and says so once', () => {
    const pool = new EventPool()
    const first = pool.capacity
    const slots = Array.from({ length: first + 1 }, (_, i) => {
      const slot = pool.take()
      pool.set(slot, 3, i, i + 1, i + 2, i + 3, `payload ${i}`, -i, i * 7, i * 9)
      return slot
    })
    expect(pool.grew).toBe(true)
    expect(pool.capacity).toBe(first * 2)
    expect(new Set(slots).size).toBe(first + 1)
    slots.forEach((slot, i) => {
      const at = slot << STRIDE_SHIFT
      const columns = [KIND, A, B, NAME1, NAME2, CAUSE].map((column) => pool.fields[at + column])
      expect([pool.what(slot), pool.target(slot), ...columns]).toEqual([3, i, i + 1, i + 2, i + 3, 0 - i, i * 7, i * 9])
      expect(pool.payload[slot]).toBe(`payload ${i}`)
    })
  })

  it('a handle is good for one use of its slot only', () => {
    const pool = new EventPool()
    const slot = pool.take()
    const handle = pool.handle(slot)
    expect(pool.slotOf(handle)).toBe(slot)
    pool.free(slot)
    expect(pool.slotOf(handle)).toBe(-1)
    expect(pool.take()).toBe(slot)
    expect(pool.slotOf(handle)).toBe(-1)
    expect(pool.handle(slot)).not.toBe(handle)
  })

  it('no handle is 0, and 0 and foreign numbers name nothing', () => {
    const pool = new EventPool()
    expect(pool.handle(pool.take())).toBeGreaterThan(0)
    for (const handle of [0, 1, 63, 1_048_576 * 2, 1_048_577]) expect(pool.slotOf(handle)).toBe(-1)
  })

  it('lets go of the payload of a freed slot', () => {
    const pool = new EventPool()
    const slot = pool.take()
    pool.set(slot, 2, 0, 0, 0, 0, { big: true }, 0, 0, 0)
    pool.free(slot)
    expect(pool.payload[slot]).toBeNull()
    expect(pool.isWaiting(slot)).toBe(false)
  })

  it('a parked slot keeps handle, kind of event and payload', () => {
    const pool = new EventPool()
    const slot = pool.take()
    pool.set(slot, 1, 4, 0, 0, 0, null, 0, 0, 0)
    const handle = pool.handle(slot)
    pool.park(slot)
    expect([pool.isParked(slot), pool.what(slot), pool.slotOf(handle)]).toEqual([true, 1, slot])
    pool.unpark(slot)
    expect([pool.isParked(slot), pool.what(slot)]).toEqual([false, 1])
  })

  it('uses freed slots again before it takes new ones', () => {
    const pool = new EventPool()
    for (let round = 0; round < 1000; round++) {
      const slots = [pool.take(), pool.take(), pool.take()]
      for (const slot of slots) pool.free(slot)
    }
    expect(pool.slots).toBe(3)
    expect(pool.capacity).toBe(64)
  })
})
