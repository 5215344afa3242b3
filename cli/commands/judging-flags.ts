import { availableParallelism } from 'node:os'
import type { Command } from 'commander'
import * as flags from '../flags.ts'
import { notBuiltYet, UsageError } from '../usage-error.ts'

/** The flags of commands that judge scenarios. */
export interface JudgingFlags {
  readonly seed: string | null
  readonly runs: number | null
  readonly timeBudgetMs: number | null
  readonly jobs: number
  readonly bail: number | null
  readonly shard: flags.Shard | null
  readonly filter: string | null
  readonly set: readonly string[]
  readonly profile: string | null
  readonly reporters: readonly flags.ReporterChoice[]
  readonly json: boolean
}

export type FlagName = 'seed' | 'runs' | 'jobs' | 'filter' | 'world' | 'budget' | 'reporters'

const repeatable =
  <T>(parse: (text: string) => T) =>
  (text: string, before: readonly T[] | undefined): readonly T[] => [...(before ?? []), parse(text)]

/** Declares the flags of the given groups. */
export function declareFlags(command: Command, groups: readonly FlagName[]): Command {
  for (const group of groups) DECLARE[group](command)
  return command
}

const DECLARE: Readonly<Record<FlagName, (command: Command) => void>> = {
  seed: (command) => void command.option('--seed <seed>', 'base seed; run 0 has it, run n has seed/n', parseSeed),
  runs: (command) => void command.option('--runs <n>', 'runs of each scenario', flags.parseRuns),
  jobs: (command) =>
    void command.option('--jobs <n|auto>', 'worker threads; any number gives the same result', flags.parseJobs),
  filter: (command) =>
    void command.option('--filter <text>', 'only scenarios whose file, title, variant or tags contain the text'),
  world: (command) =>
    void command
      .option('--set <path=value>', 'change a value of every scenario (repeatable)', repeatable(flags.parseSet))
      .option('--profile <name>', 'protocol profile, such as kafka-4.0'),
  budget: (command) =>
    void command
      .option('--time-budget <time>', 'stop after so much real time, such as 60s', flags.parseBudget)
      .option('--bail [n]', 'stop after n scenarios that are not met (1)', flags.parseBail)
      .option('--shard <i/n>', 'judge every n-th run, beginning with the i-th', flags.parseShard),
  reporters: (command) =>
    void command
      .option(
        '--reporter <name[=file]>',
        `${flags.REPORTERS_BUILT.join(', ')} (repeatable; not built yet: ${flags.REPORTERS_PLANNED.join(', ')})`,
        repeatable(flags.parseReporter),
      )
      .option('--json', 'one JSON document on standard output, nothing else')
      .option('--report <file.html>', 'HTML report (not built yet)', refuse('--report'))
      .option('--trace <file>', 'trace of the first run (not built yet)', refuse('--trace')),
}

function parseSeed(text: string): string {
  if (text.trim() === '' || text.length > 200) throw new UsageError('--seed takes a text of 1 to 200 characters')
  return text
}

function refuse(flag: string): () => never {
  return () => {
    throw notBuiltYet(flag)
  }
}

/** What the parsers declared above make of the flags, by the names commander gives them. */
interface Parsed {
  readonly seed: string
  readonly runs: number
  readonly timeBudget: number
  readonly jobs: number
  readonly bail: number | true
  readonly shard: flags.Shard
  readonly filter: string
  readonly set: readonly string[]
  readonly profile: string
  readonly reporter: readonly flags.ReporterChoice[]
  readonly json: boolean
}

/** The flags after parsing; every value was made by a parser declared above. */
export function judgingFlags(options: Readonly<Record<string, unknown>>): JudgingFlags {
  const given = options as Partial<Parsed>
  return {
    seed: given.seed ?? null,
    runs: given.runs ?? null,
    timeBudgetMs: given.timeBudget ?? null,
    jobs: given.jobs ?? availableParallelism(),
    bail: given.bail === true ? 1 : (given.bail ?? null),
    shard: given.shard ?? null,
    filter: given.filter ?? null,
    set: given.set ?? [],
    profile: given.profile ?? null,
    reporters: given.reporter ?? [],
    json: given.json === true,
  }
}
