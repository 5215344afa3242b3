import type { Stream } from '../../kernel/stream.ts'
import type { Action } from '../plan.ts'
import type { Topology } from './topology.ts'
import { somePartition } from './triggers.ts'

/** What an operator does in the middle of it all: elects the preferred leader, or makes another one preferred. */
export function drawOperation(topology: Topology, stream: Stream): Action | null {
  const at = somePartition(topology, stream)
  if (at === null || !topology.mortal) return null
  if (stream.chance(1, 2)) return { kind: 'elect-leader', partitions: [{ ...at, election: 'preferred' }] }
  // One that has no replica of it is refused, as Kafka refuses it.
  return { kind: 'move-leader', partitions: [{ ...at, to: stream.pick(topology.brokers) }] }
}
