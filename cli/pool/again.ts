import { Worker } from 'node:worker_threads'
import type { JudgeOptions } from './judge.ts'
import type { OneRun } from './tasks.ts'

/** What a thread of its own is to judge. */
export interface AgainData {
  readonly judgeModule: string
  /** One after the other; the trace of the last one is handed out. */
  readonly runs: readonly OneRun[]
  readonly options: JudgeOptions
}

/** A trace that a thread kept; null when its judge keeps none. */
export type KeptTrace = readonly Uint8Array[] | null

/**
 * Judges runs in a thread that has judged nothing before, and gives the trace of the last one.
 *
 * @param script `again-worker`, compiled, because older Node versions run no TypeScript
 * @throws what the judge threw there
 */
export function judgeAgain(script: URL, workerData: AgainData): Promise<KeptTrace> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(script, { workerData })
    worker.once('message', resolve)
    worker.once('error', reject)
    worker.once('exit', (code) => reject(new Error(`a worker ended with code ${code}`)))
  })
}
