import { sha256 } from '../../cli/host/sha256.ts'
import { judgeRun } from '../../properties/judge.ts'
import type { Sample } from '../sample.ts'
import { scenarioOf } from './scenario-of.ts'

/**
 * A judged run of a group of a hundred members that share five hundred partitions and rebalance `count` times: a member stops
 * and comes back, again and again. Options: the assignor.
 */
export function run(count: number, options: readonly string[]): Sample {
  const scenario = scenarioOf(`
scenario: a large group
topics:
  orders: { partitions: 500, replication.factor: 3, min.insync.replicas: 2 }
producers:
  checkout: { to: orders, send: { records: ${40 * count}, every: 100ms, keys: 500 } }
consumers:
  billing:
    from: orders
    instances: 100
    config: { group.id: billing, auto.offset.reset: earliest, partition.assignment.strategy: ${options[0] ?? 'range'} }
faults:
  - { every: 8s, stop: billing#7, for: 4s, times: ${Math.ceil(count / 2)} }
run: { for: 1h, runs: 1, max-events: 100000000 }
expect: { single-owner: holds, at-least-once: holds }
`)
  const begin = process.hrtime.bigint()
  const { digest, moments } = judgeRun(scenario, 0, { hasher: sha256 })
  const ns = Number(process.hrtime.bigint() - begin)
  const rebalances = moments['group.rebalanced'] ?? 0
  if (rebalances < count) throw new Error(`the group rebalanced ${rebalances} times only`)
  return { count: rebalances, ns, check: digest, extra: { seconds: ns / 1e9 } }
}
