import { whatToChange } from '../../properties/search/counterexample.ts'
import { counted, shellQuoted } from '../../reports/words.ts'
import type { Context, GlobalFlags } from '../context.ts'
import { EXIT, type ExitCode } from '../exit.ts'
import { failureText } from '../internal-error.ts'
import { untilInterrupted } from '../interrupt.ts'
import { StopSignal } from '../pool/stop.ts'
import { Retelling } from '../retell.ts'
import { adviceLines } from '../search/advice.ts'
import { SearchBench } from '../search/bench.ts'
import { worldFlags } from '../search/search-flags.ts'
import { foundLines } from '../search/tell.ts'
import { type ViolatingRun, violatingRun } from '../search/violating-run.ts'
import { Voice } from '../search/voice.ts'
import { UsageError } from '../usage-error.ts'
import type { JudgingFlags } from './judging-flags.ts'

export interface ExplainRequest {
  readonly file: string
  readonly flags: JudgingFlags
  readonly globals: GlobalFlags
}

/** `twiceshy explain`: tells the story of the first violation that a file shows, and what would prevent it. */
export async function explain(request: ExplainRequest, context: Context): Promise<ExitCode> {
  const { globals } = request
  const { err } = context.console
  const stop = new StopSignal()
  const voice = new Voice(context, globals)
  const release = untilInterrupted(stop, null, () => voice.status.clear())
  try {
    const found = await violatingRun(request, context, stop)
    if (typeof found === 'number') return found
    await tell(found, request, context, stop, voice)
    return stop.reason === null ? EXIT.met : EXIT.interrupted
  } catch (error) {
    if (error instanceof UsageError) throw error
    voice.status.clear()
    err.write(await failureText(error, context, globals.verbose))
    return EXIT.internal
  } finally {
    release()
    voice.status.clear()
  }
}

async function tell(
  found: ViolatingRun,
  { file, flags }: ExplainRequest,
  context: Context,
  stop: StopSignal,
  voice: Voice,
): Promise<void> {
  const { scenario, result, shown, frame } = found
  const { paint, width } = voice
  const story = (await Retelling.with(context)).story(scenario, result.run, shown.violation)
  const again = ['npx', 'twiceshy', 'replay', file, '--seed', result.seed, ...worldFlags(flags)].map(shellQuoted)
  const facts = [['again', again.join(' ')] as const]
  voice.tell(foundLines(scenario, found, story, facts, paint, width))
  const bench = await SearchBench.with(context)
  const advice = await bench.drive(whatToChange(frame, scenario, bench.traced(scenario, result.run).trace), (runs) => {
    voice.status.show(() => `what would prevent it · ${counted(runs, 'run')}`)
    return stop.reason === null
  })
  if (stop.reason === null) voice.add(adviceLines(advice, paint, width))
}
