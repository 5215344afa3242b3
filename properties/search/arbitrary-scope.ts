import type { Action, FaultPlan, PlannedFault, StreamMatch, Target } from '../../sim/faults/plan.ts'
import { storeApiOf } from '../../sim/application/store-api.ts'
import type { MomentMatch } from '../../sim/history/match.ts'
import type { Spread } from '../../sim/kernel/spread.ts'
import { nodesOf } from '../../sim/layout.ts'
import type { WorldSpec } from '../../sim/spec.ts'
import { COARSE, distinct } from './arbitrary-values.ts'

/** What the plans of one world are made of; every list has the simplest first. */
export interface PlanScope {
  readonly targets: readonly Target[]
  /** Those of them that have a disk. */
  readonly disks: readonly Target[]
  /** Log directories that a disk's failure may be confined to; null = the whole disk. */
  readonly directories: readonly (string | null)[]
  readonly splits: readonly (readonly (readonly Target[])[])[]
  readonly matches: readonly MomentMatch[]
  readonly apis: readonly (string | null)[]
  readonly mostUs: number
  readonly mostNth: number
}

/** Moments that tell what becomes of a record after it was published. */
const READING_MATCHES: readonly MomentMatch[] = ['record.delivered', 'effect.applied', 'offset.committed'].map(
  (moment) => ({ moment, fields: {} }),
)

/** The scope of a world, widened so that it holds everything that the given plan says. */
export function scopeOf(spec: WorldSpec, plan: FaultPlan): PlanScope {
  const nodes = nodesOf(spec)
  const node = (name: string): Target => ({ kind: 'node', name })
  const leaders = partitionsOf(spec).map((at): Target => ({ kind: 'leader', ...at }))
  const brokers = nodes.filter(({ role }) => role === 'broker').map(({ name }) => node(name))
  const others = nodes.filter(({ role }) => role !== 'broker').map(({ name }) => node(name))
  const roles = (['brokers', 'controllers', 'clients'] as const).map((role): Target => ({ kind: 'role', role }))
  const followers = partitionsOf(spec).map((at): Target => ({ kind: 'followers', ...at }))
  const said = plan.flatMap((fault) => targetsOf(fault.action))
  const readers = [...spec.consumers, ...spec.processors, ...spec.sinks]
  const applications = readers.map(({ name }): Target => ({ kind: 'application', name }))
  const groups = distinct(readers.map(({ config }) => config['group.id'])).filter((group) => group !== '')
  const coordinators = groups.map((group): Target => ({ kind: 'group-coordinator', group }))
  const stores: readonly Target[] = spec.stores.length === 0 ? [] : [{ kind: 'role', role: 'stores' }]
  const rest: Target = { kind: 'role', role: 'rest' }
  return {
    targets: distinct([
      ...leaders,
      ...brokers,
      ...others,
      ...roles,
      ...coordinators,
      ...applications,
      ...stores,
      ...followers,
      ...said,
    ]),
    disks: distinct([...leaders, ...brokers, ...followers, ...plan.flatMap((fault) => disksOf(fault.action))]),
    directories: distinct([null, ...plan.flatMap(({ action }) => ('directory' in action ? [action.directory] : []))]),
    splits: distinct([
      ...leaders.map((leader) => [[leader], [rest]]),
      ...plan.flatMap(({ action }) => (action.kind === 'partition' ? [action.groups] : [])),
    ]),
    matches: distinct([
      ...spec.topics.map(({ name }): MomentMatch => ({ moment: 'produce.acked', fields: { topic: name } })),
      ...(readers.length === 0 ? [] : READING_MATCHES),
      ...plan.flatMap(({ trigger }) => (trigger.kind === 'when' ? [trigger.match] : [])),
    ]),
    apis: distinct([
      'Produce',
      'Fetch',
      ...(groups.length === 0 ? [] : ['OffsetCommit']),
      ...spec.sinks.map(({ write }) => storeApiOf(write)),
      ...plan.flatMap(({ action }) => ('api' in action ? [action.api] : [])),
      null,
    ]),
    mostUs: Math.max(COARSE, ...plan.flatMap(timesOf)),
    mostNth: Math.max(1, ...plan.flatMap(numbersOf)),
  }
}

function partitionsOf(spec: WorldSpec): readonly { readonly topic: string; readonly partition: number }[] {
  return spec.topics.flatMap(({ name, partitions }) =>
    Array.from({ length: partitions }, (_, partition) => ({ topic: name, partition })),
  )
}

/** Targets that stand where any target may. */
function targetsOf(action: Action): readonly Target[] {
  switch (action.kind) {
    case 'crash':
    case 'power-loss':
    case 'stop':
    case 'pause':
    case 'clock-jump':
    case 'clock-skew':
      return [action.target]
    case 'isolate':
      return [action.target, ...optional(action.from)]
    case 'delay':
    case 'drop':
      return [...optional(action.from), ...optional(action.to)]
    case 'disconnect':
      return action.between
    case 'wipe-disk':
    case 'slow-disk':
    case 'corrupt':
    case 'disk-error':
    case 'disk-full':
    case 'partition':
    case 'add-partitions':
    case 'elect-leader':
    case 'move-leader':
    case 'alter-config':
    case 'create-topic':
    case 'reassign':
    case 'delete-topic':
      return []
  }
}

const ON_DISKS: readonly Action['kind'][] = ['wipe-disk', 'slow-disk', 'disk-error', 'disk-full', 'corrupt']

function disksOf(action: Action): readonly Target[] {
  return 'target' in action && ON_DISKS.includes(action.kind) ? [action.target] : []
}

function timesOf({ trigger, action, forUs }: PlannedFault): readonly number[] {
  const by = action.kind === 'delay' || action.kind === 'slow-disk' ? lengthsOf(action.by) : []
  return [trigger.kind === 'at' ? trigger.atUs : trigger.afterUs, forUs ?? 0, ...by]
}

function lengthsOf(spread: Spread): readonly number[] {
  switch (spread.kind) {
    case 'constant':
      return [spread.us]
    case 'uniform':
      return [spread.minUs, spread.maxUs]
    case 'exponential':
      return [spread.meanUs]
    case 'normal':
      return [spread.meanUs, spread.stddevUs]
  }
}

function numbersOf({ trigger, action }: PlannedFault): readonly number[] {
  const ofTrigger = trigger.kind === 'when' ? [trigger.nth, trigger.times ?? 1] : []
  return [...ofTrigger, ...('nth' in action ? countsOf(action) : [])]
}

function countsOf({ nth, count }: StreamMatch): readonly number[] {
  return [nth, count ?? 1]
}

function optional(target: Target | null): readonly Target[] {
  return target === null ? [] : [target]
}
