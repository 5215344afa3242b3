import type { Stream } from '../../kernel/stream.ts'
import type { Action } from '../plan.ts'
import { pickWeighted, shuffled } from './pick.ts'
import type { Topology } from './topology.ts'
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
      // One that has no replica of it is refused, as Kafka refuses it.
      return { kind, partitions: [{ ...at, to: stream.pick(brokers) }] }
    case 'reassign':
      return { kind, partitions: [{ ...at, to: shuffled(stream, brokers).slice(0, replicas[at.topic]) }] }
    case 'cancel':
      return { kind: 'reassign', partitions: [{ ...at, to: null }] }
  }
}
