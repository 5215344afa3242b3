import { samplerOf } from './kernel/sampler.ts'
import type { Spread } from './kernel/spread.ts'
import { ms, SECOND } from './kernel/time.ts'
import { sessionTimeoutMs } from './sessions.ts'
import type { ConsumerSpec, ProcessorSpec, ProducerSpec, SinkSpec, WorldSpec } from './spec.ts'

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
  const readers = readersOf(spec).map(
    (reader) =>
      // A member that died keeps its partitions for a session; then a rebalance waits for the slowest of those left, and the
      // same may happen once more when the dead come back.
      2 *
        (finite(sessionTimeoutMs(reader, spec.cluster), 45_000) +
          finite(reader.config['max.poll.interval.ms'], 300_000)) +
      // Then a coordinator is found and positions are fetched, and what was read is committed.
      2 * finite(reader.config['default.api.timeout.ms'], 60_000) +
      finite(reader.config['request.timeout.ms'], 30_000) +
      finite(reader.config['auto.commit.interval.ms'], 5000),
  )
  // Kafka Connect commits every so often, and once more after a commit that failed.
  const flushes = 2 * Math.max(0, ...spec.sinks.map(({ connect }) => connect?.flushIntervalMs ?? 0))
  // So does Kafka Streams.
  const commits =
    2 * Math.max(0, ...spec.processors.map(({ streams }) => finite(streams?.commitIntervalMs ?? 0, 30_000)))
  const clients = Math.max(0, ...producers) + Math.max(0, ...readers) + transactionsMs(spec) + flushes + commits
  const controllers = quorumMs(spec)
  const sources = Math.max(0, ...spec.producers.map((producer) => tableUs(producer, spec)))
  return ms(Math.max(0, ...brokers) + clients + growthMs(spec) + controllers) + sources + backlogUs(spec) + 30 * SECOND
}

/**
 * Of several controllers one must be elected: voters notice that nobody leads, and may stand against each other a few times. A
 * request to the one before may wait for its timeout of 30 seconds (`controller.socket.timeout.ms`).
 */
function quorumMs({ cluster }: WorldSpec): number {
  if (cluster.controllers === 1) return 0
  const { controllerConfig } = cluster
  const patience = controllerConfig['controller.quorum.fetch.timeout.ms'] * 2
  return patience + 10 * controllerConfig['controller.quorum.election.timeout.ms'] + 30_000
}

/** A source reads its table to the end: the rows it begins with, and those that sinks insert; then it looks once more. */
function tableUs({ source }: ProducerSpec, spec: WorldSpec): number {
  if (source === undefined) return 0
  const perPoll = longestUs(source.every) + 4 * longestUs(spec.network.latency) + storeUs(spec)
  return Math.ceil(publishedBy(spec) / source.batch + 2) * perPoll
}

/** New partitions are met when metadata is refreshed, at the latest after `metadata.max.age.ms`; then the group rebalances once more. */
function growthMs(spec: WorldSpec): number {
  if (spec.topics.every((topic) => topic.mostPartitions === undefined)) return 0
  const ages = readersOf(spec).map(
    ({ config }) => finite(config['metadata.max.age.ms'], 300_000) + finite(config['max.poll.interval.ms'], 300_000),
  )
  return Math.max(0, ...ages)
}

/**
 * A transaction may have begun at the very end, of a producer that is gone: time runs out for it, the next scan finds it, and
 * its markers may have to be sent twice.
 */
function transactionsMs(spec: WorldSpec): number {
  const configs = [...spec.producers.map(({ config }) => config), ...spec.processors.map((each) => each.producerConfig)]
  const timeouts = configs
    .filter((config) => config['transactional.id'] !== '')
    .map((config) => finite(config['transaction.timeout.ms'], 60_000))
  if (timeouts.length === 0) return 0
  const scans = spec.cluster.brokers.map(
    (config) => config['transaction.abort.timed.out.transaction.cleanup.interval.ms'],
  )
  return Math.max(...timeouts) + Math.max(...scans) + 60_000
}

function publishedBy(spec: WorldSpec): number {
  return spec.producers.reduce((sum, { workload, instances }) => {
    const records = workload.kind === 'send' ? workload.records : workload.steps.length
    return sum + records * instances
  }, 0)
}

/**
 * How long it may take to work off everything that was ever published, twice over, when nobody has begun. Publishing worlds
 * have no backlog.
 */
function backlogUs(spec: WorldSpec): number {
  let records = 2 * publishedBy(spec)
  let us = 0
  for (const reader of readersOf(spec)) {
    const perUnit = 4 * longestUs(spec.network.latency) + storeUs(spec)
    us += records * (longestUs(reader.process) + (reader.commitEvery === 'poll' ? perUnit / 10 : perUnit))
    if ('transform' in reader && reader.transform.kind === 'fan-out') records *= Math.max(1, reader.transform.count)
  }
  return Math.ceil(us)
}

function readersOf(spec: WorldSpec): readonly (ConsumerSpec | ProcessorSpec | SinkSpec)[] {
  // Processors first: what comes after them may have more to read.
  return [...spec.processors, ...spec.consumers, ...spec.sinks]
}

function storeUs(spec: WorldSpec): number {
  return Math.max(0, ...spec.stores.map((store) => longestUs(store.latency)))
}

function longestUs(spread: Spread): number {
  const sampler = samplerOf(spread)
  return sampler.length(sampler.bound - 1)
}

/** "Never" is no time to wait for: the default stands in. */
function finite(value: number, fallback: number): number {
  return value > 86_400_000 ? fallback : value
}
