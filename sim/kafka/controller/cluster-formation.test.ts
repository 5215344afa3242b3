import { describe, expect, test } from 'vitest'
import { tpOf } from '../../history/ids.ts'
import { formCluster, placeReplicas } from './cluster-formation.ts'
import { topicConfig } from './harness.test.support.ts'
import { ControllerDisk } from './metadata-log.ts'
import { ControllerView } from './view.ts'

const topic = {
  name: 'orders',
  topicId: 7,
  partitions: 4,
  replicationFactor: 2,
  config: topicConfig({ 'min.insync.replicas': 2 }),
}

describe('formCluster', () => {
  test('leaders go round the brokers and the other replicas follow in order', () => {
    expect([0, 1, 2, 3].map((partition) => placeReplicas([1, 2, 3], partition, 3))).toEqual([
      [1, 2, 3],
      [2, 3, 1],
      [3, 1, 2],
      [1, 2, 3],
    ])
  })

  test('every broker is registered at the offset of its record, unfenced, in its first incarnation', () => {
    const records = formCluster({ brokers: [1, 2, 3], topics: [topic] })
    const brokers = records.flatMap((record, offset) =>
      record.type === 'RegisterBrokerRecord' ? [{ ...record, offset }] : [],
    )
    expect(brokers.map(({ brokerId }) => brokerId)).toEqual([1, 2, 3])
    for (const { brokerEpoch, offset, fenced, incarnationId } of brokers) {
      expect([brokerEpoch, fenced, incarnationId]).toEqual([offset, false, 1])
    }
  })

  test('every replica is in sync and the first one leads', () => {
    const disk = new ControllerDisk()
    disk.append(formCluster({ brokers: [1, 2, 3], topics: [topic] }))
    const view = new ControllerView(disk)
    expect([0, 1, 2, 3].map((partition) => view.leaderOf(tpOf(7, partition)))).toEqual([1, 2, 3, 1])
    expect(view.isrOf(tpOf(7, 2))).toEqual([3, 1])
    expect(view.replicasOf(tpOf(7, 2))).toEqual([3, 1])
  })

  test('too few brokers are an error that says so', () => {
    expect(() => formCluster({ brokers: [1], topics: [topic] })).toThrow(/replication factor 2 .* there are 1/)
  })
})

describe('ControllerView', () => {
  test('knows nothing of unknown partitions and forgets a wiped cluster', () => {
    const disk = new ControllerDisk()
    disk.append(formCluster({ brokers: [1, 2], topics: [topic] }))
    const view = new ControllerView(disk)
    expect([view.leaderOf(tpOf(7, 9)), view.leaderOf(tpOf(8, 0)), view.isrOf(tpOf(8, 0))]).toEqual([-1, -1, []])
    expect(view.leaderOf(tpOf(7, 0))).toBe(1)
    disk.wipe()
    expect([view.leaderOf(tpOf(7, 0)), view.activeController()]).toEqual([-1, -1])
  })
})
