import { momentNamed, MOMENTS, matchableFields } from '../../sim/history/catalogue.ts'
import { loadScenarioText } from '../../scenarios/format/load.ts'
import type { Scenario } from '../../scenarios/format/scenario.ts'

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
  const moments = MOMENTS.map(({ name }) => name)
  const momentFields = Object.fromEntries(
    moments.map((name) => {
      const moment = momentNamed(name)
      return [name, moment === undefined ? [] : matchableFields(moment)]
    }),
  )
  const { scenarios, diagnostics } = loadScenarioText('three-brokers.yaml', text, { moments, momentFields })
  const [scenario] = scenarios
  if (scenario === undefined) throw new Error(diagnostics.map(({ message }) => message).join('\n'))
  return scenario
}
