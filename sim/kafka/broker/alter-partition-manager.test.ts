import { expect, test } from 'vitest'
import type { ClientRequest } from '../client/network-client.ts'
import { Errors } from '../protocol/errors.ts'
import type { AlterPartitionRequest, AlterPartitionResponse } from '../protocol/messages.ts'
import { AlterPartitionManager } from './alter-partition-manager.ts'
import type { ControllerChannel } from './controller-channel.ts'
import type { AlterIsr } from './partition.ts'
import { LoneReplica } from './partition.test.support.ts'

/** A manager whose controller is the test. */
class Manager {
  readonly sent: AlterPartitionRequest[] = []
  readonly retries: number[] = []
  readonly answered: number[] = []
  readonly manager: AlterPartitionManager
  isReady = true

  constructor() {
    const channel = {
      brokerEpoch: 101,
      ready: () => this.isReady,
      send: (_api: number, body: AlterPartitionRequest) => this.sent.push(body),
    }
    const env = { setTimer: (_kind: number, delay: number) => this.retries.push(delay) }
    this.manager = new AlterPartitionManager(env as never, channel as unknown as ControllerChannel, 1, {
      onIsrAnswered: (tp) => this.answered.push(tp),
    })
  }

  /** The controller answers for orders-0. */
  answer(errorCode: number, partitionEpoch = 1): void {
    const request = this.sent.at(-1) as AlterPartitionRequest
    const partitions = request.partitions.map((data) => ({
      topicId: data.topicId,
      partitionIndex: data.partitionIndex,
      errorCode,
      leaderId: 1,
      leaderEpoch: data.leaderEpoch,
      isr: data.newIsrWithEpochs.map((member) => member.brokerId),
      leaderRecoveryState: 0 as const,
      partitionEpoch,
    }))
    this.respond({ errorCode: Errors.NONE, partitions })
  }

  respond(body: AlterPartitionResponse | null): void {
    this.manager.onCompletion({} as ClientRequest, body, body === null ? 'disconnected' : 'response')
  }
}

function leader(): LoneReplica {
  const replica = new LoneReplica()
  replica.lead(1, 0, [1, 2])
  return replica
}

function expand(replica: LoneReplica, brokerEpoch = 103): AlterIsr {
  return replica.fetch(3, replica.log.logEndOffset, { brokerEpoch }).expansions[0] as AlterIsr
}

test('one request at a time, with the epochs of its members', () => {
  const { manager, sent } = new Manager()
  manager.submit(expand(leader()))
  expect(sent).toHaveLength(1)
  expect(sent[0]?.brokerEpoch).toBe(101)
  expect(sent[0]?.partitions[0]).toMatchObject({ leaderEpoch: 1, partitionEpoch: 0, leaderRecoveryState: 0 })
  expect(sent[0]?.partitions[0]?.newIsrWithEpochs).toEqual([
    { brokerId: 1, brokerEpoch: 101 },
    { brokerId: 2, brokerEpoch: 102 },
    { brokerId: 3, brokerEpoch: 103 },
  ])
})

test('an accepted change is told and makes room for the next', () => {
  const world = new Manager()
  const replica = leader()
  world.manager.submit(expand(replica))
  world.answer(Errors.NONE)
  expect(replica.partition.isr).toEqual([1, 2, 3])
  expect(world.answered).toEqual([replica.partition.tp])
  replica.lead(1, 2, [1, 2])
  world.manager.submit(expand(replica))
  expect(world.sent).toHaveLength(2)
})

test('what the controller did not answer is sent again, unchanged, though the replica lives anew by now (R12)', () => {
  const world = new Manager()
  const replica = leader()
  world.manager.submit(expand(replica))
  world.respond(null)
  expect(world.retries).toHaveLength(1)
  replica.register(3, 200)
  replica.fetch(3, 0, { brokerEpoch: 200 })
  world.manager.maybePropagate()
  expect(world.sent).toHaveLength(2)
  expect(world.sent[1]).toEqual(world.sent[0])
})

test.each([Errors.STALE_BROKER_EPOCH, Errors.NOT_CONTROLLER])(
  'the whole request refused with %i: again',
  (errorCode) => {
    const world = new Manager()
    world.manager.submit(expand(leader()))
    world.respond({ errorCode, partitions: [] })
    world.manager.maybePropagate()
    expect(world.sent).toHaveLength(2)
  },
)

test('a change that waited for the controller to be reached goes out when it is', () => {
  const world = new Manager()
  world.isReady = false
  world.manager.submit(expand(leader()))
  expect(world.sent).toHaveLength(0)
  world.isReady = true
  world.manager.maybePropagate()
  expect(world.sent).toHaveLength(1)
})

test('a change while an older one of the partition is unanswered is taken back, and can be proposed afterwards', () => {
  const world = new Manager()
  const replica = leader()
  world.manager.submit(expand(replica))
  // Metadata overtakes the answer: the leader begins anew with the set of the controller.
  replica.lead(1, 1, [1, 2])
  world.manager.submit(expand(replica))
  expect(replica.partition.pending).toBeNull()
  world.answer(Errors.INVALID_UPDATE_VERSION)
  const again = expand(replica)
  expect(again.isr).toEqual([1, 2, 3])
  world.manager.submit(again)
  expect(world.sent).toHaveLength(2)
  world.answer(Errors.NONE, 2)
  expect(replica.partition.isr).toEqual([1, 2, 3])
})

test('a refused change is told, so that what waits for the set is looked at', () => {
  const world = new Manager()
  const replica = leader()
  world.manager.submit(expand(replica))
  world.answer(Errors.INELIGIBLE_REPLICA)
  expect(world.answered).toEqual([replica.partition.tp])
  expect(world.retries).toEqual([])
  expect(replica.partition.pending).toBeNull()
})

test('who leads no more has nothing to propose', () => {
  const world = new Manager()
  const replica = leader()
  world.isReady = false
  world.manager.submit(expand(replica))
  replica.follow(2, 2, 1)
  world.manager.forget(replica.partition.tp)
  world.isReady = true
  world.manager.maybePropagate()
  expect(world.sent).toHaveLength(0)
})
