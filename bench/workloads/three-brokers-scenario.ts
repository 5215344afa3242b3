import { momentNamed, MOMENTS, matchableFields } from '../../sim/history/catalogue.ts'
import { loadScenarioText } from '../../scenarios/format/load.ts'
import type { Scenario } from '../../scenarios/format/scenario.ts'

/** Three brokers, acks=all, one record per batch; one guarantee beside the invariants, which are always on. */
export function threeBrokers(records: number, every: string, partitions = 1): Scenario {
  const text = `
scenario: three brokers
cluster: { brokers: 3 }
topics:
  orders: { partitions: ${partitions}, replication.factor: 3, min.insync.replicas: 2 }
producers:
  checkout:
    to: orders
    send: { records: ${records}, every: ${every} }
    config: { acks: all, batch.size: 1, linger.ms: 0 }
run: { for: 1h, runs: 1, max-events: 100000000 }
expect:
  publish/exactly-once: holds
`
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
