import { describe, expect, test } from 'vitest'
import { tpOf } from '../../history/ids.ts'
import { TestHasher } from '../../kernel/world.test.support.ts'
import { GroupCluster } from '../group/group-cluster.test.support.ts'
import { Errors } from '../protocol/errors.ts'
import type { Materialisation } from './idle-replicas.ts'

const ADMIN = { memberId: '', generationId: -1 }

function clusterOf(materialisation: Materialisation, asked = true): GroupCluster {
  return new GroupCluster({ materialisation, hasher: new TestHasher(), asked })
}

/** Histories that touch what is idle in every way there is. */
const HISTORIES: readonly (readonly [string, (cluster: GroupCluster) => void])[] = [
  ['nothing but a group', (cluster) => cluster.stable()],
  [
    'a coordinator that dies before anything was written, and one that dies after',
    (cluster) => {
      cluster.crash(cluster.coordinator)
      cluster.runFor(12)
      cluster.commit(ADMIN, 1)
      cluster.crash(cluster.coordinator)
      cluster.runFor(12)
      cluster.commit(ADMIN, 2)
    },
  ],
  [
    'brokers that stop and come back while all is idle',
    (cluster) => {
      for (const id of [3, 2, 1]) {
        cluster.stop(id, 20)
        cluster.runFor(3)
        cluster.startBroker(id)
        cluster.runFor(12)
      }
      cluster.commit(ADMIN, 1)
      cluster.runFor(2)
    },
  ],
  [
    'a follower that is away when the first record is written',
    (cluster) => {
      cluster.crash(3)
      cluster.runFor(1)
      cluster.commit(ADMIN, 1, 15)
      cluster.startBroker(3)
      cluster.runFor(20)
      cluster.losePower(cluster.coordinator)
      cluster.runFor(12)
      cluster.commit(ADMIN, 2)
    },
  ],
  [
    'everything loses its power, with a record and without',
    (cluster) => {
      cluster.commit(ADMIN, 1)
      for (const id of [1, 2, 3]) cluster.losePower(id)
      for (const id of [1, 2, 3]) cluster.startBroker(id)
      cluster.runFor(40)
      cluster.commit(ADMIN, 2)
      cluster.runFor(3)
    },
  ],
  [
    'a leader that is cut off from all, and another that takes over',
    (cluster) => {
      const old = cluster.coordinator
      cluster.isolate(old, [0, 1, 2, 3])
      cluster.runFor(12)
      cluster.commit(ADMIN, 1)
      cluster.heal(old, [0, 1, 2, 3])
      cluster.runFor(12)
      cluster.commit(ADMIN, 2)
    },
  ],
]

describe('replicas of internal partitions', () => {
  test.each(HISTORIES)('made when they are touched or at once, the world is the same: %s', (_, history) => {
    const worlds = (['when-touched', 'at-once'] as const).map((materialisation) => {
      const cluster = clusterOf(materialisation)
      history(cluster)
      return { digest: cluster.kernel.digest(), events: cluster.kernel.events, story: cluster.story.lines }
    })
    expect(worlds[0]?.story.length).toBeGreaterThan(0)
    expect(worlds[1]).toEqual(worlds[0])
  })

  test('the same with a follower that never reached the leader', () => {
    const worlds = (['when-touched', 'at-once'] as const).map((materialisation) => {
      const cluster = clusterOf(materialisation, false)
      cluster.isolate(1, [2])
      expect(cluster.findCoordinator()).toBe(1)
      cluster.runFor(10)
      cluster.commit(ADMIN, 1)
      // It counts as caught up since the leadership began: the set shrinks by its lag, not at the next look.
      const shrunk: number[] = []
      for (let i = 0; i < 40; i++) {
        cluster.runFor(1)
        shrunk.push(cluster.count('isr.proposed'))
      }
      return { digest: cluster.kernel.digest(), shrunk }
    })
    expect(worlds[0]?.shrunk.at(-1)).toBeGreaterThan(0)
    expect(worlds[1]).toEqual(worlds[0])
  })

  test('idle ones have roles and no logs; of fifty, one wakes with a commit', () => {
    const cluster = clusterOf('when-touched')
    expect(cluster.count('leader.began')).toBe(3 + 50)
    for (const id of [1, 2, 3]) expect(cluster.broker(id).logs.logs).toHaveLength(3)
    cluster.commit(ADMIN, 1)
    for (const id of [1, 2, 3]) {
      expect(
        cluster
          .broker(id)
          .logs.logs.map((log) => log.tp)
          .sort((a, b) => a - b),
      ).toEqual([tpOf(1, 0), tpOf(1, 1), tpOf(1, 2), cluster.groupTp])
      expect(cluster.broker(id).replicas.partitions.size).toBe(4)
    }
  })

  test('their leaders are spread over the brokers', () => {
    const cluster = clusterOf('when-touched')
    const { metadata } = cluster.broker(1)
    const leaders = [...metadata.partitions.values()]
      .filter(({ tp }) => tp >>> 16 === metadata.offsetsTopicId)
      .map(({ leader }) => leader)
    expect([1, 2, 3].map((id) => leaders.filter((leader) => leader === id).length)).toEqual([17, 17, 16])
  })

  test('a set from which somebody was missing is whole again though nothing was written', () => {
    const cluster = clusterOf('when-touched')
    cluster.crash(3)
    cluster.runFor(12)
    const isr = (): readonly number[] => cluster.broker(1).metadata.partitions.get(cluster.groupTp)?.isr ?? []
    expect(isr()).not.toContain(3)
    cluster.startBroker(3)
    cluster.runFor(12)
    expect(isr()).toContain(3)
    expect(isr()).toHaveLength(3)
    expect(cluster.broker(1).replicas.partitions.size).toBe(3)
  })

  test('a set of idle replicas does not shrink because of lag', () => {
    const cluster = clusterOf('when-touched')
    const before = cluster.count('isr.proposed')
    cluster.runFor(100)
    expect(cluster.count('isr.proposed')).toBe(before)
    expect(cluster.commit(ADMIN, 1)).toBe(Errors.NONE)
    cluster.runFor(30)
    expect(cluster.count('isr.proposed')).toBe(before)
  })

  test('a new follower of the group hears of what woke while it was away', () => {
    const cluster = clusterOf('when-touched')
    const away = cluster.coordinator === 3 ? 2 : 3
    cluster.crash(away)
    cluster.runFor(12)
    cluster.commit(ADMIN, 1)
    cluster.disks[away]?.wipe()
    cluster.startBroker(away)
    cluster.runFor(15)
    expect(cluster.partition(away, cluster.groupTp).log.logEndOffset).toBe(1)
    expect(cluster.broker(1).metadata.partitions.get(cluster.groupTp)?.isr).toHaveLength(3)
  })
})

test('the topic is not made while there are too few brokers', () => {
  const cluster = new GroupCluster({ brokers: 2, partitions: 1 })
  expect(cluster.coordinator).toBe(-1)
  expect(cluster.broker(1).metadata.offsetsTopicId).toBe(-1)
  const small = new GroupCluster({ brokers: 1, partitions: 1, groups: { 'offsets.topic.replication.factor': 1 } })
  expect(small.coordinator).toBe(1)
  expect(small.commit(ADMIN, 1)).toBe(Errors.NONE)
})
