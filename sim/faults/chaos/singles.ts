import type { Stream } from '../../kernel/stream.ts'
import { MILLISECOND, SECOND } from '../../kernel/time.ts'
import type { Action, ChaosKind, PlannedFault, StreamMatch, Target } from '../plan.ts'
import { drawDuration } from './durations.ts'
import { only, pickWeighted, range } from './pick.ts'
import type { PartitionName, Topology } from './topology.ts'
import { drawTrigger, somePartition, storeApi } from './triggers.ts'
import {
  ACTIVE_CONTROLLER,
  BROKERS,
  CLIENTS,
  CONTROLLERS,
  drawVictim,
  followerOf,
  followersOf,
  leaderOf,
  nodeNamed,
  REST,
  someCoordinator,
  someTransactionCoordinator,
  STORES,
} from './victims.ts'
import { WEIGHTS } from './weights.ts'

/** One fault of a kind, on its own; null when this world has nothing that it could hit. */
export function drawSingle(
  kind: ChaosKind,
  topology: Topology,
  afterFaults: boolean,
  stream: Stream,
): PlannedFault | null {
  const action = drawAction(kind, topology, stream)
  if (action === null) return null
  const trigger = drawTrigger(topology, afterFaults, stream)
  return { entry: -1, trigger, action, forUs: action.kind === 'disconnect' ? null : drawDuration(topology, stream) }
}

function drawAction(kind: ChaosKind, topology: Topology, stream: Stream): Action | null {
  const severalControllers = topology.controllers.length > 1
  switch (kind) {
    case 'crash':
    case 'stop':
    case 'pause': {
      // A store is no part of the system under test: it may be gone for a while, and never loses what it has.
      const stores = kind !== 'stop'
      const target = drawVictim(topology, { controllers: true, clients: true, stores }, stream)
      return target === null ? null : { kind, target }
    }
    case 'power-loss': {
      // Controllers flush what counts; of a single one there is nothing else on the disk.
      const target = drawVictim(topology, { controllers: severalControllers, clients: true, stores: false }, stream)
      return target === null ? null : { kind, target }
    }
    case 'wipe-disk': {
      // A controller's metadata log is never lost: a voter without it votes as if it had never had one (KAFKA-12460).
      const target = drawVictim(topology, { controllers: false, clients: false, stores: false }, stream)
      return target === null ? null : { kind, target }
    }
    case 'slow-disk': {
      const target = drawVictim(topology, { controllers: severalControllers, clients: false, stores: false }, stream)
      return target === null
        ? null
        : {
            kind,
            target,
            by: { kind: 'uniform', minUs: MILLISECOND, maxUs: range(stream, 5 * MILLISECOND, 2 * SECOND) },
          }
    }
    case 'partition':
      return drawPartition(topology, stream)
    case 'isolate':
      return drawIsolation(topology, stream)
    case 'delay': {
      const match = drawMessages(topology, stream)
      if (match === null) return null
      const lengthUs = drawDuration(topology, stream) ?? topology.lagUs
      return { kind, by: { kind: 'constant', us: lengthUs }, ...match }
    }
    case 'drop': {
      const match = drawMessages(topology, stream)
      return match === null ? null : { kind, ...match }
    }
    case 'disconnect':
      return drawDisconnect(topology, stream)
  }
}

function drawPartition(topology: Topology, stream: Stream): Action | null {
  const at = somePartition(topology, stream)
  if (at === null) return null
  const { clients } = topology
  const several = topology.brokers.length > 1
  const split = pickWeighted(
    stream,
    only(WEIGHTS.split, (name) => {
      switch (name) {
        case 'leaderFromAll':
        case 'controllerFromBrokers':
          return true
        case 'leaderFromFollowers':
        case 'followerFromAll':
          return several
        case 'minority':
          return topology.brokers.length > 2
        case 'clientFromLeader':
        case 'clientsFromBrokers':
          return clients.length > 0
        case 'readerFromCoordinator':
          return topology.memberSessionUs > 0
        case 'readersFromStores':
          return topology.storeClients.length > 0
        case 'activeControllerFromAll':
        case 'someControllersFromAll':
          return topology.controllers.length > 1
      }
    }),
  )
  return { kind: 'partition', groups: groupsOf(split, at, topology, stream) }
}

