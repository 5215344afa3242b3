import type { MutantOutcome } from '../../cli/mutants/outcome.ts'
import type { GenericMutant } from './sample.ts'

/** Why a drawn mutant survives, by its id. What is drawn changes with the code; whoever draws anew looks at what is new. */
const REASONS: Readonly<Record<string, string>> = {}

/** Why a mutant survives: argued where somebody has looked at it. */
export function reasonFor({ id }: GenericMutant, { executed }: MutantOutcome): string {
  return REASONS[id] ?? (executed ? 'not looked at yet' : 'never reached by the battery; not looked at yet')
}
