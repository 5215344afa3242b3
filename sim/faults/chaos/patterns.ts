import type { Stream } from '../../kernel/stream.ts'
import { MILLISECOND, SECOND } from '../../kernel/time.ts'
import type { PlannedFault } from '../plan.ts'
import { aboveSession, drawDuration } from './durations.ts'
import { fault, type Pattern } from './pattern.ts'
import { range } from './pick.ts'
import { READER_PATTERNS } from './reader-patterns.ts'
import { drawSwizzle } from './swizzle.ts'
import type { PartitionName } from './topology.ts'
import { TRANSACTION_PATTERNS } from './transaction-patterns.ts'
import { atMoment, atTime, drawAfter, drawEarlyTime, drawNth, drawTrigger } from './triggers.ts'
import {
  ACTIVE_CONTROLLER,
  BROKERS,
  CLIENTS,
  CONTROLLERS,
  followerOf,
  followersOf,
  leaderOf,
  nodeNamed,
} from './victims.ts'
import type { WEIGHTS } from './weights.ts'

export type PatternName = keyof typeof WEIGHTS.pattern

type Trigger = PlannedFault['trigger']

function elected(at: PartitionName, stream: Stream): Trigger {
  return atMoment(
    { moment: 'leader.elected', fields: { topic: at.topic, partition: at.partition } },
    1,
    drawAfter(stream),
  )
}

