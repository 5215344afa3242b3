import { fc, test as property } from '@fast-check/vitest'
import { describe, expect, test } from 'vitest'
import type { FaultPlan } from '../../sim/faults/plan.ts'
import { drawPlan } from '../../sim/faults/draw.ts'
import { scopeOf } from './arbitrary-scope.ts'
import { choice, countUpTo, spreadUpTo, timeUpTo } from './arbitrary-values.ts'
import { DEFAULT_CHAOS } from './hunt.ts'
import { planArbitrary } from './plan-arbitrary.ts'
import { scenario } from './testing/scenarios.test.helper.ts'

const SPEC = scenario({
  producers: { checkout: { to: 'orders' }, audit: { to: 'orders', instances: 2 } },
  consumers: { billing: { from: 'orders', instances: 2, config: { 'group.id': 'billing' } } },
  stores: { ledger: {} },
  sinks: { writer: { from: 'orders', into: 'ledger', config: { 'group.id': 'writer' } } },
}).spec
const SIZE = { minLength: 0, maxLength: 6 }
const drawn = fc.nat().map((seed) => {
  const chaos = { ...DEFAULT_CHAOS, budget: 'beyond' } as const
  return drawPlan({ entries: [], chaos }, SPEC, `seed ${seed}`).map((fault, entry) => ({ ...fault, entry }))
})

/** The shrinks of a bare value: without its seed and without what fast-check knew when it made it. */
function shrinks<T>(arbitrary: fc.Arbitrary<T>, value: T, most: number): readonly T[] {
  const bare = JSON.parse(JSON.stringify(value)) as T
  expect(arbitrary.canShrinkWithoutContext(bare)).toBe(true)
  const found: T[] = []
  for (const next of arbitrary.shrink(bare, undefined)) {
    found.push(next.value)
    if (found.length >= most) break
  }
  return found
}

describe('every unmapper finds the way back', () => {
  property.prop([fc.nat(3_600_000_000).chain((most) => fc.tuple(fc.constant(most), timeUpTo(most)))])(
    'of a time',
    ([most, us]) => {
      for (const smaller of shrinks(timeUpTo(most), us, 50)) expect(smaller).toBeLessThan(us)
    },
  )

  property.prop([spreadUpTo(5_000_000)])('of a spread', (spread) => {
    for (const simpler of shrinks(spreadUpTo(5_000_000), spread, 20)) expect(simpler.kind).toBe(spread.kind)
  })

  property.prop([countUpTo(20)])('of a count', (count) => {
    expect(shrinks(countUpTo(20), count, 1)).toEqual(count === 1 ? [] : [1])
  })

  property.prop([choice([{ a: 1, b: 2 }, [1], 'x'] as unknown[])])('of a choice, by what it says', (value) => {
    const values = choice([{ b: 2, a: 1 }, [1], 'x'] as unknown[])
    expect(shrinks(values, value, 1)).toHaveLength(JSON.stringify(value).includes('2') ? 0 : 1)
  })

  property.prop([planArbitrary(scopeOf(SPEC, []), SIZE)])('of a generated plan', (plan) => {
    const simpler = shrinks(planArbitrary(scopeOf(SPEC, []), SIZE), plan, 100)
    expect(simpler.length > 0).toBe(plan.length > 0)
    for (const each of simpler) expect(each).not.toEqual(plan)
  })

  property.prop([drawn])('of a plan that chaos has drawn, when the scope is widened by it', (plan) => {
    expect(shrinks(planArbitrary(scopeOf(SPEC, plan), SIZE), plan, 1)).toHaveLength(1)
  })
})

test('a plan outside of the scope cannot be shrunk, which is why scopes are widened', () => {
  const plan: FaultPlan = [
    { entry: 0, trigger: { kind: 'at', atUs: 10 ** 9 }, action: { kind: 'crash', target: MINORITY }, forUs: null },
  ]
  expect(planArbitrary(scopeOf(SPEC, []), SIZE).canShrinkWithoutContext(plan)).toBe(false)
  expect(planArbitrary(scopeOf(SPEC, plan), SIZE).canShrinkWithoutContext(plan)).toBe(true)
})

const MINORITY = { kind: 'minority', of: 'brokers' } as const
