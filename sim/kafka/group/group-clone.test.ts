import { expect, test } from 'vitest'
import { cloneGraph } from '../../kernel/clone.ts'
import { TestHasher } from '../../kernel/world.test.support.ts'
import type { JoinGroupResponse } from '../protocol/group-messages.ts'
import { GroupCluster } from './group-cluster.test.support.ts'

test('a cluster in the middle of a rebalance is plain data: its copy goes on as it does', () => {
  const cluster = new GroupCluster({ hasher: new TestHasher() })
  const [leader, follower] = cluster.preparing()
  const parked = cluster.joining({ memberId: leader.memberId })
  cluster.committing(follower, 8)
  cluster.runFor(0.002)
  expect(cluster.answer(parked)).toBeNull()
  const copy = cloneGraph(cluster)
  const generations = [cluster, copy].map((world) => {
    world.joining({ memberId: follower.memberId })
    world.runFor(0.5)
    const body = world.answer<JoinGroupResponse>(parked)
    return [body?.generationId, body?.members.length, world.committed(), world.story.lines, world.kernel.digest()]
  })
  expect(generations[1]).toEqual(generations[0])
  expect(generations[0]?.slice(0, 3)).toEqual([2, 3, 8])
})
