import { alwaysFound, type Defect } from '../testing/planted.test.helper.ts'

/** Epochs, leaders and in-sync sets. */
const DEFECTS: readonly Defect[] = [
  {
    name: 'two brokers elected in one epoch',
    violates: [],
    breaks: ['leader-epoch-monotonic', 'one-leader-per-epoch'],
    spoil(world) {
      const [other] = world.followers()
      world.h.elect(other as number, world.epoch, ++world.partitionEpoch, world.isr)
    },
    end: 'max-events',
  },
  {
    name: 'a broker that leads without being elected',
    violates: [],
    breaks: ['one-leader-per-epoch'],
    spoil(world) {
      const other = world.followers()[0] as number
      world.h.began(other, world.epoch, world.end(other), world.highWatermark(other), world.isr, world.partitionEpoch)
    },
    end: 'max-events',
  },
  {
    name: 'a leader epoch that goes back',
    violates: [],
    // Another broker led in it.
    breaks: ['leader-epoch-monotonic', 'one-leader-per-epoch'],
    spoil(world) {
      world.failOver()
      world.h.elect(world.leader, world.epoch - 1, ++world.partitionEpoch, world.isr)
    },
    end: 'max-events',
  },
  {
    name: 'a partition epoch that goes back',
    violates: [],
    breaks: ['partition-epoch-monotonic'],
    spoil: (world) => void world.h.isr(world.isr, world.partitionEpoch, world.epoch),
    end: 'max-events',
  },
  {
    name: 'a leader outside of its in-sync set',
    violates: [],
    breaks: ['leader-in-isr'],
    spoil(world) {
      const isr = world.followers()
      world.h.elect(world.leader, world.epoch + 1, ++world.partitionEpoch, isr)
    },
    end: 'max-events',
  },
  {
    name: 'a stranger in the in-sync set',
    // It holds nothing.
    violates: ['replica-agreement: diverged-replicas'],
    breaks: ['electable-hold-committed', 'isr-within-replicas'],
    spoil: (world) => void world.h.isr([...world.isr, 5], ++world.partitionEpoch, world.epoch),
    end: 'max-events',
  },
  {
    name: 'a fenced broker that is elected',
    violates: [],
    breaks: ['leader-eligible'],
    spoil(world) {
      const next = world.followers()[0] as number
      world.h.fenced(next).elect(next, world.epoch + 1, ++world.partitionEpoch, world.isr)
    },
    end: 'max-events',
  },
  {
    name: 'a fenced broker that comes into the in-sync set',
    violates: [],
    breaks: ['isr-member-eligible'],
    spoil(world) {
      world.loseFollower(true)
      const isr = world.h.brokers
      world.h.isr(isr, ++world.partitionEpoch, world.epoch)
    },
    end: 'max-events',
  },
]

alwaysFound(DEFECTS)
