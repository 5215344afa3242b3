import { expect, test } from 'vitest'
import { M } from '../history/catalogue.ts'
import { SECOND } from '../kernel/time.ts'
import type { Action } from './plan.ts'
import { at, FakeWorld } from './testing/fake-world.ts'
import { worldSpec } from './testing/worlds.ts'

const CORRUPT: Action = {
  kind: 'corrupt',
  target: { kind: 'node', name: 'broker-2' },
  log: { kind: 'partition', topic: 'orders', partition: 0 },
  batch: 'last',
}

function struck(plan: readonly ReturnType<typeof at>[], change: (world: FakeWorld) => void = () => {}): FakeWorld {
  const world = new FakeWorld(worldSpec(), plan)
  change(world)
  world.runUntil(5 * SECOND)
  return world
}

test('a corruption is made once, on the disk of the node, and nothing ends it', () => {
  const world = struck([at(2, CORRUPT)])
  expect(world.corrupted).toEqual([[2 * SECOND, 2, CORRUPT]])
  world.injector.healAll()
  expect(world.corrupted).toHaveLength(1)
  expect(world.happened(M.faultEnded)).toEqual([])
  expect(world.injector.outcomes()).toEqual([{ entry: 0, fired: 1, touched: 1 }])
})

test('it hits the disk of a broker that is down', () => {
  const world = struck([at(1, { kind: 'crash', target: { kind: 'node', name: 'broker-2' } }, 3), at(2, CORRUPT)])
  expect(world.corrupted).toHaveLength(1)
  expect(world.injector.outcomes()).toEqual([{ entry: 0, fired: 2, touched: 2 }])
})

test.each([
  [true, false, true],
  [false, false, true],
  [false, true, false],
])('it matters while there is work, or work to come (in flight: %s, all done: %s): %s', (inFlight, done, matters) => {
  const world = struck([at(2, CORRUPT)], (each) => {
    each.inFlight = inFlight
    each.done = done
  })
  expect(world.injector.mattered).toBe(matters)
})
