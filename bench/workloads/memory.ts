import { sha256 } from '../../cli/host/sha256.ts'
import { judgeRun } from '../../properties/judge.ts'
import type { Sample } from '../sample.ts'
import { timed } from '../sample.ts'
import { threeBrokers } from './three-brokers-scenario.ts'

/** Many runs in one process: what they leave on the heap. Needs `--expose-gc`. Options: records a run. */
export function run(count: number, options: readonly string[]): Sample {
  const { gc } = globalThis
  if (gc === undefined) throw new Error('needs node --expose-gc')
  const scenario = threeBrokers(Number(options[0] ?? 5), '500us')
  const judge = (from: number, to: number): void => {
    for (let i = from; i < to; i++) judgeRun(scenario, i, { hasher: sha256 })
  }
  const used = (): number => {
    gc()
    gc()
    const { heapUsed, arrayBuffers } = process.memoryUsage()
    return heapUsed + arrayBuffers
  }
  const warm = Math.ceil(count / 5)
  judge(0, warm)
  const before = used()
  const ns = timed(() => {
    judge(warm, count)
  })
  return { count: count - warm, ns, check: '', extra: { grownKiB: (used() - before) / 1024 } }
}
