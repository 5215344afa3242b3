import type { Stream } from '../../kernel/stream.ts'
import type { PlannedFault } from '../plan.ts'
import { above, drawDuration } from './durations.ts'
import { fault, type Pattern } from './pattern.ts'
import { range } from './pick.ts'
import type { Topology } from './topology.ts'
import { atMoment, atTime, drawAfter, drawNth } from './triggers.ts'
import { BROKERS, CLIENTS, leaderOf, nodeNamed, someTransactionCoordinator } from './victims.ts'

type TransactionPatternName =
  | 'overtakenRequest'
  | 'lostTransactionCoordinator'
  | 'sleepingTransaction'
  | 'lostEndReply'
  | 'slowMarkers'

type Trigger = PlannedFault['trigger']

/** Patterns about transactions: their clients, their coordinators, and the markers that end them. */
export const TRANSACTION_PATTERNS: Readonly<Record<TransactionPatternName, Pattern>> = {
  /** One request hangs in the network until its client has given up on it and asked again. */
  overtakenRequest: {
    kinds: ['delay'],
    brokers: 1,
    mortal: false,
    clients: true,
    about: 'transactions',
    draw: (_at, topology, stream) => [
      fault(
        atTime(topology.workFromUs),
        {
          kind: 'delay',
          from: nodeNamed(stream.pick(topology.transactional)),
          to: BROKERS,
          api: stream.pick(requestsOf(topology)),
          reply: false,
          nth: drawNth(topology, stream),
          count: 1,
          connection: 'same',
          by: { kind: 'constant', us: range(stream, topology.requestTimeoutUs, 2 * topology.requestTimeoutUs) },
        },
        null,
      ),
    ],
  },

  /** The broker that keeps a transaction dies while it is opened, decided or ended. */
  lostTransactionCoordinator: {
    kinds: ['crash'],
    brokers: 1,
    mortal: true,
    clients: false,
    about: 'transactions',
    draw: (_at, topology, stream) => {
      const moment = stream.pick(['txn.opened', 'txn.prepared', 'txn.completed', 'marker.written'])
      const target = someTransactionCoordinator(topology, stream)
      return [fault(when(moment, topology, stream), { kind: 'crash', target }, drawDuration(topology, stream))]
    },
  },

  /** A producer sleeps in the middle of a transaction, mostly until it has been aborted for it. */
  sleepingTransaction: {
    kinds: ['pause'],
    brokers: 1,
    mortal: false,
    clients: true,
    about: 'transactions',
    draw: (_at, topology, stream) => {
      const target = nodeNamed(stream.pick(topology.transactional))
      const forUs = stream.chance(2, 3) ? above(topology.transactionUs, stream) : drawDuration(topology, stream)
      const moment = stream.pick(['txn.began', 'txn.partition-added', 'txn.ending', 'txn.prepared'])
      return [fault(when(moment, topology, stream), { kind: 'pause', target }, forUs)]
    },
  },

  /** A transaction is ended but its client is not told. */
  lostEndReply: {
    kinds: ['drop'],
    brokers: 1,
    mortal: false,
    clients: true,
    about: 'transactions',
    draw: (_at, topology, stream) => [
      fault(
        atTime(topology.workFromUs),
        {
          kind: 'drop',
          from: BROKERS,
          to: CLIENTS,
          api: 'EndTxn',
          reply: true,
          nth: drawNth(topology, stream),
          count: range(stream, 1, 2),
          connection: stream.chance(1, 2) ? 'same' : 'any',
        },
        null,
      ),
    ],
  },

  /** A decided transaction stays open in a partition, because its marker is late. */
  slowMarkers: {
    kinds: ['delay'],
    brokers: 2,
    mortal: false,
    clients: false,
    about: 'transactions',
    draw: (at, topology, stream) => [
      fault(
        atTime(topology.workFromUs),
        {
          kind: 'delay',
          from: BROKERS,
          to: leaderOf(at),
          api: 'WriteTxnMarkers',
          reply: stream.chance(1, 3),
          nth: drawNth(topology, stream),
          count: range(stream, 1, 3),
          connection: stream.chance(1, 2) ? 'same' : 'any',
          by: { kind: 'constant', us: drawDuration(topology, stream) ?? topology.sessionUs },
        },
        null,
      ),
    ],
  },
}

function when(moment: string, topology: Topology, stream: Stream): Trigger {
  return atMoment({ moment, fields: {} }, drawNth(topology, stream), drawAfter(stream))
}

/** What clients ask of brokers for their transactions. */
function requestsOf({ offsetsInTransactions }: Topology): readonly string[] {
  const always = ['Produce', 'AddPartitionsToTxn', 'EndTxn', 'InitProducerId']
  return offsetsInTransactions ? [...always, 'AddOffsetsToTxn', 'TxnOffsetCommit'] : always
}
