import { sha256 } from '../../cli/host/sha256.ts'
import { judgeRun } from '../../properties/judge.ts'
import { runWorld } from '../../sim/world.ts'
import type { Sample } from '../sample.ts'
import { timed } from '../sample.ts'
import { threeBrokers } from './three-brokers-scenario.ts'

/** Short runs, many of them: a pair is over before the machine has changed its mind about its speed. */
const RECORDS = 500

/** Where the median lies among sorted numbers. */
const MIDDLE = 0.5

/**
 * What judging costs: pairs of runs of one world in one process, one that is judged and one that nobody watches, in turns.
 * `ratio` is the median over the pairs of their processor times, `perRecordUs` what judging adds for a record. Options: number of
 * partitions; `read` when a consumer reads them all.
 */
export function run(count: number, options: readonly string[]): Sample {
  const scenario = threeBrokers(RECORDS, '500us', Number(options[0] ?? 1), options[1] === 'read')
  const judged = (): string => judgeRun(scenario, 0, { hasher: sha256 }).digest
  const bare = (): string => runWorld(scenario.spec, [], scenario.seed, { hasher: sha256() }).digest
  for (let i = 0; i < Math.max(10, count / 10); i++) if (judged() !== bare()) throw new Error('judging changed a run')
  const ratios: number[] = []
  let total = 0
  let added = 0
  for (let i = 0; i < count; i++) {
    const [first, second] = i % 2 === 0 ? [timed(judged), timed(bare)] : [timed(bare), timed(judged)]
    const [withCourt, without] = i % 2 === 0 ? [first, second] : [second, first]
    ratios.push(withCourt / without)
    total += withCourt
    added += withCourt - without
  }
  ratios.sort((a, b) => a - b)
  const ratio = ratios[Math.floor(ratios.length * MIDDLE)] ?? Number.NaN
  return { count, ns: total, check: judged(), extra: { ratio, perRecordUs: added / 1000 / count / RECORDS } }
}
