import type { RunResult, Verdict } from '../properties/verdict.ts'
import { runResult, verdict, violation } from '../reports/sample.test.support.ts'
import { M } from '../sim/history/catalogue.ts'
import { Recorder } from '../sim/history/recorder.ts'
import { testKernel } from '../sim/kernel/world.test.support.ts'
import type { Scenario } from '../scenarios/format/scenario.ts'
import { seedOf } from './seed.ts'

/**
 * Stands in for the judge in tests of everything around it. A scenario's tags say what its runs do: `violate:7` (run 7
 * violates its expectations; `violate:*` every run), `unknown:7`, `throw:7`, `die:7` (ends the thread), `flaky:7` (another
 * digest each time), `slow:20` (every run takes so many milliseconds), `stall:7` (run 7 takes
 * 400), `inert` (no fault fires), `queue-matters` (the digest depends on the queue).
 */
export function judgeRun(
  scenario: Scenario,
  run: number,
  _ports: unknown,
  options: { readonly queue?: 'heap' | 'wheel'; readonly trace?: boolean } = {},
): RunResult {
  const doing = new Map(scenario.tags.map((tag) => [tag.split(':')[0] ?? tag, tag.split(':')[1]]))
  const does = (what: string): boolean =>
    doing.has(what) && (doing.get(what) === '*' || doing.get(what) === String(run))
  if (does('throw')) throw new Error(`made to fail in run ${run}`)
  if (does('die')) process.exit(9)
  spend(does('stall') ? 400 : Number(doing.get('slow') ?? 0))
  const seed = seedOf(scenario, run)
  const odd =
    (does('flaky') ? `-${flaked++}-${process.hrtime.bigint()}` : '') +
    (doing.has('queue-matters') ? (options.queue ?? '') : '')
  const verdicts = scenario.expect.map((expectation): Verdict => {
    const { guarantee, stage, subject } = expectation
    const found = does('violate') ? { violations: [violation({ message: `seen in run ${run}` })] } : {}
    const open = does('unknown') ? ({ observed: 'unknown', reason: 'made unknown' } as const) : {}
    return verdict({ guarantee, stage, subject, ...found, ...open })
  })
  const active = doing.has('inert') ? 0 : 1
  const faults = scenario.faults.map((_, entry) => ({ entry, fired: active, touched: active }))
  const trace = options.trace === true ? { trace: traceOf(run, odd) } : {}
  return runResult(run, { seed, digest: `${scenario.title}/${seed}${odd}`, verdicts, faults, ...trace })
}

/** A trace of three moments; the last one's text holds what was odd. */
function traceOf(run: number, odd: string): readonly Uint8Array[] {
  const kernel = testKernel({ keepTrace: true })
  const recorder = new Recorder(kernel)
  recorder.emit(M.nodeDefined, 0, recorder.text('broker-1'), recorder.text('broker'), 0, 0)
  recorder.emit(M.nodeStarted, 0, run, 0, 0, 0)
  recorder.emit(M.faultFired, 0, 0, 0, 0, recorder.text(`made ${odd}`))
  return kernel.trace.chunks()
}

let flaked = 0

function spend(ms: number): void {
  const end = performance.now() + ms
  while (performance.now() < end);
}
