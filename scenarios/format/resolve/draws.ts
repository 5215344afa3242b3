import type { Action, ChaosSpec, FaultEntry, Target } from '../../../sim/faults/plan.ts'
import { type Spread, varies } from '../../../sim/kernel/spread.ts'
import type { ConsumerSpec, ProducerSpec, WorldSpec } from '../../../sim/spec.ts'

/** Who works in a scenario. */
type Workers = Pick<WorldSpec, 'producers' | 'consumers' | 'processors' | 'sinks'>

/** Whether the plan or the workload draws anything, so that runs differ in more than latency. */
export function drawsAnything(workers: Workers, faults: readonly FaultEntry[], chaos: ChaosSpec | null): boolean {
  const { producers, consumers, processors, sinks } = workers
  if (chaos !== null || producers.some(workloadDraws) || faults.some(faultDraws)) return true
  if (processors.some(({ transactions }) => isShare(transactions?.abort ?? 0))) return true
  return [...consumers, ...processors, ...sinks].some(({ process }) => varies(process)) || consumers.some(scriptDraws)
}

/** Not all and not none. */
function isShare(share: number): boolean {
  return share > 0 && share < 1
}

function scriptDraws({ steps }: ConsumerSpec): boolean {
  return steps?.some((step) => step.do === 'wait' && varies(step.for)) === true
}

function workloadDraws(producer: ProducerSpec): boolean {
  const { workload } = producer
  if (workload.kind === 'send') return varies(workload.every) || isShare(workload.transactions?.abort ?? 0)
  return workload.steps.some((step) => step.do === 'wait' && varies(step.for))
}

function faultDraws(entry: FaultEntry): boolean {
  return triggerSpreads(entry).some(varies) || (entry.for !== null && varies(entry.for)) || actionDraws(entry.action)
}

function triggerSpreads(entry: FaultEntry): readonly Spread[] {
  const { trigger } = entry
  switch (trigger.kind) {
    case 'at':
      return [trigger.at]
    case 'every':
      return [trigger.every]
    case 'between':
      return [{ kind: 'uniform', minUs: trigger.fromUs, maxUs: trigger.toUs }]
    case 'when':
      return [trigger.after]
    case 'fail':
      return []
  }
}

function actionDraws(action: Action): boolean {
  switch (action.kind) {
    case 'crash':
    case 'power-loss':
    case 'wipe-disk':
    case 'stop':
    case 'pause':
    case 'disk-error':
    case 'disk-full':
    case 'clock-jump':
    case 'clock-skew':
      return targetDraws(action.target)
    case 'corrupt':
      return action.log.kind === 'any' || action.batch === 'any' || targetDraws(action.target)
    case 'slow-disk':
      return varies(action.by) || targetDraws(action.target)
    case 'partition':
      return action.groups.some((group) => group.some(targetDraws))
    case 'isolate':
      return targetDraws(action.target) || optionalDraws(action.from)
    case 'delay':
      return varies(action.by) || optionalDraws(action.from) || optionalDraws(action.to)
    case 'drop':
      return optionalDraws(action.from) || optionalDraws(action.to)
    case 'disconnect':
      return action.between.some(targetDraws)
    case 'add-partitions':
    case 'elect-leader':
    case 'move-leader':
    case 'alter-config':
    case 'create-topic':
    case 'reassign':
    case 'delete-topic':
      return false
  }
}

function optionalDraws(target: Target | null): boolean {
  return target !== null && targetDraws(target)
}

/** `follower`, `minority`, `majority` and `any` are drawn; an `any` of one certain node leaves nothing open. */
function targetDraws(target: Target): boolean {
  switch (target.kind) {
    case 'follower':
    case 'minority':
    case 'majority':
      return true
    case 'any':
      return target.of.length > 1 || target.of.some((only) => only.kind !== 'node')
    case 'node':
    case 'application':
    case 'leader':
    case 'followers':
    case 'active-controller':
    case 'group-coordinator':
    case 'transaction-coordinator':
    case 'role':
      return false
  }
}
