import type { RawScenario } from '../../../scenarios/format/raw.ts'
import type { Scenario } from '../../../scenarios/format/scenario.ts'
import type { Hasher } from '../../../sim/host.ts'
import { judgeRun } from '../../judge.ts'
import type { RunResult } from '../../verdict.ts'
import { type CaseFrame, scenarioOf } from '../case.ts'
import { firstShown } from '../signature.ts'

/** A digest good enough to tell runs apart (FNV-1a), because this room has no cryptography. */
class Fnv implements Hasher {
  private value: number

  constructor(value: number = 0x811c9dc5) {
    this.value = value
  }
  update(chunk: Uint8Array): void {
    for (const byte of chunk) this.value = Math.imul(this.value ^ byte, 0x01000193)
  }
  copy(): Hasher {
    return new Fnv(this.value)
  }
  digest(): string {
    return (this.value >>> 0).toString(16).padStart(8, '0')
  }
}

/** A scenario with what a search needs, and whatever the test is about. */
export function rawScenario(patch: Partial<RawScenario> = {}): RawScenario {
  return {
    scenario: 'a test',
    topics: { orders: { partitions: 1, 'replication.factor': 3, 'min.insync.replicas': 2 } },
    producers: { checkout: { to: 'orders' } },
    expect: { 'publish/exactly-once': 'holds' },
    ...patch,
  }
}

export function scenario(patch: Partial<RawScenario> = {}): Scenario {
  const loaded = scenarioOf(rawScenario(patch), {
    file: 'test.yaml',
    replay: { runSeed: '1', bases: {}, overrides: [] },
  })
  if (loaded === null) throw new Error('the scenario of the test does not load')
  return { ...loaded, replay: null }
}

export function judge(judged: Scenario, run: number): RunResult {
  return judgeRun(judged, run, { hasher: () => new Fnv() })
}

/** The frame of what run 0 of a scenario shows under the given seed. */
export function frameOf(raw: RawScenario, runSeed: string): CaseFrame {
  const replay = { runSeed, bases: {}, overrides: [] }
  const loaded = scenarioOf(raw, { file: 'test.yaml', replay })
  const shown = loaded === null ? null : firstShown(judge(loaded, 0))
  if (shown === null) throw new Error('the scenario of the test violates nothing')
  return { file: 'test.yaml', raw, title: 'a test', signature: shown.signature, replay }
}

export function traceOf(judged: Scenario, run: number): readonly Uint8Array[] {
  return judgeRun(judged, run, { hasher: () => new Fnv() }, { trace: true }).trace ?? []
}
