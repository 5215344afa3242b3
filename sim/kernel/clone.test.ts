import { describe, expect, it } from 'vitest'
import { cloneGraph } from './clone.ts'

class Account {
  readonly owner: string
  private balance = 0
  peer: Account | null = null
  constructor(owner: string) {
    this.owner = owner
  }
  pay(amount: number): number {
    return (this.balance += amount)
  }
}

describe('cloneGraph', () => {
  it('keeps classes, cycles and shared references, and shares nothing with the original', () => {
    const a = new Account('a')
    const b = new Account('b')
    a.peer = b
    b.peer = a
    const world = { a, list: [a, b, a], byName: new Map([['b', b]]), set: new Set([a]) }
    const copy = cloneGraph(world)
    expect(copy.a).toBeInstanceOf(Account)
    expect(copy.a).not.toBe(a)
    expect(copy.list[0]).toBe(copy.a)
    expect(copy.list[2]).toBe(copy.a)
    expect(copy.a.peer).toBe(copy.byName.get('b'))
    expect(copy.a.peer?.peer).toBe(copy.a)
    expect(copy.set.has(copy.a)).toBe(true)
    expect([copy.a.pay(5), a.pay(1)]).toEqual([5, 1])
  })

  it('keeps Maps keyed by objects, in order', () => {
    const keys = [{ n: 1 }, { n: 2 }]
    const copy = cloneGraph({ keys, map: new Map(keys.map((key, i) => [key, i])) })
    expect(copy.keys.map((key) => copy.map.get(key))).toEqual([0, 1])
    expect([...copy.map.keys()]).toEqual(copy.keys)
    expect(copy.map.has(keys[0] as { n: number })).toBe(false)
  })

  it('views of one buffer stay views of one buffer', () => {
    const buffer = new ArrayBuffer(64)
    const world = { f64: new Float64Array(buffer), i32: new Int32Array(buffer, 8, 4), view: new DataView(buffer, 8, 8) }
    world.i32[0] = 7
    const copy = cloneGraph(world)
    expect([copy.i32[0], copy.i32.length, copy.i32.byteOffset, copy.view.byteLength]).toEqual([7, 4, 8, 8])
    copy.i32[0] = 9
    expect([copy.view.getInt32(0, true), world.i32[0]]).toEqual([9, 7])
    expect(copy.f64.buffer).toBe(copy.i32.buffer)
  })

  it('keeps holes, lengths and odd values', () => {
    const sparse: unknown[] = [1]
    sparse[5] = undefined
    sparse.length = 9
    const copy = cloneGraph({ sparse, odd: [Number.NaN, -0, undefined, null, '', 10n] })
    expect([copy.sparse.length, 3 in copy.sparse, 5 in copy.sparse]).toEqual([9, false, true])
    expect(copy.odd).toEqual([Number.NaN, -0, undefined, null, '', 10n])
  })

  it.each([
    ['an arrow function', { nested: [{ callback: () => 1 }] }, 'Object.callback'],
    ['a method assigned to an instance', Object.assign(new Account('a'), { pay: () => 2 }), 'Account.pay'],
    ['a function in a Map', { map: new Map([['handler', () => 1]]) }, 'handler'],
    ['a function in a Set', { set: new Set([() => 1]) }, 'set'],
  ])('finds %s', (_, world, path) => {
    expect(() => cloneGraph(world)).toThrow(`a function is part of the world's state at ${path}`)
  })

  it('what has no fields to copy is copied by the caller', () => {
    class Native {
      readonly copies: number
      constructor(copies: number) {
        this.copies = copies
      }
    }
    const world = { hash: new Native(0), again: null as Native | null }
    world.again = world.hash
    const copy = cloneGraph(world, (value) => (value instanceof Native ? new Native(value.copies + 1) : undefined))
    expect(copy.hash.copies).toBe(1)
    expect(copy.again).toBe(copy.hash)
  })
})
