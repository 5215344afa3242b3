import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { tpOf } from '../../history/ids.ts'
import { cloneGraph } from '../../kernel/clone.ts'
import { MILLISECOND, ms } from '../../kernel/time.ts'
import { Api } from '../protocol/api.ts'
import { ControllerImage } from './controller-image.ts'
import { Bench, TOPIC_ID } from './harness.test.support.ts'
import type { ControllerDisk } from './metadata-log.ts'
import { NO_LEADER, type PartitionRegistration } from './partition-registration.ts'

const BROKERS = 3
const PARTITIONS = 2

/** One thing that a broker asks for, or time, or the controller's death. */
const action = fc.record({
  kind: fc.constantFrom(
    'fence',
    'unfence',
    'shutdown',
    'clean-restart',
    'unclean-restart',
    'alter',
    'ids',
    'time',
    'controller-restart',
  ),
  broker: fc.integer({ min: 1, max: BROKERS }),
  partition: fc.integer({ min: 0, max: PARTITIONS - 1 }),
  isr: fc.uniqueArray(fc.integer({ min: 1, max: BROKERS }), { minLength: 1 }),
  delay: fc.integer({ min: 1, max: 12_000 }),
})
type Action = typeof action extends fc.Arbitrary<infer T> ? T : never

/** `leaving`: brokers that asked to go; until their next life they never ask for anything else (`BrokerLifecycleManager`). */
function perform(bench: Bench, step: Action, incarnation: number, leaving: Set<number>): void {
  const { broker, partition } = step
  switch (step.kind) {
    case 'fence':
      bench.heartbeat(broker, { wantFence: true, wantShutDown: leaving.has(broker) })
      break
    case 'unfence':
      bench.heartbeat(broker, { wantShutDown: leaving.has(broker) })
      break
    case 'shutdown':
      leaving.add(broker)
      bench.heartbeat(broker, { wantShutDown: true })
      break
    case 'clean-restart':
      if (bench.register(broker, incarnation, bench.epochOf(broker)).errorCode === 0) leaving.delete(broker)
      break
    case 'unclean-restart':
      if (bench.register(broker, incarnation).errorCode === 0) leaving.delete(broker)
      break
    case 'alter':
      bench.alter(bench.view.leaderOf(tpOf(TOPIC_ID, partition)), step.isr, { partitionIndex: partition })
      break
    case 'ids':
      bench.ask(broker, Api.AllocateProducerIds, { brokerId: broker, brokerEpoch: bench.epochOf(broker) })
      break
    case 'time':
      bench.pass(ms(step.delay))
      break
    case 'controller-restart':
      bench.restart()
      break
  }
}

/** What a process knows that begins from this disk now. */
function imageOf(disk: ControllerDisk): ControllerImage {
  const image = new ControllerImage(9_000_000)
  for (let offset = 0; offset < disk.endOffset; offset++) image.replay(disk.recordAt(offset), offset)
  return image
}

/** The image that the running process has made of what it did. */
function liveImage(bench: Bench): ControllerImage {
  return (bench.controller as unknown as { readonly image: ControllerImage }).image
}

function committed(image: ControllerImage): object {
  const brokers = Array.from({ length: BROKERS }, (_, index) => image.cluster.registration(index + 1))
  return { partitions: image.topics.partitions(), brokers, producerIds: image.producerIds.blockStart }
}

function checkPartition(partition: PartitionRegistration, image: ControllerImage, elr: boolean): void {
  const { leader, isr, replicas } = partition
  if (leader !== NO_LEADER) {
    expect(isr).toContain(leader)
    expect(image.cluster.isActive(leader)).toBe(true)
  }
  if (!elr) expect([isr.length > 0, partition.elr, partition.lastKnownElr]).toEqual([true, [], []])
  if (elr) for (const broker of isr) expect(image.cluster.isActive(broker)).toBe(true)
  expect(partition.elr.filter((broker) => isr.includes(broker))).toEqual([])
  for (const broker of [...isr, ...partition.elr]) expect(replicas).toContain(broker)
  if (isr.length >= 2) expect(partition.elr).toEqual([])
}

describe('any sequence of requests', () => {
  test('a restart finds what the process knew; epochs only rise; leaders live and are in sync', () => {
    fc.assert(
      fc.property(fc.array(action, { maxLength: 40 }), fc.boolean(), fc.boolean(), (steps, elr, unclean) => {
        const topic = { 'min.insync.replicas': 2, 'unclean.leader.election.enable': unclean }
        const bench = new Bench({ brokers: BROKERS, partitions: PARTITIONS, elr, topic })
        const leaving = new Set<number>()
        let before: readonly PartitionRegistration[] = liveImage(bench).topics.partitions()
        for (const [index, step] of steps.entries()) {
          if (step.kind === 'alter' && bench.view.leaderOf(tpOf(TOPIC_ID, step.partition)) === NO_LEADER) continue
          perform(bench, step, 2 + index, leaving)
          const image = liveImage(bench)
          expect(committed(imageOf(bench.disk))).toEqual(committed(image))
          const after = image.topics.partitions()
          for (const [at, partition] of after.entries()) {
            const old = before[at] as PartitionRegistration
            expect(partition.leaderEpoch).toBeGreaterThanOrEqual(old.leaderEpoch)
            expect(partition.partitionEpoch).toBeGreaterThanOrEqual(old.partitionEpoch)
            if (partition.leader !== old.leader) expect(partition.leaderEpoch).toBeGreaterThan(old.leaderEpoch)
            checkPartition(partition, image, elr)
          }
          before = after
        }
      }),
      { numRuns: 150 },
    )
  })

  test('the sequences reach the hard situations', () => {
    const seen = new Set<string>()
    fc.assert(
      fc.property(fc.array(action, { minLength: 20, maxLength: 40 }), (steps) => {
        const bench = new Bench({ brokers: BROKERS, partitions: PARTITIONS, topic: { 'min.insync.replicas': 2 } })
        const leaving = new Set<number>()
        for (const [index, step] of steps.entries()) {
          if (step.kind === 'alter' && bench.view.leaderOf(tpOf(TOPIC_ID, step.partition)) === NO_LEADER) continue
          perform(bench, step, 2 + index, leaving)
        }
        for (const line of bench.told()) {
          if (/leader p\d -1/.test(line)) seen.add('leaderless')
          if (line.endsWith('unclean')) seen.add('last known leader')
          if (/elr \[\d/.test(line)) seen.add('eligible replicas')
          if (line.endsWith('clean')) seen.add('clean restart')
          if (line.startsWith('shutdown')) seen.add('controlled shutdown')
        }
      }),
      { numRuns: 150, seed: 7 },
    )
    expect([...seen].sort((a, b) => (a < b ? -1 : 1))).toEqual([
      'clean restart',
      'controlled shutdown',
      'eligible replicas',
      'last known leader',
      'leaderless',
    ])
  })
})

describe('the process is plain data', () => {
  test('a copy of a busy controller goes on exactly as the original', () => {
    const bench = new Bench({ partitions: PARTITIONS })
    bench.heartbeat(3, { wantFence: true })
    const connection = bench.connect(2)
    bench.send(2, connection, Api.Fetch, { replicaId: 2, maxWaitMs: 500, fetchOffset: bench.disk.endOffset })
    bench.pass(MILLISECOND)
    const copy = cloneGraph(bench)
    for (const world of [bench, copy]) world.pass(ms(15_000))
    expect(copy.told()).toEqual(bench.told())
    expect(copy.kernel.digest()).toBe(bench.kernel.digest())
    expect(committed(liveImage(copy))).toEqual(committed(liveImage(bench)))
  })
})
