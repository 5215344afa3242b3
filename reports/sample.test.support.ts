import type { RunResult, Verdict, Violation } from '../properties/verdict.ts'
import type { Expectation, Scenario } from '../scenarios/format/scenario.ts'
import type { FaultEntry } from '../sim/faults/plan.ts'
import type { Hasher } from '../sim/host.ts'
import type { WorldSpec } from '../sim/spec.ts'

/** Small made-up scenarios and results for tests. */

export function expectation(change: Partial<Expectation> = {}): Expectation {
  return { guarantee: 'durability', stage: null, subject: null, expected: 'holds', kinds: [], span: null, ...change }
}

export function scenario(change: Partial<Scenario> = {}): Scenario {
  return {
    file: 'scenarios/sample.yaml',
    title: 'sample',
    about: null,
    variant: null,
    tags: [],
    seed: '1',
    // No test that uses this runs a world.
    spec: {
      cluster: { perfect: true, brokers: [] },
      topics: [],
      producers: [],
      consumers: [],
      processors: [],
      stores: [],
      sinks: [],
    } as unknown as WorldSpec,
    faults: [],
    chaos: null,
    runs: 1,
    cover: [],
    expect: [expectation()],
    voids: {},
    campaign: null,
    replay: null,
    ...change,
  }
}

export function violation(change: Partial<Violation> = {}): Violation {
  return {
    kind: 'lost-acked-write',
    atUs: 12_345_000,
    message: 'checkout#0/5 was acknowledged at 12.001s and is in no electable log',
    records: ['checkout#0/5'],
    ...change,
  }
}

export function verdict(change: Partial<Verdict> = {}): Verdict {
  const violations = change.violations ?? []
  return {
    guarantee: 'durability',
    stage: null,
    subject: null,
    observed: violations.length > 0 ? 'violated' : 'holds',
    reason: null,
    judged: 10,
    violations,
    violationCount: violations.length,
    excused: false,
    ...change,
  }
}

export function runResult(run: number, change: Partial<RunResult> = {}): RunResult {
  return {
    run,
    seed: run === 0 ? '1' : `1/${run}`,
    digest: `digest-${run}`,
    events: 1000,
    virtualUs: 60_000_000,
    verdicts: [verdict()],
    breaches: [],
    faults: [],
    mattered: false,
    hadFaults: false,
    moments: {},
    ended: 'settled',
    waiting: [],
    ...change,
  }
}

/** A fixed fault, and one whose time is drawn. */
export const CRASH_AT_1S: FaultEntry = {
  trigger: { kind: 'at', at: { kind: 'constant', us: 1_000_000 } },
  action: { kind: 'crash', target: { kind: 'leader', topic: 'orders', partition: 0 } },
  for: null,
}
export const CRASH_SOMETIME: FaultEntry = { ...CRASH_AT_1S, trigger: { kind: 'between', fromUs: 0, toUs: 9_000_000 } }

/** A hasher that shows what it was fed. */
export function plainHasher(bytes: readonly number[] = []): Hasher {
  let seen = bytes
  return {
    update(chunk: Uint8Array): void {
      seen = [...seen, ...chunk]
    },
    copy: () => plainHasher(seen),
    digest: () => String.fromCharCode(...seen),
  }
}
