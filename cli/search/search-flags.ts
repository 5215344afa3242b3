import type { Command } from 'commander'
import { declareFlags, type JudgingFlags, judgingFlags } from '../commands/judging-flags.ts'
import { parseLength } from '../flags.ts'
import { UsageError } from '../usage-error.ts'

/** The flags of commands that search. */
export interface SearchFlags extends JudgingFlags {
  readonly shrinkBudgetMs: number
  readonly corpus: string
}

const DEFAULT_SHRINK_MS = 30_000

/** Declares what `fuzz` and `shrink` take. */
export function declareSearchFlags(command: Command, hunts: boolean): Command {
  declareFlags(command, ['seed', 'runs', 'jobs', 'filter', 'world'])
  if (hunts) {
    command
      .option('--time-budget <time>', 'search for so much real time, such as 60s', (text: string) =>
        parseLength('--time-budget', text, 1),
      )
      .option('--json', 'one JSON document on standard output, nothing else')
  }
  return command
    .option('--shrink-budget <time>', 'shrink for at most so much real time (30s; 0 = do not)', (text: string) =>
      text === '0' ? 0 : parseLength('--shrink-budget', text, 0),
    )
    .option('--corpus <folder>', 'where counterexamples are saved (corpus)', (text: string) => {
      if (text.trim() === '') throw new UsageError('--corpus takes a folder')
      return text
    })
}

export function searchFlags(options: Readonly<Record<string, unknown>>): SearchFlags {
  const given = options as { readonly shrinkBudget?: number; readonly corpus?: string }
  return {
    ...judgingFlags(options),
    shrinkBudgetMs: given.shrinkBudget ?? DEFAULT_SHRINK_MS,
    corpus: given.corpus ?? 'corpus',
  }
}

/** Flags that make the world another one, as they must be given again. */
export function worldFlags({ set, profile }: Pick<JudgingFlags, 'set' | 'profile'>): readonly string[] {
  return [...set.flatMap((value) => ['--set', value]), ...(profile === null ? [] : ['--profile', profile])]
}
