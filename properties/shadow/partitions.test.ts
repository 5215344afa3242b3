import { expect, test } from 'vitest'
import { M } from '../../sim/history/catalogue.ts'
import { specOf } from '../testing/history.test.helper.ts'
import { Shadow } from './shadow.ts'

test('what an operator altered in one run holds in no other run of the spec', () => {
  const spec = specOf({ minIsr: 2 })
  const shadow = new Shadow(spec)
  const [minIsr, unclean] = [shadow.partitions.minIsr[0], shadow.partitions.unclean[0]]
  shadow.onMoment(M.configCommitted, 0, 0, 0, 1, 1, 1, 0, 0, 0, 0)
  expect([shadow.partitions.minIsr[0], shadow.partitions.unclean[0]]).toEqual([1, true])
  const next = new Shadow(spec).partitions
  expect([next.minIsr[0], next.unclean[0]]).toEqual([minIsr, unclean])
  expect(minIsr).not.toBe(1)
})

test('another min ISR takes away who was eligible, and never counts for more than there are replicas', () => {
  const shadow = new Shadow(specOf({}))
  shadow.cluster.elrLow[0] = 4
  shadow.cluster.lastKnown[0] = 1
  shadow.onMoment(M.configCommitted, 0, 0, 0, 1, 99, 0, 0, 0, 0, 0)
  expect([shadow.partitions.minIsr[0], shadow.cluster.elrLow[0], shadow.cluster.lastKnown[0]]).toEqual([3, 0, -1])
})
