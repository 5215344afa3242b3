import { fileURLToPath } from 'node:url'
import { packageRoot, packageVersion } from '../../cli/package-root.ts'
import { main } from '../../cli/program.ts'
import { realEngine } from '../../cli/real-engine.ts'
import type { Sample } from '../sample.ts'

/** From dist/bench/workloads back to the sources. */
const FILE: string = fileURLToPath(new URL('../../../bench/scenarios/scale.yaml', import.meta.url))
/** Records a second of each producer. */
const RATE = 100

/** What is needed of `twiceshy run --json`. */
interface Report {
  readonly scenarios: readonly { readonly digest: string; readonly virtualMs: number }[]
}

/**
 * `count` virtual seconds of a large cluster under load, as a user runs it: one run by the command itself, in a process that has
 * done nothing before. `wallSeconds`, `cpuSeconds` and `rssMiB` (the most that was ever resident) are of the whole process.
 */
export async function run(count: number): Promise<Sample> {
  const text = { out: '', err: '' }
  const sink = (name: 'out' | 'err') => ({
    write: (more: string): void => void (text[name] += more),
    isTTY: false,
    columns: null,
  })
  const args = ['run', FILE, '--json', '--set', `producers.checkout.send.records=${RATE * count}`]
  const exit = await main(args, {
    console: { out: sink('out'), err: sink('err'), env: {}, cwd: process.cwd() },
    engine: realEngine,
    version: packageVersion(),
    root: packageRoot(),
  })
  if (exit !== 0) throw new Error(`ended with ${exit}: ${text.err}${text.out}`)
  const [scenario] = (JSON.parse(text.out) as Report).scenarios
  if (scenario === undefined || scenario.virtualMs < count * 1000) throw new Error('the run was too short')
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage()
  const cpuUs = userCPUTime + systemCPUTime
  const extra = { wallSeconds: performance.now() / 1000, cpuSeconds: cpuUs / 1e6, rssMiB: maxRSS / 1024 }
  return { count, ns: cpuUs * 1000, check: scenario.digest, extra }
}
