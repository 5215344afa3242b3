import { describe, expect, it } from 'vitest'
import type { Target } from './plan.ts'
import { TargetResolver } from './targets.ts'
import { FakeWorld } from './testing/fake-world.ts'
import { producerSpec, worldSpec } from './testing/worlds.ts'
import { WorldNames } from './world-names.ts'

// Nodes: 0 controller-1, 1..5 brokers, 6 checkout#0, 7 checkout#1, 8 audit#0.
const spec = worldSpec({
  brokers: 5,
  producers: [producerSpec('checkout', 'orders', 2), producerSpec('audit', 'orders')],
})

function resolver(seed = '1', change: (world: FakeWorld) => void = () => {}): TargetResolver {
  const world = new FakeWorld(spec, [], seed)
  change(world)
  return new TargetResolver(world, new WorldNames(spec))
}

const LEADER: Target = { kind: 'leader', topic: 'orders', partition: 0 }
const node = (name: string): Target => ({ kind: 'node', name })

describe('TargetResolver', () => {
  it.each<readonly [string, Target, readonly number[]]>([
    ['a node', node('broker-2'), [2]],
    ['the controller by name', node('controller-1'), [0]],
    ['one instance', node('checkout#1'), [7]],
    ['nobody of that name', node('broker-9'), []],
    ['all instances of an application', { kind: 'application', name: 'checkout' }, [6, 7]],
    ['the leader', LEADER, [1]],
    ['all followers', { kind: 'followers', topic: 'orders', partition: 1 }, [2, 3, 4, 5]],
    ['the active controller', { kind: 'active-controller' }, [0]],
    ['brokers', { kind: 'role', role: 'brokers' }, [1, 2, 3, 4, 5]],
    ['controllers', { kind: 'role', role: 'controllers' }, [0]],
    ['clients', { kind: 'role', role: 'clients' }, [6, 7, 8]],
    ['stores', { kind: 'role', role: 'stores' }, []],
    ['the leader of a partition that does not exist', { kind: 'leader', topic: 'orders', partition: 7 }, []],
    ['any of one', { kind: 'any', of: [node('broker-4')] }, [4]],
    ['any of none', { kind: 'any', of: [] }, []],
  ])('finds %s', (_, target, nodes) => {
    expect(resolver().nodes(target)).toEqual(nodes)
  })

  it('invents no leader and no follower where nobody leads', () => {
    const targets = resolver('1', (world) => {
      world.leaderless = true
      world.crash(0)
    })
    expect(targets.nodes(LEADER)).toEqual([])
    expect(targets.nodes({ ...LEADER, kind: 'follower' })).toEqual([])
    expect(targets.nodes({ kind: 'active-controller' })).toEqual([])
  })

  it("asks the world for a group's coordinator, and invents none", () => {
    const target: Target = { kind: 'group-coordinator', group: 'billing' }
    expect(resolver().nodes(target)).toEqual([])
    const knows = (world: FakeWorld): void => {
      Object.assign(world, { groupCoordinator: (group: string) => (group === 'billing' ? 3 : -1) })
    }
    expect(resolver('1', knows).nodes(target)).toEqual([3])
    expect(resolver('1', knows).nodes({ ...target, group: 'audit' })).toEqual([])
    expect(resolver('1', knows).nodes({ kind: 'any', of: [target, node('broker-3')] })).toEqual([3])
  })

  it("asks the world for a transactional id's coordinator, and invents none", () => {
    const target: Target = { kind: 'transaction-coordinator', transactionalId: 'checkout-tx' }
    expect(resolver().nodes(target)).toEqual([])
    const knows = (world: FakeWorld): void => {
      Object.assign(world, { transactionCoordinator: (id: string) => (id === 'checkout-tx' ? 2 : -1) })
    }
    expect(resolver('1', knows).nodes(target)).toEqual([2])
    expect(resolver('1', knows).nodes({ ...target, transactionalId: 'other' })).toEqual([])
  })

  it('draws a follower, the same all through one fault', () => {
    const seen = new Set<number>()
    for (let seed = 1; seed <= 40; seed++) {
      const targets = resolver(String(seed))
      const [first = 0] = targets.nodes({ ...LEADER, kind: 'follower' })
      expect(targets.nodes({ ...LEADER, kind: 'follower' })).toEqual([first])
      seen.add(first)
    }
    expect([...seen].sort((a, b) => a - b)).toEqual([2, 3, 4, 5])
  })

  it('draws one node of a union, every one of them in some run', () => {
    const target: Target = { kind: 'any', of: [node('broker-1'), { kind: 'application', name: 'checkout' }, LEADER] }
    const seen = new Set<number>()
    for (let seed = 1; seed <= 40; seed++) {
      const nodes = resolver(String(seed)).nodes(target)
      expect(nodes).toHaveLength(1)
      seen.add(nodes[0] ?? -1)
    }
    expect([...seen].sort((a, b) => a - b)).toEqual([1, 6, 7])
  })

  it('divides a role into a minority and its majority', () => {
    const minorities = new Set<string>()
    for (let seed = 1; seed <= 30; seed++) {
      const targets = resolver(String(seed))
      const [minority, majority] = targets.groups([
        [{ kind: 'minority', of: 'brokers' }],
        [{ kind: 'majority', of: 'brokers' }],
      ])
      expect(minority).toHaveLength(2)
      expect([...(minority ?? []), ...(majority ?? [])].sort((a, b) => a - b)).toEqual([1, 2, 3, 4, 5])
      minorities.add(String(minority))
    }
    expect(minorities.size).toBeGreaterThan(5)
  })

  it('draws anew for the next fault', () => {
    const seen = new Set<string>()
    const targets = resolver()
    for (let fault = 0; fault < 20; fault++) {
      targets.begin()
      seen.add(String(targets.nodes({ kind: 'minority', of: 'brokers' })))
    }
    expect(seen.size).toBeGreaterThan(1)
  })

  it('takes as rest whoever no other group names, wherever it stands', () => {
    const rest: Target = { kind: 'role', role: 'rest' }
    expect(resolver().groups([[rest], [LEADER, node('checkout#0')]])).toEqual([
      [0, 2, 3, 4, 5, 7, 8],
      [1, 6],
    ])
    expect(resolver().groups([[node('controller-1')], [{ kind: 'role', role: 'brokers' }], [rest]])[2]).toEqual([
      6, 7, 8,
    ])
  })
})
