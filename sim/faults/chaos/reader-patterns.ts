import type { Stream } from '../../kernel/stream.ts'
import { MILLISECOND, SECOND } from '../../kernel/time.ts'
import type { PlannedFault } from '../plan.ts'
import { drawDuration } from './durations.ts'
import { fault, type Pattern } from './pattern.ts'
import { pickWeighted, range } from './pick.ts'
import type { GroupOfReaders, Topology } from './topology.ts'
import { atMoment, atTime, drawAfter, drawEarlyTime, drawNth, drawTrigger, storeApi } from './triggers.ts'
import { CLIENTS, nodeNamed, STORES } from './victims.ts'
import { WEIGHTS } from './weights.ts'

type ReaderPatternName =
  | 'zombieMember'
  | 'lostCoordinator'
  | 'rollingMembers'
  | 'betweenSteps'
  | 'storeUnreachable'
  | 'lostStoreReply'

const STEPS = ['step.before-output', 'step.after-output', 'step.before-commit', 'step.after-commit'] as const

/** Patterns about what reads, about its groups, and about the stores that it writes into. */
export const READER_PATTERNS: Readonly<Record<ReaderPatternName, Pattern>> = {
  /** A member sleeps past its session, others take its partitions over, and it wakes with its work unfinished. */
  zombieMember: {
    kinds: ['pause'],
    brokers: 1,
    mortal: false,
    clients: true,
    about: 'groups',
    draw: (_at, topology, stream) => {
      const { members, sessionUs } = someGroup(topology, stream)
      const node = stream.pick(members)
      // Most of the time with records in its hands.
      const trigger = stream.chance(3, 4)
        ? atMoment({ moment: 'record.delivered', fields: { node } }, drawNth(topology, stream), drawAfter(stream))
        : drawTrigger(topology, false, stream)
      const forUs = range(stream, sessionUs, sessionUs + Math.floor(sessionUs / 4))
      return [fault(trigger, { kind: 'pause', target: nodeNamed(node) }, forUs)]
    },
  },

  /** The broker that keeps the positions dies while it is told some. */
  lostCoordinator: {
    kinds: ['crash'],
    brokers: 1,
    mortal: true,
    clients: false,
    about: 'groups',
    draw: (_at, topology, stream) => {
      const { group } = someGroup(topology, stream)
      const trigger = atMoment(drawCommit(group, stream), range(stream, 1, 20), drawAfter(stream))
      return [
        fault(trigger, { kind: 'crash', target: { kind: 'group-coordinator', group } }, drawDuration(topology, stream)),
      ]
    },
  },

  /** Every member of a group is stopped and started in turn: as many rebalances. */
  rollingMembers: {
    kinds: ['stop'],
    brokers: 1,
    mortal: false,
    clients: true,
    about: 'groups',
    draw: (_at, topology, stream) => {
      const { members } = someGroup(topology, stream)
      const down = range(stream, 100 * MILLISECOND, 3 * SECOND)
      const gap = down + range(stream, 0, 3 * SECOND)
      const first = drawEarlyTime(topology, gap * members.length, stream)
      return members.map((name, n) => fault(atTime(first + n * gap), { kind: 'stop', target: nodeNamed(name) }, down))
    },
  },

  /** An instance dies exactly between two of its own steps, where its output and its position may disagree. */
  betweenSteps: {
    kinds: ['crash'],
    brokers: 1,
    mortal: false,
    clients: true,
    about: 'readers',
    draw: (_at, topology, stream) => {
      const node = stream.pick(topology.readers)
      const trigger = atMoment({ moment: stream.pick(STEPS), fields: { node } }, drawNth(topology, stream), 0)
      return [fault(trigger, { kind: 'crash', target: nodeNamed(node) }, drawDuration(topology, stream))]
    },
  },

  /** Nobody reaches a store, or nobody hears its answers: what was written is of unknown outcome. */
  storeUnreachable: {
    kinds: ['isolate'],
    brokers: 1,
    mortal: false,
    clients: true,
    about: 'stores',
    draw: (_at, topology, stream) => [
      fault(
        drawTrigger(topology, false, stream),
        {
          kind: 'isolate',
          target: nodeNamed(stream.pick(topology.stores)),
          direction: pickWeighted(stream, WEIGHTS.direction),
          from: null,
        },
        drawDuration(topology, stream),
      ),
    ],
  },

  /** A transaction is done but its answer is lost. */
  lostStoreReply: {
    kinds: ['drop'],
    brokers: 1,
    mortal: false,
    clients: true,
    about: 'stores',
    draw: (_at, topology, stream) => [
      fault(
        atTime(topology.readFromUs),
        {
          kind: 'drop',
          from: STORES,
          to: CLIENTS,
          api: storeApi(topology, stream),
          reply: true,
          nth: drawNth(topology, stream),
          count: range(stream, 1, 2),
          connection: 'any',
        },
        null,
      ),
    ],
  },
}

function someGroup({ groups }: Topology, stream: Stream): GroupOfReaders {
  return stream.pick(groups.filter(({ group }) => group !== ''))
}

/** A commit on its way, in the coordinator's log, or answered. */
function drawCommit(group: string, stream: Stream): Extract<PlannedFault['trigger'], { kind: 'when' }>['match'] {
  const moment = stream.pick(['sent', 'answered', 'committed'])
  return moment === 'committed'
    ? { moment: 'offset.committed', fields: { group } }
    : { moment: 'request.sent', fields: { api: 'OffsetCommit', reply: moment === 'answered' } }
}
