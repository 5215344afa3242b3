import { fc, test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'
import { partitionOf, topicIdOf, tpOf } from '../../../../history/ids.ts'
import type { GroupAssignment, GroupMember, PartitionCounts } from './assignor.ts'
import { assignCooperativeSticky } from './cooperative-sticky.ts'
import { assignRange } from './range.ts'
import { assignRoundRobin } from './roundrobin.ts'
import { assignSticky } from './sticky.ts'

function member(
  memberId: string,
  topics: readonly number[],
  owned: readonly number[] = [],
  generationId = -1,
): GroupMember {
  const ownedPartitions = owned.map((tp) => ({ topicId: topicIdOf(tp), partition: partitionOf(tp) }))
  return { memberId, groupInstanceId: null, metadata: { topics, ownedPartitions, generationId } }
}

function counts(...perTopic: readonly number[]): PartitionCounts {
  return { count: (topicId) => perTopic[topicId - 1] ?? 0 }
}

function text(assignment: GroupAssignment): Record<string, string> {
  return Object.fromEntries(
    [...assignment].map(([id, tps]) => [id, tps.map((tp) => `${topicIdOf(tp)}-${partitionOf(tp)}`).join(' ')]),
  )
}

describe('range', () => {
  it('gives equal runs of each topic, the first members one more', () => {
    const members = [member('b', [1, 2]), member('a', [1, 2])]
    expect(text(assignRange(members, counts(3, 3)))).toEqual({ a: '1-0 1-1 2-0 2-1', b: '1-2 2-2' })
  })

  it('leaves members out when there are too few partitions, and topics that do not exist', () => {
    const members = ['a', 'b', 'c'].map((id) => member(id, [1, 3]))
    expect(text(assignRange(members, counts(2)))).toEqual({ a: '1-0', b: '1-1', c: '' })
  })

  it('puts static members first, by instance id', () => {
    const one = { ...member('z', [1]), groupInstanceId: '1' }
    expect(text(assignRange([member('a', [1]), one], counts(3)))).toEqual({ z: '1-0 1-1', a: '1-2' })
  })
})

describe('roundrobin', () => {
  it('deals the partitions of all topics out in turn', () => {
    const members = [member('b', [1, 2]), member('a', [1, 2])]
    expect(text(assignRoundRobin(members, counts(3, 3)))).toEqual({ a: '1-0 1-2 2-1', b: '1-1 2-0 2-2' })
  })

  it('passes over who does not read a topic, and goes on from there', () => {
    const members = [member('a', [1]), member('b', [1, 2]), member('c', [1, 2, 3])]
    expect(text(assignRoundRobin(members, counts(1, 2, 3)))).toEqual({ a: '1-0', b: '2-0', c: '2-1 3-0 3-1 3-2' })
  })

  it('puts static members first, by instance id', () => {
    const one = { ...member('z', [1]), groupInstanceId: '1' }
    expect(text(assignRoundRobin([member('a', [1]), one], counts(3)))).toEqual({ z: '1-0 1-2', a: '1-1' })
  })
})

describe('sticky', () => {
  const tps = (...partitions: readonly number[]): number[] => partitions.map((partition) => tpOf(1, partition))

  it('leaves everybody what it had as far as balance allows, and hands the rest on at once', () => {
    const members = [member('a', [1], tps(1, 2, 3), 1), member('b', [1], tps(0), 1)]
    expect(text(assignSticky(members, counts(4)))).toEqual({ a: '1-1 1-2', b: '1-0 1-3' })
  })

  it('believes the newest generation; before KAFKA-7026 it believed everybody, and a partition had two owners', () => {
    const members = [member('a', [1], tps(0), 1), member('b', [1], tps(0, 1), 2)]
    expect(text(assignSticky(members, counts(2)))).toEqual({ a: '1-1', b: '1-0' })
    expect(text(assignSticky(members, counts(2), 'any'))).toEqual({ a: '1-0', b: '1-0 1-1' })
  })
})

describe('cooperative-sticky', () => {
  const tps = (...partitions: readonly number[]): number[] => partitions.map((partition) => tpOf(1, partition))

  it('takes a partition from its owner first and gives it to nobody', () => {
    const members = [member('a', [1], tps(0, 1), 1), member('b', [1])]
    expect(text(assignCooperativeSticky(members, counts(2)))).toEqual({ a: '1-0', b: '' })
  })

  it('hands it on once it is free', () => {
    const members = [member('a', [1], tps(0), 2), member('b', [1], [], 2)]
    expect(text(assignCooperativeSticky(members, counts(2)))).toEqual({ a: '1-0', b: '1-1' })
  })

  it('believes the newest generation, and nobody where two of the same claim a partition', () => {
    const newest = [member('a', [1], tps(0, 1), 1), member('b', [1], tps(0), 2)]
    expect(text(assignCooperativeSticky(newest, counts(2)))).toEqual({ a: '1-1', b: '1-0' })
    const both = [member('a', [1], tps(0), 2), member('b', [1], tps(0), 2)]
    expect(text(assignCooperativeSticky(both, counts(1)))).toEqual({ a: '1-0', b: '' })
  })
})

const groups = fc.record({
  partitions: fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 3 }),
  topics: fc.array(fc.uniqueArray(fc.integer({ min: 1, max: 3 }), { minLength: 1 }), { minLength: 1, maxLength: 5 }),
  isUniform: fc.boolean(),
})

describe('assignors', () => {
  test.prop({ group: groups })('settle: every partition has one subscribed owner, loads are even', ({ group }) => {
    const known = counts(...group.partitions)
    const topicsOf = (n: number): readonly number[] => group.topics[group.isUniform ? 0 : n] ?? []
    const names = group.topics.map((_, n) => `m${n}`)
    const wanted = new Set(names.flatMap((_, n) => [...topicsOf(n)]))
    const all = [...wanted].flatMap((topicId) =>
      Array.from({ length: known.count(topicId) }, (_, partition) => tpOf(topicId, partition)),
    )
    let owned: GroupAssignment = new Map()
    for (let generation = 0; generation < 4; generation++) {
      const members = names.map((name, n) => member(name, topicsOf(n), owned.get(name) ?? [], generation))
      const before = owned
      owned = assignCooperativeSticky(members, known)
      // Nothing is given to anybody while another member still has it.
      for (const [name, tps] of owned) {
        for (const tp of tps) for (const [other, had] of before) expect(other !== name && had.includes(tp)).toBe(false)
      }
    }
    const range = assignRange(
      names.map((name, n) => member(name, topicsOf(n))),
      known,
    )
    for (const assignment of [owned, range]) {
      expect([...assignment.values()].flat().toSorted((a, b) => a - b)).toEqual(all.toSorted((a, b) => a - b))
      names.forEach((name, n) => {
        for (const tp of assignment.get(name) ?? []) expect(topicsOf(n)).toContain(topicIdOf(tp))
      })
    }
    const loads = [...owned.values()].map((tps) => tps.length)
    if (group.isUniform) expect(Math.max(...loads) - Math.min(...loads)).toBeLessThanOrEqual(1)
  })
})
