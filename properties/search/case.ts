import type { RawFault, RawProducer, RawScenario } from '../../scenarios/format/raw.ts'
import { loadScenarioValue } from '../../scenarios/format/load.ts'
import type { ReplayRecord, Scenario } from '../../scenarios/format/scenario.ts'
import { writeFault } from '../../scenarios/format/write-fault.ts'
import type { FaultPlan } from '../../sim/faults/plan.ts'
import { matchableFields, MOMENTS } from '../../sim/history/catalogue.ts'
import type { RunResult } from '../verdict.ts'
import { guaranteeText, type Shown, type Signature } from './signature.ts'

/** Where applications stand in a file. */
export type Section = 'producers' | 'consumers' | 'processors' | 'sinks'
const READING = ['consumers', 'processors', 'sinks'] as const

/** How much an application does: how many there are of it, and what each sends. */
export interface Amount {
  readonly section: Section
  readonly name: string
  readonly instances: number
  /** Of a producer with a `send:`, by each instance; null = it reads, and what it does follows from the others. */
  readonly records: number | null
}

/** What shrinking makes smaller: the plan, how much is sent, and how many are at work. */
export interface Case {
  readonly plan: FaultPlan
  readonly amounts: readonly Amount[]
}

/** What the cases of one counterexample have in common. */
export interface CaseFrame {
  readonly file: string
  /** The scenario or variant that showed it, as plain values. */
  readonly raw: RawScenario
  readonly title: string
  readonly signature: Signature
  /** Seed and decisions of the run that showed it. */
  readonly replay: Pick<ReplayRecord, 'runSeed' | 'bases' | 'overrides'>
}

/** The frame of a run that showed a violation. `raw` is what the scenario was loaded from. */
export function frameOfRun(scenario: Scenario, raw: RawScenario, result: RunResult, shown: Shown): CaseFrame {
  const { file, title, variant, seed, replay } = scenario
  const { bases, overrides } = (result.run === 0 ? replay : null) ?? { bases: {}, overrides: [] }
  return {
    file,
    raw: { ...raw, seed },
    title: variant === null ? title : `${title} (${variant})`,
    signature: shown.signature,
    replay: { runSeed: result.seed, bases, overrides },
  }
}

/**
 * A scenario with the faults, the amounts and the seed of a counterexample that was saved of it once: whether it still
 * shows anything. Null when the two do not fit together any more.
 */
export function scenarioWithSaved(file: string, raw: RawScenario, saved: RawScenario): Scenario | null {
  const { replay } = saved
  if (replay === undefined || saved.chaos != null) return null
  const producers: Record<string, RawProducer | null> = {}
  for (const [name, producer] of Object.entries(raw.producers ?? {})) {
    const { instances, send } = saved.producers?.[name] ?? {}
    producers[name] = { ...producer, ...(send === undefined ? {} : { send, instances }) }
  }
  const readers: Partial<RawScenario> = {
    ...(raw.consumers == null ? {} : { consumers: asMany(raw.consumers, saved.consumers) }),
    ...(raw.processors == null ? {} : { processors: asMany(raw.processors, saved.processors) }),
    ...(raw.sinks == null ? {} : { sinks: asMany(raw.sinks, saved.sinks) }),
  }
  const { variants: _, cover: __, chaos: ___, replay: ____, campaign: _____, ...kept } = raw
  const { 'run-seed': runSeed, bases = {}, overrides = [] } = replay
  return scenarioOf(
    { ...kept, producers, ...readers, ...(saved.faults === undefined ? {} : { faults: saved.faults }) },
    { file, replay: { runSeed: String(runSeed), bases, overrides } },
  )
}

/** Parts of a scenario that a counterexample of it does not need. */
const LEFT_OUT: readonly (keyof RawScenario)[] = ['about', 'tags', 'cover', 'variants', 'campaign', 'replay', 'chaos']

/**
 * A case as the scenario that would be saved: its faults written out, and only the violated guarantee expected, to hold.
 */
export function rawCase(frame: CaseFrame, { plan, amounts }: Case): RawScenario {
  const { raw } = frame
  return {
    ...framed(frame),
    faults: plan.map((fault): RawFault => writeFault(fault)),
    ...(raw.producers == null ? {} : { producers: withAmounts(raw.producers, 'producers', amounts) }),
    ...(raw.consumers == null ? {} : { consumers: withAmounts(raw.consumers, 'consumers', amounts) }),
    ...(raw.processors == null ? {} : { processors: withAmounts(raw.processors, 'processors', amounts) }),
    ...(raw.sinks == null ? {} : { sinks: withAmounts(raw.sinks, 'sinks', amounts) }),
  }
}