export const PATTERNS: Readonly<Record<PatternName, Pattern>> = {
  ...READER_PATTERNS,
  ...TRANSACTION_PATTERNS,

  /** The leader still serves clients but loses its followers and the controller: it is deposed without knowing. */
  grayLeader: {
    kinds: ['partition'],
    brokers: 2,
    mortal: false,
    clients: false,
    draw: (at, topology, stream) => [
      fault(
        drawTrigger(topology, false, stream),
        { kind: 'partition', groups: [[leaderOf(at)], [followersOf(at), CONTROLLERS]] },
        aboveSession(topology, stream),
      ),
    ],
  },

  /** The leader dies, and so does the next one as soon as it is elected. */
  backToBackLeaders: {
    kinds: ['crash'],
    brokers: 2,
    mortal: true,
    clients: false,
    draw: (at, topology, stream) => [
      fault(
        drawTrigger(topology, false, stream),
        { kind: 'crash', target: leaderOf(at) },
        drawDuration(topology, stream),
      ),
      fault(elected(at, stream), { kind: 'crash', target: leaderOf(at) }, drawDuration(topology, stream)),
    ],
  },

  /** A link comes and goes, each time for about as long as it stays. */
  flappingLink: {
    kinds: ['isolate'],
    brokers: 2,
    mortal: false,
    clients: false,
    draw: (at, topology, stream) => {
      const peer = stream.pick([followerOf(at), CONTROLLERS, followersOf(at)])
      const beat = range(stream, 100 * MILLISECOND, topology.sessionUs)
      const first = drawEarlyTime(topology, 3 * beat, stream)
      return Array.from({ length: range(stream, 2, 4) }, (_, n) =>
        fault(
          atTime(first + n * beat),
          { kind: 'isolate', target: leaderOf(at), direction: 'both', from: peer },
          range(stream, Math.floor(beat / 4), beat),
        ),
      )
    },
  },

  /** Every broker is stopped and started in turn, with time to come back or with hardly any. */
  rollingRestart: {
    kinds: ['stop'],
    brokers: 2,
    mortal: true,
    clients: false,
    draw: (_at, topology, stream) => {
      const down = range(stream, 500 * MILLISECOND, 5 * SECOND)
      const gap =
        down + (stream.chance(1, 2) ? range(stream, 0, 500 * MILLISECOND) : range(stream, SECOND, 15 * SECOND))
      const first = drawEarlyTime(topology, gap * topology.brokers.length, stream)
      return topology.brokers.map((name, n) =>
        fault(atTime(first + n * gap), { kind: 'stop', target: nodeNamed(name) }, down),
      )
    },
  },

  /** The leader sleeps until after another has been elected, and wakes as a zombie. */
  zombieLeader: {
    kinds: ['pause'],
    brokers: 2,
    mortal: true,
    clients: false,
    draw: (at, topology, stream) => [
      fault(
        drawTrigger(topology, false, stream),
        { kind: 'pause', target: leaderOf(at) },
        aboveSession(topology, stream),
      ),
    ],
  },

  /** A follower's answer hangs in the network while others move on. */
  heldFetchReply: {
    kinds: ['delay'],
    brokers: 2,
    mortal: false,
    clients: false,
    draw: (at, topology, stream) => [
      fault(
        drawTrigger(topology, false, stream),
        {
          kind: 'delay',
          from: leaderOf(at),
          to: followerOf(at),
          api: 'Fetch',
          reply: true,
          nth: 1,
          count: range(stream, 1, 3),
          connection: 'any',
          by: { kind: 'constant', us: drawDuration(topology, stream) ?? topology.lagUs },
        },
        null,
      ),
    ],
  },

  /** A write is done but its answer is lost: the client must find out what became of it. */
  lostProduceReply: {
    kinds: ['drop'],
    brokers: 1,
    mortal: false,
    clients: true,
    draw: (at, topology, stream) => [
      fault(
        atTime(topology.workFromUs),
        {
          kind: 'drop',
          from: leaderOf(at),
          to: CLIENTS,
          api: 'Produce',
          reply: true,
          nth: drawNth(topology, stream),
          count: range(stream, 1, 2),
          connection: stream.chance(1, 2) ? 'same' : 'any',
        },
        null,
      ),
    ],
  },

  /** All brokers die at nearly the same time and come back one by one. */
  staggeredRecovery: {
    kinds: ['crash'],
    brokers: 2,
    mortal: true,
    clients: false,
    draw: (_at, topology, stream) => {
      const first = drawEarlyTime(topology, topology.sessionUs, stream)
      return topology.brokers.map((name) =>
        fault(
          atTime(first + stream.below(200 * MILLISECOND)),
          { kind: 'crash', target: nodeNamed(name) },
          range(stream, 100 * MILLISECOND, 2 * topology.sessionUs),
        ),
      )
    },
  },

  /** The leader dies while the controller is down: nobody is elected until it is back, and sessions begin anew. */
  blindController: {
    kinds: ['crash'],
    brokers: 2,
    mortal: true,
    clients: false,
    draw: (at, topology, stream) => {
      const first = drawEarlyTime(topology, topology.sessionUs, stream)
      return [
        fault(atTime(first), { kind: 'crash', target: ACTIVE_CONTROLLER }, drawDuration(topology, stream)),
        fault(
          atTime(first + stream.below(SECOND)),
          { kind: 'crash', target: leaderOf(at) },
          drawDuration(topology, stream),
        ),
      ]
    },
  },

  /** A follower that can hardly write falls behind; then the leader dies. */
  slowReplica: {
    kinds: ['slow-disk', 'crash'],
    brokers: 2,
    mortal: true,
    clients: false,
    draw: (at, topology, stream) => {
      const first = drawEarlyTime(topology, topology.sessionUs, stream)
      return [
        fault(
          atTime(first),
          {
            kind: 'slow-disk',
            target: followerOf(at),
            by: { kind: 'uniform', minUs: 10 * MILLISECOND, maxUs: SECOND },
          },
          aboveSession(topology, stream),
        ),
        fault(
          atTime(first + stream.below(topology.sessionUs)),
          { kind: 'crash', target: leaderOf(at) },
          drawDuration(topology, stream),
        ),
      ]
    },
  },

  /** Brokers are cut off one by one, and come back one by one in another order. */
  swizzledPartitions: {
    kinds: ['isolate'],
    brokers: 2,
    mortal: true,
    clients: false,
    draw: (_at, topology, stream) => drawSwizzle(topology, stream),
  },

  /** The leader loses power and is back before its session ends, with less than it had: nobody has missed it (R10). */
  fastRestart: {
    kinds: ['power-loss'],
    brokers: 2,
    mortal: true,
    clients: false,
    draw: (at, topology, stream) => [
      fault(
        drawTrigger(topology, false, stream),
        { kind: 'power-loss', target: leaderOf(at) },
        range(stream, 50 * MILLISECOND, Math.floor(topology.sessionUs / 2)),
      ),
    ],
  },

  /** Every broker's host loses power at once. */
  powerOutage: {
    kinds: ['power-loss'],
    brokers: 1,
    mortal: true,
    clients: false,
    draw: (_at, topology, stream) => [
      fault(
        drawTrigger(topology, false, stream),
        { kind: 'power-loss', target: BROKERS },
        range(stream, SECOND, topology.sessionUs * 2),
      ),
    ],
  },
}
