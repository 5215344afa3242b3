import { describe, expect, it } from 'vitest'
import { type EventObserver, type Kernel, MESSAGE_EVENT } from './kernel.ts'
import { childLane1, childLane2, hashText } from './mix.ts'
import { Siblings } from './siblings.ts'
import { LATENCY } from './site.ts'
import { Diary, testKernel } from './world.test.support.ts'

/** Messages are numbers: how many hops they still make; from each node they go to two others. */
class Spreader extends Diary {
  private readonly node: number
  private readonly skip: string
  constructor(kernel: Kernel, node: number, skip: string) {
    super(kernel)
    this.node = node
    this.skip = skip
  }
  override onMessage(message: unknown): void {
    const { path, hops } = message as { readonly path: string; readonly hops: number }
    for (const next of [(this.node * 2 + 1) % 5, (this.node * 3 + 2) % 5, (this.node * 2 + 1) % 5]) {
      const child = { path: `${path}>${next}`, hops: hops - 1 }
      if (hops > 0 && child.path !== this.skip) {
        this.kernel.nameChild(next, MESSAGE_EVENT, 0)
        const { childName1, childName2 } = this.kernel
        const latency = this.kernel.decideFor(LATENCY, childName1, childName2, 1000)
        this.kernel.scheduleNamed(latency, MESSAGE_EVENT, next, 0, 0, 0, child, childName1, childName2, 0)
      }
    }
  }
}

class Names implements EventObserver {
  readonly seen: Map<string, number> = new Map()
  onEvent(time: number, node: number, _what: number, _kind: number, name1: number, name2: number): void {
    this.seen.set(`${name1}/${name2}`, time * 10 + node)
  }
}

/** All events, name to time and node, of a tree of messages of which one branch is missing. */
function tree(skip: string): Map<string, number> {
  const kernel = testKernel()
  const names = new Names()
  kernel.observer = names
  for (let node = 0; node < 5; node++) kernel.start(kernel.addNode('n'), new Spreader(kernel, node, skip))
  kernel.schedule(0, MESSAGE_EVENT, 0, 0, 0, 0, { path: '0', hops: 7 }, 0, 0)
  kernel.run(100_000)
  return names.seen
}

describe('causal names', () => {
  it('are different for every event', () => {
    expect(tree('').size).toBe((3 ** 8 - 1) / 2)
  })

  it('removing a cause leaves all events that are not after it under the same name at the same time', () => {
    const whole = tree('')
    // Two of the three children go to the same node: the first of the equal siblings is left out, so both paths are.
    const pruned = tree('0>2')
    const lost = (3 ** 7 - 1) / 2
    expect(pruned.size).toBe(whole.size - lost)
    for (const [name, when] of pruned) expect(whole.get(name)).toBe(when)
  })

  it('leaving out one of equal siblings renames the later ones of that target only', () => {
    const whole = tree('')
    const pruned = tree('0>1')
    const kept = [...pruned].filter(([name, when]) => whole.get(name) === when).length
    expect(pruned.size).toBe(whole.size - (3 ** 7 - 1))
    expect(kept).toBe(pruned.size)
  })

  it('do not collide in a large crowd of relatives', () => {
    const seen = new Set<number>()
    const first = new Set<number>()
    let lane1 = hashText('a', 1)
    let lane2 = hashText('a', 2)
    const count = 200_000
    for (let i = 0; i < count; i++) {
      const key = (i % 7) << 16
      const next1 = childLane1(lane1, lane2, key, i % 3)
      const next2 = childLane2(lane2, next1, key)
      first.add(next1)
      seen.add((next1 >>> 0) * 1_048_576 + (next2 & 0xfffff))
      if (i % 5 === 0) {
        lane1 = next1
        lane2 = next2
      }
    }
    // Equal (parent, key, ordinal) give equal names: 5 steps share a parent, but keys and ordinals tell them apart.
    expect(seen.size).toBe(count)
    // One lane alone collides as 32 random bits do: about count^2 / 2^33 = 4.7 times.
    expect(count - first.size).toBeLessThan(20)
  })

  it('siblings are counted per key, for one event', () => {
    const siblings = new Siblings()
    const keys = Array.from({ length: 100 }, (_, i) => i * 65_536)
    expect(keys.map((key) => siblings.next(key))).toEqual(keys.map(() => 0))
    expect(keys.map((key) => siblings.next(key))).toEqual(keys.map(() => 1))
    expect(siblings.next(-1)).toBe(0)
    siblings.clear()
    expect(siblings.next(65_536)).toBe(0)
  })
})
