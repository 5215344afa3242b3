import type { Stream } from '../../kernel/stream.ts'
import type { Action, Target } from '../plan.ts'
import { only, pickWeighted } from './pick.ts'
import type { PartitionName, Topology } from './topology.ts'
import { somePartition } from './triggers.ts'
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

/** Who can no longer talk to whom. Null when nobody writes anything. */
export function drawPartition(topology: Topology, stream: Stream): Action | null {
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

/** Who is cut off, and from whom. Null when there is nobody to cut off. */
export function drawIsolation(topology: Topology, stream: Stream): Action | null {
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

/** Between whom connections end. Null when nobody writes anything. */
export function drawDisconnect(topology: Topology, stream: Stream): Action | null {
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
