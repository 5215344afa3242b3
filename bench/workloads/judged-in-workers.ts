import { judgeAll } from '../../cli/pool/judge-all.ts'
import { StopSignal } from '../../cli/pool/stop.ts'
import type { Sample } from '../sample.ts'
import { threeBrokers } from './three-brokers-scenario.ts'

/** Judges runs of a small scenario on the product's worker threads; on the wall clock. Options: records a run, workers. */
export async function run(count: number, options: readonly string[]): Promise<Sample> {
  const [records = '300', workers = '2'] = options
  const scenario = threeBrokers(Number(records), '500us')
  const warm = Math.ceil(count / 5)
  let judged = 0
  let begin = 0n
  let check = 0
  await judgeAll({
    tasks: [{ scenario, first: 0, step: 1, count, options: {} }],
    jobs: Number(workers),
    stop: new StopSignal(),
    repeat: false,
    onProgress: () => {
      if (++judged === warm) begin = process.hrtime.bigint()
    },
    onResult: (_, { digest }) => {
      check ^= Number.parseInt(digest.slice(0, 7), 16)
      return 'continue'
    },
  })
  return { count: count - warm, ns: Number(process.hrtime.bigint() - begin), check: String(check) }
}
