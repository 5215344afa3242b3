import { describe, expect, test } from 'vitest'
import { tpOf } from '../../history/ids.ts'
import { SIGNAL_EVENT } from '../../kernel/kernel.ts'
import { METADATA_WRITTEN } from '../../network/connection.ts'
import { EVERY_OPERATION, IoOperation } from '../../storage/io-failures.ts'
import type { BrokerConfig } from '../protocol/config/broker.ts'
import { Errors } from '../protocol/errors.ts'
import type { ProduceResponse } from '../protocol/messages.ts'
import { MiniCluster } from './mini-cluster.test.support.ts'

/** Four partitions in two log directories of every broker, and a connection to broker 1. */
function twoDirectories(
  brokers = 3,
  config: Partial<BrokerConfig> = {},
): { readonly cluster: MiniCluster; readonly connection: number } {
  const cluster = new MiniCluster({ brokers, partitions: 4, broker: { ...config, 'log.dirs': '/data/a,/data/b' } })
  const connection = cluster.open(1)
  return { cluster, connection }
}

/** Where broker 1 leads a partition whose log is in the given directory. */
function ledIn(cluster: MiniCluster, directory: number): number {
  const { logs, replicas } = cluster.broker(1)
  const led = logs.directories[directory]?.logs.find(({ tp }) => replicas.partitions.get(tp)?.isLeader === true)
  if (led === undefined) throw new Error('nothing is led there')
  return led.tp & 0xffff
}

function fail(cluster: MiniCluster, broker: number, directory: number, operations = EVERY_OPERATION): void {
  cluster.disks[broker]?.directories[directory]?.failures.begin(operations)
}

function lastError(cluster: MiniCluster): number | undefined {
  const reply = cluster.client.replies.at(-1)?.body as ProduceResponse | undefined
  return reply?.partitionResponses[0]?.errorCode
}

describe('a broker with one log directory', () => {
  test('halts with the first operation that fails, after it has refused', () => {
    const cluster = new MiniCluster()
    const connection = cluster.open(1)
    fail(cluster, 1, 0, IoOperation.write)
    cluster.produce(connection, 1, 1)
    cluster.runFor(0.1)
    expect([lastError(cluster), cluster.halted]).toEqual([Errors.KAFKA_STORAGE_ERROR, [1]])
  })

  test('halts with its copy of the metadata log, which only voters flush', () => {
    const cluster = new MiniCluster()
    const written = (): void => cluster.kernel.deliver(2, SIGNAL_EVENT, METADATA_WRITTEN, 0, 0, null)
    fail(cluster, 2, 0, IoOperation.flush)
    written()
    cluster.runFor(0.1)
    expect(cluster.halted).toEqual([])
    fail(cluster, 2, 0, IoOperation.write)
    written()
    cluster.runFor(0.1)
    expect(cluster.halted).toEqual([2])
  })

  test('a follower that cannot write what it fetched halts, too', () => {
    const cluster = new MiniCluster()
    const connection = cluster.open(1)
    fail(cluster, 3, 0, IoOperation.write)
    cluster.produce(connection, 1, -1)
    cluster.runFor(0.1)
    expect([cluster.halted, cluster.log(3)]).toEqual([[3], []])
  })
})

describe('a broker that loses one of two log directories', () => {
  test('refuses what lies there and serves the rest; others take over at once, and it follows nobody there', () => {
    const { cluster, connection } = twoDirectories()
    const [here, there] = [ledIn(cluster, 0), ledIn(cluster, 1)]
    fail(cluster, 1, 1)
    cluster.produceTo(connection, 1, -1, [there])
    cluster.runFor(0.02)
    expect(lastError(cluster)).toBe(Errors.KAFKA_STORAGE_ERROR)
    cluster.produceTo(connection, 1, -1, [here])
    cluster.runFor(0.5)
    expect([lastError(cluster), cluster.halted]).toEqual([Errors.NONE, []])
    const tp = tpOf(1, there)
    expect(cluster.broker(2).metadata.partitions.get(tp)).toMatchObject({ leader: 2, isr: [2, 3], leaderEpoch: 1 })
    expect(cluster.partition(1, tp)).toMatchObject({ isOffline: true, isLeader: false, leaderId: -1 })
    expect(cluster.broker(2).replicas.partitions.get(tp)?.isLeader).toBe(true)
  })

  test('keeps refusing when the disk is whole, and has everything back after a restart', () => {
    const { cluster, connection } = twoDirectories()
    const there = ledIn(cluster, 1)
    cluster.produceTo(connection, 1, -1, [there])
    cluster.runFor(0.1)
    fail(cluster, 1, 1)
    cluster.produceTo(connection, 1, 1, [there])
    cluster.runFor(0.1)
    cluster.disks[1]?.directories[1]?.failures.end(EVERY_OPERATION)
    cluster.produceTo(connection, 1, 1, [there])
    cluster.runFor(0.1)
    expect(lastError(cluster)).toBe(Errors.KAFKA_STORAGE_ERROR)
    expect(cluster.stop(1, 10)).toBeGreaterThan(0)
    cluster.startBroker(1)
    cluster.runFor(15)
    const tp = tpOf(1, there)
    expect(cluster.broker(2).metadata.partitions.get(tp)).toMatchObject({ leader: 2, isr: [2, 3, 1] })
    expect(cluster.partition(1, tp).log.logEndOffset).toBe(1)
  })

  test('that starts while it still fails makes no new log for what lies there, and cannot be elected', () => {
    const { cluster, connection } = twoDirectories(1)
    const [here, there] = [ledIn(cluster, 0), ledIn(cluster, 1)]
    cluster.produceTo(connection, 1, 1, [there])
    cluster.runFor(0.1)
    fail(cluster, 1, 1)
    cluster.crash(1)
    cluster.startBroker(1)
    cluster.runFor(15)
    const { metadata, logs } = cluster.broker(1)
    expect(metadata.partitions.get(tpOf(1, there))).toMatchObject({ leader: -1 })
    expect(metadata.partitions.get(tpOf(1, here))).toMatchObject({ leader: 1, isr: [1] })
    expect([logs.get(tpOf(1, there)), logs.offlineReplicas().includes(tpOf(1, there))]).toEqual([undefined, true])
    cluster.disks[1]?.directories[1]?.failures.end(EVERY_OPERATION)
    cluster.crash(1)
    cluster.startBroker(1)
    cluster.runFor(15)
    expect(cluster.broker(1).metadata.partitions.get(tpOf(1, there))).toMatchObject({ leader: 1 })
    expect(cluster.partition(1, tpOf(1, there)).log.logEndOffset).toBe(1)
  })

  test('that the controller does not hear of in time ends its broker', () => {
    const exitedAfter = (seconds: number): readonly number[] => {
      const { cluster, connection } = twoDirectories(3, { 'controlled.shutdown.enable': false })
      cluster.isolate(1, [0])
      fail(cluster, 1, 1)
      cluster.produceTo(connection, 1, 1, [ledIn(cluster, 1)])
      cluster.runFor(seconds)
      cluster.heal(1, [0])
      cluster.runFor(40)
      return cluster.exited
    }
    expect([exitedAfter(20), exitedAfter(45)]).toEqual([[], [1]])
  })

  test('halts when it is the one with the metadata log', () => {
    const { cluster, connection } = twoDirectories()
    fail(cluster, 1, 0)
    cluster.produceTo(connection, 1, 1, [ledIn(cluster, 0)])
    cluster.runFor(0.1)
    expect(cluster.halted).toEqual([1])
  })
})
