import { shellQuoted } from '../../reports/words.ts'
import type { Context, GlobalFlags } from '../context.ts'
import { EXIT, type ExitCode } from '../exit.ts'
import { failureText } from '../internal-error.ts'
import { untilInterrupted } from '../interrupt.ts'
import { StopSignal } from '../pool/stop.ts'
import { SearchBench } from '../search/bench.ts'
import { Corpus } from '../search/corpus.ts'
import { preserve } from '../search/preserve.ts'
import { type SearchFlags, worldFlags } from '../search/search-flags.ts'
import { type Fact, foundLines, replayFact } from '../search/tell.ts'
import { type ViolatingRun, violatingRun } from '../search/violating-run.ts'
import { Voice } from '../search/voice.ts'
import { UsageError } from '../usage-error.ts'

export interface ShrinkRequest {
  readonly file: string
  readonly flags: SearchFlags
  readonly globals: GlobalFlags
}

/** `twiceshy shrink`: makes the first violation that a file shows smaller, and saves it as a file of its own. */
export async function shrinkFile(request: ShrinkRequest, context: Context): Promise<ExitCode> {
  const { globals } = request
  const { err } = context.console
  const stop = new StopSignal()
  const voice = new Voice(context, globals)
  const release = untilInterrupted(stop, null, () => voice.status.clear())
  try {
    const found = await violatingRun(request, context, stop)
    if (typeof found === 'number') return found
    await shrinkFound(found, request, context, stop, voice)
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

async function shrinkFound(
  found: ViolatingRun,
  { file, flags }: ShrinkRequest,
  context: Context,
  stop: StopSignal,
  voice: Voice,
): Promise<void> {
  const { scenario, result, frame } = found
  const { cwd } = context.console
  const command = ['twiceshy', 'shrink', file, '--seed', scenario.seed, ...worldFlags(flags)].map(shellQuoted)
  const { path, shrinking, minimal, counterexample } = await preserve(
    { frame, scenario, run: result.run, foundBy: `${command.join(' ')} (run ${result.run})` },
    {
      bench: await SearchBench.with(context),
      slot: new Corpus(flags.corpus, cwd).slot(scenario),
      version: context.version,
      shrinkBudgetMs: flags.shrinkBudgetMs,
      interrupted: () => stop.reason !== null,
      onProgress: (line) => voice.status.show(line),
    },
  )
  const facts: readonly Fact[] = [
    ...(shrinking === '' ? [] : [['shrunk', shrinking] as const]),
    ...(minimal ? [['minimal', 'without any one of its faults nothing is violated'] as const] : []),
    ['saved', path],
    replayFact(path),
  ]
  voice.tell(foundLines(scenario, { result, shown: counterexample.shown }, null, facts, voice.paint, voice.width))
}
