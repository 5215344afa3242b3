import type { Command } from 'commander'
import { declareFlags } from '../commands/judging-flags.ts'
import { parseBudget, parseShard } from '../flags.ts'

/** The flags of `campaign`. */
export function declareCampaignFlags(command: Command): Command {
  return declareFlags(command, ['seed', 'runs', 'jobs', 'filter', 'world', 'reporters'])
    .option('--time-budget <time>', 'judge for so long instead of so many runs, such as 15m', parseBudget)
    .option('--shard <i/n>', 'every n-th run, beginning with the i-th; `merge` adds shards up', parseShard)
    .option('--calibrate', "also find the campaign's mutants (by itself unless --runs is given)")
    .option('--no-calibrate', 'do not')
}
