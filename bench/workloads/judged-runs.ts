import { sha256 } from '../../cli/host/sha256.ts'
import { judgeRun } from '../../properties/judge.ts'
import type { Sample } from '../sample.ts'
import { threeBrokers } from './three-brokers-scenario.ts'

/** Judges runs of a small scenario one after the other, as many processes might; on the wall clock. Options: records a run. */
export function run(count: number, options: readonly string[]): Sample {
  const scenario = threeBrokers(Number(options[0] ?? 300), '500us')
  let events = 0
  let check = 0
  const judge = (from: number, to: number): void => {
    for (let i = from; i < to; i++) {
      const { digest, events: handled } = judgeRun(scenario, i, { hasher: sha256 })
      events += handled
      check ^= Number.parseInt(digest.slice(0, 7), 16)
    }
  }
  const warm = Math.ceil(count / 5)
  judge(0, warm)
  events = 0
  const begin = process.hrtime.bigint()
  judge(warm, count)
  const ns = Number(process.hrtime.bigint() - begin)
  return { count: count - warm, ns, check: String(check), extra: { eventsPerRun: events / (count - warm) } }
}
