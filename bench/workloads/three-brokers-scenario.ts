import type { Scenario } from '../../scenarios/format/scenario.ts'
import { scenarioOf } from './scenario-of.ts'

/** One group of one consumer that reads all that is published, and commits by itself. */
const READERS = `
consumers:
  billing:
    from: orders
    process: 100us
    config: { group.id: billing, auto.offset.reset: earliest }`

/**
 * Three brokers, acks=all, one record per batch; the invariants are always on, and beside them one guarantee of publishing,
 * of consuming too when somebody reads.
 */
export function threeBrokers(records: number, every: string, partitions = 1, read = false): Scenario {
  const text = `
scenario: three brokers
cluster: { brokers: 3 }
topics:
  orders: { partitions: ${partitions}, replication.factor: 3, min.insync.replicas: 2 }
producers:
  checkout:
    to: orders
    send: { records: ${records}, every: ${every} }
    config: { acks: all, batch.size: 1, linger.ms: 0 }${read ? READERS : ''}
run: { for: 1h, runs: 1, max-events: 100000000 }
expect:
  publish/exactly-once: holds
${read ? '  consume/at-least-once: holds\n' : ''}`
  return scenarioOf(text)
}
