import type { Stream } from '../../kernel/stream.ts'
import { placeReplicas } from '../../kafka/controller/cluster-formation.ts'
import type { Action } from '../plan.ts'
import { pickWeighted, shuffled } from './pick.ts'
import type { PartitionName, Topology } from './topology.ts'
import { somePartition } from './triggers.ts'
import { WEIGHTS } from './weights.ts'

/** What an operator does in the middle of it all; null when there is nothing to operate. */
export function drawOperation(topology: Topology, stream: Stream): Action | null {
  const at = somePartition(topology, stream)
  if (at === null || !topology.mortal) return null
  const { brokers, replicas } = topology
  const kind = pickWeighted(stream, WEIGHTS.operation)
  switch (kind) {
    case 'elect-leader':
      return { kind, partitions: [{ ...at, election: 'preferred' }] }
    case 'move-leader':
      return { kind, partitions: [{ ...at, to: stream.pick(firstReplicas(at, topology)) }] }
    case 'reassign':
      return { kind, partitions: [{ ...at, to: shuffled(stream, brokers).slice(0, replicas[at.topic]) }] }
    case 'cancel':
      return { kind: 'reassign', partitions: [{ ...at, to: null }] }
  }
}

/** The brokers that have the partition from the beginning: nobody else may be asked to lead it. */
function firstReplicas({ topic, partition }: PartitionName, { brokers, replicas }: Topology): readonly string[] {
  const places = placeReplicas(Array.from(brokers.keys()), partition, replicas[topic] ?? 1)
  return places.map((place) => brokers[place] as string)
}
