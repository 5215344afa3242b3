import { ms, SECOND } from './kernel/time.ts'
import type { WorldSpec } from './spec.ts'

/**
 * How long healing may take, in microseconds: what the scenario says, or the sum of the timeouts that can still be running
 * when the faults end, twice over where one may begin after another.
 */
export function healLimitUs(spec: WorldSpec): number {
  if (spec.run.thenHealUs !== null) return spec.run.thenHealUs
  const brokers = spec.cluster.brokers.map(
    (config) =>
      // A session must lapse before a restarted broker may register, and a laggard needs 1.5 lags to leave the set.
      2 * config['broker.session.timeout.ms'] +
      1.5 * config['replica.lag.time.max.ms'] +
      config['replica.socket.timeout.ms'] +
      2 * config['replica.fetch.backoff.ms'],
  )
  const producers = spec.producers.map(
    ({ config }) =>
      // A batch may have begun at the very end, after send() itself waited for metadata or memory.
      finite(config['max.block.ms'], 60_000) +
      finite(config['delivery.timeout.ms'], 120_000) +
      finite(config['request.timeout.ms'], 30_000) +
      finite(config['linger.ms'], 5),
  )
  return ms(Math.max(0, ...brokers) + Math.max(0, ...producers)) + 30 * SECOND
}

/** "Never" is no time to wait for: the default stands in. */
function finite(value: number, fallback: number): number {
  return value > 86_400_000 ? fallback : value
}
