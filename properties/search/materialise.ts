import type { Scenario } from '../../scenarios/format/scenario.ts'
import { drawPlan } from '../../sim/faults/draw.ts'
import type { Action, FaultPlan, PlannedFault, Target } from '../../sim/faults/plan.ts'
import { M } from '../../sim/history/catalogue.ts'
import { decodeMoments } from '../../sim/history/decode.ts'
import { nodesOf } from '../../sim/layout.ts'
import { distinct } from './arbitrary-values.ts'

/** Which faults of a plan fired, and the first node that each hit; from the kept trace of the run. */
type Fired = ReadonlyMap<number, string | null>

/**
 * The faults of a run as explicit plans, from the best to read to the most literal: those that fired with what was drawn
 * written out as the node that it was, the same as symbols, and all of them. One that shows the violation again is to be
 * chosen: a drawn target is drawn anew when its fault is written down.
 */
export function explicitPlans(
  scenario: Scenario,
  runSeed: string,
  chunks: readonly Uint8Array[],
): readonly FaultPlan[] {
  const { faults, chaos, spec } = scenario
  const drawn = drawPlan({ entries: faults, chaos }, spec, runSeed)
  const names = nodesOf(spec).map(({ name }) => name)
  const fired = firedIn(chunks, names)
  const isOne = (target: Target): boolean => isOneDrawn(target, spec.cluster.brokers.length)
  const concrete = drawn.map((fault, index) => withNode(fault, fired.get(index) ?? null, isOne))
  const hit = (plan: FaultPlan): FaultPlan => plan.filter((_, index) => fired.has(index))
  return distinct([hit(concrete), hit(drawn), concrete, drawn].map((plan) => plan.map(plain)))
}

function firedIn(chunks: readonly Uint8Array[], names: readonly string[]): Fired {
  const fired = new Map<number, string | null>()
  for (const { kind, fields } of decodeMoments(chunks)) {
    const { fault, target } = fields
    if (kind !== M.faultFired || typeof fault !== 'number' || fired.has(fault)) continue
    fired.set(fault, typeof target === 'number' ? (names[target] ?? null) : null)
  }
  return fired
}

/** What no file can say is left out: where it was drawn from, and that it fires only while there is work. */
function plain({ trigger, action, forUs }: PlannedFault, entry: number): PlannedFault {
  return { entry, action, forUs, trigger: trigger.kind === 'at' ? { kind: 'at', atUs: trigger.atUs } : trigger }
}

/** The drawn target of a fault that fires once, as the node that was drawn. */
function withNode(fault: PlannedFault, node: string | null, isOne: (target: Target) => boolean): PlannedFault {
  const { trigger } = fault
  if (node === null || (trigger.kind === 'when' && trigger.everyMatch)) return fault
  return { ...fault, action: actionAt(fault.action, { kind: 'node', name: node }, isOne) }
}

function actionAt(action: Action, node: Target, isOne: (target: Target) => boolean): Action {
  switch (action.kind) {
    case 'crash':
    case 'power-loss':
    case 'wipe-disk':
    case 'stop':
    case 'pause':
    case 'slow-disk':
    case 'corrupt':
    case 'disk-error':
    case 'disk-full':
    case 'clock-jump':
    case 'clock-skew':
    case 'isolate':
      return isOne(action.target) ? { ...action, target: node } : action
    case 'partition': {
      const [first = [], ...others] = action.groups
      const only = first.length === 1 && first.every((target) => isOne(target))
      return only ? { ...action, groups: [[node], ...others] } : action
    }
    case 'delay':
    case 'drop':
      if (action.from !== null) return isOne(action.from) ? { ...action, from: node } : action
      return action.to !== null && isOne(action.to) ? { ...action, to: node } : action
    case 'disconnect': {
      const [from, to] = action.between
      return isOne(from) ? { ...action, between: [node, to] } : action
    }
    case 'add-partitions':
    case 'elect-leader':
    case 'move-leader':
    case 'alter-config':
    case 'create-topic':
    case 'reassign':
    case 'delete-topic':
      return action
  }
}

/** Whether a target is one node that is drawn. The minority of three or four brokers is one; of several only the first is told. */
function isOneDrawn(target: Target, brokers: number): boolean {
  if (target.kind === 'minority') return target.of === 'brokers' && brokers >= 3 && brokers <= 4
  return target.kind === 'follower' || target.kind === 'any'
}
