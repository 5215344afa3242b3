import type { FaultPlan } from './faults/plan.ts'
import type { Hasher } from './host.ts'
import { BROKER_CONFIG, type BrokerConfig } from './kafka/protocol/config/broker.ts'
import type { ConfigTable } from './kafka/protocol/config/definition.ts'
import { PRODUCER_CONFIG, type ProducerConfig } from './kafka/protocol/config/producer.ts'
import { TOPIC_CONFIG, type TopicConfig } from './kafka/protocol/config/topic.ts'
import { CLUSTER_PROFILES } from './kafka/protocol/profile.ts'
import { mix } from './kernel/mix.ts'
import { MILLISECOND, SECOND } from './kernel/time.ts'
import type { ProducerSpec, WorldSpec } from './spec.ts'

/** A digest good enough for tests, without the machine: two lanes over all bytes. */
export class TestHasher implements Hasher {
  private lane1 = 1
  private lane2 = 2
  update(chunk: Uint8Array): void {
    for (const byte of chunk) {
      this.lane1 = Math.imul(this.lane1 ^ byte, 0x01000193)
      this.lane2 = mix(this.lane2, 0, byte, this.lane1)
    }
  }
  copy(): Hasher {
    return Object.assign(new TestHasher(), this)
  }
  digest(): string {
    return `${(this.lane1 >>> 0).toString(16)}-${(this.lane2 >>> 0).toString(16)}`
  }
}

function defaults<T>(table: ConfigTable, overrides: Partial<T>): T {
  return {
    ...Object.fromEntries(Object.entries(table).map(([key, definition]) => [key, definition.default])),
    ...overrides,
  } as T
}

export function producer(
  name: string,
  to: string,
  overrides: Partial<ProducerSpec> = {},
  config: Partial<ProducerConfig> = {},
): ProducerSpec {
  return {
    name,
    to: [to],
    instances: 1,
    startUs: 0,
    stopUs: null,
    onUnknown: 'give-up',
    profile: 'kafka-4.1',
    workload: {
      kind: 'send',
      records: 100,
      every: { kind: 'constant', us: 5 * MILLISECOND },
      keys: 0,
      size: 100,
      transactions: null,
    },
    config: defaults<ProducerConfig>(PRODUCER_CONFIG, { 'transactional.id': '', ...config }),
    ...overrides,
  }
}

/** Three brokers, topic `orders` with two partitions and min ISR 2, and what the test adds. */
export function world(overrides: Partial<WorldSpec> = {}): WorldSpec {
  const broker = defaults<BrokerConfig>(BROKER_CONFIG, {})
  const config = defaults<TopicConfig>(TOPIC_CONFIG, { 'min.insync.replicas': 2 })
  return {
    profile: CLUSTER_PROFILES['kafka-4.1'],
    cluster: { perfect: false, brokers: [broker, broker, broker], controllers: 1, controllerConfig: broker },
    network: { latency: { kind: 'uniform', minUs: 200, maxUs: 2000 }, links: [] },
    topics: [{ name: 'orders', partitions: 2, replicationFactor: 3, config }],
    producers: [producer('checkout', 'orders')],
    consumers: [],
    processors: [],
    stores: [],
    sinks: [],
    run: { forUs: 60 * SECOND, thenHealUs: null, maxEvents: 5_000_000 },
    ...overrides,
  }
}

/** A crash of the leader, a one-way cut and a lost reply. */
export const ROUGH_PLAN: FaultPlan = [
  {
    entry: 0,
    forUs: 12 * SECOND,
    trigger: { kind: 'at', atUs: 150 * MILLISECOND },
    action: { kind: 'crash', target: { kind: 'leader', topic: 'orders', partition: 0 } },
  },
  {
    entry: 1,
    forUs: 2 * SECOND,
    trigger: { kind: 'at', atUs: 220 * MILLISECOND },
    action: {
      kind: 'isolate',
      target: { kind: 'node', name: 'broker-2' },
      direction: 'out',
      from: { kind: 'node', name: 'broker-3' },
    },
  },
  {
    entry: 2,
    forUs: 5 * SECOND,
    trigger: { kind: 'at', atUs: 100 * MILLISECOND },
    action: {
      kind: 'drop',
      from: { kind: 'role', role: 'brokers' },
      to: { kind: 'application', name: 'checkout' },
      api: 'Produce',
      reply: true,
      nth: 2,
      count: 1,
      connection: 'any',
    },
  },
]
