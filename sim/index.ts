/** The simulated world as a library: build a spec, draw a plan, run it, watch its moments. */
export { drawPlan } from './faults/draw.ts'
export type {
  Action,
  ChaosSpec,
  FaultEntry,
  FaultPlan,
  FaultSource,
  PlannedFault,
  Target,
  Trigger,
} from './faults/plan.ts'
export { MOMENTS, type MomentDefinition } from './history/catalogue.ts'
export type { MomentObserver } from './history/recorder.ts'
export type {
  CodeAnswer,
  CodeInstance,
  CodeOutput,
  CodePause,
  CodePowers,
  CodeRecord,
  CodeReference,
  CodeTarget,
  Drain,
  Hasher,
  HasherFactory,
  UserCode,
} from './host.ts'
export { Kernel, type KernelOptions } from './kernel/kernel.ts'
export { nodesOf, type NodeLayout, type NodeRole } from './layout.ts'
export type { WorldSpec } from './spec.ts'
export { type Waiting, waitingInWords } from './waiting.ts'
export { runWorld, World, type RunOptions, type WorldResult } from './world.ts'
