import type { Stream } from '../kernel/stream.ts'
import type { WorldSpec } from '../spec.ts'
import { LossBudget } from './chaos/budget.ts'
import { type PatternName, PATTERNS } from './chaos/patterns.ts'
import { only, pickWeighted, range } from './chaos/pick.ts'
import { drawSingle } from './chaos/singles.ts'
import { type Topology, topologyOf } from './chaos/topology.ts'
import { somePartition } from './chaos/triggers.ts'
import { WEIGHTS } from './chaos/weights.ts'
import type { ChaosKind, ChaosSpec, PlannedFault } from './plan.ts'

/** Draws in vain after which a run has no more faults: its kinds and its budget leave nothing to draw. */
const PATIENCE = 200

/** A run's chaos, and which patterns it is made of. */
export interface DrawnChaos {
  readonly faults: readonly PlannedFault[]
  readonly patterns: readonly PatternName[]
}

/**
 * The chaos generator: draws a run's random faults from topology and budget alone. It knows neither the scenario's settings
 * and expectations nor any guarantee or anomaly. The number of faults lies within the asked range, or below it when kinds
 * and budget leave nothing to draw.
 */
export function drawChaos(chaos: ChaosSpec, spec: WorldSpec, stream: Stream): readonly PlannedFault[] {
  return drawChaosInDetail(chaos, spec, stream).faults
}

/** As {@link drawChaos}; also tells the patterns. */
export function drawChaosInDetail(chaos: ChaosSpec, spec: WorldSpec, stream: Stream): DrawnChaos {
  const topology = topologyOf(spec)
  const kinds = swarm(chaos.kinds, stream)
  const budget = new LossBudget(chaos.budget, topology)
  const wanted = range(stream, chaos.faults[0], chaos.faults[1])
  const faults: PlannedFault[] = []
  const patterns: PatternName[] = []
  for (let tries = 0; faults.length < wanted && tries < PATIENCE; tries++) {
    const pattern = pickWeighted(stream, WEIGHTS.next) === 'pattern' ? drawPattern(kinds, topology, stream) : null
    const next = pattern === null ? single(kinds, topology, faults.length > 0, stream) : pattern.faults
    if (next.length === 0 || next.length > wanted - faults.length || !budget.take(next)) continue
    if (pattern !== null) patterns.push(pattern.name)
    faults.push(...next)
  }
  return { faults, patterns }
}

/** Swarm testing: each kind is in or out for the whole run, because with everything on nothing gets far. */
function swarm(kinds: readonly ChaosKind[], stream: Stream): readonly ChaosKind[] {
  const chosen = kinds.filter(() => stream.chance(1, 2))
  return chosen.length > 0 || kinds.length === 0 ? chosen : [stream.pick(kinds)]
}

function single(
  kinds: readonly ChaosKind[],
  topology: Topology,
  afterFaults: boolean,
  stream: Stream,
): readonly PlannedFault[] {
  if (kinds.length === 0) return []
  const fault = drawSingle(
    pickWeighted(
      stream,
      only(WEIGHTS.kind, (kind) => kinds.includes(kind)),
    ),
    topology,
    afterFaults,
    stream,
  )
  return fault === null ? [] : [fault]
}

function drawPattern(
  kinds: readonly ChaosKind[],
  topology: Topology,
  stream: Stream,
): { readonly name: PatternName; readonly faults: readonly PlannedFault[] } | null {
  const at = somePartition(topology, stream)
  const possible = only(WEIGHTS.pattern, (name) => {
    const pattern = PATTERNS[name]
    return (
      pattern.kinds.every((kind) => kinds.includes(kind)) &&
      topology.brokers.length >= pattern.brokers &&
      (topology.mortal || !pattern.mortal) &&
      (topology.clients.length > 0 || !pattern.clients) &&
      (topology.readers.length > 0 || pattern.about !== 'readers') &&
      (topology.memberSessionUs > 0 || pattern.about !== 'groups') &&
      (topology.storeClients.length > 0 || pattern.about !== 'stores') &&
      (topology.transactional.length > 0 || pattern.about !== 'transactions')
    )
  })
  if (at === null || Object.values(possible).every((weight) => weight === 0)) return null
  const name = pickWeighted(stream, possible)
  return { name, faults: PATTERNS[name].draw(at, topology, stream) }
}
