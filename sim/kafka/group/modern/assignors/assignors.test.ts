import { fc, test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'
import { partitionOf, topicIdOf, tpOf } from '../../../../history/ids.ts'
import type { MemberSpec, TargetAssignment, TopicDescriber } from './assignor.ts'
import { assignRange } from './range.ts'
import { assignUniform } from './uniform.ts'

function member(memberId: string, topics: readonly number[], partitions: readonly number[] = []): MemberSpec {
  return { memberId, groupInstanceId: null, topics, assignment: partitions.map((partition) => tpOf(1, partition)) }
}

function counts(...perTopic: readonly number[]): TopicDescriber {
  return { count: (topicId) => perTopic[topicId - 1] ?? 0 }
}

function text(assignment: TargetAssignment): Record<string, string> {
  return Object.fromEntries(
    [...assignment].map(([id, tps]) => [id, tps.map((tp) => `${topicIdOf(tp)}-${partitionOf(tp)}`).join(' ')]),
  )
}

describe('range', () => {
  it('gives one run of each topic, the first members one more, static members first', () => {
    const one = { ...member('z', [1, 2]), groupInstanceId: '1' }
    const members = [member('b', [1, 2]), one]
    expect(text(assignRange(members, counts(3, 3)))).toEqual({ z: '1-0 1-1 2-0 2-1', b: '1-2 2-2' })
  })

  it('has nobody but subscribers share a topic', () => {
    const members = [member('a', [1]), member('b', [1, 2]), member('c', [2])]
    expect(text(assignRange(members, counts(3, 3)))).toEqual({ a: '1-0 1-1', b: '1-2 2-0 2-1', c: '2-2' })
  })
})

describe('uniform', () => {
  it('lets members keep what they have, up to their share', () => {
    const members = [member('a', [1], [0, 1, 2, 3]), member('b', [1])]
    expect(text(assignUniform(members, counts(4)))).toEqual({ a: '1-0 1-1', b: '1-2 1-3' })
    const grown = [member('a', [1], [0, 1]), member('b', [1], [2, 3])]
    expect(text(assignUniform(grown, counts(5)))).toEqual({ a: '1-0 1-1 1-4', b: '1-2 1-3' })
  })

  it('gives what a member had that is gone to the others', () => {
    expect(text(assignUniform([member('b', [1], [2])], counts(3)))).toEqual({ b: '1-0 1-1 1-2' })
  })

  it('takes from a member what it subscribes to no more', () => {
    const members = [member('a', [2], [0]), member('b', [1, 2])]
    expect(text(assignUniform(members, counts(1, 1)))).toEqual({ a: '2-0', b: '1-0' })
  })
})

const groups = fc.record({
  partitions: fc.array(fc.integer({ min: 0, max: 6 }), { minLength: 1, maxLength: 3 }),
  topics: fc.array(fc.uniqueArray(fc.integer({ min: 1, max: 3 }), { minLength: 1 }), { minLength: 1, maxLength: 5 }),
  isUniform: fc.boolean(),
  had: fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 6 }),
})

describe('assignors', () => {
  test.prop({ group: groups })('give every partition to one subscriber, and loads are even', ({ group }) => {
    const known = counts(...group.partitions)
    const topicsOf = (n: number): readonly number[] =>
      (group.topics[group.isUniform ? 0 : n] ?? []).filter((id) => known.count(id) > 0).sort((a, b) => a - b)
    const specs = group.topics.map((_, n) => {
      // Whatever they had, each partition had one owner.
      const mine = group.had.flatMap((owner, partition) => (owner === n ? [partition] : []))
      return member(
        `m${n}`,
        topicsOf(n),
        mine.filter((partition) => partition < known.count(1)),
      )
    })
    const wanted = [...new Set(specs.flatMap((spec) => spec.topics))].sort((a, b) => a - b)
    const all = wanted.flatMap((id) => Array.from({ length: known.count(id) }, (_, partition) => tpOf(id, partition)))
    for (const assign of [assignUniform, assignRange]) {
      const assignment = assign(specs, known)
      expect([...assignment.values()].flat().toSorted((a, b) => a - b)).toEqual(all)
      for (const { memberId, topics } of specs)
        for (const tp of assignment.get(memberId) ?? []) expect(topics).toContain(topicIdOf(tp))
    }
    const balanced = assignUniform(specs, known)
    const loads = [...balanced.values()].map((tps) => tps.length)
    if (group.isUniform) expect(Math.max(...loads) - Math.min(...loads)).toBeLessThanOrEqual(1)
    // Assigned once, nothing moves any more.
    const again = specs.map((spec) => ({ ...spec, assignment: balanced.get(spec.memberId) ?? [] }))
    expect(assignUniform(again, known)).toEqual(balanced)
  })
})
