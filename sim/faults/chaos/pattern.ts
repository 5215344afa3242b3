import type { Stream } from '../../kernel/stream.ts'
import type { Action, ChaosKind, PlannedFault } from '../plan.ts'
import type { PartitionName, Topology } from './topology.ts'

/** Faults that belong together: what single faults would hardly ever come upon. */
export interface Pattern {
  readonly kinds: readonly ChaosKind[]
  /** Fewest brokers with which it makes sense. */
  readonly brokers: number
  /** Whether nodes of the cluster fail in it, which a perfect cluster's never do. */
  readonly mortal: boolean
  /** Whether it is about a client. */
  readonly clients: boolean
  /** What else there must be: readers, groups of them, stores that are written to, or transactions. */
  readonly about?: 'readers' | 'groups' | 'stores' | 'transactions'
  draw(at: PartitionName, topology: Topology, stream: Stream): readonly PlannedFault[]
}

/** A fault of the generator. */
export function fault(trigger: PlannedFault['trigger'], action: Action, forUs: number | null): PlannedFault {
  return { entry: -1, trigger, action, forUs }
}
