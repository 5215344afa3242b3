import { alwaysFound, type Defect } from '../testing/planted.test.helper.ts'
import type { ReplicatedLog } from '../testing/replicated-log.test.helper.ts'

function follower(world: ReplicatedLog): number {
  return world.followers()[0] as number
}

/** Logs, high watermarks and answers. */
const DEFECTS: readonly Defect[] = [
  {
    name: 'a follower with another batch at the same place',
    violates: ['replica-agreement: diverged-replicas'],
    breaks: ['log-matching'],
    spoil(world, size) {
      const [one, other] = [world.send(size), world.send(size)]
      world.append(world.leader, one)
      world.append(follower(world), other)
    },
    end: 'max-events',
  },
  {
    name: 'a gap between two batches',
    violates: [],
    breaks: ['offsets-contiguous'],
    spoil(world, size) {
      const batch = world.send(size)
      world.h.appended(world.leader, batch.number, world.end(world.leader) + 1, world.epoch, size)
    },
    end: 'max-events',
  },
  {
    name: 'an append by a process that is down',
    violates: [],
    breaks: ['no-append-while-down'],
    spoil(world, size) {
      const node = follower(world)
      world.loseFollower(true)
      world.append(node, { ...world.send(size), epoch: world.epoch })
    },
    end: 'max-events',
  },
  {
    name: 'a high watermark ahead of the followers',
    violates: ['replica-agreement: diverged-replicas'],
    breaks: ['electable-hold-committed', 'hw-covered-by-isr'],
    spoil(world, size) {
      world.append(world.leader, world.send(size))
      world.h.high(world.leader, world.end(world.leader), world.epoch)
    },
    end: 'max-events',
  },
  {
    name: 'a high watermark that moves below min ISR',
    violates: [],
    // Those who left are still eligible (KIP-966), and lack it.
    breaks: ['electable-hold-committed', 'hw-not-below-min-isr'],
    spoil(world, size) {
      world.loseFollower(true)
      world.loseFollower(true)
      world.append(world.leader, world.send(size))
      world.h.high(world.leader, world.end(world.leader), world.epoch)
    },
    end: 'max-events',
  },
  {
    name: 'a high watermark that goes back',
    violates: [],
    breaks: ['leader-hw-monotonic'],
    spoil: (world) => void world.h.high(world.leader, world.highWatermark(world.leader) - 1, world.epoch),
    end: 'max-events',
  },
  {
    name: "a follower's high watermark that no leader had",
    violates: [],
    breaks: ['follower-hw-from-leader'],
    spoil(world, size) {
      const batch = world.send(size)
      world.append(world.leader, batch)
      world.append(follower(world), batch)
      world.h.high(follower(world), world.end(follower(world)), world.epoch, false)
    },
    end: 'max-events',
  },
  {
    name: "a follower's high watermark beyond its log",
    violates: [],
    breaks: ['follower-hw-from-leader', 'hw-within-log'],
    spoil: (world, size) => void world.h.high(follower(world), world.end(follower(world)) + size, world.epoch, false),
    end: 'max-events',
  },
  {
    name: 'a member of the in-sync set that lost what was committed',
    violates: ['replica-agreement: diverged-replicas'],
    breaks: ['electable-hold-committed'],
    spoil(world, size) {
      const node = follower(world)
      const end = world.end(node)
      world.h.truncated(node, end - 1, end)
      world.begin(size, 0)
      // The other followers are in sync, and this one counts as if it were.
      for (const other of world.followers())
        if (other !== node) world.append(other, world.log(world.leader).at(-1) as never)
      for (const other of world.followers()) world.h.fetched(world.leader, other, world.end(world.leader), world.epoch)
      world.h.high(world.leader, world.end(world.leader), world.epoch)
    },
    end: 'max-events',
  },
  {
    name: 'an answer ahead of the high watermark',
    violates: [],
    breaks: ['ack-after-hw'],
    spoil(world, size) {
      const offset = world.end(world.leader)
      const batch = world.send(size)
      world.append(world.leader, batch)
      world.h.answered(world.leader, batch.number, offset)
      for (const [index, record] of batch.records.entries()) world.h.acked(record, offset + index)
    },
    end: 'max-events',
  },
  {
    name: 'an answer for what the leader does not have',
    violates: [],
    breaks: ['ack-after-append'],
    spoil(world, size) {
      const batch = world.send(size)
      world.h.answered(world.leader, batch.number, world.end(world.leader))
    },
    end: 'max-events',
  },
]

alwaysFound(DEFECTS)
