import { createHash, type Hash } from 'node:crypto'
import { expect, test } from 'vitest'
import type { Hasher } from '../../host.ts'
import { cloneGraph } from '../../kernel/clone.ts'
import type { JoinGroupResponse } from '../protocol/group-messages.ts'
import { GroupCluster } from './group-cluster.test.support.ts'

/** The world's running digest, which can be copied in the middle. */
class Sha implements Hasher {
  readonly hash: Hash
  constructor(hash: Hash = createHash('sha256')) {
    this.hash = hash
  }
  update(chunk: Uint8Array): void {
    this.hash.update(chunk)
  }
  copy(): Sha {
    return new Sha(this.hash.copy())
  }
  digest(): string {
    return this.hash.digest('hex')
  }
}

test('a cluster in the middle of a rebalance is plain data: its copy goes on as it does', () => {
  const cluster = new GroupCluster({ hasher: new Sha() })
  const [leader, follower] = cluster.preparing()
  const parked = cluster.joining({ memberId: leader.memberId })
  cluster.committing(follower, 8)
  cluster.runFor(0.002)
  expect(cluster.answer(parked)).toBeNull()
  const copy = cloneGraph(cluster, (value) => (value instanceof Sha ? value.copy() : undefined))
  const generations = [cluster, copy].map((world) => {
    world.joining({ memberId: follower.memberId })
    world.runFor(0.5)
    const body = world.answer<JoinGroupResponse>(parked)
    return [body?.generationId, body?.members.length, world.committed(), world.story.lines, world.kernel.digest()]
  })
  expect(generations[1]).toEqual(generations[0])
  expect(generations[0]?.slice(0, 3)).toEqual([2, 3, 8])
})