function groupsOf(
  split: keyof typeof WEIGHTS.split,
  at: PartitionName,
  topology: Topology,
  stream: Stream,
): readonly (readonly Target[])[] {
  switch (split) {
    case 'leaderFromAll':
      return [[leaderOf(at)], [REST]]
    case 'leaderFromFollowers':
      return [[leaderOf(at)], [followersOf(at)]]
    case 'minority':
      return [[{ kind: 'minority', of: 'brokers' }], [REST]]
    case 'clientFromLeader':
      return [[nodeNamed(stream.pick(topology.clients))], [leaderOf(at)]]
    case 'controllerFromBrokers':
      return [[CONTROLLERS], [BROKERS]]
    case 'clientsFromBrokers':
      return [[CLIENTS], [BROKERS]]
    case 'followerFromAll':
      return [[followerOf(at)], [REST]]
    case 'readerFromCoordinator': {
      const { group, members } = stream.pick(topology.groups.filter(({ group }) => group !== ''))
      return [[nodeNamed(stream.pick(members))], [{ kind: 'group-coordinator', group }]]
    }
    case 'readersFromStores':
      return [[nodeNamed(stream.pick(topology.storeClients))], [STORES]]
    case 'activeControllerFromAll':
      return [[ACTIVE_CONTROLLER], [REST]]
    case 'someControllersFromAll':
      return [[{ kind: 'minority', of: 'controllers' }], [REST]]
  }
}

function drawIsolation(topology: Topology, stream: Stream): Action | null {
  const at = somePartition(topology, stream)
  const target = drawVictim(topology, { controllers: true, clients: true, stores: true }, stream)
  if (target === null || at === null) return null
  return {
    kind: 'isolate',
    target,
    direction: pickWeighted(stream, WEIGHTS.direction),
    from: isolatedFrom(at, target, topology, stream),
  }
}

function isolatedFrom(at: PartitionName, target: Target, topology: Topology, stream: Stream): Target | null {
  const named = target.kind === 'node' || target.kind === 'application' ? target.name : ''
  if (topology.stores.includes(named)) return stream.chance(1, 2) ? null : CLIENTS
  if (topology.readers.includes(named) || topology.readingApplications.includes(named))
    return readerIsolatedFrom(at, topology, stream)
  // From whom a broker may be cut off; others are cut off from the leader or from everybody.
  const isBroker = target.kind === 'leader' || (target.kind === 'node' && target.name.startsWith('broker-'))
  if (!isBroker) return stream.chance(1, 2) ? null : leaderOf(at)
  switch (pickWeighted(stream, WEIGHTS.isolatedFrom)) {
    case 'everybody':
      return null
    case 'controller':
      return CONTROLLERS
    case 'followers':
      return followersOf(at)
    case 'clients':
      return CLIENTS
  }
}

function readerIsolatedFrom(at: PartitionName, topology: Topology, stream: Stream): Target | null {
  const from = pickWeighted(
    stream,
    only(WEIGHTS.readerIsolatedFrom, (name) => name !== 'stores' || topology.stores.length > 0),
  )
  switch (from) {
    case 'everybody':
      return null
    case 'coordinator':
      return someCoordinator(topology, stream)
    case 'leader':
      return leaderOf(at)
    case 'stores':
      return STORES
  }
}

const OF_TRANSACTIONS: readonly (keyof typeof WEIGHTS.message)[] = [
  'endTxn',
  'endTxnReply',
  'writeTxnMarkers',
  'addPartitionsToTxn',
  'initProducerId',
]

