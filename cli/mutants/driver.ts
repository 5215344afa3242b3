import { text } from 'node:stream/consumers'
import { MARK_NAME } from '../../properties/mutants/mark.ts'
import type { RunResult } from '../../properties/verdict.ts'
import type { Scenario } from '../../scenarios/format/scenario.ts'
import { sha256 } from '../host/sha256.ts'
import { JUDGE } from '../places.ts'
import { type Judge, loadJudge } from '../pool/judge.ts'
import { Hunt } from './hunt-runs.ts'
import type { FromDriver, HuntRequest } from './messages.ts'
import { scenariosOf } from './scenarios-of.ts'

/** How often the process that waits is told how it goes. */
const PROGRESS_MS = 200

/** A hunt in a mutated copy of the package: its own judge is the mutated one. Tells the process that started it. */
async function main(request: HuntRequest): Promise<void> {
  const scenarios = await scenariosOf(request.targets, request)
  const hunt = new Hunt(scenarios, request, {
    mutated: judging(await loadJudge(JUDGE)),
    baseline: async () => judging(await loadJudge(request.baseline)),
    executed: () => (globalThis as Readonly<Record<string, unknown>>)[MARK_NAME] === true,
    now: () => performance.now(),
  })
  let toldAt = performance.now()
  await hunt.judge(() => {
    if (performance.now() - toldAt < PROGRESS_MS) return
    tell({ kind: 'progress', ...hunt.progress() })
    toldAt = performance.now()
  })
  tell({ kind: 'end', ...hunt.progress(), outOfTime: hunt.outOfTime, caught: hunt.caught })
}

function judging(judge: Judge): (scenario: Scenario, run: number) => RunResult {
  return (scenario, run) => judge(scenario, run, { hasher: sha256 })
}

function tell(message: FromDriver): void {
  process.stdout.write(`${JSON.stringify(message)}\n`)
}

await main(JSON.parse(await text(process.stdin)) as HuntRequest)
