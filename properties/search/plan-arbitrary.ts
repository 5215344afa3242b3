import fc, { type Arbitrary } from 'fast-check'
import type { Action, FaultPlan, PlannedFault, StreamMatch } from '../../sim/faults/plan.ts'
import type { PlanScope } from './arbitrary-scope.ts'
import { choice, countUpTo, record, spreadUpTo, timeUpTo } from './arbitrary-values.ts'
import { wholeUpTo } from './small-integer.ts'

/** How many faults a plan may have. */
export interface PlanSize {
  readonly minLength: number
  readonly maxLength: number
}

/**
 * Plans of faults as fast-check generates and shrinks them. Times are absolute, so that taking a fault away moves no
 * other. A plan from a file shrinks as well as a generated one, when the scope holds all that it says.
 */
export function planArbitrary(scope: PlanScope, size: PlanSize): Arbitrary<FaultPlan> {
  return fc.array(faultArbitrary(scope), size).map(
    (faults): FaultPlan => faults.map((fault, entry) => ({ ...fault, entry })),
    (value) => (value as FaultPlan).map(({ trigger, action, forUs }) => ({ trigger, action, forUs })),
  )
}

function faultArbitrary(scope: PlanScope): Arbitrary<Omit<PlannedFault, 'entry'>> {
  return fc.oneof(
    record({ trigger: triggerArbitrary(scope), action: lastingAction(scope), forUs: length(scope) }),
    record({ trigger: triggerArbitrary(scope), action: disconnect(scope), forUs: fc.constant(null) }),
  )
}

/** Until healing is the simplest to say. */
function length(scope: PlanScope): Arbitrary<number | null> {
  return fc.option(
    timeUpTo(scope.mostUs).filter((us) => us > 0),
    { nil: null },
  )
}

type PlannedTrigger = PlannedFault['trigger']

function triggerArbitrary(scope: PlanScope): Arbitrary<PlannedTrigger> {
  const when = {
    kind: fc.constant('when' as const),
    match: choice(scope.matches),
    nth: wholeUpTo(1, scope.mostNth),
    afterUs: timeUpTo(scope.mostUs),
  }
  return fc.oneof<Arbitrary<PlannedTrigger>[]>(
    record<PlannedTrigger & { kind: 'at' }>({ kind: fc.constant('at'), atUs: timeUpTo(scope.mostUs) }),
    record<PlannedTrigger & { kind: 'when' }>({ ...when, everyMatch: fc.constant(false), times: fc.constant(null) }),
    record<PlannedTrigger & { kind: 'when' }>({
      ...when,
      everyMatch: fc.constant(true),
      times: fc.option(wholeUpTo(1, scope.mostNth), { nil: null }),
    }),
  )
}

/** What befalls whole processes and machines. */
type Strike = Extract<Action, { kind: 'crash' | 'power-loss' | 'wipe-disk' | 'stop' | 'pause' }>

function lastingAction(scope: PlanScope): Arbitrary<Action> {
  const target = choice(scope.targets)
  const stream = streamFields(scope)
  const by = spreadUpTo(scope.mostUs)
  return fc.oneof<Arbitrary<Action>[]>(
    record<Strike>({ kind: choice<Strike['kind']>(['crash', 'stop', 'pause', 'power-loss']), target }),
    record<Strike>({ kind: choice<Strike['kind']>(['crash', 'power-loss', 'wipe-disk']), target: choice(scope.disks) }),
    record<Extract<Action, { kind: 'slow-disk' }>>({ kind: fc.constant('slow-disk'), target: choice(scope.disks), by }),
    record<Extract<Action, { kind: 'partition' }>>({ kind: fc.constant('partition'), groups: choice(scope.splits) }),
    record<Extract<Action, { kind: 'isolate' }>>({
      kind: fc.constant('isolate'),
      target,
      direction: choice(['both', 'in', 'out']),
      from: fc.option(target, { nil: null }),
    }),
    record<Extract<Action, { kind: 'delay' }>>({ kind: fc.constant('delay'), by, ...stream }),
    record<Extract<Action, { kind: 'drop' }>>({ kind: fc.constant('drop'), ...stream }),
    diskFailure(scope),
  )
}

/** A whole disk, or a directory that the plan names. */
function diskFailure(scope: PlanScope): Arbitrary<Action> {
  const target = choice(scope.disks)
  const directory = choice(scope.directories)
  return fc.oneof<Arbitrary<Action>[]>(
    record<Extract<Action, { kind: 'disk-full' }>>({ kind: fc.constant('disk-full'), target, directory }),
    record<Extract<Action, { kind: 'disk-error' }>>({
      kind: fc.constant('disk-error'),
      target,
      of: choice(['everything', 'reads', 'writes', 'flushes']),
      directory,
    }),
  )
}

function disconnect(scope: PlanScope): Arbitrary<Action> {
  const target = choice(scope.targets)
  return record<Extract<Action, { kind: 'disconnect' }>>({
    kind: fc.constant('disconnect'),
    between: fc.tuple(target, target),
  })
}

function streamFields(scope: PlanScope): { readonly [K in keyof StreamMatch]: Arbitrary<StreamMatch[K]> } {
  const side = fc.option(choice(scope.targets), { nil: null })
  return {
    from: side,
    to: side,
    api: choice(scope.apis),
    reply: fc.boolean(),
    nth: wholeUpTo(1, scope.mostNth),
    count: countUpTo(scope.mostNth),
    connection: choice(['any', 'same']),
  }
}
