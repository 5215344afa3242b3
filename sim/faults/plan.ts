import type { MomentMatch } from '../history/match.ts'
import type { TopicConfigChange } from '../kafka/protocol/config/topic.ts'
import type { Spread } from '../kernel/spread.ts'

/**
 * Faults as data. A scenario's `faults:` are {@link FaultEntry}s with spreads and alternatives; before a run they are drawn
 * into {@link PlannedFault}s, where every time and every random alternative is fixed. Symbolic targets such as
 * `leader(orders-0)` stay symbolic: they are resolved when the fault fires.
 */
export interface FaultEntry {
  readonly trigger: Trigger
  readonly action: Action
  /** How long the fault lasts; null = until healing. */
  readonly for: Spread | null
}

export type Trigger =
  | { readonly kind: 'at'; readonly at: Spread }
  /** Again and again, `times` times or until the work is done. */
  | { readonly kind: 'every'; readonly every: Spread; readonly times: number | null }
  | { readonly kind: 'between'; readonly fromUs: number; readonly toUs: number }
  | {
      readonly kind: 'when'
      readonly match: MomentMatch
      /** Fires at the nth match, counted from 1. */
      readonly nth: number
      /** Fires at the nth match and every one after it, up to `times`. */
      readonly everyMatch: boolean
      readonly times: number | null
      readonly after: Spread
    }
  /** `fail`: the crash's target dies at its nth step of this name; each instance counts its own. */
  | { readonly kind: 'fail'; readonly step: FailStep; readonly nth: number }

/** Between which of its own steps an application dies. */
export type FailStep = 'before-output' | 'after-output' | 'before-commit' | 'after-commit'

export type Action =
  | { readonly kind: 'crash' | 'power-loss' | 'wipe-disk' | 'stop' | 'pause'; readonly target: Target }
  | { readonly kind: 'slow-disk'; readonly target: Target; /** added to every disk operation */ readonly by: Spread }
  | ({ readonly kind: 'corrupt'; readonly target: Target } & CorruptionMatch)
  /** Operations on a disk fail, of one log directory or of all; `disk-full`: nothing can be written. */
  | {
      readonly kind: 'disk-error'
      readonly target: Target
      readonly of: DiskOperations
      readonly directory: string | null
    }
  | { readonly kind: 'disk-full'; readonly target: Target; readonly directory: string | null }
  /** The wall clock is set by so much, or gains so much in every second; it is right again when the fault is over. */
  | { readonly kind: 'clock-jump' | 'clock-skew'; readonly target: Target; /** microseconds */ readonly byUs: number }
  | { readonly kind: 'partition'; readonly groups: readonly (readonly Target[])[] }
  | {
      readonly kind: 'isolate'
      readonly target: Target
      readonly direction: 'in' | 'out' | 'both'
      /** From whom it is cut off; null = everybody. */
      readonly from: Target | null
    }
  | ({ readonly kind: 'delay'; readonly by: Spread } & StreamMatch)
  | ({ readonly kind: 'drop' } & StreamMatch)
  | { readonly kind: 'disconnect'; readonly between: readonly [Target, Target] }
  /** An operator has topics given more partitions; `partitions` is how many they then have. */
  | {
      readonly kind: 'add-partitions'
      readonly topics: readonly { readonly topic: string; readonly partitions: number }[]
    }
  /** An operator has leaders elected: the preferred ones, or where nobody leads whoever is there. */
  | { readonly kind: 'elect-leader'; readonly partitions: readonly ElectedPartition[] }
  /** An operator has other replicas lead: makes them the preferred ones, and then elects. */
  | { readonly kind: 'move-leader'; readonly partitions: readonly MovedPartition[] }
  /** An operator has partitions moved to other brokers, or has that cancelled. */
  | { readonly kind: 'reassign'; readonly partitions: readonly ReassignedPartition[] }
  /** An operator gives topics other settings. */
  | { readonly kind: 'alter-config'; readonly topics: readonly AlteredTopic[] }
  /** An operator makes topics that the scenario declares, or deletes them. */
  | { readonly kind: 'create-topic' | 'delete-topic'; readonly topics: readonly string[] }

export interface AlteredTopic {
  readonly topic: string
  readonly changes: TopicConfigChange
}

/** Which operations a broken disk refuses. */
export type DiskOperations = 'everything' | 'reads' | 'writes' | 'flushes'

export interface ElectedPartition {
  readonly topic: string
  readonly partition: number
  readonly election: 'preferred' | 'unclean'
}

export interface MovedPartition {
  readonly topic: string
  readonly partition: number
  /** `broker-2` */
  readonly to: string
}

/** Which batch `corrupt` hits. */
export interface CorruptionMatch {
  readonly log: CorruptedLog
  /** By its place in the log, by an offset in it, or a drawn one. */
  readonly batch: 'any' | 'first' | 'last' | number
}

