import { expect, test } from 'vitest'
import { corrupt } from '../log/corruption.ts'
import { Errors } from '../protocol/errors.ts'
import { GROUP, GroupCluster } from './group-cluster.test.support.ts'
import type { Disk } from '../../storage/disk.ts'

test('a broker that cannot read a record of the offsets topic coordinates none of its groups', () => {
  const cluster = new GroupCluster()
  const [, member] = cluster.stable()
  expect(cluster.commit(member, 42)).toBe(Errors.NONE)
  cluster.runFor(1)
  const before = cluster.coordinator
  const others = [1, 2, 3].filter((broker) => broker !== before)
  for (const broker of others) {
    expect(corrupt(cluster.disks[broker] as Disk, cluster.groupTp, 'last', { decide: () => 0 })).not.toBeNull()
  }
  cluster.crash(before)
  cluster.runFor(12)
  expect(cluster.coordinator).toBe(-1)
  const states = others.map((broker) => cluster.broker(broker).groups.partition(cluster.groupTp)?.state)
  expect(states.filter((state) => state !== undefined)).toEqual(['FAILED'])
  const next = others[states.indexOf('FAILED')] as number
  const heartbeat = { groupId: GROUP, ...member, groupInstanceId: null }
  expect(cluster.ask(next, 12, heartbeat)?.errorCode).toBe(Errors.NOT_COORDINATOR)
  expect(cluster.count('corruption.found')).toBe(1)
})
