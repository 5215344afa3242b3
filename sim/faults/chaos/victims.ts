import type { Stream } from '../../kernel/stream.ts'
import type { Target } from '../plan.ts'
import { only, pickWeighted } from './pick.ts'
import { somePartition } from './triggers.ts'
import type { PartitionName, Topology } from './topology.ts'
import { WEIGHTS } from './weights.ts'

export const BROKERS: Target = { kind: 'role', role: 'brokers' }
export const CONTROLLERS: Target = { kind: 'role', role: 'controllers' }
export const CLIENTS: Target = { kind: 'role', role: 'clients' }
export const REST: Target = { kind: 'role', role: 'rest' }
export const ACTIVE_CONTROLLER: Target = { kind: 'active-controller' }

export function leaderOf(at: PartitionName): Target {
  return { kind: 'leader', topic: at.topic, partition: at.partition }
}
export function followerOf(at: PartitionName): Target {
  return { kind: 'follower', topic: at.topic, partition: at.partition }
}
export function followersOf(at: PartitionName): Target {
  return { kind: 'followers', topic: at.topic, partition: at.partition }
}
export function nodeNamed(name: string): Target {
  return { kind: 'node', name }
}

/** All stores outside of Kafka. */
export const STORES: Target = { kind: 'role', role: 'stores' }

/** The broker that keeps the positions of some group; null when no group keeps any. */
export function someCoordinator(topology: Topology, stream: Stream): Target | null {
  const groups = topology.groups.filter(({ group }) => group !== '')
  return groups.length === 0 ? null : { kind: 'group-coordinator', group: stream.pick(groups).group }
}

/** The broker that keeps some transactional id: some broker, when the ids are not known before the run. */
export function someTransactionCoordinator({ transactionalIds }: Topology, stream: Stream): Target {
  if (transactionalIds.length === 0) return { kind: 'any', of: [BROKERS] }
  return { kind: 'transaction-coordinator', transactionalId: stream.pick(transactionalIds) }
}

/** Which nodes a fault may hit. */
export interface Victims {
  readonly controllers: boolean
  readonly clients: boolean
  readonly stores: boolean
}

/** Somebody to hit; null when nobody may be hit. */
export function drawVictim(topology: Topology, may: Victims, stream: Stream): Target | null {
  const partition = somePartition(topology, stream)
  const weights = only(WEIGHTS.victim, (role) => {
    switch (role) {
      case 'leader':
      case 'follower':
        return topology.mortal && partition !== null && (role === 'leader' || topology.brokers.length > 1)
      case 'broker':
        return topology.mortal
      case 'controller':
        return topology.mortal && may.controllers
      case 'client':
        return may.clients && topology.clients.length > 0
      case 'reader':
        return may.clients && topology.readers.length > 0
      case 'coordinator':
        return topology.mortal && topology.memberSessionUs > 0
      case 'transactionCoordinator':
        return topology.mortal && topology.transactional.length > 0
      case 'store':
        return may.stores && topology.stores.length > 0
    }
  })
  if (Object.values(weights).every((weight) => weight === 0)) return null
  switch (pickWeighted(stream, weights)) {
    case 'leader':
      return leaderOf(partition as PartitionName)
    case 'follower':
      return followerOf(partition as PartitionName)
    case 'broker':
      return nodeNamed(stream.pick(topology.brokers))
    case 'controller':
      return topology.controllers.length > 1 && stream.chance(1, 3)
        ? nodeNamed(stream.pick(topology.controllers))
        : ACTIVE_CONTROLLER
    case 'client':
      return nodeNamed(stream.pick(topology.clients))
    case 'reader':
      return someReader(topology, stream)
    case 'coordinator':
      return someCoordinator(topology, stream)
    case 'transactionCoordinator':
      return someTransactionCoordinator(topology, stream)
    case 'store':
      return nodeNamed(stream.pick(topology.stores))
  }
}

/** One instance of what reads, or all of an application. */
function someReader(topology: Topology, stream: Stream): Target {
  return pickWeighted(stream, WEIGHTS.readers) === 'one'
    ? nodeNamed(stream.pick(topology.readers))
    : { kind: 'application', name: stream.pick(topology.readingApplications) }
}
