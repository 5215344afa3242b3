import { expect, test } from 'vitest'
import { drawPlan } from './faults/draw.ts'
import type { ChaosSpec, FaultPlan } from './faults/plan.ts'
import type { WorldSpec } from './spec.ts'
import { producer, ROUGH_PLAN, TestHasher, world } from './world.test.support.ts'
import { runWorld } from './world.ts'

/**
 * What these seeds mean. A change here is a change for every seed that a user has written down: it needs a line under
 * "Changes what a seed means" in CHANGELOG.md.
 */
const CALM = world()
const CROWD = world({
  producers: [
    producer('checkout', 'orders', { instances: 3, onUnknown: 'resend' }),
    producer('billing', 'orders', {}, { acks: '1', 'enable.idempotence': false, 'linger.ms': 0 }),
  ],
})
const CHAOS: ChaosSpec = {
  budget: 'beyond',
  kinds: [
    'crash',
    'power-loss',
    'wipe-disk',
    'stop',
    'pause',
    'partition',
    'isolate',
    'delay',
    'drop',
    'disconnect',
    'slow-disk',
  ],
  faults: [4, 6],
}

function digest(spec: WorldSpec, plan: FaultPlan, seed: string): string {
  return runWorld(spec, plan, seed, { hasher: new TestHasher(), freeze: true }).digest
}

test.each([
  ['a calm run', CALM, [], '1', '3760a996-928351ff'],
  ['a crash, a cut and a lost reply', CROWD, ROUGH_PLAN, '1', '8c44f5e1-e714eef9'],
  ['chaos', CROWD, drawPlan({ entries: [], chaos: CHAOS }, CROWD, '7'), '7', 'b7158401-e717bc29'],
  ['other chaos', CROWD, drawPlan({ entries: [], chaos: CHAOS }, CROWD, '8'), '8', '6aadc260-477a74f3'],
] as const)('%s has its digest', (_name, spec, plan, seed, golden) => {
  expect(digest(spec, plan, seed)).toBe(golden)
})
