import { sha256 } from '../../cli/host/sha256.ts'
import { judgeRun } from '../../properties/judge.ts'
import type { Sample } from '../sample.ts'
import { timed } from '../sample.ts'
import { scenarioOf } from './scenario-of.ts'

/** Virtual seconds between the two records of the shorter run. */
const SHORT = 10

interface Run {
  readonly digest: string
  readonly events: number
  readonly virtualUs: number
  readonly ns: number
}

/**
 * What a virtual second costs in which nobody publishes: two judged runs of two records each, one of them `count` seconds longer,
 * after one that warms up. Options: brokers, partitions, controllers.
 */
export function run(count: number, options: readonly string[]): Sample {
  const [brokers = '3', partitions = '1', controllers = '1'] = options
  const cluster = `{ brokers: ${brokers}${controllers === '1' ? '' : `, controllers: ${controllers}`} }`
  const play = (seconds: number): Run => {
    const scenario = scenarioOf(`
scenario: idle
cluster: ${cluster}
topics:
  orders: { partitions: ${partitions}, replication.factor: 3, min.insync.replicas: 2 }
producers:
  checkout: { to: orders, send: { records: 2, every: ${seconds}s }, config: { acks: all } }
run: { for: 10h, runs: 1, max-events: 100000000 }
expect: { publish/exactly-once: holds }
`)
    let ran = { digest: '', events: 0, virtualUs: 0 }
    const ns = timed(() => {
      ran = judgeRun(scenario, 0, { hasher: sha256 })
    })
    return { ...ran, ns }
  }
  play(SHORT + count)
  const short = play(SHORT)
  const long = play(SHORT + count)
  const seconds = (long.virtualUs - short.virtualUs) / 1e6
  const ns = Math.max(1, long.ns - short.ns)
  const extra = { eventsPerSecond: (long.events - short.events) / seconds, usPerSecond: ns / 1000 / seconds }
  return { count, ns, check: long.digest, extra }
}
