import { scenarioWithSaved } from '../../properties/search/case.ts'
import { firstShown } from '../../properties/search/signature.ts'
import type { RawScenario } from '../../scenarios/format/raw.ts'
import type { Scenario } from '../../scenarios/format/scenario.ts'
import type { SearchBench } from './bench.ts'
import type { Corpus } from './corpus.ts'
import { Documents } from './documents.ts'
import type { FoundRun } from './find.ts'

/** A counterexample of the corpus that still shows something. */
export interface Known {
  readonly found: FoundRun
  readonly path: string
}

/**
 * Tries what was saved of a scenario before with the scenario as it is now: a setting that was made safer since then is
 * taken into account. Null when nothing of it shows anything any more.
 */
export async function knownStill(
  hunted: Scenario,
  raw: RawScenario,
  corpus: Corpus,
  bench: SearchBench,
  cwd: string,
): Promise<Known | null> {
  const documents = new Documents(cwd, { set: [], profile: null })
  for (const path of corpus.filesOf(hunted)) {
    const saved = await documents.first(path)
    const scenario = saved === null ? null : scenarioWithSaved(path, raw, saved)
    if (scenario === null) continue
    const result = await bench.judge({ ...scenario, expect: hunted.expect }, 0)
    const shown = firstShown(result)
    if (shown !== null) return { found: { result, shown }, path }
  }
  return null
}