function drawMessages(topology: Topology, stream: Stream): StreamMatch | null {
  const at = somePartition(topology, stream)
  if (at === null) return null
  const leader = leaderOf(at)
  const count = drawCount(stream)
  const rest = {
    nth: 1 + stream.below(stream.chance(1, 2) ? 3 : 20),
    count,
    connection: stream.chance(1, 4) ? 'same' : 'any',
  } as const
  const messages = only(WEIGHTS.message, (name) => {
    if (name === 'consumerFetchReply') return topology.readers.length > 0
    if (name === 'offsetCommit' || name === 'offsetCommitReply' || name === 'membership')
      return topology.memberSessionUs > 0
    if (name === 'txnOffsetCommit') return topology.offsetsInTransactions
    if (OF_TRANSACTIONS.includes(name)) return topology.transactional.length > 0
    return (name !== 'storeRequest' && name !== 'storeReply') || topology.storeClients.length > 0
  })
  switch (pickWeighted(stream, messages)) {
    case 'produce':
      return { from: CLIENTS, to: leader, api: 'Produce', reply: false, ...rest }
    case 'produceReply':
      return { from: leader, to: CLIENTS, api: 'Produce', reply: true, ...rest }
    case 'fetch':
      return { from: BROKERS, to: leader, api: 'Fetch', reply: false, ...rest }
    case 'fetchReply':
      return { from: leader, to: BROKERS, api: 'Fetch', reply: true, ...rest }
    case 'alterPartition':
      return { api: 'AlterPartition', ...oneWay(stream, BROKERS, CONTROLLERS), ...rest }
    case 'heartbeat':
      return { api: 'BrokerHeartbeat', ...oneWay(stream, leader, CONTROLLERS), ...rest }
    case 'metadata':
      return { api: 'Metadata', ...oneWay(stream, CLIENTS, BROKERS), ...rest }
    case 'any':
      return { from: leader, to: null, api: null, reply: stream.chance(1, 2), ...rest }
    case 'consumerFetchReply':
      return { from: leader, to: CLIENTS, api: 'Fetch', reply: true, ...rest }
    case 'offsetCommit':
      return { from: CLIENTS, to: BROKERS, api: 'OffsetCommit', reply: false, ...rest }
    case 'offsetCommitReply':
      return { from: BROKERS, to: CLIENTS, api: 'OffsetCommit', reply: true, ...rest }
    case 'membership': {
      const api = stream.pick(topology.membershipApis)
      return { api, ...oneWay(stream, CLIENTS, BROKERS), ...rest }
    }
    case 'storeRequest':
      return { from: CLIENTS, to: STORES, api: storeApi(topology, stream), reply: false, ...rest }
    case 'storeReply':
      return { from: STORES, to: CLIENTS, api: storeApi(topology, stream), reply: true, ...rest }
    case 'endTxn':
      return { from: CLIENTS, to: BROKERS, api: 'EndTxn', reply: false, ...rest }
    case 'endTxnReply':
      return { from: BROKERS, to: CLIENTS, api: 'EndTxn', reply: true, ...rest }
    case 'writeTxnMarkers':
      return { api: 'WriteTxnMarkers', ...oneWay(stream, BROKERS, leader), ...rest }
    case 'addPartitionsToTxn':
      // By clients, and by leaders that let the coordinator verify what they are sent (KIP-890).
      return { api: 'AddPartitionsToTxn', ...oneWay(stream, stream.pick([CLIENTS, leader]), BROKERS), ...rest }
    case 'initProducerId':
      return { api: 'InitProducerId', ...oneWay(stream, CLIENTS, BROKERS), ...rest }
    case 'txnOffsetCommit':
      return { api: 'TxnOffsetCommit', ...oneWay(stream, CLIENTS, BROKERS), ...rest }
  }
}

/** Either the request or, the other way round, its answer. */
function oneWay(stream: Stream, from: Target, to: Target): Pick<StreamMatch, 'from' | 'to' | 'reply'> {
  return stream.chance(1, 2) ? { from, to, reply: false } : { from: to, to: from, reply: true }
}

function drawCount(stream: Stream): number | null {
  switch (pickWeighted(stream, WEIGHTS.messageCount)) {
    case 'one':
      return 1
    case 'few':
      return range(stream, 2, 5)
    case 'all':
      return null
  }
}

function drawDisconnect(topology: Topology, stream: Stream): Action | null {
  const at = somePartition(topology, stream)
  if (at === null) return null
  const leader = leaderOf(at)
  const pairs: (readonly [Target, Target])[] = [
    [leader, followersOf(at)],
    [BROKERS, ACTIVE_CONTROLLER],
  ]
  if (topology.clients.length > 0) pairs.push([CLIENTS, leader], [nodeNamed(stream.pick(topology.clients)), BROKERS])
  const coordinator = someCoordinator(topology, stream)
  if (coordinator !== null) pairs.push([CLIENTS, coordinator])
  if (topology.storeClients.length > 0) pairs.push([CLIENTS, STORES])
  if (topology.transactional.length > 0)
    pairs.push([nodeNamed(stream.pick(topology.transactional)), someTransactionCoordinator(topology, stream)])
  return { kind: 'disconnect', between: stream.pick(pairs) }
}
