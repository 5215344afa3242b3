import { sha256 } from '../../cli/host/sha256.ts'
import { judgeRun } from '../../properties/judge.ts'
import type { Scenario } from '../../scenarios/format/scenario.ts'
import { runWorld } from '../../sim/world.ts'
import type { Sample } from '../sample.ts'
import { timed } from '../sample.ts'
import { threeBrokers } from './three-brokers-scenario.ts'

interface Run {
  readonly digest: string
  readonly events: number
  readonly virtualUs: number
  readonly read: number
}
type Mode = 'judged' | 'unjudged' | 'kept'

/** The moment in which a consumer's application gets a record. */
const DELIVERED = 'record.delivered'

/** The engine needs some runs until everything is compiled. */
const WARM = 4
const TIMES = 3

/**
 * Records through three brokers with acks=all at 2000 a second, one per batch, in a process that is warm.
 * Options: `judged` (invariants and one guarantee), `unjudged` (the world alone) or `kept` (the world, keeping its trace);
 * number of partitions: with one, every request of the producer waits for the replication of the one before;
 * `read` when a consumer reads them all.
 */
export function run(count: number, options: readonly string[]): Sample {
  const mode = (options[0] ?? 'judged') as Mode
  const partitions = Number(options[1] ?? 1)
  const read = options[2] === 'read'
  const scenario = threeBrokers(count, '500us', partitions, read)
  let result: Run = { digest: '', events: 0, virtualUs: 0, read: 0 }
  for (let i = 0; i < WARM; i++) result = play(scenario, mode)
  const ns = timed(() => {
    for (let i = 0; i < TIMES; i++) result = play(scenario, mode)
  })
  if (read && result.read < count) throw new Error(`only ${result.read} of ${count} records were read`)
  const idle = play(threeBrokers(2, '100s', partitions, read), mode)
  const extra = {
    events: result.events,
    eventsPerRecord: result.events / count,
    idleEventsPerSecond: (idle.events * 1e6) / idle.virtualUs,
    usPerRecord: ns / 1000 / count / TIMES,
  }
  return { count: count * TIMES, ns, check: result.digest, extra }
}

function play(scenario: Scenario, mode: Mode): Run {
  if (mode !== 'judged') {
    const ran = runWorld(scenario.spec, [], scenario.seed, { hasher: sha256(), keepTrace: mode === 'kept' })
    return { ...ran, read: ran.counts[DELIVERED] ?? 0 }
  }
  const result = judgeRun(scenario, 0, { hasher: sha256 })
  for (const { guarantee, observed, violations } of result.verdicts) {
    if (observed !== 'holds') throw new Error(`${guarantee} is ${observed}: ${violations[0]?.message ?? ''}`)
  }
  const [breach] = result.breaches
  if (breach !== undefined) throw new Error(`${breach.invariant}: ${breach.message}`)
  return { ...result, read: result.moments[DELIVERED] ?? 0 }
}
