import type { Stream } from '../../kernel/stream.ts'
import { MILLISECOND } from '../../kernel/time.ts'
import type { PlannedFault } from '../plan.ts'
import { fault } from './pattern.ts'
import { range, shuffled } from './pick.ts'
import type { Topology } from './topology.ts'
import { atTime, drawEarlyTime } from './triggers.ts'
import { nodeNamed } from './victims.ts'

/**
 * Some of the cluster's nodes are cut off one by one, and come back one by one in another order: every subset of them is alone with
 * what it knows for a while, and no two agree on who has been away. FoundationDB's testers named it.
 */
export function drawSwizzle(topology: Topology, stream: Stream): readonly PlannedFault[] {
  const { brokers, controllers } = topology
  const nodes = controllers.length > 1 ? [...brokers, ...controllers] : brokers
  const cut = shuffled(stream, nodes).slice(0, range(stream, 2, nodes.length))
  const healed = shuffled(stream, cut)
  const beat = range(stream, 50 * MILLISECOND, topology.sessionUs)
  const first = drawEarlyTime(topology, 2 * beat * cut.length, stream)
  const allCut = (cut.length - 1) * beat
  return cut.map((name, place) => {
    const cutAfter = place * beat
    const healedAfter = allCut + (healed.indexOf(name) + 1) * beat
    const action = { kind: 'isolate', target: nodeNamed(name), direction: 'both', from: null } as const
    return fault(atTime(first + cutAfter), action, healedAfter - cutAfter)
  })
}