/** The same with the faults as the file draws them, for what cannot be written out. */
export function rawAsDrawn(frame: CaseFrame, scenario: Scenario): RawScenario {
  const { chaos } = scenario
  if (chaos === null) return framed(frame)
  const { budget, kinds, faults } = chaos
  return { ...framed(frame), chaos: { budget, kinds: [...kinds], faults: [faults[0], faults[1]] } }
}

/** The scenario as it was searched, but for what else it expects. */
export function rawSearched(frame: CaseFrame): RawScenario {
  const { chaos } = frame.raw
  return { ...framed(frame), ...(chaos == null ? {} : { chaos }) }
}

function framed({ raw, title, signature }: CaseFrame): RawScenario {
  const kept = Object.fromEntries(Object.entries(raw).filter(([key]) => !(LEFT_OUT as readonly string[]).includes(key)))
  const { runs: _, ...run } = raw.run ?? {}
  return {
    ...kept,
    scenario: title,
    ...(Object.keys(run).length === 0 ? { run: undefined } : { run }),
    expect: { [guaranteeText(signature)]: 'holds' },
  }
}

function withAmounts<T extends RawApplication>(
  applications: Record<string, T | null>,
  section: Section,
  amounts: readonly Amount[],
): Record<string, T | null> {
  const changed: Record<string, T | null> = {}
  for (const [name, application] of Object.entries(applications)) {
    const amount = amounts.find((each) => each.section === section && each.name === name)
    changed[name] = amount === undefined ? application : withAmount(application, amount)
  }
  return changed
}

/** What all applications have in common, and what producers send. */
interface RawApplication {
  readonly instances?: number | undefined
  readonly send?: RawProducer['send']
}

function withAmount<T extends RawApplication>(application: T | null, { instances, records }: Amount): T {
  const { instances: _, ...rest } = application ?? ({} as T)
  const changed = {
    ...rest,
    ...(instances === 1 ? {} : { instances }),
    ...(records === null ? {} : { send: { ...application?.send, records } }),
  }
  return changed as unknown as T
}

/** Applications with as many instances as were saved of them. */
function asMany<T extends RawApplication>(
  applications: Record<string, T | null>,
  saved: Record<string, T | null> | null | undefined,
): Record<string, T | null> {
  const changed: Record<string, T | null> = {}
  for (const [name, application] of Object.entries(applications)) {
    const before = saved?.[name]
    changed[name] =
      application === null || before == null ? application : { ...application, instances: before.instances }
  }
  return changed
}

/** How much the applications of a scenario do; scripted producers are left as they are. */
export function amountsOf({ spec }: Scenario): readonly Amount[] {
  const sent = spec.producers.flatMap(({ name, instances, workload, source }): readonly Amount[] =>
    workload.kind === 'send' && source === undefined
      ? [{ section: 'producers', name, instances, records: workload.records }]
      : [],
  )
  const read = READING.flatMap((section) =>
    spec[section].map(({ name, instances }): Amount => ({ section, name, instances, records: null })),
  )
  return [...sent, ...read]
}

const MOMENT_NAMES: readonly string[] = MOMENTS.map(({ name }) => name)
const MOMENT_FIELDS: Readonly<Record<string, readonly string[]>> = Object.fromEntries(
  MOMENTS.map((moment) => [moment.name, matchableFields(moment)]),
)

/**
 * Loads plain values as any scenario is loaded, so that what is judged is what a saved file says; its run 0 is the given
 * run. Null when the loader refuses them: a fault that can never fire, a setting that Kafka refuses.
 */
export function scenarioOf(
  raw: RawScenario,
  frame: Pick<CaseFrame, 'file' | 'replay'>,
  set: readonly string[] = [],
): Scenario | null {
  const options = { moments: MOMENT_NAMES, momentFields: MOMENT_FIELDS, set }
  const [scenario] = loadScenarioValue(frame.file, raw, options).scenarios
  if (scenario === undefined) return null
  return { ...scenario, replay: { version: '', digest: '', signature: '', ...frame.replay } }
}
