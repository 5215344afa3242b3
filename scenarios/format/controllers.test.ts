import { describe, expect, test } from 'vitest'
import { load, marks } from './fixture.test.helper.ts'

const file = (cluster: string, fault: string): string => `
scenario: three controllers
cluster: ${cluster}
topics: { orders: { partitions: 1 } }
producers: { checkout: { to: orders, send: { records: 100, every: 20ms } } }
faults:
  - at: 1s
    ${fault}
    for: 1s
expect: { durability: holds }
`

describe('several controllers', () => {
  test('are the voters of a quorum, up to nine', () => {
    const [scenario] = load(file('{ controllers: 3 }', 'crash: controller-3')).scenarios
    expect(scenario?.spec.cluster.controllers).toBe(3)
    expect(marks(load(file('{ controllers: 10 }', 'crash: controller-1')))).toEqual(['RANGE 3:25'])
  })

  test('take the settings of a quorum', () => {
    const config = '{ controllers: 3, config: { controller.quorum.fetch.timeout.ms: 5s } }'
    const [scenario] = load(file(config, 'crash: controller(active)')).scenarios
    expect(scenario?.spec.cluster.controllerConfig['controller.quorum.fetch.timeout.ms']).toBe(5000)
    expect(scenario?.spec.cluster.controllerConfig['controller.quorum.election.timeout.ms']).toBe(1000)
  })

  test('one that does not exist is named with those that do', () => {
    const { diagnostics } = load(file('{ controllers: 3 }', 'crash: controller-4'))
    expect(diagnostics.map(({ help }) => help)).toEqual(['there are 3 controllers, `controller-1` to `controller-3`'])
  })

  test('the active one may be any of them, so a group beside it may name them all', () => {
    const fault = 'partition: [ [controller(active)], [controller-1, controller-2, controller-3] ]'
    expect(load(file('{ controllers: 3 }', fault)).diagnostics).toEqual([])
    expect(load(file('{ controllers: 1 }', 'partition: [ [controller(active)], [controller-1] ]')).scenarios).toEqual(
      [],
    )
  })
})
