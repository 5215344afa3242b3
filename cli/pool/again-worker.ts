import { parentPort, workerData } from 'node:worker_threads'
import { sha256 } from '../host/sha256.ts'
import type { AgainData, KeptTrace } from './again.ts'
import { loadJudge } from './judge.ts'

async function main({ judgeModule, runs, options }: AgainData): Promise<KeptTrace> {
  const scenarios = runs.map(({ task }) => task.scenario)
  const judge = await loadJudge(judgeModule, undefined, scenarios)
  let trace: KeptTrace = null
  for (const { task, run } of runs)
    trace = judge(task.scenario, run, { hasher: sha256 }, { ...options, trace: true }).trace ?? null
  return trace
}

// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
parentPort?.postMessage(await main(workerData as AgainData))