export type CorruptedLog =
  /** Of whatever partition the broker's disk holds something of. */
  | { readonly kind: 'any' }
  | { readonly kind: 'partition'; readonly topic: string; readonly partition: number }
  /** The partition that keeps a group's offsets, or a transactional id's transactions. */
  | { readonly kind: 'group'; readonly group: string }
  | { readonly kind: 'transactions'; readonly transactionalId: string }

export interface ReassignedPartition {
  readonly topic: string
  readonly partition: number
  /** `broker-2`, the one that is to lead first; null = cancelled. */
  readonly to: readonly string[] | null
}

/** Which messages `delay` and `drop` take. */
export interface StreamMatch {
  /** Sender; null = anyone. */
  readonly from: Target | null
  readonly to: Target | null
  /** Kafka's name of the request, such as `Produce`; null = any. */
  readonly api: string | null
  /** Whether the answer is meant instead of the request. */
  readonly reply: boolean
  /** First match that is taken, from 1. */
  readonly nth: number
  /** How many are taken; null = all while the fault lasts. */
  readonly count: number | null
  readonly connection: 'any' | 'same'
}

export type Target =
  /** One node by name: `broker-2`, `controller-1`, `checkout#0`. */
  | { readonly kind: 'node'; readonly name: string }
  /** All instances of an application. */
  | { readonly kind: 'application'; readonly name: string }
  /** `follower` is one, drawn; `followers` are all. */
  | { readonly kind: 'leader' | 'follower' | 'followers'; readonly topic: string; readonly partition: number }
  /** `controller(active)` */
  | { readonly kind: 'active-controller' }
  /** `group-coordinator(billing)`: the broker that leads the partition with the group's offsets. */
  | { readonly kind: 'group-coordinator'; readonly group: string }
  /** `transaction-coordinator(checkout-tx)`: the broker that leads the partition with the id's transactions. */
  | { readonly kind: 'transaction-coordinator'; readonly transactionalId: string }
  | { readonly kind: 'role'; readonly role: 'brokers' | 'controllers' | 'clients' | 'stores' | 'rest' }
  /** The smaller / larger half of a role, drawn. */
  | { readonly kind: 'minority' | 'majority'; readonly of: 'brokers' | 'controllers' }
  /** One node of the union, drawn. */
  | { readonly kind: 'any'; readonly of: readonly Target[] }

/** What the chaos generator may draw. */
export interface ChaosSpec {
  readonly budget: ChaosBudget
  readonly kinds: readonly ChaosKind[]
  /** Least and most faults in a run. */
  readonly faults: readonly [number, number]
}

export type ChaosBudget = 'within-promise' | 'beyond' | 'hostile'
/** What chaos draws unless it is told otherwise. */
export const ORDINARY_KINDS = [
  'crash',
  'power-loss',
  'wipe-disk',
  'stop',
  'pause',
  'partition',
  'isolate',
  'delay',
  'drop',
  'disconnect',
  'slow-disk',
] as const
/** Disks that fail: `hostile` draws them, other budgets where they are named. To Kafka a broker without its disk is one that crashed. */
export const DISK_KINDS = ['disk-error', 'disk-full'] as const
/** What only the budget `hostile` draws. */
export const HOSTILE_KINDS = ['corrupt', 'clock-jump', 'clock-skew'] as const
/** What is drawn only where it is named: an operator's doing is no mishap. */
export const NAMED_KINDS = ['admin'] as const
export type ChaosKind =
  | (typeof ORDINARY_KINDS)[number]
  | (typeof DISK_KINDS)[number]
  | (typeof HOSTILE_KINDS)[number]
  | (typeof NAMED_KINDS)[number]

/** Everything a run's faults are drawn from. */
export interface FaultSource {
  readonly entries: readonly FaultEntry[]
  readonly chaos: ChaosSpec | null
}

/**
 * A fault with nothing left to draw: only symbolic targets and moments remain open. The spreads `by` of `delay` and
 * `slow-disk` stay spreads: they are sampled per message and per disk operation, as latencies are.
 */
export interface PlannedFault {
  /** Index of the entry in the scenario's list it was drawn from; -1 = from the chaos generator. */
  readonly entry: number
  readonly trigger:
    | {
        readonly kind: 'at'
        readonly atUs: number
        /** Does not fire any more once the workload is done: what `every` without `times` is drawn into. */
        readonly whileWork?: true
      }
    | {
        readonly kind: 'when'
        readonly match: MomentMatch
        readonly nth: number
        readonly everyMatch: boolean
        readonly times: number | null
        readonly afterUs: number
      }
  readonly action: Action
  readonly forUs: number | null
}

export type FaultPlan = readonly PlannedFault[]

/** Whether a fault of the plan sets a wall clock. */
export function movesClocks(plan: FaultPlan): boolean {
  return plan.some(({ action }) => action.kind === 'clock-jump' || action.kind === 'clock-skew')
}
