import { expect, test } from 'vitest'
import type { Disk } from '../../storage/disk.ts'
import { corrupt } from '../log/corruption.ts'
import { Errors } from '../protocol/errors.ts'
import { TransactionCluster } from './transaction-cluster.test.support.ts'

test('a coordinator that cannot read a record knows of an id what lies before it, and serves it', () => {
  const cluster = new TransactionCluster()
  const who = cluster.init()
  expect(cluster.add(who, [0, 1, 2])).toBe(Errors.NONE)
  cluster.runFor(1)
  const before = cluster.coordinator
  expect(cluster.written(before)).toEqual(['Empty 0', 'Ongoing 0'])
  for (const broker of cluster.up.filter((id) => id !== before)) {
    expect(corrupt(cluster.disks[broker] as Disk, cluster.logTp, 'last', { decide: () => 0 })).not.toBeNull()
  }
  cluster.crash(before)
  cluster.runFor(15)
  expect(cluster.coordinator).toBeGreaterThan(0)
  expect(cluster.state.state).toBe('Empty')
  expect(cluster.end(who, true).errorCode).toBe(Errors.INVALID_TXN_STATE)
  expect(cluster.count('corruption.found')).toBe(1)
})
